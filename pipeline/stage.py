"""What every stage shares: its command line, its lock, its progress, its errors."""

import argparse
import errno
import fcntl
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from features.errors import InputError, TelltaleError

LOCK_WAIT_SECONDS = 600
# What a disk may refuse, and what helps.
_REFUSED = {
    errno.ENOSPC: "free space",
    errno.EDQUOT: "free space, or ask for more",
    errno.EACCES: "make it writable for your user",
    errno.EROFS: "make it writable",
    errno.EISDIR: "name a file",
    errno.ENOTDIR: "name a folder, or one within a folder",
}
# Of the process that started this one, asked before anything slow.
_PARENT = os.getppid()


def stage_parser(
    module_doc: str | None, parents: Sequence[argparse.ArgumentParser] = ()
) -> argparse.ArgumentParser:
    """Parser with `--world`; its help is the first line of the module's docstring."""
    parser = argparse.ArgumentParser(
        description=(module_doc or "").split("\n")[0], parents=parents
    )
    parser.add_argument("--world", required=True, help="a world of params.yaml")
    parser.add_argument(
        "--params", type=Path, default=Path("params.yaml"), help="parameter file"
    )
    return parser


def say(message: str) -> None:
    """One line of progress for a person who watches."""
    print(f"  {message}", flush=True)


@contextmanager
def world_lock(world: str, wait: float = LOCK_WAIT_SECONDS) -> Iterator[None]:
    """Hold the only right to write this world's outputs.

    The operating system drops the lock with the process, however that ends, so the
    orphan of a killed `dvc repro` is waited for and never raced. It is not waited for
    long: under DVC a stage ends once the process that started it is gone. Else it
    would write late, over what a later `dvc repro` has taken out of its cache.

    Raises:
        InputError: another process still holds the lock after `wait` seconds.
    """
    if "DVC_STAGE" in os.environ:
        threading.Thread(target=_end_with, args=[_PARENT], daemon=True).start()
    path = Path("data") / world / ".lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        started = time.monotonic()
        said = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() - started > wait:
                    raise InputError(
                        f"world {world}: another process has been writing for "
                        f"{wait:.0f} s (lock {path}); wait for it, or end it"
                    ) from None
                if not said:
                    say(f"another process is writing world {world}: waiting for it")
                    said = True
                time.sleep(0.2)
        yield


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.2)
    # No clean-up, as if killed too: the next run removes what is half written.
    os._exit(1)


def run_stage(main: Callable[[], None]) -> None:
    """Run a command; a user's error is one line on stderr and exit code 1.

    So is that of a disk that is full or may not be written.
    """
    try:
        main()
    except TelltaleError as error:
        _end(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever reads the output has seen enough; the interpreter flushes once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        if (told := _of_the_disk(error)) is None:
            raise
        _end(told)


def _end(message: str) -> None:
    print(f"error: {message}", file=sys.stderr, flush=True)
    sys.exit(1)


def _of_the_disk(error: Exception) -> str | None:
    """What a disk refused, and the remedy; None of any other error.

    What writes tables wraps the system's error into one of its own, and leaves nothing
    but its number, as text.
    """
    number = getattr(error, "errno", None)
    if number is None and (found := re.search(r"\(os error (\d+)\)", str(error))):
        number = int(found[1])
    if number not in _REFUSED:
        return None
    # Of two names the second is the one that was asked for.
    where = getattr(error, "filename2", None) or getattr(error, "filename", None)
    of_it = f"{where}: " if where else ""
    return (
        f"{of_it}{os.strerror(number)}; {_REFUSED[number]}, and run the command again: "
        "nothing half written is left in the place of an output"
    )
