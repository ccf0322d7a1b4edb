"""Mixes: how often each kind of a thing occurs among an account's posts, in one pass.

For every mix (of hours, of pauses, of reposted accounts, ...) an account gets whole
numbers, and from them entropy, chance of repetition, rarefied count and change at the
longest silence (features/corrections.py). Things that are null do not count.
"""

from collections.abc import Set
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features import draws, words
from features.corrections import (
    DRAWS,
    UNIT,
    change,
    distinct_share,
    drawn_entropy,
    entropy,
    repeat_chance,
    scaled_log,
)
from features.kinds import SIDES, count_kinds, in_order
from features.queries import as_written

Floats = NDArray[np.float64]


def _text(column: str) -> pl.Expr:
    known = pl.col(column).is_not_null()
    return pl.when(known).then(pl.col(column).hash(seed=0).reinterpret(signed=True))


# What is counted, as a whole number that is a key of each post.
MIXES: Final[dict[str, pl.Expr]] = {
    "hours": pl.col("hour"),
    # Shorter ones are those of conversations and threads.
    "pauses": pl.when(pl.col("gap") >= 5).then("gap"),
    "pause_sizes": pl.col("gap_size"),
    "round_minutes": pl.when(pl.col("fresh")).then(pl.col("minute") % 60),
    "slots": (pl.col("minute") // 15) % 96,
    "days": pl.col("day"),
    "kinds": pl.col("kind_code"),
    "languages": _text("language"),
    "clients": _text("client"),
    "hashtags": _text("first_tag"),
    "sources": pl.when(pl.col("kind") == "repost").then(_text("target_account_id")),
    "repliees": pl.when(pl.col("kind") == "reply").then(_text("target_account_id")),
    "mentions": _text("first_mention"),
    "steps": pl.col("step"),
    "contents": pl.col("content_code"),
    **words.MIXES,
}

# Things looked at together, a post having one for each mix; changes no value. Few:
# counting the kinds of some millions at once takes twice as long a thing, because the
# table of kinds does not fit the cache.
_TOGETHER: Final = 180_000

_COUNT: Final = pl.col("count")


def _pairs(column: str) -> pl.Expr:
    return (pl.col(column) * (pl.col(column) - 1)).sum()


# Of the kinds of a mix: whole numbers.
_SUMS: Final[dict[str, pl.Expr]] = {
    "count": _COUNT.sum(),
    "kinds": (_COUNT > 0).sum().cast(pl.Int64),
    "most": _COUNT.max(),
    "logs": scaled_log(_COUNT).sum(),
    # Different ones expected among the draws.
    "seen": ((1 - pl.col("unseen")) * UNIT).round().cast(pl.Int64).sum(),
    "repeated_logs": (pl.col("repeated") * UNIT).round().cast(pl.Int64).sum(),
    # Ordered pairs of one kind: in all, and by the side of the longest silence.
    "pairs": _pairs("count"),
    "pairs_before": _pairs("before"),
    "pairs_after": _pairs("after"),
    "pairs_across": (pl.col("before") * pl.col("after")).sum(),
    "before": pl.col("before").sum(),
    "after": pl.col("after").sum(),
}
_DRAWN: Final = "drawn_entropy"
# Of a mix, from its sums.
_FIGURES: Final[dict[str, pl.Expr]] = {
    "entropy": entropy(),
    "repeat": repeat_chance(),
    "distinct": distinct_share(),
    _DRAWN: drawn_entropy(),
    "change": change(),
}
_ENDS: Final = (*_SUMS, *_FIGURES)
_SIDED: Final = {
    "pairs_before",
    "pairs_after",
    "pairs_across",
    "before",
    "after",
    "change",
}


def sources() -> dict[str, set[str]]:
    """Every column that `mix` gives, and the measures behind it."""
    return {
        f"{name}_{end}": {*key.meta.root_names(), *(["returned"] * (end in _SIDED))}
        for name, key in MIXES.items()
        for end in _ENDS
    }


def defined() -> dict[str, tuple[pl.Expr, pl.Expr]]:
    """Every column that `mix` gives: a post's key, and what is made of their counts."""
    made = {**_SUMS, **_FIGURES}
    return {
        f"{name}_{end}": (key, made[end])
        for name, key in MIXES.items()
        for end in _ENDS
    }


def plan() -> str:
    """The mixes as text, equal if and only if they are the same."""
    parts = [f"{n}|{e}" for part in (MIXES, _SUMS, _FIGURES) for n, e in part.items()]
    count, things = np.meshgrid(np.arange(5.0), np.arange(2.0 * DRAWS))
    drawn = [draw(count, things).tolist() for draw in (draws.unseen, draws.repeated)]
    return "\n".join([*parts, str(drawn)])


def mix(posts: pl.DataFrame, accounts: pl.DataFrame, names: Set[str]) -> pl.DataFrame:
    """Accounts with the named columns beside; sums are zero for no things.

    Args:
        posts: measured posts.
        accounts: a row for each account of the posts, in their order.
        names: of columns; those that are not of `sources()` are passed over.
    """
    wanted = {
        name: ends
        for name in MIXES
        if (ends := [end for end in _ENDS if f"{name}_{end}" in names])
    }
    if not wanted or posts.is_empty():
        return accounts.with_columns(
            pl.lit(None, pl.Int64).alias(f"{name}_{end}")
            for name, ends in wanted.items()
            for end in ends
        )
    needed = _needed(frozenset(end for ends in wanted.values() for end in ends))
    sided = [name for name, ends in wanted.items() if _SIDED.intersection(ends)]
    keys = posts.select(
        "account",
        **{name: MIXES[name] for name in wanted},
        **(SIDES if sided else {}),
    )
    drawn = [name for name, ends in wanted.items() if _DRAWN in ends]
    # Without sides, kinds are counted account by account, however many there are.
    parts = [
        _sums(part, list(wanted), sided, needed, drawn)
        for part in (_apart(keys, len(wanted)) if sided else [keys])
    ]
    return accounts.hstack(
        [
            _column(parts, place, len(wanted), end).alias(f"{name}_{end}")
            for place, name in enumerate(in_order(list(wanted), sided))
            for end in wanted[name]
        ]
    )


def _column(parts: list[pl.DataFrame], place: int, mixes: int, end: str) -> pl.Series:
    """A sum or figure of the mix at this place, of the accounts of all parts."""
    heights = [part.height // mixes for part in parts]
    found = [
        part[end].slice(place * height, height)
        for part, height in zip(parts, heights, strict=True)
    ]
    return found[0] if len(found) == 1 else pl.concat(found)


def _apart(posts: pl.DataFrame, mixes: int) -> list[pl.DataFrame]:
    """Posts in parts of bounded size, none of which cuts an account."""
    together = _TOGETHER // mixes
    if posts.height <= together:
        return [posts]
    begins = pl.col("account") != pl.col("account").shift(1, fill_value=-1)
    first = pl.when(begins).then(pl.int_range(pl.len())).forward_fill()
    return posts.with_columns(part=first // together).partition_by(
        "part", maintain_order=True, include_key=False
    )


@dataclass(frozen=True)
class _Needed:
    """What some sums and figures are made of.

    Attributes:
        figures: of those asked for.
        sums: asked for, or behind the figures.
        columns: behind the sums.
    """

    figures: dict[str, pl.Expr]
    sums: dict[str, pl.Expr]
    columns: set[str]


@cache
def _needed(ends: frozenset[str]) -> _Needed:
    figures = {name: expr for name, expr in _FIGURES.items() if name in ends}
    read = ends.union(*(expr.meta.root_names() for expr in figures.values()))
    sums = {name: expr for name, expr in _SUMS.items() if name in read}
    columns = {name for expr in sums.values() for name in expr.meta.root_names()}
    return _Needed(figures, sums, columns)


def _sums(
    keys: pl.DataFrame,
    wanted: list[str],
    sided: list[str],
    needed: _Needed,
    drawn: list[str],
) -> pl.DataFrame:
    """Of each mix `in_order`, one after the other, a row an account.

    Args:
        keys: of the posts of some accounts.
        wanted: names of mixes.
        sided: those of which sides are asked; of others they mean nothing.
        needed: what is made of them.
        drawn: those of which the entropy of draws is asked; of others it means nothing.
    """
    begins = pl.any_horizontal(
        pl.col(c).ne_missing(pl.col(c).shift(1)) for c in ("mix", "account")
    )
    query = (
        count_kinds(keys.lazy(), wanted, sided)
        # Groups by one number: by two columns they take longer.
        .with_columns(row=begins.cum_sum())
    )
    if drawn or "unseen" in needed.columns:
        query = _with_draws(query, needed, drawn)
    return as_written(
        query.group_by("row", maintain_order=True)
        .agg(**needed.sums)
        .with_columns(**needed.figures)
    )


def _with_draws(kinds: pl.LazyFrame, needed: _Needed, drawn: list[str]) -> pl.LazyFrame:
    """Kinds with what the sums read of draws, as of `_sums`."""
    found = as_written(
        kinds.with_columns(things=_COUNT.sum().over("row").cast(pl.Float64))
    )
    count, things = (
        found[name].cast(pl.Float64).to_numpy() for name in ("count", "things")
    )
    if "unseen" in needed.columns:
        found = found.with_columns(unseen=pl.Series(draws.unseen(count, things)))
    if drawn:
        repeated = np.zeros_like(things)
        asked = found["mix"].is_in(drawn).to_numpy()
        repeated[asked] = draws.repeated(count[asked], things[asked])
        found = found.with_columns(repeated=pl.Series(repeated))
    return found.lazy()
