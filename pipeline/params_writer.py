"""Writing values into params.yaml: the numbers change, every other byte stays."""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import ParamsError
from pipeline.files import atomic_file
from pipeline.section import read_params


def write_values(path: Path, section: str, values: Mapping[str, float | int]) -> None:
    """Replace numbers of one section in place; comments and layout stay as they are.

    Args:
        path: parameter file.
        section: name of a top-level section.
        values: key of the section -> number.

    Raises:
        ParamsError: a key does not stand once in a line of its own in that section, or
            the file would not say afterwards what it should; nothing is written then.
    """
    expected: dict[str, Any] = read_params(path)
    text = path.read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(section)}:[ \t]*(#.*)?\n", text, re.MULTILINE)
    if found is None:
        raise ParamsError(f"{path}: section {section} is missing")
    rest = text[found.end() :]
    # The section ends where the next line begins at the margin and is no comment.
    following = re.search(r"^[^\s#]", rest, re.MULTILINE)
    end = following.start() if following else len(rest)
    body = rest[:end]
    for key, value in values.items():
        line = re.compile(rf"^(  {re.escape(key)}:[ \t]+)([^\s#]+)", re.MULTILINE)
        if len(line.findall(body)) != 1:
            raise ParamsError(
                f"{path}: expected one line `  {key}: <number>` in section {section}; "
                f"write {key}: {_number(value)} by hand"
            )
        body = line.sub(rf"\g<1>{_number(value)}", body)
        expected[section][key] = value
    edited = text[: found.end()] + body + rest[end:]
    if not _says(edited, expected):
        by_hand = ", ".join(f"{key}: {_number(v)}" for key, v in values.items())
        raise ParamsError(
            f"{path}: section {section} cannot be edited in place; write by hand: "
            f"{by_hand}"
        )
    with atomic_file(path) as working:
        working.write_text(edited, encoding="utf-8")


def _says(text: str, expected: object) -> bool:
    try:
        return bool(yaml.safe_load(text) == expected)
    except yaml.YAMLError:
        return False


def _number(value: float | int) -> str:
    """Digits without an exponent, which YAML would read as text; true or false."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    digits = format(Decimal(repr(value)), "f")
    return digits if "." in digits else f"{digits}.0"
