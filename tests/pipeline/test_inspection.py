"""What is told of an archive, and that the proposed block is one to fill in."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import ingest as stage
from pipeline.canonical_posts import FOLDER, buckets
from pipeline.errors import ParamsError, SourceError
from pipeline.inspection import inspect
from pipeline.section import validate
from pipeline.sources import DEFAULT_FILES, READERS
from pipeline.sources.signatures import SIGNATURES, recognise
from pipeline.sources.source import Source
from tests.pipeline.conftest import TinyWorld, read_posts
from tests.pipeline.sources.archives import write_csv
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
}


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
    told = inspect(release)

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
    text = block(inspect(release)).split("not read")[0]

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
    (source,) = sources(text.split("  controls:")[0] + _without_controls(text))
    assert (source.name, source.format) == ("op", "twitter_io")
    out = tmp_path / "canonical"
    stage.ingest([source], release, out, tmp_path / "ingest.json")
    assert read_posts(out).height > 0


def _without_controls(text: str) -> str:
    return "  controls: null\n" + text[text.index("  as_of:") :]


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

    told = inspect(tmp_path / "profiles.csv")

    assert "zone: FILL_IN" in told
    assert "date_order: FILL_IN" in told
    assert "assumed      slashed dates in mixed order: for this look only" in told
    assert "posts        0" in told


def test_accounts_and_buckets_of_posts_are_one_archive(
    tiny_world: TinyWorld, tmp_path: Path
) -> None:
    canonical = tiny_world.folder / "canonical"
    shutil.copy(canonical / "accounts.parquet", tmp_path)
    shutil.copytree(canonical / FOLDER, tmp_path / FOLDER)

    told = inspect(tmp_path)

    posts = tiny_world.table("canonical/posts").height
    assert told.count("format       canonical") == 1
    assert f"posts        {posts:,}\n" in told
    names = [path.name for path in buckets(canonical / FOLDER)]
    assert [name for name in names if f"{name} (posts)" in told] == names


def test_two_campaigns_in_a_folder_are_two_blocks(release: Path) -> None:
    other = release / "else_users_csv_hashed.csv"
    other.write_bytes((release / "op_users_csv_hashed.csv").read_bytes())

    told = inspect(release)

    assert [line for line in told.splitlines() if line.startswith("- name")] == [
        "- name: else",
        "- name: op",
    ]


def test_tables_with_the_same_columns_are_told_apart_by_name_or_not_at_all(
    tmp_path: Path,
) -> None:
    row = {"UserID": "1", "CollectedAt": "", "NumberOfTweets": ""}
    for name in ("legitimate_users.csv", "some.csv"):
        write_csv(tmp_path / name, [row])

    named = recognise(tmp_path / "legitimate_users.csv")
    unnamed = recognise(tmp_path / "some.csv")

    assert (named.kind, named.certain) == ("legitimate", True)
    assert (unnamed.format, unnamed.certain) == ("caverlee2011", False)
    assert "name the file as published" in unnamed.why


def test_a_refusal_is_told_with_its_remedy(tmp_path: Path) -> None:
    ids = [{"account_id": "1.2E+18"}, {"account_id": "1.3E+18"}]
    write_csv(tmp_path / "accounts.csv", ids)

    told = inspect(tmp_path)

    assert "refused      accounts.csv, column account_id: 100% of the ids" in told


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


def test_signatures_are_those_of_known_formats() -> None:
    for form, kinds in SIGNATURES.items():
        assert form in READERS
        assert set(kinds) <= set(DEFAULT_FILES[form])


@pytest.mark.public_data
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("ira_posts.parquet", ("ira", "posts")),
        ("ira_accounts.csv", ("ira", "accounts")),
        ("cresci2015_posts.parquet", ("cresci2015", "posts")),
        ("cresci2015_E13_users.csv", ("cresci2015", "e13_users")),
        ("cresci2015_INT_fusers.csv", ("cresci2015", "int_users")),
        ("caverlee2011/content_polluters.csv", ("caverlee2011", "polluters")),
        ("caverlee2011/posts.parquet", ("caverlee2011", "posts")),
        ("nyu_kaggle2017_profiles.csv", ("nyu2017", "profiles")),
        ("pan19_en_posts_30pct.parquet", ("pan2019", "posts")),
        (
            "twitter_io_format_sample/china_082019_1_users_csv_hashed.csv",
            ("twitter_io", "accounts"),
        ),
    ],
)
def test_published_files_are_recognised(
    public_data: Path, file: str, expected: tuple[Any, Any]
) -> None:
    found = recognise(public_data / file)

    assert (found.format, found.kind, found.certain) == (*expected, True)
