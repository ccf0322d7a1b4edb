"""What happens to a file on its way: bits flip, rows are cut, columns and quotes go."""

import csv
import json
from io import StringIO
from pathlib import Path

import numpy as np

KINDS = ("flip", "cut", "column", "quote", "swap")


def damage(path: Path, rng: np.random.Generator) -> None:
    """Break the file in one of five ways."""
    data = path.read_bytes()
    kind = KINDS[rng.integers(len(KINDS))]
    if kind == "column":
        broken = _without_column(data, path.name, rng)
    else:
        broken = {"flip": _flip, "cut": _cut, "quote": _quote, "swap": _swap}[kind](
            data, rng
        )
    path.write_bytes(broken)


def _flip(data: bytes, rng: np.random.Generator) -> bytes:
    flipped = bytearray(data)
    for position in rng.integers(0, len(data), rng.integers(1, 6)):
        flipped[position] ^= 1 << int(rng.integers(8))
    return bytes(flipped)


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    """Without a part of it; or without its end."""
    first, second = sorted(rng.integers(0, len(data) + 1, 2).tolist())
    return data[:first] + (data[second:] if rng.integers(2) else b"")


def _quote(data: bytes, rng: np.random.Generator) -> bytes:
    """With a stray quote, bracket, line break or NUL, or one quote less."""
    position = int(rng.integers(len(data)))
    if rng.integers(2):
        found = data.find(b'"', position)
        return data if found < 0 else data[:found] + data[found + 1 :]
    stray = (b'"', b"\\", b"{", b"]", b",", b"\n", b"\0", b"\xff")[rng.integers(8)]
    return data[:position] + stray + data[position:]


def _swap(data: bytes, rng: np.random.Generator) -> bytes:
    """With some of its lines in another place, or twice."""
    lines = data.splitlines(keepends=True)
    return b"".join(lines[i] for i in rng.integers(0, len(lines), len(lines)))


def _without_column(data: bytes, name: str, rng: np.random.Generator) -> bytes:
    text = data.decode("utf-8", "replace")
    if name.endswith(".csv"):
        rows = list(csv.reader(StringIO(text, newline="")))
        drop = int(rng.integers(len(rows[0])))
        out = StringIO(newline="")
        kept = ([cell for i, cell in enumerate(row) if i != drop] for row in rows)
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(kept)
        return out.getvalue().encode()
    if name.endswith(".json") and text.startswith("["):
        elements = json.loads(text)
        drop = list(elements[0])[rng.integers(len(elements[0]))]
        for element in elements[: rng.integers(1, len(elements) + 1)]:
            element.pop(drop, None)
        return json.dumps(elements).encode()
    return _flip(data, rng)
