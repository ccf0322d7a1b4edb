import shutil
from pathlib import Path

import pytest
import yaml

from pipeline.errors import ParamsError
from pipeline.params import load_params
from pipeline.params_writer import write_values

NEW = {"learning_rate": 0.0000123, "num_leaves": 9, "lambda_l2": 31.0}


@pytest.fixture
def params(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(root / "params.yaml", tmp_path / "params.yaml"))


def test_values_change_and_nothing_else(params: Path) -> None:
    before = params.read_text()

    write_values(params, "train", NEW)

    after = params.read_text()
    changed = [
        (one, two)
        for one, two in zip(before.splitlines(), after.splitlines(), strict=True)
        if one != two
    ]
    assert {two.strip() for _, two in changed} == {
        "learning_rate: 0.0000123",
        "num_leaves: 9",
        "lambda_l2: 31.0",
    }
    expected = yaml.safe_load(before)
    expected["train"] |= NEW
    assert yaml.safe_load(after) == expected
    assert load_params(params).train.num_leaves == 9
    assert [path.name for path in params.parent.iterdir()] == ["params.yaml"]


def test_writing_what_is_there_changes_no_byte(params: Path) -> None:
    before = params.read_bytes()

    there = load_params(params).train.model_dump()
    numbers = {k: v for k, v in there.items() if isinstance(v, int | float)}
    write_values(params, "train", numbers)

    assert params.read_bytes() == before


def test_a_comment_beside_the_value_stays(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("other:\n  a: 1\ntrain:\n  # Why.\n  a: 1   # how much\nlast: 2\n")

    write_values(path, "train", {"a": 3})

    assert path.read_text() == (
        "other:\n  a: 1\ntrain:\n  # Why.\n  a: 3   # how much\nlast: 2\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: {a: 1}\n", "section train is missing"),
        ("train:\n  b: 1\n", "write a: 2 by hand"),
        ("train:\n  b:\n    a: 1\n", "write a: 2 by hand"),
        ("train:\n  a: 1\n  a: 1\n", "write a: 2 by hand"),
        ("train:\n  b: 1\nother:\n  a: 1\n", "write a: 2 by hand"),
        ("train:\n  a: &x 1\n  b: *x\n", "write by hand: a: 2"),
        ("train:\n  a: 1\nother: |\n  x\ntrain:\n  a: 5\n", "write by hand: a: 2"),
    ],
)
def test_what_cannot_be_edited_is_refused_and_left_alone(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)

    with pytest.raises(ParamsError, match=message):
        write_values(path, "train", {"a": 2})

    assert path.read_text() == text
    assert [found.name for found in tmp_path.iterdir()] == ["params.yaml"]
