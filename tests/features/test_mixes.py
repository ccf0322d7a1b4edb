from itertools import combinations
from math import isfinite, log

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import mixes
from features.corrections import DRAWS, UNIT

NAMES = set(mixes.sources())
BLANK = {
    "hour": pl.Int64,
    "gap": pl.Int64,
    "gap_size": pl.Int64,
    "fresh": pl.Boolean,
    "minute": pl.Int64,
    "day": pl.Int64,
    "kind": pl.String,
    "kind_code": pl.Int64,
    "language": pl.String,
    "client": pl.String,
    "first_tag": pl.String,
    "first_mention": pl.String,
    "target_account_id": pl.String,
    "step": pl.Int64,
    "content_code": pl.Int64,
    "text_key": pl.UInt64,
    "recent_length": pl.Int64,
    **dict.fromkeys(("start", "end", "form", "host", "tag_sequence"), pl.String),
}


def of(
    *accounts: tuple[list[str | None], list[bool | None]], names: set[str] = NAMES
) -> pl.DataFrame:
    """Mixes of clients: of each account its clients, and whether after the silence."""
    rows = [
        (place, client, after)
        for place, account in enumerate(accounts)
        for client, after in zip(*account, strict=True)
    ]
    posts = pl.DataFrame(
        rows,
        schema={"account": pl.Int64, "client": pl.String, "returned": pl.Boolean},
        orient="row",
    ).with_columns(
        pl.lit(None, dtype).alias(name)
        for name, dtype in BLANK.items()
        if name != "client"
    )
    ids = pl.DataFrame({"account_id": [str(i) for i in range(len(accounts))]})
    return mixes.mix(posts, ids, names)


def told(clients: str, after: str = "") -> tuple[list[str | None], list[bool | None]]:
    """A client a letter, none for a dash; those of `after` after the silence."""
    letters = [None if letter == "-" else letter for letter in clients + after]
    return letters, [*[False] * len(clients), *[True] * len(after)]


def one(end: str, clients: str, after: str = "") -> float | None:
    found = of(told(clients, after))[f"clients_{end}"][0]
    # What is not finite becomes null in build_features.
    return found if found is not None and isfinite(found) else None


def test_sums_by_hand():
    found = of(told("aab-", "abc"), told("---"), told("z"))

    def column(end: str) -> list[int]:
        return found[f"clients_{end}"].to_list()

    assert column("count") == [6, 0, 1]
    assert column("kinds") == [3, 0, 1]
    assert column("most") == [3, 0, 1]
    assert column("before") == [3, 0, 1]
    assert column("after") == [3, 0, 0]
    # Three a and two b: 6 + 2 ordered pairs.
    assert column("pairs") == [8, 0, 0]
    assert column("pairs_before") == [2, 0, 0]
    assert column("pairs_after") == [0, 0, 0]
    assert column("pairs_across") == [2 * 1 + 1 * 1, 0, 0]
    assert column("logs")[0] / UNIT == pytest.approx(3 * log(3) + 2 * log(2))


def test_undated_things_are_on_no_side():
    found = of((["a", "a", "b"], [None, None, None]))

    assert found["clients_count"][0] == 3
    assert found["clients_before"][0] == found["clients_after"][0] == 0


@settings(max_examples=30, deadline=None, database=None)
@given(st.lists(st.lists(st.sampled_from("abc-"), min_size=1), min_size=1, max_size=5))
def test_what_needs_no_sides_is_the_same_without_them(accounts):
    """Also of accounts without a thing, which keep their place."""
    given_accounts = [told("".join(account)) for account in accounts]
    unsided = {name for name, read in mixes.sources().items() if "returned" not in read}

    some = of(*given_accounts, names=unsided)

    every = of(*given_accounts).select(some.columns)
    assert some.equals(every)
    assert 0 < len(unsided) < len(NAMES)


def test_no_posts_and_no_mixes():
    assert of().height == 0
    assert mixes.mix(pl.DataFrame(), pl.DataFrame({"a": [1]}), {"other"}).width == 1


@settings(max_examples=30, deadline=None, database=None)
@given(st.lists(st.lists(st.sampled_from("abc-"), min_size=1), min_size=2, max_size=5))
def test_accounts_looked_at_apart(accounts):
    given_accounts = [told("".join(account)) for account in accounts]
    together = of(*given_accounts)

    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(mixes, "_TOGETHER", 3 * len(mixes.MIXES))
        assert of(*given_accounts).equals(together)


def test_entropy_by_hand():
    assert one("entropy", "-") is None
    assert one("entropy", "a") == 0
    assert one("entropy", "aaaa") == 0
    assert one("entropy", "aabb") == pytest.approx(log(2) + 1 / 8)


def test_repeat_chance_by_hand():
    assert one("repeat", "a") is None
    assert one("repeat", "ab") == 0
    assert one("repeat", "aab") == pytest.approx(1 / 3)
    assert one("repeat", "aaa") == 1


@pytest.mark.parametrize("clients", ["a" * 12, "abcdefghijkl", "aaaaaabbbbcd"])
def test_distinct_share_is_the_mean_over_all_draws(clients):
    draws = [len(set(draw)) for draw in combinations(clients, DRAWS)]

    assert one("distinct", clients) == pytest.approx(sum(draws) / len(draws) / DRAWS)


def test_distinct_share_of_fewer_things_than_draws():
    assert one("distinct", "ab" * (DRAWS // 2 - 1)) is None
    assert one("distinct", "ab" * (DRAWS // 2)) == 2 / DRAWS


def test_change_by_hand():
    assert one("change", "a" * 10, "a" * 9) is None
    assert one("change", "abcdefghij", "abcdefghij") is None
    assert one("change", "a" * 10, "b" * 10) == 1
    assert one("change", "a" * 10, "a" * 30) == 0
    # Across 1/2; same side 1 and 2 x 20 of 90 pairs.
    assert one("change", "a" * 10, "aaaaabbbbb") == pytest.approx(
        1 - 2 * (1 / 2) / (1 + 40 / 90)
    )
