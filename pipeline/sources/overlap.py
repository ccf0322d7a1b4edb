"""Work done while other work goes on, in threads: ahead of its use, or abreast.

What reads files, proves bytes and computes tables lets go of the interpreter's lock, so
that a second core has work. Items keep their order: no value depends on which thread is
faster.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from enum import Enum, auto
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
# Items worked on together. What they hold in memory adds up.
ABREAST: Final = 2


class _End(Enum):
    """What stands behind the last item."""

    END = auto()


def ahead(
    items: Generator[Item, None, None], most: int = 2
) -> Generator[Item, None, None]:
    """The same items in the same order, made in a thread while others are used.

    An error reaches the caller in the place of the item. The thread is gone and `items`
    is closed once the last item is taken, an error is raised, or this generator is
    closed.

    Args:
        items: what is made.
        most: items made before they are asked for; more only help where single items
            take the one who uses them much longer than the others.
    """
    with closing(items), ThreadPoolExecutor(1, "ahead") as thread:
        waiting = deque(thread.submit(next, items, _End.END) for _ in range(most))
        try:
            while (item := waiting.popleft().result()) is not _End.END:
                waiting.append(thread.submit(next, items, _End.END))
                yield item
        finally:
            for one in waiting:
                one.cancel()


def abreast(
    work: Callable[[Item], Result], items: Iterable[Item]
) -> Generator[Result, None, None]:
    """Result of each item in order, some of them worked on together.

    The error of the first item that has one is raised. By then, or once this generator
    is closed, what was not begun is left, and what was is waited for.
    """
    with ThreadPoolExecutor(ABREAST, "abreast") as threads:
        yield from threads.map(work, items)
