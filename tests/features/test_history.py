"""Which posts of an account count, and in which order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from features import equalise, history, schema
from tests.features.builders import (
    AS_OF,
    Post,
    at,
    make_account,
    make_posts,
    plain,
)


def cut(posts: list[Post]) -> pl.DataFrame:
    accounts = equalise.accounts(make_account())
    return history.before_as_of(make_posts(posts), accounts)


def test_posts_before_the_moment_and_those_without_a_time_stay():
    minute = timedelta(minutes=1)

    kept = cut(
        [{"posted_at": t} for t in (AS_OF - minute, AS_OF, AS_OF + minute, None)]
    )

    assert kept["posted_at"].to_list() == [None, AS_OF - minute]


def test_posts_of_unknown_accounts_are_left_out():
    assert cut([{"account_id": "nobody"}]).is_empty()


def test_the_latest_posts_are_kept():
    kept = cut([*at(*range(history.HISTORY_CAP)), *at(-5), *plain(3)])

    assert kept.height == history.HISTORY_CAP
    assert kept["posted_at"].null_count() == 0
    assert kept["posted_at"].min() == at(0)[0]["posted_at"]


def test_ties_are_broken_by_every_column():
    """Posts that differ anywhere have one order, whatever the order they come in."""
    values: dict[Any, tuple[Any, Any]] = {
        pl.String(): ("a", "b"),
        pl.Int64(): (1, 2),
        schema.STRINGS: (["a"], ["b"]),
        schema.TIME: (AS_OF - timedelta(days=2), AS_OF - timedelta(days=1)),
    }
    for column, dtype in schema.POSTS.items():
        if column in ("account_id", "kind"):
            continue
        pair = [{column: value} for value in values[dtype]]

        assert cut(pair).equals(cut(pair[::-1])), column
        assert cut(pair)[column].n_unique() == 2


def in_order() -> bool:
    """Whether posts of all times come by account, time, and what they are."""
    years = (None, 1, 1969, 1970, 2020, 5_000, 9_998, 9_999)
    times = [year and datetime(year, 1, 1, tzinfo=UTC) for year in years]
    posts: list[Post] = [
        {"account_id": account, "posted_at": time, "kind": kind, "text": text}
        for account in ("a/10", "a/9", "a/é", "A/9")
        for time in times[::-1]
        for kind in ("reply", "original")
        for text in ("b", None, "a")
    ]
    end = datetime(9_999, 12, 31, tzinfo=UTC)
    accounts = pl.concat(
        make_account(account_id=account, as_of=end)
        for account in ("a/9", "A/9", "a/é", "a/10")
    )
    kept = history.before_as_of(make_posts(posts), equalise.accounts(accounts))
    known = kept.select("account_id", "posted_at", "kind", "text").rows()
    assert len(known) == len(posts)
    return known == sorted(known, key=first_things_first)


def first_things_first(row: tuple[Any, ...]) -> list[Any]:
    """Null before anything, account by its bytes; undated posts as they come."""
    account, time, *others = row
    if time is None:
        return [account.encode()]
    return [account.encode(), time, *((told is not None, told) for told in others)]


def many(ids: str, text: str) -> list[Post]:
    """Undated posts, twice as many as are kept."""
    cap = history.HISTORY_CAP
    return [
        {
            "post_id": f"{ids}{index}",
            "text": text.format(index),
            "kind": "reply" if index < cap else "original",
            "target_post_id": f"{ids}{index}",
        }
        for index in range(2 * cap)
    ]


def test_undated_posts_beyond_the_cap_are_not_chosen_by_what_they_are():
    cap = history.HISTORY_CAP
    kept = cut(many("a", "{:05}"))

    assert kept.height == cap
    for early in (kept["text"] < f"{cap:05}", kept["kind"] == "reply"):
        assert 0.45 < early.cast(pl.Int64).sum() / cap < 0.55
    # Under other ids, in another order, beside others, the same ones.
    others: list[Post] = [{**post, "account_id": "a/1"} for post in many("c", "{:05}")]
    again = cut(many("b", "{:05}")[::-1])
    beside = history.before_as_of(
        make_posts([*many("b", "{:05}"), *others]),
        equalise.accounts(
            pl.concat(make_account(account_id=name) for name in ("a/0", "a/1"))
        ),
    ).filter(account_id="a/0")
    assert again["text"].to_list() == kept["text"].to_list()
    assert beside["text"].to_list() == kept["text"].to_list()


def test_lists_that_a_collector_does_not_give_have_no_part_in_the_choice():
    texts = [{"text": f"one of many {n} #x"} for n in range(history.HISTORY_CAP + 50)]
    listed = [{**post, "hashtags": ["x"], "mentions": []} for post in texts]

    kept = [set(cut(posts)["text"]) for posts in (texts, listed)]

    assert len(kept[0]) == history.HISTORY_CAP
    assert kept[0] == kept[1]


def test_order_is_by_account_then_time_then_what_a_post_is():
    assert in_order()


def test_an_order_by_minutes_that_are_cut_off_is_caught(monkeypatch):
    """The twin: the number of account and minute, without the time itself."""
    place, _, *others = history._ORDER
    monkeypatch.setattr(history, "_ORDER", [place, *others])

    assert not in_order()


def test_an_order_without_every_column_would_depend_on_the_input():
    pair = [{"client": "a"}, {"client": "b"}]

    one, other = (
        make_posts(posts).sort("account_id", "text", maintain_order=True)
        for posts in (pair, pair[::-1])
    )

    assert one["client"].to_list() != other["client"].to_list()
