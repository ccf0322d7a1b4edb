"""Missing: which values stand, and why the others are null.

Many features are null for the same few causes, so each cause is looked for once in all
accounts, and tables of features and causes say the rest: for one account an expression
for each feature takes ten times as long.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features import history, schema
from features.feature import REASONS, Feature
from features.totals import lineage

Flags = NDArray[np.bool_]

_CODES: Final = tuple(REASONS)
# Its place among the codes: a value that is there lacks none.
_NONE: Final = len(_CODES)
_ALWAYS_TOLD: Final = frozenset({"account_id", "kind"})


@dataclass(frozen=True)
class _Cause:
    """What can make values null.

    Attributes:
        name: the same for the same cause, whatever the feature.
        code: of REASONS.
        holds: true for the accounts where it does, never null.
        bars: whether a value that is there may not stand.
    """

    name: str
    code: str
    holds: pl.Expr
    bars: bool


def of_posts(feature: Feature) -> bool:
    """Whether it is made of posts that are the account's own."""
    return feature.table in ("posts", "totals")


@dataclass(frozen=True)
class Told:
    """Whether the posts tell a column that a feature reads.

    Attributes:
        counts: what to count of an account's posts, by name.
        not_told: on those counts, null where there are no posts.
    """

    counts: dict[str, pl.Expr]
    not_told: pl.Expr


@cache
def told(feature: Feature) -> dict[str, Told]:
    """Whether the posts tell the columns that a feature reads, by a name of the rule.

    Where one post in ten of those concerned may be silent, two collectors of the same
    posts differ little; where most may be, a share would be one of the collector.
    """
    columns = sorted(lineage(feature.inputs()) & set(schema.POSTS) - _ALWAYS_TOLD)
    if feature.among is None and feature.counted == "own":
        # Who wrote nothing of its own withheld nothing: its posts are too few.
        own = pl.col("own")
        return {
            f"told {c} of own": Told(
                {
                    f"own {c}": (own & pl.col(c).is_not_null()).sum(),
                    "own posts": own.sum(),
                },
                (pl.col(f"own {c}") == 0) & (pl.col("own posts") > 0),
            )
            for c in columns
        }
    if feature.among is None:
        return {
            f"told {c}": Told(
                {f"known {c}": pl.col(c).count()}, pl.col(f"known {c}") == 0
            )
            for c in columns
        }
    concerned = feature.among
    every = f"concerned {concerned}"
    found = {}
    for column in columns:
        silent = f"silent {column} of {concerned}"
        found[f"told {column} of {concerned}"] = Told(
            {
                silent: (concerned & pl.col(column).is_null()).sum(),
                every: concerned.sum(),
            },
            10 * pl.col(silent) > pl.col(every),
        )
    return found


def _causes(feature: Feature) -> Iterator[_Cause]:
    """What can make a feature's value null; the rest is of the value itself."""
    if feature.table == "population":
        for code in feature.reasons:
            said = (pl.col(f"{feature.name} why") == code).fill_null(False)
            yield _Cause(f"{feature.name} {code}", code, said, bars=False)
        return
    if feature.tier == "F":
        yield _Cause("unfitted", "artefact_absent", pl.col("fitted").not_(), bars=False)
    read = lineage(feature.inputs())
    if not of_posts(feature) and read & {"handle", "name"}:
        yield _Cause("hashed", "field_hashed", pl.col("names_hashed"), bars=False)
    for column in sorted(read & set(schema.ACCOUNTS) - {"account_id"}):
        absent = pl.col(column).is_null()
        yield _Cause(f"no {column}", "field_absent", absent, bars=False)
    if of_posts(feature):
        for name, rule in told(feature).items():
            # Where there are no posts, they are too few and not untold.
            untold = rule.not_told.fill_null(False)
            yield _Cause(f"not {name}", "field_absent", untold, bars=True)
    if feature.full_history:
        whole = pl.col("history_complete") & (pl.col("n_all") < history.HISTORY_CAP)
        incomplete = whole.fill_null(False).not_()
        yield _Cause("incomplete", "history_incomplete", incomplete, bars=True)
    if feature.min_posts:
        counted, least = f"n_{feature.counted}", feature.min_posts
        few = pl.col(counted) < least
        yield _Cause(f"{counted} < {least}", "too_few_posts", few, bars=True)


class Causes:
    """The causes of some features, and which of them concern which.

    Attributes:
        features: in order.
        found: name -> whether the cause holds for an account, of what is measured.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = tuple(features)
        of_each = [list(_causes(feature)) for feature in features]
        causes = {cause.name: cause for some in of_each for cause in some}
        self.found = {name: cause.holds for name, cause in causes.items()}
        # Shape (n_causes, n_features).
        concern = np.array(
            [[name in {c.name for c in some} for some in of_each] for name in causes],
            dtype=bool,
        ).reshape(len(causes), len(of_each))
        self._barring = concern & np.array(
            [[cause.bars] for cause in causes.values()], dtype=bool
        ).reshape(-1, 1)
        self._by_code = {
            code: concern
            & np.array([[c.code == code] for c in causes.values()]).reshape(-1, 1)
            for code in _CODES
            if any(cause.code == code for cause in causes.values())
        }
        # What is told in no post that counts is absent where nothing can be undefined.
        self._rest = np.array(
            [
                _CODES.index(
                    "undefined" if "undefined" in f.reasons else "field_absent"
                )
                for f in features
            ],
            dtype=np.intp,
        )

    def stand(self, values: NDArray[np.float64], holds: Flags) -> Flags:
        """Whether there is a value and evidence enough, shape (n_accounts, n_features).

        Args:
            values: not finite where there are none, shape (n_accounts, n_features).
            holds: of the causes `found`, shape (n_accounts, n_causes).
        """
        return np.isfinite(values) & ~_any(holds, self._barring)

    def values(self, values: NDArray[np.float64], stand: Flags) -> list[pl.Series]:
        """A column a feature, of its type: its values, null where they do not stand."""
        # All features one after the other: one query, and not one a feature.
        flat = pl.DataFrame({"value": values.T.ravel(), "stands": stand.T.ravel()})
        numbers = flat.select(
            pl.when("stands").then("value").cast(pl.Float32)
        ).to_series()
        return [
            column if feature.dtype == pl.Float32() else column.cast(feature.dtype)
            for feature, column in zip(self.features, self._apart(numbers), strict=True)
        ]

    def reasons(self, stand: Flags, holds: Flags) -> list[pl.Series]:
        """A column a feature: code of the first cause, null where the value stands."""
        codes = np.broadcast_to(self._rest, stand.shape).copy()
        for code, concern in reversed(self._by_code.items()):
            codes[_any(holds, concern)] = _CODES.index(code)
        codes[stand] = _NONE
        words = pl.Series([*_CODES, None], dtype=pl.String)
        return self._apart(words.gather(codes.T.ravel()))

    def _apart(self, flat: pl.Series) -> list[pl.Series]:
        """A column a feature of a series that holds all, one after the other."""
        height = len(flat) // len(self.features)
        return [
            flat.slice(place * height, height).alias(feature.name)
            for place, feature in enumerate(self.features)
        ]


def _any(holds: Flags, concern: Flags) -> Flags:
    """Whether any cause that concerns a feature holds, (n_accounts, n_features)."""
    # Counts of causes, exact in any type.
    found: Flags = holds.astype(np.float32) @ concern.astype(np.float32) > 0
    return found
