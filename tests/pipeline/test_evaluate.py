"""Every figure of metrics.json, worked out again from the stored predictions."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.catalogue import FEATURES
from features.errors import ArtefactError
from models.gates import CODES, STRONG
from models.metrics import FIGURES
from models.scorer import score
from pipeline.audits import strongest
from pipeline.evaluate import EvaluateParams, load_campaigns, load_scored
from pipeline.live_checks import check_live, same_score, under_other_ids
from pipeline.report import evaluation_report
from tests.features.builders import make_posts
from tests.pipeline.conftest import TinyWorld

OPERATORS = {"jetty", "harbour", "orchard", "bureau", "carousel", "gavel", "atelier"}
MODELS = ("loco", "random", "temporal", "depth3_tree", "majority", "sgbot17")


def block_of(world: TinyWorld, name: str) -> dict[str, Any]:
    blocks: dict[str, Any] = world.metrics | world.metrics["baselines"]
    found: dict[str, Any] = blocks[name]
    return found


def judged(world: TinyWorld, name: str, campaign: str) -> pl.DataFrame:
    """Campaign and controls that a row of metrics.json is about."""
    own = name in ("loco", "random", "temporal")
    rows = (
        world.table("calibrated/calibrated")
        .filter(
            model="telltale" if own else name,
            protocol=name if own else "loco",
            part="test",
        )
        .join(
            world.table("labelled/labels").select(
                "account_id", "label", "campaign", "block"
            ),
            on="account_id",
        )
    )
    fold = "block" if name == "random" else "fold"
    (where,) = set(rows.filter(campaign=campaign)[fold])
    controls = (pl.col("label") == 0) & (pl.col(fold) == where)
    return rows.filter((pl.col("campaign") == campaign) | controls)


def by_hand(rows: pl.DataFrame) -> dict[str, float | None]:
    """The figures by their definitions, without the functions under test."""
    labels = rows["label"].to_numpy().astype(float)
    share, anchor = labels.mean(), rows["anchor"].to_numpy()
    shift = np.log(share / (1 - share)) - np.log(anchor / (1 - anchor))
    logits = rows["logit"].to_numpy() + shift
    chance = 1 / (1 + np.exp(-logits))
    high, low = logits[labels == 1][:, None], logits[labels == 0][None, :]
    tie = np.isclose(high, low, rtol=0, atol=1e-12)
    auc = (((high > low) & ~tie) + 0.5 * tie).mean()
    brier = ((chance - labels) ** 2).mean()
    return {"auc": auc, "brier_skill": 1 - brier / (share * (1 - share))}


@pytest.mark.parametrize("name", MODELS)
def test_figures_follow_from_stored_scores(name: str, tiny_world: TinyWorld) -> None:
    campaigns = block_of(tiny_world, name)["campaigns"]

    assert campaigns
    for campaign, row in campaigns.items():
        rows = judged(tiny_world, name, campaign)
        assert row["n_pos"] == rows.filter(label=1).height
        assert row["n_neg"] == rows.filter(label=0).height
        for figure, value in by_hand(rows).items():
            assert row[figure] == pytest.approx(value, abs=2e-6), (campaign, figure)


def test_blocks_follow_from_their_campaigns(tiny_world: TinyWorld) -> None:
    least = tiny_world.params["evaluate"]["least_positives"]
    for name in MODELS:
        block = block_of(tiny_world, name)
        assert {*FIGURES, "campaigns"} <= set(block)
        rows = [row for row in block["campaigns"].values() if row["in_headline"]]
        for figure in FIGURES:
            known = [row for row in rows if row[figure] is not None]
            if not known:
                assert block[figure]["mean"] is None
                assert block[figure]["reason"]
                continue
            values = [row[figure] for row in known]
            large = [row[figure] for row in known if row["n_pos"] >= least]
            pick = max if figure in ("ece", "log_loss") else min
            assert block[figure]["mean"] == pytest.approx(np.mean(values), abs=2e-6)
            assert block[figure]["worst"] == pick(large)


def test_too_few_controls_are_said(tiny_world: TinyWorld) -> None:
    for row in tiny_world.metrics["loco"]["campaigns"].values():
        assert row["recall_at_fpr_0.01"] is None
        assert row["recall_at_fpr_0.01_reason"] == (
            f"{row['n_neg']} controls, 300 needed"
        )


def test_random_is_judged_on_the_same_accounts_as_loco(tiny_world: TinyWorld) -> None:
    loco, random = (tiny_world.metrics[p]["campaigns"] for p in ("loco", "random"))

    assert set(loco) == set(random)
    for name, row in loco.items():
        assert [row["n_pos"], row["n_neg"], row["fold"]] == [
            random[name][key] for key in ("n_pos", "n_neg", "fold")
        ]


def test_gap_is_random_minus_unseen(tiny_world: TinyWorld) -> None:
    metrics = tiny_world.metrics
    for figure in ("auc", "average_precision", "ece", "brier_skill"):
        means = [metrics[p][figure]["mean"] for p in ("random", "loco")]
        assert metrics["optimism_gap"][figure] == pytest.approx(means[0] - means[1])


def test_a_baseline_that_always_says_no_is_calibrated(tiny_world: TinyWorld) -> None:
    block = tiny_world.metrics["baselines"]["majority"]

    assert block["auc"]["mean"] == 0.5
    assert block["ece"]["worst"] == pytest.approx(0, abs=1e-6)
    assert block["brier_skill"]["mean"] == pytest.approx(0, abs=1e-6)


def test_nothing_is_reported_without_a_baseline(tiny_world: TinyWorld) -> None:
    params = EvaluateParams.model_validate(tiny_world.params["evaluate"])
    scored = load_scored(
        tiny_world.folder / "calibrated", tiny_world.folder / "labelled"
    )
    lacks = (pl.col("model") == "sgbot17") & (pl.col("fold") == "jetty")
    campaigns = load_campaigns(tiny_world.folder / "labelled")

    def made(untrained: dict[str, dict[str, str]]) -> dict[str, Any]:
        rows = scored.filter(~lacks)
        return evaluation_report(rows, campaigns, params.rules(), {}, untrained)

    with pytest.raises(
        ArtefactError, match=r"sgbot17 has neither .* in jetty: no figure"
    ):
        made({})
    why = {"jetty": "its columns are not known on both sides"}
    block = made({"sgbot17": why})["baselines"]["sgbot17"]
    assert block["not_applicable_in"] == why


def test_an_operator_trained_on_before_is_named(tiny_world: TinyWorld) -> None:
    assert tiny_world.metrics["temporal"]["operators_trained_on"] == ["bureau"]


def test_gates_say_what_was_measured(tiny_world: TinyWorld) -> None:
    gates = {gate["code"]: gate for gate in tiny_world.metrics["gates"]}

    assert tuple(gates) == CODES
    assert gates["batch_equals_single"]["value"] == 0
    assert gates["contributions_add_up"]["status"] == "passed"
    masks = tiny_world.metrics["audit"]["mask_only_auc"]
    assert gates["mask_only_auc"]["value"] in masks.values()
    assert set(masks) == OPERATORS
    together = tiny_world.metrics["audit"]["missing_together"]
    for figure in ("alone", "lent"):
        value = gates[f"missing_together_{figure}"]["value"]
        assert value == together[figure]["ci_low"]
    assert set(together["folds"]) == OPERATORS
    evened = tiny_world.metrics["audit"]["evened"]
    assert gates["evened_auc_lent"]["value"] == evened["lent"]
    assert set(evened["folds"]) == OPERATORS


def test_every_feature_beyond_a_limit_is_shown_however_many_there_are() -> None:
    strong = {f"strong_{n}": STRONG + n / 100 for n in range(7)}
    weak = {f"weak_{n}": 0.5 + n / 100 for n in range(7)}

    assert strongest(weak | strong, STRONG) == strong
    assert list(strongest(weak | strong, 1.0)) == [
        f"strong_{n}" for n in (6, 5, 4, 3, 2)
    ]
    assert list(strongest(weak, STRONG)) == [f"weak_{n}" for n in (6, 5, 4, 3, 2)]


def test_under_other_ids_what_was_one_is_one_and_a_handle_is_a_handle():
    posts = make_posts(
        [{"target_account_id": name} for name in ("a/1", "a/1", "a/2", "@x", "a/@x")]
    )

    names = under_other_ids(posts)["target_account_id"].to_list()

    assert names[0] == names[1] != names[2]
    assert not set(names) & set(posts["target_account_id"])
    assert [name.startswith("@") for name in names] == [False] * 3 + [True] * 2


def test_live_checks_count_what_they_score(tiny_world: TinyWorld) -> None:
    live = check_live(tiny_world.bundle, tiny_world.folder / "canonical", 5)

    assert (live.accounts, live.differing, live.renamed) == (5, 0, 0)
    assert live.additivity < 1e-9


def test_a_score_that_differs_in_anything_is_another(tiny_world: TinyWorld) -> None:
    accounts = tiny_world.table("canonical/accounts").head(2)
    first = score(tiny_world.bundle, accounts, None)
    explained = first.explanation
    moved = explained.contributions.copy()
    # The sum stays: one part has what another lacks.
    moved[0, 0] += 1e-9
    moved[0, 1] -= 1e-9
    other = replace(first, explanation=replace(explained, contributions=moved))

    assert same_score(first, 0, first, 0)
    assert not same_score(first, 0, first, 1)
    assert not same_score(first, 0, other, 0)
    assert same_score(first, 1, other, 1)


def test_metrics_are_json_without_nan(tiny_world: TinyWorld) -> None:
    text = (tiny_world.folder / "metrics.json").read_text()

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(text, parse_constant=refuse) == tiny_world.metrics
    assert "-0.0," not in text


def test_plots_have_their_columns(tiny_world: TinyWorld) -> None:
    columns = {
        "roc": ["campaign", "fpr", "tpr"],
        "precision_recall": ["campaign", "recall", "precision"],
        "reliability": ["campaign", "predicted", "observed", "count"],
        "importance": ["feature", "family", "importance"],
        "scores": ["class", "bin", "share"],
    }
    plots = tiny_world.folder / "plots"

    assert {path.stem for path in plots.iterdir()} == set(columns)
    for name, expected in columns.items():
        table = pl.read_csv(plots / f"{name}.csv")
        assert table.columns == expected
        assert table.height
    assert pl.read_csv(plots / "importance.csv").height == len(FEATURES)


def test_hidden_positives_are_reported_for_every_operator(
    tiny_world: TinyWorld,
) -> None:
    found = tiny_world.metrics["audit"]["hidden_positives"]
    blocks = set(tiny_world.table("labelled/labels")["block"])

    assert set(found["at_random"]) == {"all", *blocks}
    assert set(found["one_role"]) == blocks
    overall = found["at_random"]["all"]
    assert 0 <= overall["low"] <= overall["share"] <= overall["high"] <= 1
    for bounds in found["one_role"].values():
        assert bounds["share"] is None
        assert 0 <= bounds["low"] <= bounds["high"] <= 1
