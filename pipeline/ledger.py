"""Ledger: what was forecast, and how it came out; a line once written stays as it is.

JSON lines. Each holds the hash of the line before, so that a line changed, left out or
put between two others is seen, unless every later hash was computed anew. The chain has
no key: whoever can write the file can do that, or cut off its end. By itself it shows
accidents and careless edits; it proves nothing. A proof is only the hash of an entry
that was published elsewhere when it was written.
"""

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from features.errors import ArtefactError
from pipeline.files import atomic_file
from pipeline.stage import say

_START: Final = "0" * 64


def read_ledger(path: Path) -> list[dict[str, Any]]:
    """Entries, oldest first; none if there is no file yet.

    Raises:
        ArtefactError: a line does not fit its hash or the line before; names it.
    """
    if not path.exists():
        return []
    entries: list[dict[str, Any]] = []
    previous = _START
    # Lines end at "\n" alone: a name may hold what str.splitlines takes for an end.
    text = path.read_bytes().decode(errors="replace")
    lines = text.removesuffix("\n").split("\n") if text else []
    for number, line in enumerate(lines, start=1):
        entry = _sound(line)
        if entry is None or entry.get("previous") != previous:
            raise ArtefactError(
                f"{path}, line {number}: changed since it was written, or a line before "
                "it is missing; bring the original back"
            )
        entries.append(entry)
        previous = entry["hash"]
    return entries


@contextmanager
def writing(path: Path) -> Iterator[Callable[[dict[str, Any]], str]]:
    """Hold the only right to write a ledger and what lies beside it, for one block.

    Gives the function that adds an entry: facts as JSON values in, the entry's hash
    out; it raises ArtefactError, and adds nothing, if the ledger was changed. Another
    process waits its turn. The operating system drops the lock with the process.

    Args:
        path: of the ledger; its folder is made if it is not there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Empty, and never removed: who waits for it would then hold a file without a name,
    # and who comes next would make a new one and not wait.
    with (path.parent / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another process is writing {path}: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield partial(_append, path)


def _append(path: Path, facts: dict[str, Any]) -> str:
    entries = read_ledger(path)
    previous = entries[-1]["hash"] if entries else _START
    entry: dict[str, Any] = {**facts, "previous": previous}
    entry["hash"] = _hash(entry)
    with atomic_file(path) as working:
        lines = [_line(each) for each in [*entries, entry]]
        working.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(entry["hash"])


def _sound(line: str) -> dict[str, Any] | None:
    """The entry of a line, if its hash is its own; null for anything else.

    Not only what is no JSON: numbers of thousands of digits, NaN, half of a surrogate
    pair and brackets within brackets are no line of ours either.
    """
    try:
        entry = json.loads(line)
        if isinstance(entry, dict) and entry.get("hash") == _hash(entry):
            return entry
    except (ValueError, RecursionError):
        pass
    return None


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _hash(entry: dict[str, Any]) -> str:
    facts = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(_line(facts).encode()).hexdigest()
