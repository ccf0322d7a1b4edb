import polars as pl
import pytest

from models.posts_curves import (
    least_posts,
    stability,
    time_to_detect,
    with_thresholds,
)


def score_rows(rows: list[tuple[str, int, str, int | None, float]]) -> pl.DataFrame:
    names = ["account_id", "n_posts", "part", "posts", "logit"]
    return pl.DataFrame(rows, schema=names, orient="row")


SAMPLE = pl.DataFrame(
    {
        "account_id": ["p1", "p2", "n1"],
        "fold": ["one"] * 3,
        "label": [1, 1, 0],
        "threshold": [1.0] * 3,
    },
    schema_overrides={"label": pl.Int8},
)


def test_who_stops_posting_keeps_the_score_of_the_last_row_reached() -> None:
    rows: list[tuple[str, int, str, int | None, float]] = [
        ("p1", 2, "first", 1, 0.0),
        ("p1", 2, "first", 2, 2.0),
        ("p2", 1, "first", 1, 1.5),
        ("n1", 2, "first", 1, 0.5),
        ("n1", 2, "first", 2, 1.2),
        ("p1", 2, "all", None, 3.0),
        ("p2", 1, "all", None, 0.9),
        ("n1", 2, "all", None, -1.0),
    ]

    one, two, whole = time_to_detect(score_rows(rows), SAMPLE, 0.95)

    assert [row["posts"] for row in (one, two, whole)] == [1, 2, None]
    assert [row["reached"] for row in (one, two, whole)] == [3, 2, 3]
    assert [row["recall"] for row in (one, two, whole)] == [0.5, 1.0, 0.5]
    assert [row["fpr"] for row in (one, two, whole)] == [0.0, 1.0, 0.0]
    assert [row["auc"] for row in (one, two, whole)] == [0.5, 1.0, 1.0]
    assert one["recall_low"] < 0.5 < one["recall_high"]


def test_posts_between_two_rows_are_not_read() -> None:
    """Nine posts: after ten, the score is that of five."""
    rows: list[tuple[str, int, str, int | None, float]] = [
        ("p1", 9, "first", 5, 2.0),
        ("p2", 10, "first", 5, 0.0),
        ("p2", 10, "first", 10, 0.0),
        ("n1", 10, "first", 5, 0.0),
        ("n1", 10, "first", 10, 0.0),
    ]

    five, ten = time_to_detect(score_rows(rows), SAMPLE, 0.95)

    assert (five["posts"], ten["posts"]) == (5, 10)
    assert (five["reached"], ten["reached"]) == (3, 2)
    assert five["recall"] == ten["recall"] == 0.5


def test_flips_are_counted_by_side() -> None:
    rows: list[tuple[str, int, str, int | None, float]] = [
        ("p1", 9, "latest", 5, 0.0),
        ("p2", 9, "latest", 5, 3.0),
        ("n1", 9, "latest", 5, 2.0),
        ("p1", 9, "all", None, 2.0),
        ("p2", 9, "all", None, 3.0),
        ("n1", 9, "all", None, 0.0),
    ]

    [row] = stability(score_rows(rows), SAMPLE, 0.95)

    assert (row["posts"], row["accounts"]) == (5, 3)
    assert row["flip_rate"] == pytest.approx(2 / 3, abs=1e-6)
    assert (row["lost"], row["gained"]) == (0.5, 1.0)
    assert row["rank_correlation"] == 0.5
    assert row["harmed"] == 1.0
    assert 0 < row["harmed_low"] < row["harmed_high"] == 1


@pytest.mark.parametrize("part", ["latest", "all"])
def test_scores_without_an_order_have_no_rank_correlation_and_a_reason(
    part: str,
) -> None:
    rows: list[tuple[str, int, str, int | None, float]] = [
        ("p1", 9, "latest", 5, 0.0),
        ("p2", 9, "latest", 5, 3.0),
        ("n1", 9, "latest", 5, 2.0),
        ("p1", 9, "all", None, 2.0),
        ("p2", 9, "all", None, 3.0),
        ("n1", 9, "all", None, 0.0),
    ]
    flat = [(*row[:4], 0.5) if row[2] == part else row for row in rows]

    [row] = stability(score_rows(flat), SAMPLE, 0.95)

    assert row["rank_correlation"] is None
    assert row["reason"] == "all accounts have the same score: there is no order"
    assert row["flip_rate"] is not None
    assert "reason" not in stability(score_rows(rows), SAMPLE, 0.95)[0]


def test_only_ordinary_accounts_are_harmed() -> None:
    rows: list[tuple[str, int, str, int | None, float]] = [
        ("p1", 9, "latest", 5, 2.0),
        ("n1", 9, "latest", 5, 0.0),
        ("p1", 9, "all", None, 0.0),
        ("n1", 9, "all", None, -1.0),
    ]

    [row] = stability(score_rows(rows), SAMPLE, 0.95)

    assert (row["gained"], row["harmed"]) == (0.5, 0.0)
    flagged_anyway = [(*r[:4], 3.0 + r[4]) if r[0] == "n1" else r for r in rows]
    [row] = stability(score_rows(flagged_anyway), SAMPLE, 0.95)
    assert (row["gained"], row["harmed"], row["harmed_low"]) == (1.0, None, None)


def curve(**shares: tuple[float, float, float] | None) -> list[dict[str, float | None]]:
    names = ("harmed", "harmed_low", "harmed_high")
    return [
        {"posts": int(posts[1:])}
        | dict(zip(names, values or (None, None, None), strict=True))
        for posts, values in shares.items()
    ]


FALLING = curve(
    _1=(0.06, 0.04, 0.08),
    _4=(0.03, 0.015, 0.05),
    _5=(0.018, 0.008, 0.04),
    _10=(0.01, 0.002, 0.015),
    _20=None,
)


def test_the_least_number_of_posts_is_read_off_the_curve() -> None:
    found = least_posts(FALLING, 5, 0.02)

    assert (found["declared"], found["measured"]) == (5, 5)
    assert (found["harmful"], found["needless"]) == ([], [])
    assert least_posts(FALLING, 5, 0.035)["measured"] == 4
    assert least_posts(FALLING, 5, 0.001)["measured"] is None
    assert least_posts([], 5, 0.02)["measured"] is None


@pytest.mark.parametrize(
    ("declared", "most", "harmful", "needless"),
    [
        # Four posts might do: the bound is under the limit.
        (4, 0.02, [], []),
        (1, 0.02, [1], []),
        (0, 0.01, [1, 4], []),
        (20, 0.02, [], [10]),
        (20, 0.05, [], [4, 5, 10]),
    ],
)
def test_a_declared_number_that_the_curve_contradicts_is_named(
    declared: int, most: float, harmful: list[int], needless: list[int]
) -> None:
    found = least_posts(FALLING, declared, most)

    assert (found["harmful"], found["needless"]) == (harmful, needless)


def test_a_rise_later_on_counts() -> None:
    uneven = curve(_1=(0.01, 0.0, 0.03), _5=(0.03, 0.021, 0.05), _9=(0.01, 0.0, 0.03))

    found = least_posts(uneven, 1, 0.02)

    assert (found["measured"], found["harmful"]) == (9, [5])


def test_without_a_threshold_nobody_is_flagged() -> None:
    sample = with_thresholds(SAMPLE.drop("threshold"), {"one": None})
    rows: list[tuple[str, int, str, int | None, float]] = [
        (name, 9, part, posts, value)
        for name, value in (("p1", 1.0), ("n1", 0.0))
        for part, posts in (("first", 1), ("latest", 5), ("all", None))
    ]

    first, _ = time_to_detect(score_rows(rows), sample, 0.95)
    [row] = stability(score_rows(rows), sample, 0.95)

    assert (first["recall"], first["fpr"], first["auc"]) == (None, None, 1.0)
    assert (row["flip_rate"], row["lost"], row["gained"]) == (None, None, None)
