import pytest

from serving.review.timeline import timeline

DAY = 86_400_000


def test_no_posts_no_drawing() -> None:
    assert timeline([]) is None


def test_bars_stack_reposts_on_own_posts() -> None:
    line = timeline([(0, False), (1, False), (2, True), (3 * DAY, False)])

    assert line is not None
    assert [bar.place for bar in line.bars] == [0, 3]
    assert [bar.own for bar in line.bars] == pytest.approx([200 / 3, 100 / 3])
    assert [bar.reposts for bar in line.bars] == pytest.approx([100 / 3, 0])
    assert (line.total, line.reposts, line.most) == (4, 1, 3)
    assert (line.first, line.last, line.busiest) == (
        "1970-01-01",
        "1970-01-04",
        "1970-01-01",
    )


@pytest.mark.parametrize(
    ("days", "step"),
    [
        (0, "day"),
        (179, "day"),
        (180, "week"),
        (1259, "week"),
        (1260, "four weeks"),
        (3000 * 365, "6,084 days"),
    ],
)
def test_a_longer_history_has_wider_bars(days: int, step: str) -> None:
    line = timeline([(0, False), (days * DAY, False)])

    assert line is not None
    assert line.step == step
    assert line.width <= 180
    assert all(0 <= bar.place < line.width for bar in line.bars)


def test_times_no_calendar_holds_are_drawn_all_the_same() -> None:
    line = timeline([(-62_135_596_800_000, False), (253_402_300_799_000, True)])

    assert line is not None
    assert line.total == 2
