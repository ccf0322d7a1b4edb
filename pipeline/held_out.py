"""Held-out accounts with their posts, and the booster of their fold, to be scored changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import lightgbm as lgb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.artefacts import Artefacts
from features.build import build_counted, build_features
from features.catalogue import FEATURES
from models.evaluation import Campaign
from models.hashing import uniform
from models.matrix import to_matrix
from models.metrics import FPR, threshold_at_fpr
from models.training import Floats, raw_scores
from models.training_sets import set_key
from pipeline.canonical_posts import scan_posts
from pipeline.files import read_json
from pipeline.fold_line import FoldLine
from pipeline.masking import apply_masks


@dataclass(frozen=True)
class HeldOut:
    """Some accounts of one loco fold's test side, masked as they were when evaluated.

    Attributes:
        fold: its name.
        accounts: canonical, sorted by account_id.
        posts: canonical, of these accounts.
        campaigns: of each account, null for controls.
        booster: of the fold, and `trees` of it.
        line: of the fold.
        artefacts: fitted tables of the fold's training set.
        threshold: logit above which FPR of the fold's test controls lie; null if
            they are too few.
        gaps: values that evaluation did not see though they can be measured, shape
            (n_accounts, n_features).
        differing: feature -> accounts whose stored value is not what is built.
    """

    fold: str
    accounts: pl.DataFrame
    posts: pl.DataFrame
    campaigns: Sequence[str | None]
    booster: lgb.Booster
    trees: int
    line: FoldLine
    artefacts: Artefacts
    threshold: float | None
    gaps: NDArray[np.bool_] = field(repr=False)
    differing: Mapping[str, int]

    def logits(
        self, accounts: pl.DataFrame, posts: pl.DataFrame, rows: NDArray[np.int64]
    ) -> Floats:
        """Calibrated logits of changed accounts, their features built anew.

        Args:
            accounts: canonical, in the order of `rows`.
            posts: their posts.
            rows: which of the sample each one was; its gaps stay gaps.
        """
        values, n_posts = build_counted(accounts, posts, self.artefacts)
        matrix = to_matrix(values, FEATURES)
        matrix[self.gaps[rows]] = np.nan
        raw = raw_scores(self.booster, matrix, self.trees)
        return self.line.logits(raw, matrix, n_posts.to_numpy())


def held_out(
    paths: Mapping[str, Path],
    scored: pl.DataFrame,
    campaigns: Sequence[Campaign],
    each: int,
) -> list[HeldOut]:
    """A sample of every fold with a headline campaign, drawn by hash.

    Args:
        paths: outputs of the stages by name: features, labelled, canonical, trained,
            calibrated.
        scored: calibrated scores of all models and protocols, with labels.
        campaigns: of this world.
        each: most accounts of a campaign, and of a fold's controls.
    """
    tested = scored.filter(
        (pl.col("model") == "telltale")
        & (pl.col("protocol") == "loco")
        & (pl.col("part") == "test")
    )
    headline = [c.name for c in campaigns if c.in_headline]
    able = tested.filter(pl.col("campaign").is_in(headline))["fold"].unique().sort()
    tested = tested.filter(
        pl.col("campaign").is_in(headline) | pl.col("campaign").is_null(),
        pl.col("fold").is_in(able.implode()),
    )
    drawn = pl.Series("drawn", uniform(tested["account_id"], "held out"))
    sample = (
        tested.with_columns(drawn)
        .sort("fold", "drawn", "account_id")
        .group_by("fold", "campaign", maintain_order=True)
        .head(each)
    )
    wanted = sample["account_id"].implode()
    accounts = pl.read_parquet(paths["canonical"] / "accounts.parquet")
    posts = scan_posts(paths["canonical"])
    masked = apply_masks(
        accounts.filter(pl.col("account_id").is_in(wanted)),
        posts.filter(pl.col("account_id").is_in(wanted)).collect(),
        pl.read_parquet(paths["labelled"] / "masks.parquet"),
    )
    return [
        _of_fold(
            fold,
            sample.filter(pl.col("fold") == fold).sort("account_id"),
            masked,
            tested.filter((pl.col("fold") == fold) & (pl.col("label") == 0)),
            paths,
        )
        for fold in able
    ]


def _of_fold(
    fold: str,
    members: pl.DataFrame,
    masked: tuple[pl.DataFrame, pl.DataFrame],
    controls: pl.DataFrame,
    paths: Mapping[str, Path],
) -> HeldOut:
    key = set_key("loco", fold, None)
    ids = members.select("account_id")
    accounts = ids.join(masked[0], on="account_id", maintain_order="left").select(
        masked[0].columns
    )
    posts = masked[1].join(ids, on="account_id", how="semi", maintain_order="left")
    artefacts = Artefacts.load(paths["features"] / "artefacts" / f"{key}.json")
    built = to_matrix(build_features(accounts, posts, artefacts), FEATURES)
    stored = to_matrix(_stored(paths["features"], ids, key), FEATURES)
    # Missingness evened out between the classes is a gap; any other value that
    # differs was not measured by the feature that bears its name.
    gaps = np.isnan(stored) & ~np.isnan(built)
    differing = ((stored != built) & ~np.isnan(stored)).sum(axis=0)
    return HeldOut(
        fold,
        accounts,
        posts,
        members["campaign"].to_list(),
        lgb.Booster(model_file=paths["trained"] / "boosters" / f"{key}.txt"),
        read_json(paths["trained"] / "trees.json")[f"loco/{fold}"],
        FoldLine.read(paths["calibrated"], fold),
        artefacts,
        threshold_at_fpr(controls["logit"].to_numpy(), FPR),
        gaps,
        {
            feature.name: int(count)
            for feature, count in zip(FEATURES, differing, strict=True)
            if count
        },
    )


def _stored(features: Path, ids: pl.DataFrame, key: str) -> pl.DataFrame:
    """Values as featurize left them for this training set, in the order of ids."""
    found = ids
    for name, rows in (
        ("features", pl.lit(True)),
        ("fitted", pl.col("training_set") == key),
    ):
        table = pl.scan_parquet(features / f"{name}.parquet").filter(
            rows, pl.col("account_id").is_in(ids["account_id"].implode())
        )
        found = found.join(
            table.collect(), on="account_id", how="left", maintain_order="left"
        )
    return found
