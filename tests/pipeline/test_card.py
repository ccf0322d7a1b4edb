import re
from typing import Any

import pytest

from models.evaluation import headline_lead
from models.metrics import FIGURES
from pipeline.agreement import AGREEMENT
from pipeline.card import model_card
from tests.pipeline.conftest import TinyWorld


def card(world: TinyWorld, metrics: dict[str, Any] | None = None) -> str:
    campaigns = world.json("labelled/campaigns")
    return model_card(metrics or world.metrics, campaigns, world.bundle)


def values(node: Any) -> set[str]:
    """Every number of the metrics as the card writes it."""
    if isinstance(node, dict):
        return set().union(*(values(v) for v in node.values())) if node else set()
    if isinstance(node, list):
        return set().union(*(values(v) for v in node)) if node else set()
    return {f"{node:.3f}"} if isinstance(node, int | float) else set()


def test_every_figure_comes_from_the_metrics(tiny_world: TinyWorld) -> None:
    text = card(tiny_world)
    loco, baselines = tiny_world.metrics["loco"], tiny_world.metrics["baselines"]
    leads = {name: headline_lead(loco, b, "auc") for name, b in baselines.items()}
    allowed = values(tiny_world.metrics) | values(
        {k: abs(v) for k, v in leads.items() if v is not None}
    )
    abstention = tiny_world.metrics["abstention"]["campaigns"]
    allowed |= {f"{1 - row['share']:.3f}" for row in abstention.values()}
    allowed |= {f"{tiny_world.bundle.calibrator.slope:.3f}"}

    # Published, and said to be.
    allowed |= {word for *_, kappa in AGREEMENT for word in kappa.split()}

    # The sign of a lead stands before it.
    shown = {found.lstrip("+") for found in re.findall(r"[+-]?\d+\.\d{3}\b", text)}

    assert shown <= allowed | {f"-{value}" for value in allowed}
    assert len(shown) > 20


def test_another_figure_in_the_metrics_is_another_in_the_card(
    tiny_world: TinyWorld,
) -> None:
    metrics = tiny_world.metrics
    loco = metrics["loco"] | {"auc": metrics["loco"]["auc"] | {"mean": 0.12345}}

    text = card(tiny_world, metrics | {"loco": loco})

    assert "| auc | 0.123 |" in text
    assert "| auc | 0.123 |" not in card(tiny_world)


def test_a_mean_over_some_campaigns_says_over_how_many(tiny_world: TinyWorld) -> None:
    loco = tiny_world.metrics["loco"]
    few = loco["auc"] | {"over": 3, "of": 8}

    text = card(tiny_world, tiny_world.metrics | {"loco": loco | {"auc": few}})

    [row] = [line for line in text.splitlines() if line.startswith("| auc | ")]
    assert row.endswith(" | 3 of 8 |")


def test_the_card_says_how_far_scores_are_pulled_and_at_which_line(
    tiny_world: TinyWorld,
) -> None:
    abstention = tiny_world.metrics["abstention"]
    other = abstention | {"withheld_evidence": {"without times": 0.4321}}

    text = card(tiny_world)
    changed = card(tiny_world, tiny_world.metrics | {"abstention": other})

    temper = abstention["withheld_evidence"]["posts 0"]
    assert f"posts 0 ({temper:.3f})" in text
    assert "aimed at, at the line for FPR 1%: at other lines it may be more" in text
    assert "without times (0.432): number of posts, families of features, times" in (
        changed
    )


def test_the_card_says_how_far_labels_can_be_believed(tiny_world: TinyWorld) -> None:
    metrics = tiny_world.metrics
    noise = metrics["label_noise"] | {"auc_loss": None, "reason": "no fold at all"}

    text, without = card(tiny_world), card(tiny_world, metrics | {"label_noise": noise})

    for who, accounts, choice, kappa in AGREEMENT:
        assert f"| {who} | {accounts:,} | {choice} | {kappa} |" in text
    for name in ("controls", "takedown_accounts"):
        found = metrics["label_errors"][name]
        assert f"{found['suspected']} of {found['judged']} " in text
    assert "labels trained on are wrong: not measured, no fold at all." in without
    assert "no fold at all" not in text


def test_a_gate_says_in_the_card_why_it_failed_or_by_what_exception_it_holds(
    tiny_world: TinyWorld,
) -> None:
    gate = {"code": "panel_slices", "value": 0.2, "limit": "at most 0.02"}
    gates = [
        gate | {"status": "passed", "reason": "only by exceptions: fandom"},
        gate | {"status": "not_applicable", "value": None, "reason": "no panel"},
    ]

    text = card(tiny_world, tiny_world.metrics | {"gates": gates})

    assert "| passed | 0.2 | at most 0.02 | only by exceptions: fandom |" in text
    assert "| not_applicable | - | at most 0.02 | no panel |" in text


def test_the_written_card_is_that_card(tiny_world: TinyWorld) -> None:
    assert (tiny_world.folder / "model_card.md").read_text() == card(tiny_world)


def test_the_card_says_what_it_is_not(tiny_world: TinyWorld) -> None:
    text = card(tiny_world)

    assert "Trained on a simulated world: not for real accounts." in text
    assert 'It never means "is a bot"' in text
    assert "removed by a platform as part of an operation" in text
    assert "earlier campaigns of bureau were trained on" in text
    for figure in FIGURES:
        assert f"| {figure} |" in text


@pytest.mark.parametrize("protocol", ["temporal", "random"])
def test_a_protocol_that_does_not_apply_has_its_reason(
    protocol: str, tiny_world: TinyWorld
) -> None:
    metrics = tiny_world.metrics | {protocol: {"not_applicable": "no dates"}}
    if protocol == "random":
        gap: dict[str, Any] = dict.fromkeys(FIGURES)
        metrics["optimism_gap"] = gap | {"reason": "no dates"}

    text = card(tiny_world, metrics)

    assert ("not applicable, no dates" in text) is (protocol == "temporal")
    assert "would have claimed" in text


@pytest.mark.parametrize(
    ("low", "said"),
    [
        (0.94, "(xx over zz), and no two surely do"),
        (1.3, "surely by 1.300 (xx over yy)"),
    ],
)
def test_languages_differ_surely_only_beyond_chance(
    low: float, said: str, tiny_world: TinyWorld
) -> None:
    metrics = tiny_world.metrics
    pair = {"ratio": 1.8, "highest": "xx", "lowest": "zz"}
    row = {**pair, "low": low, "most": "xx", "least": "yy"}
    audit = metrics["audit"] | {"language": {"fpr_0.1": row}}

    assert said in card(tiny_world, metrics | {"audit": audit})
