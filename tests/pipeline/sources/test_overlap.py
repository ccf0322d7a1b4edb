import threading
import time
from collections.abc import Generator
from contextlib import closing

import pytest

from pipeline.sources.overlap import ABREAST, abreast, ahead

WAIT_SECONDS = 10


class Count:
    """Numbers from 0, and what became of the one who makes them."""

    def __init__(self, stop: int, broken_at: int | None = None) -> None:
        self.stop = stop
        self.broken_at = broken_at
        self.made = 0
        self.closed = False

    def items(self) -> Generator[int, None, None]:
        try:
            for number in range(self.stop):
                if number == self.broken_at:
                    raise ValueError(f"no number {number}")
                self.made += 1
                yield number
        finally:
            self.closed = True


def threads(name: str) -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith(name)]


@pytest.mark.parametrize("stop", [0, 1, 2, 3, 50])
def test_items_made_ahead_keep_their_order(stop: int) -> None:
    count = Count(stop)

    assert list(ahead(count.items())) == list(range(stop))
    assert count.closed
    assert threads("ahead") == []


def test_items_are_made_while_others_are_used_and_only_a_few() -> None:
    count = Count(50)

    with closing(ahead(count.items())) as items:
        next(items)
        until = time.monotonic() + WAIT_SECONDS
        while count.made < 3 and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(0.05)
        assert count.made == 3


@pytest.mark.parametrize("place", [0, 1, 7])
def test_an_error_reaches_the_caller_in_the_place_of_its_item(place: int) -> None:
    count, seen = Count(50, broken_at=place), []

    def use() -> None:
        for number in ahead(count.items()):
            seen.append(number)

    with pytest.raises(ValueError, match=f"no number {place}"):
        use()

    assert seen == list(range(place))
    assert count.closed
    assert threads("ahead") == []


def test_a_caller_who_stops_leaves_no_thread_and_nothing_open() -> None:
    count = Count(50)
    with closing(ahead(count.items())) as items:
        assert next(items) == 0
        # Twin: as long as items are taken there is one.
        assert len(threads("ahead")) == 1

    assert count.closed
    assert count.made < 50
    assert threads("ahead") == []


def test_an_error_of_the_caller_leaves_no_thread() -> None:
    count = Count(50)

    def use() -> None:
        for number in ahead(count.items()):
            if number == 3:
                raise KeyError(number)

    with pytest.raises(KeyError):
        use()

    assert count.closed
    assert threads("ahead") == []


def test_results_come_in_the_order_of_their_items() -> None:
    def work(number: int) -> int:
        time.sleep(0.002 * (number % 2))
        return -number

    assert list(abreast(work, range(20))) == [-number for number in range(20)]
    assert threads("abreast") == []


def test_items_are_worked_on_together() -> None:
    together = threading.Barrier(ABREAST, timeout=WAIT_SECONDS)

    # Alone, nobody would come past the barrier.
    waited = abreast(lambda _: together.wait(), range(ABREAST))
    assert sorted(waited) == list(range(ABREAST))


def test_the_error_of_the_first_item_is_raised_and_the_rest_is_left() -> None:
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        time.sleep(0.01)
        if number in (1, 2):
            raise ValueError(f"no number {number}")
        return number

    with pytest.raises(ValueError, match="no number 1"):
        list(abreast(work, range(1_000)))

    assert len(begun) < 100
    assert threads("abreast") == []


def test_results_not_asked_for_are_left_and_no_thread_stays() -> None:
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        time.sleep(0.01)

    with closing(abreast(work, range(1_000))) as results:
        next(results)
        # Twin: as long as results are asked for there are threads.
        assert threads("abreast")

    assert len(begun) < 100
    assert threads("abreast") == []
