"""Mend what a kill leaves of DVC's own files, so that `make repro` can go on.

DVC writes dvc.lock and .dvc/tmp/rwlock in place, a part at a time. Killed at that
moment it leaves an empty file or half a one, and then refuses to start.
"""

import json
import re
from pathlib import Path

import yaml

from features.errors import InputError
from pipeline.files import atomic_file
from pipeline.stage import run_stage, say

_STAGE = re.compile(r"^  (?=\S)", re.MULTILINE)


def mend_lock(lock: Path) -> None:
    """Cut a half-written dvc.lock back to the stages that are whole.

    What is cut off is found again in DVC's cache, or made again.

    Raises:
        InputError: the file is broken in another way than by being cut short.
    """
    text = lock.read_text(encoding="utf-8")
    if is_whole(text):
        return
    starts = [found.start() for found in _STAGE.finditer(text)]
    kept = text[: starts[-1]] if len(starts) > 1 else ""
    if kept and not is_whole(kept):
        raise InputError(
            f"{lock}: not as DVC wrote it; `git checkout {lock}` brings it back"
        )
    if kept:
        with atomic_file(lock) as working:
            working.write_text(kept, encoding="utf-8")
    else:
        lock.unlink()
    say(f"{lock} was cut short by a kill: {max(len(starts) - 1, 0)} stages kept")


def is_whole(text: str) -> bool:
    """Whether this is a dvc.lock with no part missing at its end."""
    try:
        found = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        stages = list(found["stages"].values())
        files = [*stages[-1].get("deps", ()), *stages[-1]["outs"]]
        hashed = all(len(file["path"]) > 0 and "md5" in file for file in files)
    except (yaml.YAMLError, AttributeError, IndexError, KeyError, TypeError):
        return False
    return hashed and text.endswith("\n")


def remove_broken(rwlock: Path) -> None:
    """Remove DVC's list of files in use if it is no JSON; dead users DVC drops itself."""
    try:
        json.loads(rwlock.read_text(encoding="utf-8"))
    except json.JSONDecodeError:
        rwlock.unlink()
        say(f"{rwlock} was cut short by a kill: removed")


def main() -> None:
    """Run the command."""
    if (lock := Path("dvc.lock")).exists():
        mend_lock(lock)
    if (rwlock := Path(".dvc/tmp/rwlock")).exists():
        remove_broken(rwlock)


if __name__ == "__main__":
    run_stage(main)
