"""Every number of the report that is derived from scores, derived again with scikit-learn.

Nothing of the code under test is used: stored predictions, labels, and definitions. The
twin changes one number at a time and expects it to be named.
"""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta, norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    roc_auc_score,
)

from tests.pipeline.conftest import TinyWorld, write_details

CLOSE = 2e-6


def log_odds(share: Any) -> Any:
    return np.log(share) - np.log(1 - np.asarray(share))


def chances(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    order = np.argsort(probabilities, kind="stable")
    rows = pl.DataFrame({"p": probabilities[order], "y": labels[order].astype(float)})
    # Equal scores are one group, wherever a bin ends among them.
    rows = rows.with_columns(y=pl.col("y").mean().over("p"))
    bins = np.array_split(np.arange(rows.height), min(15, rows.height))
    gaps = [abs(float((rows["p"] - rows["y"]).to_numpy()[b].sum())) for b in bins]
    return sum(gaps) / rows.height


def scored(world: TinyWorld, protocol: str) -> pl.DataFrame:
    return (
        world.table("calibrated/calibrated")
        .filter(model="telltale", protocol=protocol)
        .join(
            world.table("labelled/labels").select(
                "account_id", "label", "campaign", "source"
            ),
            on="account_id",
        )
    )


def at_own_share(rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    labels = rows["label"].to_numpy()
    moved = log_odds(labels.mean()) - log_odds(rows["anchor"].to_numpy())
    return rows["logit"].to_numpy() + moved, labels


def of_campaign(rows: pl.DataFrame) -> dict[str, float]:
    logits, labels = at_own_share(rows)
    share = labels.mean()
    line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=2_000)
    line.fit(logits[:, None], labels)
    brier = brier_score_loss(labels, chances(logits))
    return {
        "auc": roc_auc_score(labels, logits),
        "average_precision": average_precision_score(labels, logits),
        "brier_skill": 1 - brier / (share * (1 - share)),
        "log_loss": log_loss(labels, chances(logits)),
        "ece": calibration_error(chances(logits), labels),
        "slope": line.coef_[0, 0],
        "intercept": line.intercept_[0],
    }


def wilson(count: int, trials: int) -> tuple[float, float]:
    """Where the share lies 1.96 of its own standard errors from the count."""
    z = norm.ppf(0.975)
    share = count / trials
    ends = np.roots([1 + z * z / trials, -2 * share - z * z / trials, share**2]).real
    return max(0.0, float(ends.min())), min(1.0, float(ends.max()))


def faults(
    world: TinyWorld, metrics: dict[str, Any], details: dict[str, Any]
) -> list[str]:
    """Names of the numbers that do not follow from the stored predictions."""
    found: list[str] = []

    def compare(name: str, stored: float | None, value: float, close: float) -> None:
        if stored is None or abs(stored - value) > close:
            found.append(f"{name}: {stored} and not {value}")

    loco = scored(world, "loco")
    test = loco.filter(part="test").sort("fold", "account_id")
    for name, row in details["campaigns"].items():
        mine = test.filter(campaign=name)
        controls = test.filter(pl.col("fold") == mine["fold"][0], label=0)
        both = pl.concat([mine, controls])
        compare(f"{name}.n_pos", row["n_pos"], mine.height, 0)
        compare(f"{name}.n_neg", row["n_neg"], controls.height, 0)
        share = mine.height / both.height
        compare(f"{name}.base_rate", row["base_rate"], share, CLOSE)
        for figure, value in of_campaign(both).items():
            close = 1e-3 if figure in ("slope", "intercept") else CLOSE
            kept = row["figures"][figure]["value"]
            compare(f"{name}.{figure}", kept, value, close)
            if figure not in ("slope", "intercept"):
                quoted = metrics["loco"]["campaigns"][name][figure]
                compare(f"metrics.{name}.{figure}", quoted, value, close)
        binned = sum(count for _, _, count in row["reliability"])
        compare(f"{name}.reliability", binned, both.height, 0)
        gaps = sum(n * abs(p - o) for p, o, n in row["reliability"]) / both.height
        compare(f"{name}.reliability", gaps, row["figures"]["ece"]["value"], 1e-5)
    found += _operating_faults(test, loco, details, compare)
    found += _slice_faults(world, test, loco, details, compare)
    return found


def _flags(test: pl.DataFrame, loco: pl.DataFrame) -> np.ndarray:
    """Above the threshold that one in 100 unseen controls of the training side passes."""
    cuts = {}
    for fold in test["fold"].unique():
        inner = loco.filter(pl.col("fold") == fold, part="inner", label=0)
        falling = np.sort(inner["logit"].to_numpy())[::-1]
        cuts[fold] = falling[int(0.01 * len(falling))]
    limit = np.array([cuts[fold] for fold in test["fold"]])
    return np.asarray(test["logit"].to_numpy() > limit)


def _operating_faults(test: Any, loco: Any, details: Any, compare: Any) -> list[str]:
    labels = test["label"].to_numpy()
    evidence = test["logit"].to_numpy() - log_odds(test["anchor"].to_numpy())
    falling = np.sort(evidence[labels == 0])[::-1]
    flags = {
        0: evidence > falling[int(0.01 * len(falling))],
        2: _flags(test, loco),
    }
    refused = details["operating_points"][1]
    if "reason" not in refused or f"{len(falling)} controls" not in refused["reason"]:
        return ["operating point at FPR 0.1 % of too few controls"]
    for place, flagged in flags.items():
        point = details["operating_points"][place]
        tn, fp, fn, tp = confusion_matrix(labels, flagged).ravel()
        counts = {"tn": tn, "fp": fp, "fn": fn, "tp": tp}
        for name, count in counts.items():
            compare(f"point {place}.{name}", point[name], count, 0)
        recall, fpr = tp / (tp + fn), fp / (fp + tn)
        for name, rate, ends in (
            ("recall", recall, wilson(tp, tp + fn)),
            ("fpr", fpr, wilson(fp, fp + tn)),
        ):
            compare(f"point {place}.{name}", point[name], rate, CLOSE)
            compare(f"point {place}.{name}_low", point[f"{name}_low"], ends[0], CLOSE)
            compare(f"point {place}.{name}_high", point[f"{name}_high"], ends[1], CLOSE)
        for row in point["alerts"]:
            prevalence = row["prevalence"]
            # A population of a million, counted.
            true, others = 1e6 * prevalence, 1e6 * (1 - prevalence)
            hits, alarms = true * recall, others * fpr
            name = f"point {place} at {prevalence}"
            compare(f"{name}.alerts", row["alerts"], (hits + alarms) / 10, 1e-2)
            compare(f"{name}.ppv", row["ppv"], hits / (hits + alarms), CLOSE)
            passed = others - alarms
            npv = passed / (passed + true - hits)
            compare(f"{name}.npv", row["npv"], npv, CLOSE)
    return []


def _slice_faults(
    world: TinyWorld, test: Any, loco: Any, details: Any, compare: Any
) -> list[str]:
    sizes = world.table("features/features").select("account_id", "n_posts")
    labels = world.table("labelled/labels").select("account_id", "role")
    judged = test.with_columns(flagged=pl.Series(_flags(test, loco)))
    judged = judged.join(sizes, on="account_id").join(labels, on="account_id")
    bands = {"0": (0, 0), "1-4": (1, 4), "5-19": (5, 19), "20-99": (20, 99)}
    for column in ("source", "posts", "role"):
        for row in details["slices"][column]:
            name = row["slice"]
            if column == "posts":
                low, high = bands.get(name, (100, 10**9))
                inside = judged.filter(pl.col("n_posts").is_between(low, high))
            else:
                inside = judged.filter(pl.col(column) == name)
            for label, rate, count in ((1, "recall", "n_pos"), (0, "fpr", "n_neg")):
                side = inside.filter(label=label)
                compare(f"{column} {name}.{count}", row[count], side.height, 0)
                if side.height:
                    share = side["flagged"].mean()
                    compare(f"{column} {name}.{rate}", row[rate], share, CLOSE)
    return []


def test_every_derived_number_follows_from_the_stored_scores(
    tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    assert details_are_there(tiny_details)
    assert faults(tiny_world, tiny_world.metrics, tiny_details) == []


def test_the_same_outputs_give_the_same_bytes(
    tiny_world: TinyWorld, tiny_details: dict[str, Any], tmp_path: Path
) -> None:
    write_details(tiny_world, tmp_path)

    for path in sorted(tmp_path.rglob("*.*")):
        before = tiny_details["folder"] / path.relative_to(tmp_path)
        assert path.read_bytes() == before.read_bytes(), path.name


def details_are_there(details: dict[str, Any]) -> bool:
    names = ("campaigns", "operating_points", "slices", "forward")
    return all(details[name] for name in names)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (("campaigns", "jetty", "figures", "auc", "value"), "jetty.auc"),
        (
            ("campaigns", "jetty", "figures", "average_precision", "value"),
            "jetty.average_precision",
        ),
        (("campaigns", "orchard", "figures", "ece", "value"), "orchard.ece"),
        (("campaigns", "orchard", "figures", "slope", "value"), "orchard.slope"),
        (("campaigns", "gavel", "figures", "log_loss", "value"), "gavel.log_loss"),
        (("campaigns", "gavel", "base_rate"), "gavel.base_rate"),
        (("campaigns", "gavel", "reliability", 3, 1), "gavel.reliability"),
        (("operating_points", 0, "tp"), "point 0.tp"),
        (("operating_points", 2, "fpr_high"), "point 2.fpr_high"),
        (("operating_points", 0, "alerts", 2, "ppv"), "point 0 at 0.01.ppv"),
        (("operating_points", 2, "alerts", 3, "alerts"), "point 2 at 0.001.alerts"),
        (("operating_points", 2, "alerts", 0, "npv"), "point 2 at 0.15.npv"),
        (("slices", "posts", 1, "recall"), ".recall"),
        (("slices", "source", 0, "n_neg"), ".n_neg"),
    ],
)
def test_a_number_that_was_typed_is_found(
    path: tuple[Any, ...],
    named: str,
    tiny_world: TinyWorld,
    tiny_details: dict[str, Any],
) -> None:
    typed = copy.deepcopy({k: v for k, v in tiny_details.items() if k != "folder"})
    inner: Any = typed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] += 0.02 if isinstance(inner[path[-1]], float) else 1

    found = faults(tiny_world, tiny_world.metrics, typed)

    assert any(named in fault for fault in found), found


def test_a_typed_metric_is_found(
    tiny_world: TinyWorld, tiny_details: dict[str, Any]
) -> None:
    metrics = copy.deepcopy(tiny_world.metrics)
    metrics["loco"]["campaigns"]["gavel"]["ece"] += 0.001

    [fault] = faults(tiny_world, metrics, tiny_details)

    assert fault.startswith("metrics.gavel.ece")


def test_wilson_by_hand_is_near_the_exact_interval() -> None:
    """The quadratic used above, against Clopper and Pearson's."""
    low, high = wilson(30, 400)

    assert low == pytest.approx(beta.ppf(0.025, 30, 371), abs=5e-3)
    assert high == pytest.approx(beta.ppf(0.975, 31, 370), abs=5e-3)
