from dataclasses import replace

import numpy as np
import pytest

from features.catalogue import FEATURES
from models.abstention import REASONS, Abstention, outside_share, training_ranges
from models.bands import BANDS
from models.evidence import STATES, evidence_states
from tests.models.builders import make_matrix, small_booster

N = len(FEATURES)
LIMITS = Abstention(least_posts=5, least_operators=1, most_outside=0.1, widest=0.9)
RANGES = np.stack([np.zeros(N), np.ones(N)])
TELLING = next(i for i, f in enumerate(FEATURES) if f.group == "audience")
NAME = next(i for i, f in enumerate(FEATURES) if f.group == "name")


def one() -> np.ndarray:
    """An account all of whose values are known and inside."""
    return np.full((1, N), 0.5, dtype=np.float32)


def reason(
    matrix: np.ndarray,
    posts: int = 9,
    width: float = 0.2,
    judged_by: int = 1,
    limits: Abstention = LIMITS,
) -> str:
    found = limits.reasons(
        matrix, np.array([posts]), np.array([judged_by]), RANGES, np.array([width])
    )
    return str(found[0])


def known_only(column: int) -> np.ndarray:
    matrix = np.full((1, N), np.nan, dtype=np.float32)
    matrix[0, column] = 0.5
    return matrix


@pytest.mark.parametrize(
    ("posts", "width", "expected"),
    [
        (5, 0.2, ""),
        (4, 0.2, "too_few_posts"),
        (1, 0.2, "too_few_posts"),
        (0, 0.2, ""),
        (0, 0.901, "wide_interval"),
        (5, 0.9, ""),
        (5, 0.901, "wide_interval"),
        (4, 0.901, "too_few_posts"),
    ],
)
def test_limits_are_kept_to_the_letter(posts: int, width: float, expected: str) -> None:
    assert reason(one(), posts, width) == expected


@pytest.mark.parametrize(
    ("least", "judged_by", "expected"),
    [
        (1, 0, "unjudged_evidence"),
        (1, 1, ""),
        (2, 1, "unjudged_evidence"),
        (2, 2, ""),
        (0, 0, ""),
    ],
)
def test_so_many_operators_must_have_judged_the_evidence(
    least: int, judged_by: int, expected: str
) -> None:
    limits = replace(LIMITS, least_operators=least)

    assert reason(one(), judged_by=judged_by, limits=limits) == expected
    # More posts are of more use to who asks than what nobody checked.
    few = reason(one(), 4, judged_by=judged_by, limits=limits)
    assert few == "too_few_posts"
    wide = reason(one(), width=1.0, judged_by=judged_by, limits=limits)
    assert wide == (expected or "wide_interval")


def test_a_name_is_no_evidence_and_a_count_is() -> None:
    assert reason(known_only(NAME)) == "no_evidence"
    assert reason(known_only(NAME), posts=0, width=1.0) == "no_evidence"
    assert reason(known_only(TELLING)) == ""


@pytest.mark.parametrize("value", [1.5, -0.5])
def test_values_that_no_account_had_are_unlike_training(value: float) -> None:
    matrix = one()
    few, many = round(0.1 * N) - 1, round(0.1 * N) + 2
    matrix[0, :few] = value
    assert reason(matrix) == ""
    matrix[0, :many] = value

    assert reason(matrix) == "unlike_training"


def test_shares_are_of_what_is_known_and_has_a_range() -> None:
    matrix = np.full((2, N), np.nan, dtype=np.float32)
    matrix[0, :4] = [0.5, 2.0, 0.0, 9.0]
    ranges = RANGES.copy()
    ranges[:, 3] = np.nan

    assert outside_share(matrix, ranges).tolist() == [pytest.approx(1 / 3), 0.0]


def test_no_reason_is_given_that_is_not_listed() -> None:
    matrix = make_matrix(400, N, missing=0.9)
    matrix[::2] = 0.5
    counts = np.arange(400) % 9
    widths = np.linspace(0, 1, 400)

    found = LIMITS.reasons(matrix, counts, counts % 2, RANGES, widths)

    assert set(found.tolist()) <= {"", *REASONS}
    assert len(set(found.tolist())) > 2


def test_ranges_are_those_of_the_training_rows() -> None:
    matrix = make_matrix(600, N, 0)
    booster = small_booster()

    low, high = training_ranges(booster)

    known = ~np.isnan(low)
    assert known.any()
    # LightGBM widens a range that does not hold 0.
    least, most = np.nanmin(matrix, axis=0), np.nanmax(matrix, axis=0)
    assert low[known] == pytest.approx(np.minimum(least, 0)[known])
    assert high[known] == pytest.approx(np.maximum(most, 0)[known])
    assert outside_share(matrix, np.stack([low, high])).max() == 0
    assert outside_share(matrix * 50, np.stack([low, high])).mean() > 0.5


@pytest.mark.parametrize(
    ("posts", "band"), [(0, "0"), (1, "1-4"), (4, "1-4"), (19, "5-19"), (100, "100+")]
)
def test_an_account_is_in_one_band(posts: int, band: str) -> None:
    states = evidence_states(one(), np.array([posts]))

    assert [s for s, inside in zip(STATES, states[0], strict=True) if inside] == [
        f"posts {band}"
    ]


@pytest.mark.parametrize(
    ("family", "posts", "apart"),
    [("timing", 5, True), ("timing", 4, False), ("profile", 0, True)],
)
def test_a_family_without_a_value_is_a_state_unless_the_posts_say_so(
    family: str, posts: int, apart: bool
) -> None:
    matrix = one()
    columns = [i for i, f in enumerate(FEATURES) if f.family == family]
    matrix[0, columns] = np.nan

    states = evidence_states(matrix, np.array([posts]))[0]

    assert states[STATES.index(f"without {family}")] == apart
    matrix[0, columns[0]] = 0.5
    assert not evidence_states(matrix, np.array([posts]))[0, len(BANDS) :].any()


def test_posts_without_times_are_one_state_and_not_two() -> None:
    matrix = np.repeat(one(), 4, axis=0)
    for family, rows in (("timing", [0, 1, 3]), ("life cycle", [0, 2, 3])):
        columns = [i for i, f in enumerate(FEATURES) if f.family == family]
        matrix[np.ix_(rows, columns)] = np.nan

    # The last has too few posts for any such state.
    states = evidence_states(matrix, np.array([5, 5, 5, 4]))[:, len(BANDS) :]

    assert [
        [s for s, i in zip(STATES[len(BANDS) :], row, strict=True) if i]
        for row in states
    ] == [
        ["without times"],
        ["without timing"],
        ["without life cycle"],
        [],
    ]
