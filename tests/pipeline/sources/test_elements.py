import gzip
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.sources import elements, fields, flat, paths
from pipeline.sources.elements import Element
from pipeline.sources.members import Stream, streams
from pipeline.sources.reading import Reading
from tests.pipeline.sources.archives import make_source


def read(data: bytes, encoding: str = "utf-8") -> list[Element]:
    stream = Stream(Path("f.json"), "f.json", BytesIO(data))
    return list(elements.elements(stream, encoding))


def read_file(path: Path) -> list[Element]:
    return [
        element
        for stream in streams(path, path.parent, fields.SUFFIXES)
        for element in elements.elements(stream, "utf-8")
    ]


def outcome(data: bytes) -> list[str]:
    """Ids of the elements that were read, rules of the others, in their order."""
    return [found.rule or (found.value or {})["id"] for found in read(data)]


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": "1"}, {"id": "2"}]',
        '[\n{"id": 1},\n{"id": 2}\n]\n',
        '{"id": 1}\n{"id": 2}\n',
        '{"id": 1}\r\n{"id": 2}',
        '{\n  "id": 1\n}\n{\n  "id": 2\n}',
        '[{"id": 1}]\n[{"id": 2}]',
        '\ufeff[{"id": 1}, {"id": 2}]',
    ],
)
def test_arrays_lines_and_objects_in_a_row_are_read_alike(text: str) -> None:
    assert outcome(text.encode()) == ["1", "2"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_by_its_name(encoding: str) -> None:
    with pytest.raises(SourceError, match=r"f\.json: text in UTF-16; save it as UTF-8"):
        read('[{"id": "1", "text": "привет"}]'.encode(encoding))

    # NUL bytes alone are repaired.
    assert outcome(b'{"id": "1", "text": "a\0\0b"}') == ["1"]


def test_a_word_across_the_edge_of_a_chunk_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(elements, "_CHUNK", 3)

    assert outcome(b'[nothing, {"id": 3}]') == ["not_an_object", "3"]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_the_size_of_a_chunk_changes_nothing(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"id": str(n), "x": 'é\\"☕' * n, "y": [n, None]} for n in range(20)]
    data = json.dumps(rows, ensure_ascii=False).encode()
    whole = read(data)
    monkeypatch.setattr(elements, "_CHUNK", size)

    assert read(data) == whole
    assert [row.value["x"] for row in whole if row.value] == [r["x"] for r in rows]


def test_a_long_number_keeps_its_digits() -> None:
    (found,) = read(b'[{"id": 1234567890123456789, "f": 1.10, "n": NaN}]')

    assert found.value == {"id": "1234567890123456789", "f": "1.10", "n": "NaN"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('[{"id": 1}, {"id": oops}, {"id": 3}]', ["1", "broken_json", "3"]),
        ('[{"id": 1, "x": "open}, {"id": 3}]', ["broken_json", "3"]),
        ('{"id": 1}\n{"id": 2, "x": "open}\n{"id": 3}', ["1", "broken_json", "3"]),
        ('{"id": 1}\n{"id": 2', ["1", "broken_json"]),
        ('[{"id": 1}, {"id": 2', ["1", "broken_json"]),
        ('[{"id": 1}, ', ["1", "broken_json"]),
        (
            '[{"id": 1}, null, 7, "text", [1], {"id": 3}]',
            ["1", *["not_an_object"] * 4, "3"],
        ),
        ('{"id": 1} junk\n{"id": 3}', ["1", "not_an_object", "3"]),
        ('{"id": 1}\n\0{"id": 3}', ["1", "not_an_object", "3"]),
    ],
)
def test_a_broken_element_is_named_and_the_next_one_read(
    text: str, found: list[str]
) -> None:
    assert outcome(text.encode()) == found


def test_a_list_within_a_broken_element_gives_no_element() -> None:
    text = '[{"id": 1, "of": [{"id": 8}]}, {"id": x, "of": [{"k": 1}, {"k": 2}]}, {"id": 3}]'

    assert outcome(text.encode()) == ["1", "broken_json", "3"]


@pytest.mark.parametrize(
    ("data", "value", "rule"),
    [
        (b'{"id": "a\\u0000b"}', "ab", "nul_removed"),
        (b'{"id": "a\0b"}', "ab", "nul_removed"),
        (b'{"id": "a\xffb"}', "a\ufffdb", "invalid_utf8"),
        (b'{"id": "a\\ud83db"}', "a\ufffdb", "invalid_utf8"),
    ],
)
def test_texts_are_repaired_and_counted(data: bytes, value: str, rule: str) -> None:
    (found,) = read(data)

    assert found.suspect
    assert elements.cleaned(found.value) == ({"id": value}, [rule])


def test_a_whole_pair_of_escapes_is_a_character() -> None:
    (found,) = read(b'{"id": "\\ud83c\\udf89"}')

    assert elements.cleaned(found.value) == ({"id": "🎉"}, [])


@pytest.mark.parametrize("depth", [41, 500, 100_000])
def test_nesting_has_a_limit(depth: int) -> None:
    deep = '{"id": ' + "[" * depth + "]" * depth + "}"

    assert outcome(f'{deep}\n{{"id": 3}}'.encode()) == ["element_too_deep", "3"]


def test_forty_levels_are_read() -> None:
    (found,) = read(b'{"id": ' + b"[" * 39 + b"]" * 39 + b"}")

    assert found.rule == ""


def test_an_element_has_a_limit_and_nothing_beyond_it_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(elements, "MAX_CHARACTERS", 100)
    monkeypatch.setattr(elements, "_CHUNK", 10)
    long = json.dumps({"id": 1, "x": "a" * 5000})

    found = read(f'{long}\n{{"id": 3}}'.encode())

    assert [one.rule for one in found] == ["element_too_large", ""]
    assert len(found[0].raw) <= 300


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<!DOCTYPE html><html>", "web page"),
        (b"  <html>", "web page"),
        (b"id,text\n1,x\n", "not JSON"),
        (b" \n", "not JSON"),
    ],
)
def test_what_is_no_json_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(data)


def test_latin_1_is_decoded_as_declared() -> None:
    assert read(b'{"id": "caf\xe9"}', "latin-1") == [Element({"id": "café"})]


def test_members_of_a_zip_are_read_in_order_of_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for name in ("in/b.json", "in/a.jsonl", "__MACOSX/a.json", "note.txt"):
            packed.writestr(name, '{"id": 1}')

    found = streams(tmp_path / "a.zip", tmp_path, fields.SUFFIXES)

    assert [one.name for one in found] == ["a.zip/in/a.jsonl", "a.zip/in/b.json"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../a.json", "leaves"),
        ("/a.json", "leaves"),
        ("a.txt", "holds no"),
        ("\u202egnp.json", "not printable"),
    ],
)
def test_a_zip_with_other_members_is_refused(
    name: str, message: str, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(name, "{}")

    with pytest.raises(SourceError, match=message):
        list(streams(tmp_path / "a.zip", tmp_path, fields.SUFFIXES))


def test_a_zip_with_one_member_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("a.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            packed.writestr("a.json", "{}")

    with pytest.raises(SourceError, match=r"a\.zip: a\.json stands there twice"):
        list(streams(tmp_path / "a.zip", tmp_path, fields.SUFFIXES))


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.archive.MAX_EXPANDED_BYTES", 1000)
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b'{"id": "' + b"a" * 10**6 + b'"}'))

    with pytest.raises(SourceError, match="expands beyond"):
        read_file(path)


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b'[{"id": 1}]' * 99)[:-20])

    with pytest.raises(SourceError, match="damaged archive"):
        read_file(path)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", "1"),
        ("a.none", None),
        ("a.b.c", None),
        ("tags[].name", ["x", "y"]),
        ("tags[].none", []),
        ("a[].b", None),
        ("refs[type=q].id", "7"),
        ("refs[type=none].id", None),
        ("deep[].in[].k", ["1", "2", "3"]),
    ],
)
def test_paths(path: str, found: object) -> None:
    value = {
        "a": {"b": "1"},
        "tags": [{"name": "x"}, {"other": "z"}, "no object", {"name": "y"}],
        "refs": [{"type": "r", "id": "6"}, {"type": "q", "id": "7"}],
        "deep": [{"in": [{"k": "1"}, {"k": "2"}]}, {}, {"in": [{"k": "3"}]}],
    }

    assert paths.find(value, paths.parse(path)) == found


def load(tmp_path: Path, text: str) -> Reading:
    (tmp_path / "a.json").write_text(text)
    source = make_source("canonical", {"accounts": ["a.json"]})
    shape = flat.Shape("accounts", "accounts", {"id": ("id",)}, {"x": ("x",)})
    return fields.load(source, tmp_path, shape)


def test_a_row_without_a_required_field_is_rejected(tmp_path: Path) -> None:
    reading = load(tmp_path, '[{"id": 1}, {"x": 2}, {"id": {"no": "value"}}]')

    (count,) = reading.counts()
    assert (count.read, count.kept, count.rejected) == (3, 1, {"field_missing": 2})
    assert reading.frame["row"].to_list() == [1]
    assert reading.rejected()["row"].to_list() == [2, 3]


def test_a_file_without_a_required_field_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"a\.json: no row has the field id; found x"):
        load(tmp_path, '[{"x": 2}, {"x": 3}]')


def test_an_object_in_place_of_a_value_is_null_and_counted(tmp_path: Path) -> None:
    reading = load(tmp_path, '[{"id": 1, "x": {"a": 1}}, {"id": 2, "x": true}]')

    (count,) = reading.counts()
    assert reading.frame["x"].to_list() == [None, "true"]
    assert count.nulled == {"field_unreadable": 1}


def test_repairs_are_counted_for_the_rows_that_needed_them(tmp_path: Path) -> None:
    text = '[{"id": 1, "x": "a\\u0000"}, {"id": 2, "x": "b"}]'

    (count,) = load(tmp_path, text).counts()

    assert count.repaired == {"nul_removed": 1}
