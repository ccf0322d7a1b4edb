"""What is told of an archive, and that the proposed block is one to fill in."""

import json
import os
import shutil
import tempfile
import zipfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from pipeline import ingest as stage
from pipeline.canonical_posts import FOLDER, buckets
from pipeline.errors import ParamsError, SourceError
from pipeline.inspection import inspect
from pipeline.section import validate
from pipeline.sources.source import Source
from tests.pipeline.conftest import TinyWorld, read_posts
from tests.pipeline.sources import as_forms
from tests.pipeline.sources.archives import write_csv
from tests.pipeline.sources.as_json import array, v1_user, v2_post, v2_user
from tests.pipeline.sources.as_tables import write
from tests.pipeline.sources.damage import damage
from tests.pipeline.sources.people import POSTED, Person, Post, golden
from tests.pipeline.sources.published import PUBLISHED, Published
from tests.pipeline.test_streaming import twitter_io

FILLED = {
    "campaign: FILL_IN": "campaign: one",
    "operator: FILL_IN": "operator: op",
    "kind: FILL_IN": "kind: platform",
    "strength: FILL_IN": "strength: 0.9",
    "disclosed_at: FILL_IN": 'disclosed_at: "2021-06-01T00:00:00Z"',
    "in_headline: FILL_IN": "in_headline: true",
    "name: FILL_IN": "name: people",
    "blocks: FILL_IN": "blocks: {op: 1.0}",
    "    at: FILL_IN": '    at: "2021-06-01T00:00:00Z"',
    "date_order: FILL_IN": "date_order: month_first",
    "zone: FILL_IN": "zone: UTC",
    "history_complete: FILL_IN": "history_complete: false",
    "platform_start: FILL_IN": 'platform_start: "2006-03-21T00:00:00Z"',
    "terms: FILL_IN": "terms: mine",
    "polarity: FILL_IN": 'polarity: {"1": positives, "0": controls}',
}
# Every format, and the other forms that some are published in.
FORMS: dict[str, Published] = {**PUBLISHED, **as_forms.FORMS}


def block(told: str) -> str:
    return told[told.index("- name:") :]


def sources(text: str) -> list[Source]:
    return validate(Path("p"), "sources", yaml.safe_load(text), list[Source])


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    folder.mkdir()
    twitter_io(folder)
    (folder / "users.csv").rename(folder / "op_users_csv_hashed.csv")
    for number in (1, 2):
        name = f"op_tweets_csv_hashed_{number}.csv"
        (folder / f"posts_{number}.csv").rename(folder / name)
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    return folder


def test_figures_are_those_of_the_real_reader(release: Path) -> None:
    told = inspect(release).text

    lines = {line.split()[0]: line for line in told.splitlines() if line.strip()}
    assert lines["format"] == "format       twitter_io (certain)"
    assert "op_users_csv_hashed.csv (accounts): 21 read = 19 kept + 2 rejected" in told
    assert lines["dates"].split()[1:] == [
        "2019-05-01T10:00:00.000+00:00",
        "to",
        "2019-05-28T10:00:00.000+00:00",
    ]
    assert lines["languages"] == "languages    en 100.0%"
    assert "id_destroyed 8" in lines["rejected"]
    assert "broken_quote 1" in lines["rejected"]
    assert lines["duplicates"].split() == ["duplicates", "2"]
    assert "not read     notes.csv: its columns are those of no known table" in told


def test_block_is_refused_until_it_is_filled_in_and_then_reads(
    release: Path, tmp_path: Path
) -> None:
    text = block(inspect(release).text).split("not read")[0]

    assert "FILL_IN" in text
    with pytest.raises(ParamsError):
        sources(text)
    for mark, value in FILLED.items():
        left = text.replace(mark, value)
        if left != text:
            every = text
            for other, filled in FILLED.items():
                every = every if other == mark else every.replace(other, filled)
            with pytest.raises(ParamsError, match=mark.split(":")[0]):
                sources(every)
    for mark, value in FILLED.items():
        text = text.replace(mark, value)
    (source,) = sources(_of_one_class(text))
    assert (source.name, source.format) == ("op", "twitter_io")
    out = tmp_path / "canonical"
    stage.ingest([source], release, out, tmp_path / "ingest.json")
    assert read_posts(out).height > 0


def _of_one_class(text: str) -> str:
    controls, behind = text.index("  controls:"), text.index("  as_of:")
    return f"{text[:controls]}  controls: null\n{text[behind:]}"


def test_zone_and_order_are_asked_for_only_where_files_need_them(
    tmp_path: Path,
) -> None:
    profile = dict.fromkeys(
        [
            *("followers_count", "friends_count", "listed_count", "favourites_count"),
            *("statuses_count", "lang", "default_profile_image"),
        ],
        "1",
    )
    rows = [
        profile | {"account": "a", "created_at": "13/2/2012", "bot": "1"},
        profile | {"account": "b", "created_at": "3/4/2012", "bot": "0"},
    ]
    write_csv(tmp_path / "profiles.csv", rows)

    told = inspect(tmp_path / "profiles.csv").text

    assert "zone: FILL_IN" in told
    assert "date_order: FILL_IN" in told
    assert "assumed      dates with slashes are day_first: for this look only" in told
    assert "posts        0" in told


def test_accounts_and_buckets_of_posts_are_one_archive(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    canonical = tiny_world.folder / "canonical"
    shutil.copy(canonical / "accounts.parquet", tmp_path)
    shutil.copytree(canonical / FOLDER, tmp_path / FOLDER)

    told = inspect(tmp_path).text

    posts = tiny_world.table("canonical/posts").height
    assert told.count("format       canonical") == 1
    assert f"posts        {posts:,}\n" in told
    names = [path.name for path in buckets(canonical / FOLDER)]
    assert [name for name in names if f"{name} (posts)" in told] == names


def test_two_campaigns_in_a_folder_are_two_blocks(release: Path) -> None:
    other = release / "else_users_csv_hashed.csv"
    other.write_bytes((release / "op_users_csv_hashed.csv").read_bytes())

    told = inspect(release).text

    assert [line for line in told.splitlines() if line.startswith("- name")] == [
        "- name: else",
        "- name: op",
    ]


def test_archives_of_one_name_are_blocks_of_different_names(release: Path) -> None:
    shutil.copytree(release, release / "again")

    told = inspect(release).text

    assert [line for line in told.splitlines() if line.startswith("- name")] == [
        "- name: op",
        "- name: op_2",
    ]


def test_a_refusal_is_told_with_its_remedy(tmp_path: Path) -> None:
    ids = [{"account_id": "1.2E+18"}, {"account_id": "1.3E+18"}]
    write_csv(tmp_path / "accounts.csv", ids)

    told = inspect(tmp_path).text

    assert "refused      accounts.csv, column account_id: 100% of the ids" in told


def test_posts_without_a_column_are_not_taken_for_accounts(release: Path) -> None:
    # The profile of its author stands beside each post.
    for path in release.glob("op_tweets*"):
        path.write_bytes(path.read_bytes().replace(b'"tweet_time"', b'"when"', 1))

    told = inspect(release).text

    assert 'accounts: ["op_users_csv_hashed.csv"]' in told
    assert "not read     op_tweets_csv_hashed_1.csv: nearly twitter_io posts" in told
    assert "but not tweet_time; name the column so" in told


def test_a_block_keeps_posts_that_were_all_rejected(
    release: Path, tmp_path: Path
) -> None:
    (release / "op_tweets_csv_hashed_2.csv").unlink()
    path = release / "op_tweets_csv_hashed_1.csv"
    posts = pl.read_csv(path, infer_schema=False)
    posts.with_columns(tweet_time=pl.lit("1 May 2019")).write_csv(path)

    told = inspect(release).text

    assert "posts        0" in told
    assert "needs_posts: true" in told
    text = block(told).split("not read")[0]
    for mark, value in FILLED.items():
        text = text.replace(mark, value)
    (source,) = sources(_of_one_class(text))
    with pytest.raises(SourceError, match="none of its accounts is kept"):
        stage.ingest([source], release, tmp_path / "out", tmp_path / "ingest.json")


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_nothing_to_look_at_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(SourceError, match=name):
        inspect(tmp_path / name)


def test_command_prints_and_writes_nothing(
    release: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(release.rglob("*"))
    monkeypatch.setattr("sys.argv", ["ingest", "--inspect", str(release)])

    stage.main()

    assert capsys.readouterr().out.startswith("format       twitter_io")
    assert sorted(release.rglob("*")) == before


def test_what_is_no_file_is_named(release: Path) -> None:
    for name, target in (("gone.csv", "nowhere.csv"), ("around", ".")):
        (release / name).symlink_to(target)
    os.mkfifo(release / "posts.json")
    (release / "linked.csv").symlink_to("notes.csv")
    (release / "folder").mkdir()

    told = inspect(release).text

    assert [line for line in told.splitlines() if line.startswith("not read")] == [
        "not read     linked.csv: its columns are those of no known table",
        "not read     notes.csv: its columns are those of no known table",
        "not read     around: a link to a folder; inspect that folder itself",
        "not read     gone.csv: a link to nothing; correct or remove it",
        "not read     posts.json: a pipe or device, no file; save what it gives as a "
        "file",
    ]


@pytest.mark.parametrize("name", ["notes.csv", "notes.md", "gone.csv"])
def test_command_fails_where_nothing_is_recognised(
    tmp_path: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if name == "gone.csv":
        (tmp_path / name).symlink_to("nowhere.csv")
    else:
        (tmp_path / name).write_text("a,b\n1,2\n")
    monkeypatch.setattr("sys.argv", ["ingest", "--inspect", str(tmp_path)])

    with pytest.raises(SourceError, match="no archive of a known format is there"):
        stage.main()

    assert capsys.readouterr().out.startswith("not read     ")


@pytest.mark.parametrize("name", FORMS)
def test_every_format_is_told_and_its_block_reads_the_same_rows(
    name: str, tmp_path: Path
) -> None:
    form, raw = FORMS[name], tmp_path / "raw"
    raw.mkdir()
    people, posts = golden()
    form.write(raw, people, posts)

    told = inspect(raw).text

    assert told.startswith(f"format       {name.split('-')[0]} (certain)\n")
    assert "not read" not in told
    assert "refused" not in told
    assert f"accounts     {len(people)}, hashed 0.0%\n" in told
    assert f"posts        {len(posts) if form.posts else 0}\n" in told
    last = POSTED + timedelta(hours=3)
    moments = [one.replace(second=0) if form.minutes else one for one in (POSTED, last)]
    span = [f"{one:%Y-%m-%dT%H:%M:%S}.000+00:00" for one in moments]
    dated = "posted_at" in form.posts
    assert f"dates        {' to '.join(span if dated else ['None'] * 2)}\n" in told
    text = block(told)
    for mark, value in FILLED.items():
        text = text.replace(mark, value)
    (source,) = sources(text if form.labelled else _of_one_class(text))
    stage.ingest([source], raw, tmp_path / "canonical", tmp_path / "ingest.json")
    files = json.loads((tmp_path / "ingest.json").read_text())["files"]
    assert sorted(line for line in told.splitlines() if line.startswith("rows ")) == (
        sorted(
            f"rows         {one['file']} ({one['table']}): {one['read']} read = "
            f"{one['kept']} kept + 0 rejected"
            for one in files
        )
    )


def test_a_world_as_ingest_writes_it_is_one_archive(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    written = shutil.copytree(tiny_world.folder / "canonical", tmp_path / "written")

    told = inspect(written).text

    actions = pl.read_parquet(written / "actions.parquet").height
    assert told.count("format       canonical (certain)") == 1
    assert f"actions.parquet (actions): {actions:,} read = {actions:,} kept + 0" in told
    assert "not read     labels.parquet: the labels of an ingested world" in told
    assert "not read     rejected.parquet: the rows that ingest rejected" in told
    assert '    actions: ["actions.parquet"]' in block(told)
    posts = tiny_world.table("canonical/posts").height
    assert f"posts        {posts:,}\n" in told


def test_actions_belong_to_the_only_archive_beside_them(release: Path) -> None:
    action = {"account_id": "1", "kind": "block", "target_account_id": "2"}
    write(release / "acts.csv", [action | {"at": "2019-05-02 10:00"}])
    one = inspect(release).text
    (release / "else_users_csv_hashed.csv").write_bytes(
        (release / "op_users_csv_hashed.csv").read_bytes()
    )

    two = inspect(release).text
    (release / "acts.csv").rename(release / "else_actions.csv")
    named = inspect(release).text

    assert "rows         acts.csv (actions): 1 read = 1 kept + 0 rejected" in one
    assert '    actions: ["acts.csv"]' in one
    assert "not read     acts.csv: actions in a folder of 2 archives; list it" in two
    assert named.index('["else_actions.csv"]') < named.index("- name: op")


def test_files_of_no_use_alone_are_not_read(tmp_path: Path) -> None:
    write(tmp_path / "label.csv", [{"id": "u1", "label": "bot"}])
    (tmp_path / "README.md").write_text("words")

    told = inspect(tmp_path).text

    assert told.splitlines() == [
        "not read     label.csv: twibot22 labels with no accounts or posts of the "
        "format in its folder",
        "not read     1 file(s) ending in .md: no format has such files",
    ]


def test_labels_that_are_numbers_need_a_polarity(tmp_path: Path) -> None:
    PUBLISHED["botometer"].write(tmp_path, *golden())
    for path in tmp_path.glob("*.tsv"):
        words = path.read_text().replace("bot", "1").replace("human", "0")
        path.write_text(words)

    told = inspect(tmp_path).text

    assert "polarity: FILL_IN" in told
    assert "assumed      label 1 is positive, 0 a control: for this look only" in told
    assert "accounts     5," in told


def test_an_archive_that_cannot_be_trained_on_is_told_as_one_to_score(
    tmp_path: Path,
) -> None:
    people, _ = golden()
    elements = [
        {"ID": one.id, "profile": v1_user(one), "tweet": ["a"], "label": None}
        for one in people
    ]
    array(tmp_path / "sample.json", elements)

    told = inspect(tmp_path).text

    assert "refused      source sample: no account has a label; unlabelled" in told
    assert "rows         sample.json (accounts): 5 read = 5 kept + 0 rejected" in told
    assert "assumed      it is to be scored, labels are not read: for this" in told


def test_many_files_are_one_pattern_where_it_matches_just_these(tmp_path: Path) -> None:
    people = [Person(str(number), "ann", label=number % 2) for number in range(1, 31)]
    posts = [Post(one.id, one) for one in people]
    PUBLISHED["pan2019"].write(tmp_path, people, posts)

    told = inspect(tmp_path).text
    (tmp_path / "en" / "other.xml").write_text("<other/>")
    listed = inspect(tmp_path).text

    assert "  authors    en/*.xml: 30 files; its root is author\n" in told
    assert "rows         30 files (posts): 30 read = 30 kept + 0 rejected" in told
    assert '    authors: ["en/*.xml"]\n' in told
    assert '    authors: ["en/1.xml", "en/10.xml", ' in listed
    assert "not read     other.xml: its root is that of no known document" in listed


def test_a_name_with_signs_of_a_pattern_means_that_file(tmp_path: Path) -> None:
    ann, bo, cy = (Person(one, "ann") for one in "123")
    array(tmp_path / "a[1]*.json", [v2_user(ann), v2_user(bo)])
    array(tmp_path / "b?.json", [v2_post(Post("9", cy))])

    told = inspect(tmp_path).text

    assert "accounts     3," in told
    assert "posts        1\n" in told


def test_broken_elements_are_told_as_rejected(tmp_path: Path) -> None:
    people, _ = golden()
    text = json.dumps([v2_user(one) for one in people])
    (tmp_path / "users.json").write_text(text[:-20])

    told = inspect(tmp_path).text

    assert "rows         users.json (accounts): 5 read = 4 kept + 1 rejected" in told
    assert "rejected     broken_json 1" in told


@pytest.mark.parametrize("name", FORMS)
def test_a_damaged_archive_is_told_to_its_last_file(name: str, tmp_path: Path) -> None:
    FORMS[name].write(tmp_path, *golden())
    files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    rng = np.random.default_rng(len(name))
    for path in files:
        damage(path, rng)

    told = inspect(tmp_path).text

    assert [path.name for path in files if path.name not in told] == []
    for line in told.splitlines():
        if line.startswith("rows "):
            read, kept, rejected = (
                int(word) for word in line.split("): ")[1].split() if word.isdigit()
            )
            assert read == kept + rejected


def test_nothing_is_left_behind_by_a_refused_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    PUBLISHED["cresci2017"].write(tmp_path / "raw", *golden())
    with zipfile.ZipFile(tmp_path / "raw" / "fake_followers.zip", "w") as packed:
        packed.writestr("users.csv", "id\n1\n")

    told = inspect(tmp_path / "raw").text

    assert "refused      fake_followers.zip/users.csv: required column name" in told
    assert list((tmp_path / "temporary").iterdir()) == []
