"""Stability over time, derived again: posts cut by hand, features built, boosters asked."""

import copy
from typing import Any

import lightgbm as lgb
import numpy as np
import polars as pl
import pytest
from scipy.stats import rankdata

from features.artefacts import Artefacts
from features.build import build_features
from features.catalogue import FEATURES
from models.matrix import to_matrix
from models.posts_curves import draw_sample
from pipeline.masking import apply_masks
from tests.pipeline.conftest import TinyWorld
from tests.pipeline.recomputed import differing
from tests.pipeline.test_metrics_figures import _cuts
from tests.pipeline.test_report_figures import scored, wilson

COUNTS = ("followers", "following", "posts_total", "likes_total", "listed")
NAMES = [feature.name for feature in FEATURES]


def sampled(world: TinyWorld) -> pl.DataFrame:
    """Those of the sample whose posts all have a time, and that had enough by then."""
    section = world.params["evaluate"]
    test = scored(world, "loco").filter(part="test")
    columns = ["account_id", "fold", "label", "campaign"]
    sample = draw_sample(
        test.select(columns), section["curve_accounts"], section["seed"]
    )
    accounts, posts = both_tables(world)
    days = pl.duration(days=section["days_earlier"])
    least = world.params["calibrate"]["abstention"]["least_posts"]
    told = (
        posts.join(accounts.select("account_id", "as_of"), on="account_id")
        .group_by("account_id")
        .agg(
            (pl.col("posted_at") < pl.col("as_of") - days).sum().alias("by_then"),
            pl.col("posted_at").is_null().any().alias("undated"),
        )
        .filter(pl.col("by_then") >= least, ~pl.col("undated"))
    )
    return sample.join(told, on="account_id", how="semi", maintain_order="left")


def both_tables(world: TinyWorld) -> tuple[pl.DataFrame, pl.DataFrame]:
    tables = [world.table(f"canonical/{name}") for name in ("accounts", "posts")]
    return apply_masks(tables[0], tables[1], world.table("labelled/masks"))


def logits(world: TinyWorld, fold: str, ids: pl.Series, days: int) -> np.ndarray:
    """Of accounts as of some days earlier, with the posts before that and no counts."""
    accounts, posts = both_tables(world)
    accounts = pl.DataFrame({"account_id": ids}).join(
        accounts, on="account_id", maintain_order="left"
    )
    accounts = accounts.with_columns(
        (pl.col("as_of") - pl.duration(days=days)).alias("as_of"),
        *(pl.lit(None, dtype=pl.Int64).alias(name) for name in COUNTS),
    )
    moments = accounts.select("account_id", "as_of")
    posts = (
        posts.join(moments, on="account_id")
        .filter(pl.col("posted_at") < pl.col("as_of"))
        .drop("as_of")
    )
    key = f"loco-without-{fold}"
    folder = world.folder / "features" / "artefacts"
    values = build_features(accounts, posts, Artefacts.load(folder / f"{key}.json"))
    matrix = to_matrix(values, FEATURES)
    fitted = world.table("features/fitted").filter(training_set=key)
    kept = accounts.select("account_id")
    for table in (world.table("features/features"), fitted.drop("training_set")):
        kept = kept.join(table, on="account_id", how="left", maintain_order="left")
    matrix[kept.select(NAMES).select(pl.all().is_null()).to_numpy()] = np.nan
    booster = lgb.Booster(model_file=world.folder / "trained/boosters" / f"{key}.txt")
    trees = world.json("trained/trees")[f"loco/{fold}"]
    raw = booster.predict(matrix, raw_score=True, num_iteration=trees)
    line = world.json("calibrated/calibrators")[f"loco/{fold}"]
    return np.asarray(line["slope"] * np.asarray(raw) + line["intercept"])


def rate(turned: np.ndarray) -> float | None:
    return float(turned.mean()) if len(turned) else None


@pytest.fixture(scope="module")
def expected(tiny_world: TinyWorld) -> dict[str, Any]:
    section = tiny_world.params["evaluate"]
    sample, days = sampled(tiny_world), section["days_earlier"]
    parts = []
    for fold in sample["fold"].unique().sort():
        own = sample.filter(fold=fold)
        ids = own["account_id"]
        earlier, now = (logits(tiny_world, fold, ids, d) for d in (days, 0))
        parts.append(own.with_columns(earlier=pl.Series(earlier), now=pl.Series(now)))
    both = pl.concat(parts)
    earlier, now = both["earlier"].to_numpy(), both["now"].to_numpy()
    inner = scored(tiny_world, "loco").filter(part="inner", label=0)
    at = {}
    for aim in (0.01, section["audits"]["panel_rate"]):
        cuts = _cuts(inner, aim)
        limits = [cuts[fold] for fold in both["fold"]]
        names = ("flip_rate", "flip_rate_low", "flip_rate_high", "lost", "gained")
        at[f"fpr_{aim:g}"] = dict.fromkeys(names)
        if None in limits:
            continue
        before, after = earlier > np.array(limits), now > np.array(limits)
        turned = before != after
        low, high = wilson(int(turned.sum()), len(turned))
        values = (turned.mean(), low, high, rate(turned[before]), rate(turned[~before]))
        at[f"fpr_{aim:g}"] = dict(zip(names, values, strict=True))
    ranks = np.corrcoef(rankdata(earlier), rankdata(now))[0, 1]
    pooled = {"accounts": both.height, "rank_correlation": ranks, "at": at}
    return {"days": days, "accounts": both.height, "pooled": pooled}


def test_every_number_follows_from_posts_cut_by_hand(
    tiny_details: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = tiny_details["over_time"]
    stored = {name: found[name] for name in expected}

    assert stored["accounts"] > 100
    assert 0.5 < stored["pooled"]["rank_correlation"] < 1
    assert stored["pooled"]["at"]["fpr_0.01"]["flip_rate"] is not None
    # The sample has about ten accounts of each campaign.
    assert found["campaigns"] == {}
    assert differing(stored, expected) == []


@pytest.mark.parametrize("name", ["rank_correlation", "flip_rate", "flip_rate_high"])
def test_a_number_that_was_typed_is_found(
    name: str, tiny_details: dict[str, Any], expected: dict[str, Any]
) -> None:
    typed = copy.deepcopy({key: tiny_details["over_time"][key] for key in expected})
    place = typed["pooled"]
    if name not in place:
        place = place["at"]["fpr_0.01"]
    place[name] += 1e-4

    assert len(differing(typed, expected)) == 1
