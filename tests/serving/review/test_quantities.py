import math
from collections.abc import Iterable

import pytest

from features.catalogue import CATALOGUE
from serving.review.quantities import (
    amount,
    measured,
    moment,
    probability,
    raw,
    share,
    signed,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.12345, "0.123"),
        (-5.064, "\u22125.06"),
        (12.54, "12.5"),
        (949.0, "949"),
        (999.96, "1,000"),
        (1234.4, "1,234"),
        (1_234_567.0, "1,235,000"),
        (0.00001, "0"),
        (-0.00001, "0"),
    ],
)
def test_an_amount_keeps_the_digits_that_matter(value: float, text: str) -> None:
    assert amount(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.0, "yes or no", "yes"),
        (0.0, "yes or no", "no"),
        (0.1515, "share", "15.2\u00a0%"),
        (math.log1p(949), "ln(1 + followers)", "949 followers"),
        (math.log(1.5), "ln(posts)", "1.5 posts"),
        (math.log1p(30), "ln(1 + minutes)", "30 minutes"),
        (math.log1p(180), "ln(1 + minutes)", "3 hours"),
        (math.log1p(10_080), "ln(1 + minutes)", "7 days"),
        (0.25, "-1 to 1", "0.25 (\u22121 to 1)"),
        (0.25, "1 minus overlap", "0.25 (1 minus overlap)"),
        (0.25, "strength", "0.25 (strength)"),
        (0.0012, "chance", "0.12\u00a0%"),
        (7.0, "characters", "7 characters"),
    ],
)
def test_a_value_has_its_unit_and_no_logarithm(
    value: float, unit: str, text: str
) -> None:
    assert measured(value, unit) == text


# What a number of stands before.
COUNTED = {
    *("characters", "links", "hashtags", "emoji", "mentions", "digits"),
    *("rows of digits", "nats", "nats a pair"),
}


def unread(units: Iterable[str]) -> set[str]:
    """Units that would stand behind a number as if they were things counted."""
    return {u for u in units if measured(2.0, u) == f"2 {u}"} - COUNTED


def test_every_unit_of_the_catalogue_reads_as_a_phrase() -> None:
    assert unread(f.unit for f in CATALOGUE) == set()
    assert unread(["0 to 1", "characters"]) == {"0 to 1"}


def test_what_the_model_takes_is_told_where_it_differs() -> None:
    assert raw(math.log1p(949), "ln(1 + followers)") == "6.856 ln(1 + followers)"
    assert raw(0.5, "share") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.807, "+0.81"), (-0.2, "\u22120.20"), (0.004, "0.00"), (-0.001, "0.00")],
)
def test_an_effect_has_a_sign_unless_it_is_none(value: float, text: str) -> None:
    assert signed(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.24, "0.24"),
        (0.0004, "below 0.001"),
        (0.00712, "0.007"),
        (0.99951, "above 0.999"),
    ],
)
def test_a_probability_is_never_certain(value: float, text: str) -> None:
    assert probability(value) == text


def test_shares_and_moments() -> None:
    assert share(0.05) == "5\u00a0%"
    assert share(0.001) == "0.1\u00a0%"
    assert moment(1_714_566_600_000) == "2024-05-01 12:30 UTC"
    assert moment(10**17) == "a time outside the calendar"
