"""Every key of params.yaml is explained: beside it, above it, or by name further up.

A comment above a section may name the keys within it. Keys that recur (in each entry of
a list, in each world below `sources`, in mappings of equal shape) are explained once;
the entries of such mappings are names, explained with their parent. So are keys written
on one line, `{a: 1, b: 2}`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml


@dataclass(frozen=True)
class Key:
    path: tuple[str, ...]
    comments: tuple[str, ...]

    @property
    def explained(self) -> bool:
        if self.path[-1] == "*" or self.comments[-1]:
            return True
        word = re.compile(rf"\b{re.escape(self.path[-1])}\b")
        return any(word.search(comment) for comment in self.comments[:-1])


def comment(lines: list[str], line: int) -> str:
    """Comment beside a line and in the block right above it."""
    found = lines[line].partition(" #")[2]
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        found = f"{lines[line]} {found}"
    return found


def is_catalogue(node: yaml.MappingNode) -> bool:
    """Whether the entries are alike, so that their keys are names."""
    shapes = {
        frozenset(key.value for key, _ in value.value)
        if isinstance(value, yaml.MappingNode)
        else None
        for _, value in node.value
    }
    return len(node.value) > 1 and len(shapes) == 1 and None not in shapes


def keys(
    node: yaml.Node | None,
    lines: list[str],
    path: tuple[str, ...] = (),
    above: tuple[str, ...] = (),
) -> Iterator[Key]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from keys(item, lines, path, above)
    elif isinstance(node, yaml.MappingNode) and not node.flow_style:
        named = path == ("sources",) or is_catalogue(node)
        for key, value in node.value:
            inner = (*path, "*" if named else key.value)
            comments = (*above, comment(lines, key.start_mark.line))
            yield Key(inner, comments)
            yield from keys(value, lines, inner, comments)


def unexplained(text: str) -> list[str]:
    explained: dict[str, bool] = {}
    for key in keys(yaml.compose(text), text.splitlines()):
        name = ".".join(key.path)
        explained[name] = explained.get(name, False) or key.explained
    return [name for name, known in explained.items() if not known]


def test_every_parameter_is_explained(root: Path) -> None:
    assert unexplained((root / "params.yaml").read_text()) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("# What.\na: 1\n", []),
        ("a: 1  # What.\n", []),
        ("a: 1\n", ["a"]),
        ("# What.\na:\n  b: 1\n", ["a.b"]),
        ("# What. b: how much.\na:\n  b: 1\n  c: 1\n", ["a.c"]),
        ("# What.\na: {b: 1, c: 2}\n", []),
        ("# What.\na:\n  - b: 1 # What.\n  - b: 2\n    c: 3\n", ["a.c"]),
        ("# What.\nsources:\n  x:\n  y:\n", []),
        ("# All. size: of it.\na:\n  x:\n    size: 1\n  y:\n    size: 2\n", []),
        ("# All.\na:\n  x:\n    size: 1\n  y:\n    size: 2\n", ["a.*.size"]),
        ("# All.\na:\n  x:\n    b: 1 # B.\n  y:\n    c: 1 # C.\n", ["a.x", "a.y"]),
    ],
)
def test_a_parameter_without_comment_is_found(text: str, missing: list[str]) -> None:
    assert unexplained(text) == missing
