"""How far reading is: a bar for who watches a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from tqdm import tqdm

# A line is printed each time that so many more rows are read.
_LINE_ROWS = 1_000_000
# What is read sooner needs no bar.
_DELAY_SECONDS = 1.0
_COUNTED: Final = "{n:,} rows [{elapsed}, {rate_fmt}]"
_SHARED: Final = (
    "{percentage:3.0f}%|{bar}| {n:,} rows [{elapsed}<{remaining}, {rate_fmt}]"
)

# Told rows that were read, and which share of all bytes they end at; null: not known.
Tell = Callable[[int, float | None], None]


@contextmanager
def progress(what: str, say: Callable[[str], None]) -> Iterator[Tell]:
    """Tell of the rows of one file, as they are read, with their rate.

    A bar on stderr where that is a terminal, else lines.

    Args:
        what: file that is read.
        say: told each line.
    """
    if sys.stderr.isatty():
        with _bar(what) as tell:
            yield tell
    else:
        yield _lines(what, say)


@contextmanager
def _bar(what: str) -> Iterator[Tell]:
    with tqdm(
        desc=what,
        unit=" rows",
        unit_scale=True,
        delay=_DELAY_SECONDS,
        miniters=1,
        bar_format=f"  {{desc}}: {_COUNTED}",
    ) as bar:

        def tell(rows: int, share: float | None) -> None:
            if share:
                # Rows of the whole file are estimated by its bytes, and not shown.
                bar.total = max(round((bar.n + rows) / share), bar.n + rows)
                bar.bar_format = f"  {{desc}}: {_SHARED}"
            bar.update(rows)

        yield tell


def _lines(what: str, say: Callable[[str], None]) -> Tell:
    started = time.monotonic()
    read = said = 0

    def tell(rows: int, share: float | None) -> None:
        nonlocal read, said
        read += rows
        if read - said >= _LINE_ROWS:
            rate = read / (time.monotonic() - started)
            say(f"{what}: {read:,} rows, {rate:,.0f} a second")
            said = read

    return tell
