"""Unseen accounts scored again from part of their posts.

They are scored by the booster, fitted tables
and calibrator of their own fold, through build_features like any request. What training
nulled by its masks stays null, so that with all posts each score is the stored one.
"""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import lightgbm as lgb
import polars as pl

from features.artefacts import Artefacts
from features.build import build_features, count_posts
from features.catalogue import FEATURES
from models.matrix import Matrix, to_matrix
from models.training import Floats, raw_scores
from models.training_sets import set_key
from pipeline.canonical_posts import scan_posts
from pipeline.featurize import FITTED
from pipeline.files import read_json
from pipeline.fold_line import FoldLine
from pipeline.masking import apply_masks
from pipeline.moments import in_order, moments_of, parts_of

# Those of the model that need no fitted table.
STATIC: Final = tuple(f for f in FEATURES if f not in FITTED)


@dataclass(frozen=True)
class Stored:
    """Where the outputs of the earlier stages lie."""

    canonical: Path
    labelled: Path
    features: Path
    trained: Path
    calibrated: Path


def rescored(
    stored: Stored, sample: pl.DataFrame, days: int, least: int
) -> pl.DataFrame:
    """Logits from all, the first k and the latest n posts of each account, and earlier.

    Only accounts with posts, all of which bear a time: of others nobody knows which
    came first.

    Args:
        stored: see Stored.
        sample: account_id and fold.
        days: how much earlier accounts are scored too.
        least: fewest posts that an account must have had by then.

    Returns:
        account_id, n_posts (that count), part (`all`, `first`, `latest`, `earlier` or
        `now`), posts (k or n; null for others) and logit; a row only where an account
        has that many posts, of `latest` more than that many, and at least 30 accounts do.
    """
    accounts, posts = masked(stored, sample)
    dated = posts.group_by("account_id").agg(
        pl.len().cast(pl.Int64).alias("n_posts"),
        pl.col("posted_at").is_not_null().all().alias("dated"),
    )
    told = dated.filter("dated").select("account_id", "n_posts")
    accounts = accounts.join(told, on="account_id", how="semi", maintain_order="left")
    posts = in_order(posts.join(told, on="account_id", how="semi"))
    scorers = {
        fold: FoldScorer(stored, fold, members["account_id"])
        for fold in sorted(sample["fold"].unique())
        if (members := sample.filter(fold=fold).join(told, on="account_id")).height
    }
    parts = []
    every = chain(
        parts_of(accounts, posts, told), moments_of(accounts, posts, days, least)
    )
    for part, number, whose, which in every:
        static = build_features(whose, which, None, STATIC)
        for fold, scorer in scorers.items():
            here = sample.filter(fold=fold)
            some, own, values = (
                rows.join(here, on="account_id", how="semi", maintain_order="left")
                for rows in (whose, which, static)
            )
            if some.height:
                made = {"account_id": some["account_id"], "part": part, "posts": number}
                logits = scorer.logits(values, some, own)
                types = {"posts": pl.Int64}
                parts.append(
                    pl.DataFrame(made | {"logit": logits}, schema_overrides=types)
                )
    if not parts:
        return pl.DataFrame(schema=_SCHEMA)
    found = pl.concat(parts).join(told, on="account_id", maintain_order="left")
    return found.select(list(_SCHEMA)).sort("part", "posts", "account_id")


_SCHEMA: Final = {
    "account_id": pl.String(),
    "n_posts": pl.Int64(),
    "part": pl.String(),
    "posts": pl.Int64(),
    "logit": pl.Float64(),
}


def masked(stored: Stored, sample: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Accounts of a sample, in order of id, and their posts, masked as in training."""
    ids = sample.select("account_id")
    return apply_masks(
        pl.read_parquet(stored.canonical / "accounts.parquet")
        .join(ids, on="account_id", how="semi")
        .sort("account_id"),
        scan_posts(stored.canonical)
        .join(ids.lazy(), on="account_id", how="semi")
        .collect(),
        pl.read_parquet(stored.labelled / "masks.parquet"),
    )


class FoldScorer:
    """Calibrated logits of accounts that a fold left out."""

    def __init__(self, stored: Stored, fold: str, ids: pl.Series) -> None:
        key = set_key("loco", fold, None)
        self.booster = lgb.Booster(
            model_file=stored.trained / "boosters" / f"{key}.txt"
        )
        self._trees = read_json(stored.trained / "trees.json")[f"loco/{fold}"]
        self._artefacts = Artefacts.load(stored.features / "artefacts" / f"{key}.json")
        self.line = FoldLine.read(stored.calibrated, fold)
        fitted = pl.scan_parquet(stored.features / "fitted.parquet").filter(
            (pl.col("training_set") == key) & pl.col("account_id").is_in(ids.implode())
        )
        self._stored = (
            pl.scan_parquet(stored.features / "features.parquet")
            .filter(pl.col("account_id").is_in(ids.implode()))
            .join(
                fitted.select("account_id", *(f.name for f in FITTED)), on="account_id"
            )
            .select(
                "account_id",
                *(pl.col(f.name).is_not_null().alias(f"_{f.name}") for f in FEATURES),
            )
            .collect()
        )

    def logits(
        self, static: pl.DataFrame, accounts: pl.DataFrame, posts: pl.DataFrame
    ) -> Floats:
        """Logits of the accounts, in their order; for the arguments see `matrix`."""
        matrix = self.matrix(static, accounts, posts)
        n_posts = count_posts(accounts, posts).to_numpy()
        return self.line.logits(self.raw(matrix), matrix, n_posts)

    def raw(self, matrix: Matrix) -> Floats:
        """Raw scores of feature values, shape (n_accounts,)."""
        return raw_scores(self.booster, matrix, self._trees)

    def matrix(
        self, static: pl.DataFrame, accounts: pl.DataFrame, posts: pl.DataFrame
    ) -> Matrix:
        """Feature values of the accounts, in their order, shape (n_accounts, n_features).

        Args:
            static: their values of STATIC.
            accounts: of this fold.
            posts: those that count.
        """
        fitted = build_features(accounts, posts, self._artefacts, FITTED)
        values = static.join(fitted, on="account_id", maintain_order="left").join(
            self._stored, on="account_id", maintain_order="left"
        )
        kept = values.select(
            pl.when(f"_{f.name}").then(f.name).alias(f.name) for f in FEATURES
        )
        return to_matrix(kept, FEATURES)
