"""Every number of every slice and of every campaign's point, derived again.

From stored predictions and features, by scikit-learn and definitions. The tiny world has
too few controls a fold for some of them; so all of its accounts stand there ten times
too.
"""

import copy
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import (
    brier_score_loss,
    confusion_matrix,
    log_loss,
    roc_auc_score,
)

from features.catalogue import FEATURES
from pipeline.evaluate import EvaluateParams, load_campaigns, load_scored
from pipeline.languages import languages
from pipeline.report_facts import facts, what_is_known
from tests.pipeline.conftest import TinyWorld
from tests.pipeline.recomputed import differing
from tests.pipeline.test_report_figures import (
    _flags,
    at_own_share,
    calibration_error,
    chances,
    wilson,
)

TIMES = 10
BANDS = {"0": (0, 0), "1-4": (1, 4), "5-19": (5, 19), "20-99": (20, 99)}
ALERTS = {"alerts": 0.02}


def repeated(rows: pl.DataFrame, times: int) -> pl.DataFrame:
    """Every account so many times, under as many ids."""
    copies = [
        rows.with_columns(account_id=pl.format("{} {}", "account_id", pl.lit(n)))
        for n in range(times)
    ]
    return pl.concat(copies)


def with_roles(known: pl.DataFrame, scored: pl.DataFrame) -> pl.DataFrame:
    """Roles, which the archives of this world do not name: a tenth is the core."""
    takedown = pl.col("account_id").is_in(
        scored.filter(label=1)["account_id"].implode()
    )
    core = pl.col("account_id").str.ends_with(" 0")
    role = pl.when(core).then(pl.lit("core")).otherwise(pl.lit("amplifier"))
    return known.with_columns(role=pl.when(takedown).then(role))


def sliced_by(world: TinyWorld) -> pl.DataFrame:
    """What each account is sliced by, from the stored tables."""
    values = world.table("features/features")
    around = world.table("features/population").drop("account_id")
    timing = [f.name for f in FEATURES if f.family == "timing" and f.tier == "S"]
    shown = {
        "profile": [c for c in values.columns if c.startswith(("profile_", "aud"))],
        "times": timing,
        "clients": [c for c in values.columns if c.startswith("client_")],
    }
    has = {
        name: [any(v is not None for v in row) for row in values.select(columns).rows()]
        for name, columns in shown.items()
    }
    has["co-activity"] = [any(v is not None for v in row) for row in around.rows()]
    has["posts"] = (values["n_posts"] > 0).to_list()
    order = ("profile", "posts", "times", "clients", "co-activity")
    evidence = [
        ", ".join(name for name, there in zip(order, row, strict=True) if there)
        for row in zip(*(has[name] for name in order), strict=True)
    ]
    bands = [
        next((b for b, (low, high) in BANDS.items() if low <= n <= high), "100+")
        for n in values["n_posts"]
    ]
    return (
        values.select(
            "account_id", evidence=pl.Series(evidence), posts=pl.Series(bands)
        )
        .join(world.table("labelled/labels").select("account_id", "role"), "account_id")
        .join(languages(world.folder / "canonical"), "account_id", "left")
        .with_columns(pl.col("language").fill_null("unknown"))
    )


def rate(name: str, hits: int, of: int) -> dict[str, float | None]:
    ends = wilson(hits, of) if of else (None, None)
    share = hits / of if of else None
    return {name: share, f"{name}_low": ends[0], f"{name}_high": ends[1]}


def point(rows: pl.DataFrame) -> dict[str, Any]:
    """Counts, rates and their worth; nothing with too few accounts of a class."""
    labels, flags = rows["label"].to_numpy(), rows["flagged"].to_numpy()
    if (labels == 0).sum() < 300 or labels.sum() < 30:
        return {"reason": "too few"}
    tn, fp, fn, tp = confusion_matrix(labels, flags).ravel().tolist()
    hit, false = rate("recall", tp, tp + fn), rate("fpr", fp, fp + tn)
    alerts = []
    for prevalence in (0.15, 0.05, 0.01, 0.001):
        true, others = 1e5 * prevalence, 1e5 * (1 - prevalence)
        row: dict[str, Any] = {"prevalence": prevalence}
        for end, one, other in (("", "", ""), ("_low", "_low", "_high")):
            row[f"ppv{end}"] = worth(true, hit[f"recall{one}"], others, false, other)
        row["ppv_high"] = worth(true, hit["recall_high"], others, false, "_low")
        row["alerts"] = true * tp / (tp + fn) + others * fp / (fp + tn)
        passed = others * tn / (fp + tn)
        row["npv"] = passed / (passed + true * fn / (tp + fn))
        alerts.append(row)
    counts = {"tp": tp, "fp": fp, "fn": fn, "tn": tn}
    return counts | hit | false | {"alerts": alerts}


def worth(
    true: float, hit: float | None, others: float, false: Any, end: str
) -> float | None:
    assert hit is not None
    flagged = true * hit + others * false[f"fpr{end}"]
    return true * hit / flagged if flagged else None


def of_slice(judged: pl.DataFrame, inside: pl.DataFrame) -> dict[str, Any]:
    sides = {label: inside.filter(label=label) for label in (1, 0)}
    row: dict[str, Any] = {"n_pos": sides[1].height, "n_neg": sides[0].height}
    for label, name in ((1, "recall"), (0, "fpr")):
        flags = sides[label]["flagged"]
        row |= rate(name, int(flags.sum()), len(flags))
    if not all(rows.height for rows in sides.values()):
        folds = pl.col("fold").is_in(inside["fold"].unique().implode())
        others = judged.filter(folds, label=0 if sides[1].height else 1)
        inside, row["against"] = pl.concat([inside, others]), others.height
    row["point"] = point(inside)
    logits, labels = at_own_share(inside)
    if min(labels.sum(), (1 - labels).sum()) < 30:
        return row | dict.fromkeys(("auc", "ece", "brier_skill", "log_loss"))
    areas, pairs = [], []
    for _, rows in inside.group_by("fold"):
        truth = rows["label"].to_numpy()
        if 0 < truth.mean() < 1:
            areas.append(roc_auc_score(truth, rows["logit"].to_numpy()))
            pairs.append(int(truth.sum()) * int((1 - truth).sum()))
    share = labels.mean()
    brier = brier_score_loss(labels, chances(logits))
    return row | {
        "auc": float(np.average(areas, weights=pairs)),
        "ece": calibration_error(chances(logits), labels),
        "brier_skill": 1 - brier / (share * (1 - share)),
        "log_loss": log_loss(labels, chances(logits)),
    }


def worked_out(loco: pl.DataFrame, known: pl.DataFrame) -> dict[str, Any]:
    """Slices and points of campaigns; all campaigns are in the headline."""
    test = loco.filter(part="test").sort("fold", "account_id")
    judged = test.with_columns(flagged=pl.Series(_flags(test, loco)))
    judged = judged.join(known, on="account_id", validate="1:1")
    small = pl.len().over("language") < 30
    judged = judged.with_columns(
        language=pl.when(small)
        .then(pl.lit("too few to tell apart"))
        .otherwise("language")
    )
    slices = {
        column: [
            {"slice": name} | of_slice(judged, judged.filter(pl.col(column) == name))
            for name in judged[column].drop_nulls().unique()
        ]
        for column in ("role", "language", "posts", "evidence", "source")
    }
    points = {}
    for name in test["campaign"].drop_nulls().unique():
        fold = judged.filter(campaign=name)["fold"][0]
        mine = pl.col("campaign").eq(name) | (pl.col("label") == 0)
        points[name] = point(judged.filter(mine.fill_null(False), fold=fold))
    return {"slices": slices, "points": points}


def told(details: dict[str, Any]) -> dict[str, Any]:
    points = {name: row["point"] for name, row in details["campaigns"].items()}
    return {"slices": details["slices"], "points": points}


Both = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module", params=[1, TIMES])
def blocks(
    request: pytest.FixtureRequest, tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> Both:
    """As stored, and as worked out again."""
    world, times = tiny_world, request.param
    scored = load_scored(world.folder / "calibrated", world.folder / "labelled")
    loco = repeated(scored.filter(model="telltale", protocol="loco"), times)
    own = repeated(sliced_by(world), times)
    if times == 1:
        return told(tiny_details), worked_out(loco, own)
    labels = world.folder / "labelled" / "labels.parquet"
    known = what_is_known(world.folder / "canonical", world.folder / "features", labels)
    campaigns = load_campaigns(world.folder / "labelled")
    made = facts(
        loco,
        with_roles(repeated(known, times), loco),
        campaigns,
        {c.name: None for c in campaigns},
        EvaluateParams.model_validate(world.params["evaluate"]),
    )
    return told(made), worked_out(loco, with_roles(own, loco))


def test_every_number_of_slices_and_points_follows_from_the_stored_scores(
    blocks: Both,
) -> None:
    stored, expected = blocks

    assert len(stored["slices"]["evidence"]) > 1
    assert len(stored["slices"]["language"]) > 2
    assert differing(stored, expected, ALERTS) == []


@pytest.mark.parametrize("blocks", [TIMES], indirect=True)
def test_every_campaign_has_its_worth_where_there_are_controls(blocks: Both) -> None:
    stored, _ = blocks

    assert all(len(point["alerts"]) == 4 for point in stored["points"].values())
    assert {row["slice"] for row in stored["slices"]["role"]} == {"core", "amplifier"}


@pytest.mark.parametrize("blocks", [TIMES], indirect=True)
@pytest.mark.parametrize(
    ("path", "named"),
    [
        (
            ("points", "gavel", "alerts", 2, "ppv_low"),
            "points.gavel.alerts.0.01.ppv_low",
        ),
        (("points", "jetty", "alerts", 0, "alerts"), "points.jetty.alerts.0.15.alerts"),
        (("points", "orchard", "fp"), "points.orchard.fp"),
        (("slices", "language", 0, "fpr_high"), "slices.language.en.fpr_high"),
        (("slices", "language", 0, "brier_skill"), "slices.language.en.brier_skill"),
        (("slices", "language", 1, "log_loss"), ".log_loss"),
        (("slices", "posts", 2, "auc"), ".auc"),
        (("slices", "posts", 1, "recall_low"), ".recall_low"),
        (("slices", "source", 0, "against"), ".against"),
        (("slices", "evidence", 0, "point", "alerts", 3, "npv"), "0.001.npv"),
        (("slices", "evidence", 1, "ece"), ".ece"),
    ],
)
def test_a_number_that_was_typed_is_found(
    path: tuple[Any, ...], named: str, blocks: Both
) -> None:
    typed, expected = copy.deepcopy(blocks[0]), blocks[1]
    inner: Any = typed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] += 1 if path[-1] in ("fp", "against", "alerts") else 1e-4

    [fault] = differing(typed, expected, ALERTS)

    assert fault.split(": ")[0].endswith(named)


@pytest.mark.parametrize("blocks", [1], indirect=True)
def test_a_number_that_nobody_works_out_is_found(blocks: Both) -> None:
    more = copy.deepcopy(blocks[0])
    more["slices"]["posts"][0]["lift"] = 2.0
    del more["slices"]["posts"][1]["auc"]

    faults = differing(more, blocks[1], ALERTS)

    assert [fault.split(": ")[1][:5] for fault in faults] == ["not w", "lacks"]
