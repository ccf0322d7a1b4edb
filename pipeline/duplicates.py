"""Duplicates: accounts that are one and the same, or copies, and must not be split.

Two accounts are linked if their normalised handle, name and bio are equal; if their
sets of normalised texts are nearly equal; or if they share an id. Linked accounts, and
whoever is linked to them, form a group that every split keeps on one side.
"""

from typing import Annotated, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from features import equalise
from pipeline.section import Section

_BANDS: Final = 16
_ROWS: Final = 4
# Of the numbers that texts are mixed with; any other would do as well.
_SEED: Final = 20_260_301
# Letters of a text below which it is a greeting and no trace of a copy.
_SHORTEST_TEXT: Final = 12

Pairs = NDArray[np.int64]


class DuplicateRules(Section):
    """Section `label.duplicates` of params.yaml."""

    similarity: Annotated[float, Field(gt=0, le=1)]
    least_posts: Annotated[int, Field(ge=1)]
    least_bio: Annotated[int, Field(ge=1)]
    most_compared: Annotated[int, Field(ge=1)]


class Duplicates(NamedTuple):
    """Groups of linked accounts, and how many links each cause made.

    groups: account_id, duplicate_group (the least account_id of the group).
    links: cause -> number of links.
    """

    groups: pl.DataFrame
    links: dict[str, int]


def find_duplicates(
    accounts: pl.DataFrame,
    posts: pl.LazyFrame,
    same: pl.DataFrame,
    rules: DuplicateRules,
) -> Duplicates:
    """Groups of accounts that a split must not part; accounts alone are left out.

    Args:
        accounts: canonical accounts.
        posts: canonical posts; those of other accounts are passed over.
        same: account_id and shared_id of rows that are one account (conflicts).
        rules: how alike two accounts have to be.
    """
    ids = accounts["account_id"].sort()
    place = pl.DataFrame({"account_id": ids}).with_row_index("place")
    by_cause = {
        "same_id": _chained(same.join(place, on="account_id"), ["shared_id"]),
        "profile": _chained(_profiles(accounts, rules).join(place, on="account_id")),
        "posts": _near_sets(posts, place, rules),
    }
    root = _components(len(ids), np.concatenate(list(by_cause.values())))
    groups = (
        place.with_columns(pl.Series("root", root))
        .filter(pl.len().over("root") > 1)
        .with_columns(pl.col("account_id").min().over("root").alias("duplicate_group"))
        .select("account_id", "duplicate_group")
        .sort("account_id")
    )
    return Duplicates(groups, {cause: len(p) for cause, p in by_cause.items()})


def _chained(frame: pl.DataFrame, key: list[str] | None = None) -> Pairs:
    """A link from each account to the next of equal key, shape (n_links, 2)."""
    key = key or [name for name in frame.columns if name not in ("account_id", "place")]
    linked = (
        frame.sort(*key, "place")
        .with_columns(pl.col("place").shift(-1).over(key).alias("next"))
        .drop_nulls("next")
    )
    return linked.select("place", "next").to_numpy().astype(np.int64)


def _components(count: int, links: Pairs) -> NDArray[np.int32]:
    """Number of the group of each account, shape (count,)."""
    graph = coo_array(
        (np.ones(len(links), dtype=np.int8), (links[:, 0], links[:, 1])),
        shape=(count, count),
    )
    groups: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return groups


def _profiles(accounts: pl.DataFrame, rules: DuplicateRules) -> pl.DataFrame:
    """Normalised profiles of accounts that say enough about themselves."""
    readable = equalise.accounts(accounts)
    return readable.select(
        "account_id",
        # The number at the end is what the next copy of an account changes.
        _plain("handle").str.replace_all(r"[\d_]", "").alias("handle"),
        _plain("name"),
        _plain("bio"),
    ).filter(
        (pl.col("handle") != "")
        & (pl.col("name") != "")
        & (pl.col("bio").str.len_chars() >= rules.least_bio)
    )


def _plain(column: str) -> pl.Expr:
    folded = pl.col(column).str.normalize("NFKC").str.to_lowercase()
    return folded.str.replace_all(r"\s+", " ").str.strip_chars()


def _near_sets(
    posts: pl.LazyFrame, place: pl.DataFrame, rules: DuplicateRules
) -> Pairs:
    """Accounts whose sets of texts have a Jaccard similarity of at least `similarity`.

    Source: Broder 1997 (min-wise hashing), Leskovec et al., Mining of Massive Datasets,
    3.4 (bands). Within a bucket each account is compared with `most_compared` others,
    in the order of their signatures, so that a bucket of n costs n and not n squared.
    """
    bare = (
        pl.col("text")
        .str.to_lowercase()
        .str.replace(r"^\s*rt @\S+?:?\s", "")
        .str.replace_all(f"{equalise.LINK}|{equalise.MENTION}", "")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )
    sets = (
        posts.select("account_id", bare.alias("text"))
        .filter(pl.col("text").str.len_chars() >= _SHORTEST_TEXT)
        .join(place.lazy(), on="account_id")
        .select("place", pl.col("text").hash(1).alias("text"))
        .unique()
        .filter(pl.len().over("place") >= rules.least_posts)
        .sort("place", "text")
        .collect(engine="streaming")
    )
    if not sets.height:
        return np.empty((0, 2), dtype=np.int64)
    texts = sets["text"].to_numpy()
    owners, starts = np.unique(sets["place"].to_numpy(), return_index=True)
    signatures = _signatures(texts, starts)
    members = np.split(texts, starts[1:])
    found = [
        (one, other)
        for one, other in _candidates(signatures, rules)
        if _jaccard(members[one], members[other]) >= rules.similarity
    ]
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return owners.astype(np.int64)[pairs]


def _signatures(
    texts: NDArray[np.uint64], starts: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Least mixed hash of each set, shape (n_sets, bands * rows)."""
    generator = np.random.default_rng(_SEED)
    drawn = generator.integers(0, 2**64, (2, _BANDS * _ROWS), dtype=np.uint64)
    columns = [
        np.minimum.reduceat(texts * (factor | np.uint64(1)) + term, starts)
        for factor, term in drawn.T
    ]
    return np.stack(columns, axis=1)


def _candidates(
    signatures: NDArray[np.uint64], rules: DuplicateRules
) -> list[tuple[int, int]]:
    """Pairs that share a bucket of some band and look alike, each once, sorted."""
    # Of 64 values; a pair at the threshold is overlooked once in a thousand.
    least = rules.similarity - 3 * (0.25 / signatures.shape[1]) ** 0.5
    found: set[tuple[int, int]] = set()
    whole = _mixed(signatures)
    for band in range(_BANDS):
        bucket = _mixed(signatures[:, band * _ROWS : (band + 1) * _ROWS])
        order = np.lexsort((np.arange(len(whole)), whole, bucket))
        for step in range(1, min(rules.most_compared, len(order) - 1) + 1):
            one, other = order[:-step], order[step:]
            together = bucket[one] == bucket[other]
            one, other = one[together], other[together]
            alike = (signatures[one] == signatures[other]).mean(axis=1) >= least
            low, high = np.minimum(one, other), np.maximum(one, other)
            found |= set(zip(low[alike].tolist(), high[alike].tolist(), strict=True))
    return sorted(found)


def _mixed(columns: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One number a row, equal where all columns are, shape (n_rows,)."""
    mixed = np.zeros(len(columns), dtype=np.uint64)
    for column in columns.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
