"""Ledger: what was forecast, and how it came out; a line once written stays as it is.

JSON lines. Each holds the hash of the line before, so that no line can be changed, left
out or put between two others without every later one disagreeing. What was cut off at
the end cannot be seen from the file alone: publish the last hash.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from features.errors import ArtefactError
from pipeline.files import atomic_file

_START: Final = "0" * 64


def read_ledger(path: Path) -> list[dict[str, Any]]:
    """Entries, oldest first; none if there is no file yet.

    Raises:
        ArtefactError: a line is not what it was when it was written; names it.
    """
    if not path.exists():
        return []
    entries: list[dict[str, Any]] = []
    previous = _START
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            entry = None
        sound = isinstance(entry, dict) and entry.get("previous") == previous
        if not sound or entry.get("hash") != _hash(entry):
            raise ArtefactError(
                f"{path}, line {number}: changed since it was written, or a line before "
                "it is missing; bring the original back"
            )
        entries.append(entry)
        previous = entry["hash"]
    return entries


def append(path: Path, facts: dict[str, Any]) -> str:
    """Add an entry; the hash that stands for the ledger from then on.

    Args:
        path: of the ledger; made if it is not there.
        facts: JSON values.

    Raises:
        ArtefactError: the ledger was changed; nothing is added.
    """
    entries = read_ledger(path)
    previous = entries[-1]["hash"] if entries else _START
    entry: dict[str, Any] = {**facts, "previous": previous}
    entry["hash"] = _hash(entry)
    with atomic_file(path) as working:
        lines = [_line(each) for each in [*entries, entry]]
        working.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(entry["hash"])


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _hash(entry: dict[str, Any]) -> str:
    facts = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(_line(facts).encode()).hexdigest()
