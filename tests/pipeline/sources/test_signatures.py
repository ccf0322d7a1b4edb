"""What a file is taken for, and what is said of one that is taken for nothing."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pipeline.sources import DEFAULT_FILES, FORMATS, peek
from pipeline.sources.signatures import Recognised, recognise
from pipeline.streaming import LABELS
from tests.pipeline.sources.archives import write_csv
from tests.pipeline.sources.as_json import array, v1_post, v2_post, v2_user
from tests.pipeline.sources.as_tables import write
from tests.pipeline.sources.people import Person, Post, golden
from tests.pipeline.sources.published import PUBLISHED

ANN = Person("1", "ann")


def only(path: Path) -> Recognised:
    (found,) = recognise(path)
    return found


def zipped(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in members.items():
            packed.writestr(name, text)
    return path


@pytest.mark.parametrize("form", FORMATS)
def test_looks_are_of_the_kinds_of_file_that_the_format_has(form: str) -> None:
    kinds = set(FORMATS[form].LOOKS)

    # Of labels no usual name is known.
    assert kinds - {"labels"} == set(DEFAULT_FILES[form])


def test_tables_with_the_same_columns_are_told_apart_by_name_or_not_at_all(
    tmp_path: Path,
) -> None:
    people, posts = golden()
    PUBLISHED["caverlee2011"].write(tmp_path, people, posts)
    (tmp_path / "content_polluters.csv").rename(tmp_path / "some.csv")

    named = only(tmp_path / "legitimate_users.csv")
    unnamed = only(tmp_path / "some.csv")

    assert (named.kind, named.certain) == ("legitimate", True)
    assert (unnamed.format, unnamed.certain) == ("caverlee2011", False)
    assert "caverlee2011 polluters, caverlee2011 legitimate" in unnamed.why
    assert "name the file as published" in unnamed.why


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([v2_user(ANN)], ("x_api_v2", "accounts")),
        ([v2_user(ANN, "u")], ("twibot22", "accounts")),
        ([v2_post(Post("5", ANN))], ("x_api_v2", "posts")),
        ([v2_post(Post("5", ANN), "t")], ("twibot22", "posts")),
        ([v2_user(ANN), v2_user(ANN, "u")], ("x_api_v2", "accounts")),
        ([{"errors": []}, v2_user(ANN)], ("x_api_v2", "accounts")),
        ([{"statuses": [v1_post(Post("5", ANN))]}], ("x_api_v1", "posts")),
        ([{"data": [v2_user(ANN)], "meta": {}}], ("x_api_v2", "accounts")),
    ],
)
def test_objects_are_told_by_their_fields_and_ids_not_by_the_name(
    tmp_path: Path, rows: list[dict[str, Any]], expected: tuple[str, str]
) -> None:
    array(tmp_path / "some.json", rows)

    found = only(tmp_path / "some.json")

    assert (found.format, found.kind, found.certain) == (*expected, True)


def test_a_group_is_that_of_the_folder(tmp_path: Path) -> None:
    user = {name: "1" for name in _cresci_columns()}
    for folder in ("TFP.csv", "social_spambots_1", "TFPx", "friends"):
        write(tmp_path / folder / "users.csv", [user])

    found = {path.parent.name: only(path) for path in tmp_path.glob("*/users.csv")}

    assert found["TFP.csv"].format == "cresci2015"
    assert found["social_spambots_1"].format == "cresci2017"
    assert {one.kind for one in found.values() if one.certain} == {"users"}
    assert not found["TFPx"].certain
    assert not found["friends"].certain


def test_a_zip_of_one_table_may_be_a_group(tmp_path: Path) -> None:
    header = ",".join(_cresci_columns())
    group = only(zipped(tmp_path / "TWT.csv.zip", {"users.csv": header}))
    other = only(zipped(tmp_path / "cresci_INT_users.zip", {"users.csv": header}))

    assert (group.format, group.kind) == ("cresci2015", "archive")
    assert (other.format, other.kind) == ("cresci2015", "int_users")


def _cresci_columns() -> list[str]:
    look = FORMATS["cresci2015"].LOOKS["e13_users"][0]
    assert hasattr(look, "required")
    return [spelt[0] for spelt in look.required.values()]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.json", '[{"a": 1, "b": 2}]', "its fields are those of no known object"),
        ("a.json", '[{"ID": 1, "b": 2}]', "its fields are those of no known object"),
        ("a.json", "<!DOCTYPE html><html>", "a web page, not JSON; fetch the file"),
        ("a.json", '[{"id": "1", "userna', "no element can be read: broken_json"),
        ("a.json", "[]", "it has no element"),
        ("a.json", "[1, 2]", "no element can be read: not_an_object"),
        ("a.json", "", "empty; fetch the file again"),
        ("a.csv", "", "empty; fetch the file again"),
        ("a.csv", "a,b\n1,2\n", "its columns are those of no known table"),
        ("a.csv", "account_id,a,b\n1,2,3\n", "its columns are those of no known"),
        ("a.csv", "<html></html>\n", "a web page, not CSV"),
        ("a.parquet", "PAR1", "not Parquet, or damaged; fetch the file again"),
        ("a.tsv", "12\t3,4,5\n13\t1,2\n", "its lines are those of no known file"),
        ("a.txt", "<html><body>", "a web page; fetch the file again"),
        ("a.txt", "\n\n", "its lines are those of no known file"),
        ("a.xml", "<html><body>", "a web page; fetch the file again"),
        ("a.xml", "no markup", "its root is that of no known document"),
        ("a.json.gz", "no gzip", "damaged archive"),
        ("a.zip", "no zip", "damaged archive"),
        ("a.md", "words", "no format has files ending in .md"),
        ("a", "words", "no format has files without an ending"),
        ("a.csv", ",".join(map(str, range(100_000))), "its columns are those of no"),
        ("a\u202e.csv", "a,b\n", "its name is not printable; rename it"),
    ],
)
def test_what_cannot_be_told_is_said_plainly(
    tmp_path: Path, name: str, text: str, why: str
) -> None:
    path = tmp_path / name
    path.write_text(text)

    found = only(path)

    assert (found.format, found.kind) == (None, None)
    assert why in found.why


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (
            {
                "u.json": json.dumps(v2_user(ANN)),
                "t.json": json.dumps(v2_post(Post("5", ANN))),
            },
            "it holds files of several kinds (x_api_v2 posts, x_api_v2 accounts); unpack it",
        ),
        ({"a.csv": "a,b\n", "b.csv": "a,b\n"}, "it holds several tables, and no users"),
        ({"x/users.csv": "a,b\n", "b.csv": "a,b\n"}, "it holds several tables, and no"),
        ({"a.bin": "x"}, "holds no .csv, .parquet"),
        ({"../a.json": "{}"}, "a member leaves the target folder"),
        ({"a.json": ""}, "not JSON: it begins with no array and no object"),
    ],
)
def test_a_zip_of_something_else_is_said_to_be_so(
    tmp_path: Path, members: dict[str, str], why: str
) -> None:
    found = only(zipped(tmp_path / "a.zip", members))

    assert found.format is None
    assert why in found.why


def test_a_zip_may_hold_two_kinds_that_are_read_apart(tmp_path: Path) -> None:
    members = {
        "en/1.xml": "<author><documents/></author>",
        "en/truth.txt": "1:::bot:::x",
    }

    found = recognise(zipped(tmp_path / "a.zip", members))

    assert [(one.format, one.kind) for one in found] == [
        ("pan2019", "authors"),
        ("pan2019", "truth"),
    ]


def test_a_bomb_within_a_zip_is_refused_before_it_expands(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"users.csv": "0" * 2**25})
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as packed:
        packed.write(inner, "E13.csv.zip")
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("E13.csv.zip", bytes(2**25))

    assert only(tmp_path / "outer.zip").kind == "archive"
    assert "expands beyond" in only(tmp_path / "bomb.zip").why


def test_tables_that_ingest_writes_beside_are_named(tmp_path: Path) -> None:
    write_csv(tmp_path / "labels.csv", [dict.fromkeys(LABELS, "1")])

    assert "the labels of an ingested world" in only(tmp_path / "labels.csv").why


def test_no_more_than_the_first_elements_are_held(tmp_path: Path) -> None:
    array(tmp_path / "many.json", [v2_user(ANN)] * 30)
    large = v2_user(ANN) | {"description": "x" * 2**21}
    array(tmp_path / "large.json", [large] * 6)

    held = {}
    for path in tmp_path.iterdir():
        ((_, content),) = peek.peek(path)
        assert isinstance(content, peek.Elements)
        held[path.name] = len(content.values)

    assert held["many.json"] == 20
    assert 1 <= held["large.json"] <= 3


def test_instructions_before_a_root_are_passed_in_one_way_only(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text("<?a?><!-- b -->" * 1_000 + '<author lang="en"/>')
    known = only(path)
    path.write_text("<?a?><!-- b -->" * 1_000 + "words")

    assert known.kind == "authors"
    assert only(path).kind is None


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
        ("twibot20_sample_unlabelled.json", ("twibot20", "accounts")),
        (
            "twitter_io_format_sample/china_082019_1_users_csv_hashed.csv",
            ("twitter_io", "accounts"),
        ),
    ],
)
def test_published_files_are_recognised(
    public_data: Path, file: str, expected: tuple[str, str]
) -> None:
    found = only(public_data / file)

    assert (found.format, found.kind, found.certain) == (*expected, True)
