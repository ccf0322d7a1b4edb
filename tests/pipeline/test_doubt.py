"""Intervals, abstentions and operating points of a tiny world, from its stored scores."""

from copy import deepcopy
from dataclasses import replace

import polars as pl
import pytest

from models.abstention import REASONS
from models.calibrator import Calibrator
from models.coverage import coverage
from models.metrics import to_share
from models.scorer import score
from models.thresholds import Aim, rates, solve
from pipeline.calibrate import CalibrateParams, Threshold
from pipeline.doubt import final_intervals, inner_scores
from pipeline.doubt_card import doubt_lines
from pipeline.doubt_report import doubt_report
from pipeline.evaluate import EvaluateParams, load_campaigns, load_scored
from pipeline.values import Values
from pipeline.withheld import Boosters
from tests.pipeline.conftest import TinyWorld


def fitted(world: TinyWorld, scored: pl.DataFrame, labels: pl.DataFrame, fold: str):
    lines = world.json("calibrated/calibrators")
    return final_intervals(
        inner_scores(scored, labels, fold),
        Values.read(world.folder / "features"),
        Boosters.read(world.folder / "trained"),
        Calibrator(**lines[f"loco/{fold}"]),
        0.9,
        1e-4,
        fold,
    )


def report(world: TinyWorld, scored: pl.DataFrame, aside: dict[str, str] | None = None):
    """Blocks of these scores; `aside`: campaigns kept out of the headline, and why."""
    judged = EvaluateParams.model_validate(world.params["evaluate"])
    campaigns = [
        replace(c, in_headline=False, reason=aside[c.name])
        if aside and c.name in aside
        else c
        for c in load_campaigns(world.folder / "labelled")
    ]
    return doubt_report(
        scored,
        campaigns,
        world.bundle,
        world.folder / "features",
        world.folder / "canonical",
        judged.rules(),
    )


@pytest.fixture(scope="module")
def scored(tiny_world: TinyWorld) -> pl.DataFrame:
    return load_scored(tiny_world.folder / "calibrated", tiny_world.folder / "labelled")


def test_the_intervals_of_a_fold_do_not_depend_on_what_it_left_out(
    tiny_world: TinyWorld,
) -> None:
    table = tiny_world.table("calibrated/calibrated")
    labels = tiny_world.table("labelled/labels")
    flipped = labels.with_columns(
        label=pl.when(pl.col("block") == "harbour")
        .then(1 - pl.col("label"))
        .otherwise("label")
    )

    before = fitted(tiny_world, table, labels, "harbour")

    assert fitted(tiny_world, table, flipped, "harbour") == before
    # The twin: where harbour is trained on, its labels do count.
    other = fitted(tiny_world, table, labels, "atelier")
    assert fitted(tiny_world, table, flipped, "atelier") != other


def test_the_bundle_has_the_intervals_of_the_final_model(tiny_world: TinyWorld) -> None:
    table = tiny_world.table("calibrated/calibrated")
    labels = tiny_world.table("labelled/labels")

    assert tiny_world.bundle.intervals == fitted(tiny_world, table, labels, "all")


def test_only_accounts_left_out_have_a_width_and_an_outcome(
    tiny_world: TinyWorld,
) -> None:
    table = tiny_world.table("calibrated/calibrated")
    left_out = (
        (pl.col("model") == "telltale")
        & (pl.col("protocol") == "loco")
        & (pl.col("part") != "inner")
    )

    inside, outside = table.filter(left_out), table.filter(~left_out)

    assert (inside["half_width"] > 0).all()
    assert set(inside["abstained"]) <= {"", *REASONS}
    for name in ("half_width", "abstained"):
        assert inside[name].null_count() == 0
        assert outside[name].null_count() == outside.height


def test_accounts_with_few_posts_and_no_others_abstain_for_them(
    tiny_world: TinyWorld,
) -> None:
    posts = tiny_world.table("features/features").select("account_id", "n_posts")
    rows = tiny_world.table("calibrated/calibrated").join(posts, on="account_id")
    least = tiny_world.bundle.abstention.least_posts

    known = rows.filter(pl.col("abstained").is_not_null())

    few = known["n_posts"].is_between(1, least - 1)
    assert few.any()
    assert ((known["abstained"] == "too_few_posts") == few).all()


def test_what_no_account_lacks_is_judged_by_withholding_it(
    tiny_world: TinyWorld,
) -> None:
    """Nobody left out is without posts, and yet a profile alone is not a guess."""
    bundle = tiny_world.bundle
    accounts = tiny_world.table("canonical/accounts")
    abstention = tiny_world.metrics["abstention"]

    alone = score(bundle, accounts, None)

    assert {"posts 0", "without profile"} <= set(abstention["withheld_evidence"])
    assert "posts 20-99" not in abstention["withheld_evidence"]
    assert "unjudged_evidence" not in set(alone.abstained)
    assert "" in set(alone.abstained)
    assert abstention["withheld_evidence"] == {
        state: round(temper, 6) for state, temper in bundle.intervals.withheld.items()
    }


def test_what_cannot_be_withheld_is_judged_by_nobody(tiny_world: TinyWorld) -> None:
    """Planted: no account left out has 20 to 99 posts. Who has them gets no number."""
    bundle = tiny_world.bundle
    labels = tiny_world.table("labelled/labels")
    unseen = inner_scores(tiny_world.table("calibrated/calibrated"), labels, "all")
    values = Values.read(tiny_world.folder / "features")
    many = pl.col("n_posts").is_between(20, 99)
    fewer = values.static.with_columns(
        n_posts=pl.when(many).then(19).otherwise("n_posts").cast(pl.Int64)
    )
    boosters = Boosters.read(tiny_world.folder / "trained")
    accounts = tiny_world.table("canonical/accounts").join(
        values.static.filter(many).select("account_id").head(20), on="account_id"
    )
    posts = tiny_world.table("canonical/posts")

    found = final_intervals(
        unseen, replace(values, static=fewer), boosters, bundle.calibrator, 0.9, 1e-4
    )

    assert found.operators["posts 20-99"] == 0
    assert "posts 20-99" not in found.withheld
    silent = score(replace(bundle, intervals=found), accounts, posts)
    assert set(silent.abstained) == {"unjudged_evidence"}
    # The twin: as they are, operators left out judge that band.
    assert "unjudged_evidence" not in set(score(bundle, accounts, posts).abstained)


def test_the_thresholds_are_solved_on_unseen_operators(tiny_world: TinyWorld) -> None:
    labels = tiny_world.table("labelled/labels")
    rows = inner_scores(tiny_world.table("calibrated/calibrated"), labels, "all")
    found = rates(
        rows["logit"].to_numpy(),
        rows["label"].to_numpy(),
        rows["unit"].to_numpy().astype(str),
    )
    aims = CalibrateParams(**tiny_world.params["calibrate"]).aims()
    stated = tiny_world.bundle.description["thresholds"]

    assert list(stated) == list(aims)
    for name, aim in aims.items():
        point = solve(aim, found)
        assert (stated[name]["logit"], stated[name]["reason"]) == (
            point.logit,
            point.reason,
        )
    controls = int((rows["label"] == 0).sum())
    assert controls < 3_000
    assert stated["strictest"]["reason"] == f"{controls} controls, 3000 needed"


def test_figures_are_recomputed_from_stored_scores(
    tiny_world: TinyWorld, scored: pl.DataFrame
) -> None:
    metrics = tiny_world.metrics
    tested = scored.filter(
        (pl.col("model") == "telltale")
        & (pl.col("protocol") == "loco")
        & (pl.col("part") == "test")
        & (pl.col("fold") == "harbour")
    )
    labels = tested["label"].to_numpy()
    logits = to_share(tested["logit"].to_numpy(), tested["anchor"].to_numpy(), labels)

    held = coverage(logits, tested["half_width"].to_numpy(), labels, 0.9)

    row = metrics["intervals"]["campaigns"]["harbour"]
    assert row["bins_held"] == pytest.approx(held.held, abs=1e-6)
    assert row["mean_width"] == pytest.approx(held.width, abs=1e-6)
    left = metrics["abstention"]["campaigns"]["harbour"]
    kept = (tested["abstained"] == "").to_numpy()
    assert left["share"] == pytest.approx(1 - kept.mean(), abs=1e-6)
    right = (logits > 0) == (labels == 1)
    assert left["kept_accuracy"] == pytest.approx(right[kept].mean(), abs=1e-6)
    shares = sum(left["reasons"].values())
    assert shares == pytest.approx(left["share"], abs=1e-5)


def test_realised_rates_are_those_of_the_fold_s_own_threshold(
    tiny_world: TinyWorld, scored: pl.DataFrame
) -> None:
    loco = scored.filter(model="telltale", protocol="loco", fold="harbour")
    inner = loco.filter(part="inner")
    found = rates(
        inner["logit"].to_numpy(),
        inner["label"].to_numpy(),
        inner["unit"].to_numpy().astype(str),
    )
    aim = Aim(reviews_a_day=200, accounts_a_day=10_000, prevalence=0.02)
    point = solve(aim, found)
    tested = loco.filter(part="test")

    row = tiny_world.metrics["operating_points"]["capacity"]["campaigns"]["harbour"]

    if point.logit is None:
        assert (row["recall"], row["reason"]) == (None, point.reason)
        return
    above = (tested["logit"] > point.logit).to_numpy()
    positive = (tested["label"] == 1).to_numpy()
    assert row["recall"] == pytest.approx(above[positive].mean(), abs=1e-6)
    assert row["fpr"] == pytest.approx(above[~positive].mean(), abs=1e-6)


def test_a_rate_that_a_fold_cannot_tell_is_null_with_its_reason(
    tiny_world: TinyWorld,
) -> None:
    # 52 controls a fold.
    for row in tiny_world.metrics["operating_points"]["cautious"]["campaigns"].values():
        assert row["fpr"] is None
        assert row["reason"]


def test_scores_of_accounts_left_out_move_no_threshold(
    tiny_world: TinyWorld, scored: pl.DataFrame
) -> None:
    """Planted: ordinary accounts left out score highest. It must show as false alarms."""
    tested = (pl.col("part") == "test") & (pl.col("label") == 0)
    spoilt = scored.with_columns(
        logit=pl.when(tested).then(50.0).otherwise(pl.col("logit"))
    )

    before, after = report(tiny_world, scored), report(tiny_world, spoilt)

    for name, block in after["operating_points"].items():
        was = before["operating_points"][name]
        if was["pooled"]["recall"] is None:
            continue
        assert block["pooled"]["recall"] == was["pooled"]["recall"]
        assert block["pooled"]["fpr"] == 1.0
        assert was["pooled"]["fpr"] < 0.5
    assert after["intervals"]["campaigns_held"] == 0


def test_a_confounded_campaign_is_counted_nowhere(
    tiny_world: TinyWorld, scored: pl.DataFrame
) -> None:
    """Planted: its accounts score lowest, and all controls of its fold highest."""
    atelier = (pl.col("fold") == "atelier") & (pl.col("part") == "test")
    turned = pl.when(pl.col("label") == 1).then(-50.0).otherwise(50.0)
    spoilt = scored.with_columns(
        logit=pl.when(atelier).then(turned).otherwise(pl.col("logit"))
    )
    aside = {"atelier": "collected otherwise"}

    sound = report(tiny_world, scored, aside)
    apart = report(tiny_world, spoilt, aside)
    counted = report(tiny_world, spoilt)

    states = apart["calibration_states"]
    for kind in ("pooled", "posts", "without", "language", "source"):
        assert states[kind] == sound["calibration_states"][kind]
        # The twin: in the headline it would move them; no account here lacks a family.
        if kind != "without":
            assert states[kind] != counted["calibration_states"][kind]
    for name in ("slopes_within", "slopes_judged"):
        assert states[name] == sound["calibration_states"][name]
    for name in ("campaigns_held", "campaigns_judged"):
        assert apart["intervals"][name] == sound["intervals"][name]
    more = counted["intervals"]["campaigns_judged"]
    assert more == apart["intervals"]["campaigns_judged"] + 1
    told = 0
    for name, line in apart["operating_points"].items():
        assert line["pooled"] == sound["operating_points"][name]["pooled"]
        rates = [
            line["pooled"]["fpr"],
            counted["operating_points"][name]["pooled"]["fpr"],
        ]
        if None not in rates:
            told += 1
            assert rates[0] < rates[1]
    assert told
    # It is shown apart, with its own figures and the reason.
    for block in (
        apart["intervals"],
        apart["abstention"],
        apart["operating_points"]["capacity"],
    ):
        assert set(block["apart"]) == set(aside)
        assert "atelier" not in block["campaigns"]
        assert block["apart"]["atelier"]["apart_because"] == "collected otherwise"
    assert set(states["apart"]) == set(aside)
    lines = "\n".join(doubt_lines(apart))
    assert "* atelier, collected otherwise: bins held" in lines
    assert "| atelier |" not in lines
    assert "| atelier |" in "\n".join(doubt_lines(counted))
    assert (
        states["apart"]["atelier"]["slope"]
        != (sound["calibration_states"]["apart"]["atelier"]["slope"])
    )


def test_with_every_campaign_confounded_nothing_is_pooled(
    tiny_world: TinyWorld, scored: pl.DataFrame
) -> None:
    names = [c.name for c in load_campaigns(tiny_world.folder / "labelled")]

    found = report(tiny_world, scored, dict.fromkeys(names, "collected otherwise"))

    assert found["intervals"]["campaigns_judged"] == 0
    pooled = found["calibration_states"]["pooled"]
    assert (pooled["n"], pooled["slope"]) == (0, None)
    assert pooled["reason"].startswith("no headline campaign has")
    for block in found["operating_points"].values():
        assert block["pooled"]["recall"] is None
        assert block["pooled"]["reason"] == "no headline campaign with controls"


def test_the_slope_is_the_one_that_the_gate_reads(tiny_world: TinyWorld) -> None:
    metrics = tiny_world.metrics
    states, gated = metrics["calibration_states"], metrics["audit"]["calibration"]
    [gate] = [g for g in metrics["gates"] if g["code"] == "unseen_slope"]

    assert states["pooled"]["slope"] == gated["pooled_slope"] == gate["value"]
    for name, row in gated["campaigns"].items():
        assert states["campaign"][name]["slope"] == row["slope"]


def test_every_slice_has_a_figure_or_a_reason(tiny_world: TinyWorld) -> None:
    states = tiny_world.metrics["calibration_states"]
    rows = [states["pooled"]]
    for kind in ("campaign", "posts", "without", "language", "source"):
        rows += states[kind].values()

    for row in rows:
        missing = row["slope"] is None
        assert missing == (row["intercept"] is None) == ("reason" in row)
        assert (row["ece"] is None) == (row["size"] is None)
        assert missing or row["ece"] is not None
        assert row["n_pos"] <= row["n"]
    bands = sum(row["n"] for row in states["posts"].values())
    assert bands == states["pooled"]["n"]
    assert sum(row["n"] for row in states["language"].values()) == bands
    assert states["posts"]["0"]["n"] == 0
    assert 0.5 < states["pooled"]["slope"] < 2


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"max_fpr": 0.01, "prevalence": 0.1},
        {"min_precision": 0.9},
        {"reviews_a_day": 20.0, "prevalence": 0.1},
        {"max_fpr": 0.01, "min_precision": 0.9, "prevalence": 0.1},
    ],
)
def test_an_aim_is_of_one_kind(given: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="an aim has max_fpr; or"):
        Threshold.model_validate(given)


def test_the_card_names_the_states_that_were_never_judged(
    tiny_world: TinyWorld,
) -> None:
    metrics = deepcopy(tiny_world.metrics)
    states, silent = metrics["calibration_states"], metrics["abstention"]
    for row in (*states["posts"].values(), *states["without"].values()):
        row["ece"] = 0.1
    silent["unjudged_evidence"], silent["withheld_evidence"] = [], {}
    said = "\n".join(doubt_lines(metrics))
    assert "Never judged" not in said
    assert "Calibration not known" not in said

    states["posts"]["0"]["ece"] = states["without"]["profile"]["ece"] = None
    said = "\n".join(doubt_lines(metrics))
    assert "Never judged" not in said
    assert "Calibration not known: posts 0, without profile (" in said

    silent["unjudged_evidence"] = ["without profile"]
    said = "\n".join(doubt_lines(metrics))
    assert "Never judged: without profile (" in said
    assert "Calibration not known: posts 0 (" in said

    silent["withheld_evidence"] = {"posts 0": 0.6, "without profile": 1.0}
    said = "\n".join(doubt_lines(metrics))
    assert "Judged by withholding: posts 0 (0.600): number" in said
    assert "Calibration not known" not in said
