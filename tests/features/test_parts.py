"""Large tables in pieces: every account once, in order, with all of its posts."""

import polars as pl
import pytest

from features import parts
from features.build import build_features, build_with_reasons, count_posts
from features.errors import InputError, SchemaError
from tests.features.builders import at, make_accounts, make_posts, plain

N = 9


@pytest.fixture
def tables(monkeypatch):
    """Nine accounts, the third, the fourth and the last of them without posts."""
    monkeypatch.setattr(parts, "TOGETHER", 20)
    posts = [
        {**post, "account_id": f"a/{account}", "text": f"Word {place} of {account}!"}
        for account in range(N)
        if account not in (2, 3, N - 1)
        for place, post in enumerate([*at(*range(0, 90, 9)), *plain(account)])
    ]
    stranger = {"account_id": "b/0", "text": "Of nobody here."}
    table = make_posts([*posts, stranger])
    return make_accounts(*[{}] * N), table.sample(fraction=1, shuffle=True, seed=1)


def test_every_account_has_all_of_its_posts_in_one_part(tables):
    accounts, posts = tables

    found = parts.apart(accounts, posts)

    assert len(found) > 3
    assert pl.concat([part.accounts for part in found]).equals(accounts)
    for part in found:
        inside = pl.col("account_id").is_in(part.accounts["account_id"].implode())
        assert (
            part.posts()
            .sort("account_id", "text")
            .equals(posts.filter(inside).sort("account_id", "text"))
        )


def test_no_thread_waits_for_a_longer_part(monkeypatch):
    """As many parts for each thread, of about as many posts."""
    monkeypatch.setattr(parts, "TOGETHER", 20)
    monkeypatch.setattr(pl, "thread_pool_size", lambda: 3)
    accounts = make_accounts(*[{}] * 130)
    posts = make_posts([{"account_id": f"a/{n}", "text": "x"} for n in range(130)])

    heights = [part.posts().height for part in parts.apart(accounts, posts)]

    assert len(heights) == 6
    assert sum(heights) == 130
    assert max(heights) - min(heights) <= 1


def test_posts_of_nobody_in_the_table_make_one_part_of_everybody(tables):
    accounts, posts = tables
    strangers = posts.with_columns(account_id=pl.lit("b/0"))

    (part,) = parts.apart(accounts, strangers)

    assert part.accounts.equals(accounts)
    assert part.posts().is_empty()


def test_parts_give_the_values_of_the_whole(tables, monkeypatch):
    accounts, posts = tables
    values, reasons, counts = build_with_reasons(accounts, posts, None)

    monkeypatch.setattr(parts, "TOGETHER", 1_000)
    whole = build_with_reasons(accounts, posts, None)

    assert values.equals(whole[0], null_equal=True)
    assert reasons.equals(whole[1], null_equal=True)
    assert counts.equals(whole[2])


def test_no_accounts_among_many_posts_give_no_rows(tables):
    accounts, posts = tables

    values, reasons, counts = build_with_reasons(accounts.clear(), posts, None)

    assert values.height == reasons.height == len(counts) == 0
    assert values.columns == build_features(accounts, posts, None).columns


def test_a_cut_through_an_account_is_caught(tables, monkeypatch):
    """The twin: parts by rows of posts and not by accounts."""
    accounts, posts = tables
    expected = count_posts(accounts, posts)

    def cut(accounts, posts):
        half = posts.height // 2
        return [
            parts.Part(accounts[:4], posts[:half]),
            parts.Part(accounts[4:], posts[half:]),
        ]

    monkeypatch.setattr(parts, "apart", cut)

    assert not count_posts(accounts, posts).equals(expected)


def test_what_is_wrong_is_found_in_the_whole_table(tables):
    accounts, posts = tables
    twice = pl.concat([accounts, accounts[:1]])
    negative = posts.with_columns(likes=pl.lit(-1, pl.Int64))

    with pytest.raises(InputError, match="more than once"):
        build_features(twice, posts, None)
    with pytest.raises(SchemaError, match=str(posts.height)):
        build_features(accounts, negative, None)
