"""Every number of metrics.json that is derived from scores, derived again.

Of the code under test nothing is used but which language an account writes. The twin
changes one number at a time and expects it to be named.
"""

import copy
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    roc_auc_score,
)

from pipeline.languages import languages
from tests.pipeline.conftest import TinyWorld
from tests.pipeline.test_report_figures import (
    CLOSE,
    at_own_share,
    calibration_error,
    chances,
    log_odds,
    of_campaign,
    wilson,
)

# Accounts that a campaign needs for its intervals to be judged.
LEAST = 30
RANKS = ("auc", "average_precision")
CHANCES = ("ece", "brier_skill", "log_loss")


def scores(world: TinyWorld) -> pl.DataFrame:
    columns = ["account_id", "label", "campaign", "source", "block", "slice"]
    sizes = world.table("features/features").select("account_id", "n_posts")
    return (
        world.table("calibrated/calibrated")
        .join(world.table("labelled/labels").select(columns), on="account_id")
        .join(sizes, on="account_id")
        .join(languages(world.folder / "canonical"), on="account_id", how="left")
    )


def set_of(rows: pl.DataFrame, campaign: str, where: str) -> pl.DataFrame:
    """A campaign and the controls that it is judged against."""
    mine = rows.filter(campaign=campaign, label=1)
    return pl.concat([mine, rows.filter(pl.col(where) == mine[where][0], label=0)])


def faults(scored: pl.DataFrame, metrics: dict[str, Any]) -> list[str]:
    """Names of the numbers that do not follow from the stored scores."""
    found: list[str] = []

    def compare(name: str, stored: float | None, value: float | None) -> None:
        if stored is None or value is None:
            same = stored is value
        else:
            same = abs(stored - value) <= CLOSE
        if not same:
            found.append(f"{name}: {stored} and not {value}")

    own = scored.filter(model="telltale")
    test = own.filter(part="test")
    blocks = {p: (metrics[p], test.filter(protocol=p)) for p in ("temporal", "random")}
    for name, block in metrics["baselines"].items():
        blocks[name] = block, scored.filter(model=name, protocol="loco", part="test")
    for name, (block, rows) in blocks.items():
        for campaign, row in block["campaigns"].items():
            some = set_of(rows, campaign, "block" if name == "random" else "fold")
            compare(
                f"{name}.{campaign}.n_neg", row["n_neg"], some.filter(label=0).height
            )
            if name == "majority":
                continue  # One score for all: no line can be drawn through it.
            figures = of_campaign(some)
            for figure in (*RANKS, *CHANCES):
                compare(f"{name}.{campaign}.{figure}", row[figure], figures[figure])
    _strongest(scored.filter(protocol="loco", part="test"), metrics, compare)
    loco = own.filter(protocol="loco")
    for campaign in metrics["loco"]["campaigns"]:
        _doubt(loco, campaign, metrics, compare)
    _lines(loco, metrics, compare)
    _panel(loco, metrics, compare)
    _slices(loco, metrics, compare)
    _controls(loco.filter(part="test", label=0), metrics, compare)
    return found


def _strongest(test: pl.DataFrame, metrics: Any, compare: Any) -> None:
    """Lead on the strongest baseline of each fold; all campaigns are in the headline."""
    names = test["campaign"].drop_nulls().unique(maintain_order=True)
    for figure in ("auc", "average_precision"):
        block = metrics["lead_on_strongest"][figure]
        leads = []
        for fold in test["fold"].unique():
            here = test.filter(fold=fold)
            means = {
                str(model): np.mean(
                    [
                        of_ranks(set_of(rows, name, "fold"))[figure]
                        for name in names
                        if rows.filter(campaign=name).height
                    ]
                )
                for (model,), rows in here.group_by("model")
            }
            ours = means.pop("telltale")
            row = block["folds"][fold]
            best = max(means.values())
            name = f"lead_on_strongest.{figure}.{fold}"
            compare(f"{name}.ours", row["ours"], ours)
            compare(f"{name}.theirs", row["theirs"], best)
            compare(f"{name}.strongest", means[row["strongest"]], best)
            compare(f"{name}.lead", row["lead"], ours - best)
            leads.append(ours - best)
        compare(f"lead_on_strongest.{figure}.mean", block["mean"], np.mean(leads))


def of_ranks(rows: pl.DataFrame) -> dict[str, float]:
    labels, logits = rows["label"].to_numpy(), rows["logit"].to_numpy()
    return {
        "auc": roc_auc_score(labels, logits),
        "average_precision": average_precision_score(labels, logits),
    }


def _doubt(loco: Any, campaign: str, metrics: Any, compare: Any) -> None:
    """Abstention, interval and its coverage of a campaign."""
    some = set_of(loco.filter(part="test"), campaign, "fold")
    logits, labels = at_own_share(some)
    kept = (some["abstained"] == "").to_numpy()
    right, error = (logits > 0) == (labels == 1), (chances(logits) - labels) ** 2
    row, name = metrics["abstention"]["campaigns"][campaign], f"abstention.{campaign}"
    compare(f"{name}.share", row["share"], (~kept).mean())
    compare(f"{name}.positives", row["share_of_positives"], (~kept)[labels == 1].mean())
    compare(f"{name}.accuracy", row["accuracy"], right.mean())
    compare(f"{name}.kept_accuracy", row["kept_accuracy"], right[kept].mean())
    compare(f"{name}.brier", row["brier"], error.mean())
    compare(f"{name}.kept_brier", row["kept_brier"], error[kept].mean())
    half = some["half_width"].to_numpy()
    low, high = chances(logits - half), chances(logits + half)
    row, name = metrics["intervals"]["campaigns"][campaign], f"intervals.{campaign}"
    if labels.sum() < LEAST:
        compare(f"{name}.mean_width", row["mean_width"], None)
        return
    compare(f"{name}.mean_width", row["mean_width"], (high - low).mean())
    z = norm.ppf(0.95)
    held = []
    for rows in np.array_split(np.lexsort((labels, logits)), 15):
        n, share = len(rows), labels[rows].mean()
        middle = (share + z * z / 2 / n) / (1 + z * z / n)
        error_of = (
            z / (1 + z * z / n) * (share * (1 - share) / n + (z / 2 / n) ** 2) ** 0.5
        )
        lower, upper = low[rows].mean(), high[rows].mean()
        held.append(lower <= middle + error_of and middle - error_of <= upper)
    compare(f"{name}.bins_held", row["bins_held"], np.mean(held))


def _cuts(controls: pl.DataFrame, rate: float) -> dict[str, float | None]:
    """Score that this share of the controls of each fold passes, if there are enough."""
    found: dict[str, float | None] = {}
    for (fold,), rows in controls.group_by(["fold"]):
        falling = np.sort(rows["logit"].to_numpy())[::-1]
        enough = len(falling) >= 3 / rate
        found[str(fold)] = float(falling[int(rate * len(falling))]) if enough else None
    return found


def _lines(loco: Any, metrics: Any, compare: Any) -> None:
    """What lines at a false positive rate did on each campaign left out, and on all."""
    test = loco.filter(part="test")
    for point, rate in (("cautious", 0.01), ("strict", 0.005)):
        cuts = _cuts(loco.filter(part="inner", label=0), rate)
        block = metrics["operating_points"][point]
        rows = block["campaigns"] | {"pooled": block["pooled"]}
        for name, row in rows.items():
            some = test if name == "pooled" else set_of(test, name, "fold")
            limits = [cuts[fold] for fold in some["fold"]]
            if None in limits:
                compare(f"{point} {name}.recall", row["recall"], None)
                continue
            hit = some["logit"].to_numpy() > np.array(limits)
            labels = some["label"].to_numpy()
            recall, fpr = hit[labels == 1].mean(), hit[labels == 0].mean()
            compare(f"{point} {name}.recall", row["recall"], recall)
            if row.get("fpr") is not None:
                compare(f"{point} {name}.fpr", row["fpr"], fpr)
                found, alarms = 0.05 * recall, 0.95 * fpr
                right = found / (found + alarms) if found + alarms else None
                compare(f"{point} {name}.precision", row["precision"], right)


def _panel(loco: Any, metrics: Any, compare: Any) -> None:
    """Look-alikes flagged at both aims, where training sides can set a line."""
    inner = loco.filter(part="inner", label=0)
    for rate, slices in (
        (0.01, metrics["panel"]),
        (metrics["audit"]["panel"]["fpr"], metrics["audit"]["panel"]["slices"]),
    ):
        cuts = _cuts(inner, rate)
        for name, row in slices.items():
            members = loco.filter(part="panel", slice=name)
            limits = [cuts[fold] for fold in members["fold"]]
            compare(f"panel.{rate}.{name}.n", row["n"], members.height)
            if None in limits:
                compare(f"panel.{rate}.{name}.fpr", row["fpr"], None)
                continue
            flagged = int((members["logit"].to_numpy() > np.array(limits)).sum())
            low, high = wilson(flagged, members.height)
            compare(f"panel.{rate}.{name}.flagged", row["flagged"], flagged)
            compare(f"panel.{rate}.{name}.fpr", row["fpr"], flagged / members.height)
            compare(f"panel.{rate}.{name}.low", row["low"], low)
            compare(f"panel.{rate}.{name}.high", row["high"], high)


def _slices(loco: Any, metrics: Any, compare: Any) -> None:
    """Calibration by band of posts, by language and by source of controls."""
    test = loco.filter(part="test")
    bands = {"0": (0, 0), "1-4": (1, 4), "5-19": (5, 19), "20-99": (20, 99)}
    for kind in ("posts", "language", "source"):
        for value, row in metrics["calibration_states"][kind].items():
            if kind == "posts":
                low, high = bands.get(value, (100, 10**9))
                some = test.filter(pl.col("n_posts").is_between(low, high))
            elif kind == "language":
                some = test.filter(pl.col("language").fill_null("unknown") == value)
            else:
                controls = test.filter(source=value, label=0)
                own = test.filter(
                    pl.col("fold").is_in(controls["fold"].implode()), label=1
                )
                some = pl.concat([own, controls])
            name = f"calibration {kind} {value}"
            compare(f"{name}.n", row["n"], some.height)
            if row["ece"] is not None:
                logits, labels = at_own_share(some)
                error = calibration_error(chances(logits), labels)
                compare(f"{name}.ece", row["ece"], error)
                for part, value in _brier(chances(logits), labels).items():
                    compare(f"{name}.{part}", row[part], value)
                line = LogisticRegression(C=np.inf, tol=1e-10, max_iter=2_000)
                slope = line.fit(logits[:, None], labels).coef_[0, 0]
                compare(f"{name}.slope", round(row["slope"], 2), round(slope, 2))
                even = some["logit"].to_numpy() - log_odds(some["anchor"].to_numpy())
                compare(f"{name}.size", row["size"], np.abs(even).mean())


def _brier(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The score from scikit-learn, and Murphy's parts over fifteen bins."""
    rows = pl.DataFrame({"p": probabilities, "y": labels.astype(float)}).sort(
        "p", maintain_order=True
    )
    rows = rows.with_columns(y=pl.col("y").mean().over("p"))
    sizes = [len(part) for part in np.array_split(np.arange(len(labels)), 15)]
    bins = (
        rows.with_columns(bin=np.repeat(np.arange(15), sizes))
        .group_by("bin")
        .agg(pl.col("p", "y").mean(), share=pl.len() / rows.height)
    )
    apart = [("p", "y"), ("y", None)]
    mean = labels.mean()
    wrong, told = (
        float((bins["share"] * (bins[a] - (mean if b is None else bins[b])) ** 2).sum())
        for a, b in apart
    )
    return {
        "brier": brier_score_loss(labels, probabilities),
        "miscalibration": wrong,
        "resolution": told,
        "uncertainty": mean * (1 - mean),
    }


def _controls(controls: Any, metrics: Any, compare: Any) -> None:
    """False alarms by language, and sources told apart by scores."""
    for rate in (0.1, 0.01):
        cuts = _cuts(controls, rate)
        limits = {fold: cut for fold, cut in cuts.items() if cut is not None}
        able = controls.filter(pl.col("fold").is_in(list(limits)))
        hit = able["logit"].to_numpy() > np.array([limits[f] for f in able["fold"]])
        small = metrics["audit"]["language"]["pooled_as_others"]
        group = able["language"].fill_null("unknown")
        for name, row in (
            metrics["audit"]["language"][f"fpr_{rate:g}"].get("languages", {}).items()
        ):
            inside = (
                group.is_in(small) if name == "others" else group == name
            ).to_numpy()
            compare(f"language {name} {rate}", row["fpr"], hit[inside].mean())
    sources = controls["source"].to_numpy()
    even = controls["logit"].to_numpy() - log_odds(controls["anchor"].to_numpy())
    for pair in combinations(sorted(set(sources)), 2):
        rows = np.isin(sources, pair)
        auc = roc_auc_score(sources[rows] == pair[1], even[rows])
        name = " against ".join(pair)
        compare(name, metrics["audit"]["control_origin"][name], max(auc, 1 - auc))


@pytest.fixture(scope="module")
def scored(tiny_world: TinyWorld) -> pl.DataFrame:
    return scores(tiny_world)


def test_every_derived_number_follows_from_the_stored_scores(
    tiny_world: TinyWorld, scored: pl.DataFrame
) -> None:
    assert faults(scored, tiny_world.metrics) == []


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (("temporal", "campaigns", "gavel", "auc"), "temporal.gavel.auc"),
        (("random", "campaigns", "jetty", "ece"), "random.jetty.ece"),
        (("temporal", "campaigns", "gavel", "log_loss"), "temporal.gavel.log_loss"),
        (
            ("baselines", "sgbot17", "campaigns", "jetty", "average_precision"),
            "sgbot17.jetty.average_precision",
        ),
        (("lead_on_strongest", "auc", "mean"), "lead_on_strongest.auc.mean"),
        (
            ("lead_on_strongest", "average_precision", "folds", "bureau", "theirs"),
            "average_precision.bureau.theirs",
        ),
        (("abstention", "campaigns", "jetty", "kept_brier"), "jetty.kept_brier"),
        (("intervals", "campaigns", "orchard", "bins_held"), "orchard.bins_held"),
        (("intervals", "campaigns", "orchard", "mean_width"), "orchard.mean_width"),
        (
            ("operating_points", "cautious", "pooled", "recall"),
            "cautious pooled.recall",
        ),
        (("panel", "fandom", "fpr"), "panel.0.01.fandom.fpr"),
        (("calibration_states", "posts", "5-19", "ece"), "calibration posts 5-19.ece"),
        (("calibration_states", "language", "en", "size"), "language en.size"),
        (("calibration_states", "posts", "5-19", "brier"), "posts 5-19.brier"),
        (("calibration_states", "posts", "5-19", "resolution"), "5-19.resolution"),
        (
            ("audit", "language", "fpr_0.1", "languages", "others", "fpr"),
            "language others 0.1",
        ),
        (
            ("audit", "control_origin", "ordinary_jetty against ordinary_orchard"),
            "ordinary_jetty against ordinary_orchard",
        ),
    ],
)
def test_a_number_that_was_typed_is_found(
    path: tuple[str, ...], named: str, tiny_world: TinyWorld, scored: pl.DataFrame
) -> None:
    typed = copy.deepcopy(tiny_world.metrics)
    inner = typed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] += 0.001

    [fault] = faults(scored, typed)

    assert fault.split(": ")[0].endswith(named)
