from pipeline.summary import next_steps, summary_lines
from tests.pipeline.conftest import TinyWorld


def test_unseen_campaigns_come_first_with_the_worst_beside(
    tiny_world: TinyWorld,
) -> None:
    lines = summary_lines("demo", tiny_world.metrics)
    auc = tiny_world.metrics["loco"]["auc"]

    assert "never saw" in lines[0]
    assert f"{auc['mean']:.3f}  worst {auc['worst']:.3f}" in lines[1]


def test_every_campaign_baseline_and_gate_has_a_line(tiny_world: TinyWorld) -> None:
    text = "\n".join(summary_lines("demo", tiny_world.metrics))
    metrics = tiny_world.metrics

    for name in (*metrics["loco"]["campaigns"], *metrics["baselines"]):
        assert f"    {name} " in text
    for gate in metrics["gates"]:
        assert f"gate {gate['code']}" in text


def test_a_mean_over_some_campaigns_says_over_how_many(tiny_world: TinyWorld) -> None:
    loco = tiny_world.metrics["loco"]
    few = loco["auc"] | {"over": 3, "of": 8}

    assert "8 of 8 campaigns" in summary_lines("demo", tiny_world.metrics)[1]
    changed = tiny_world.metrics | {"loco": loco | {"auc": few}}
    assert summary_lines("demo", changed)[1].endswith("3 of 8 campaigns")


def test_what_is_not_reported_is_no_crash(tiny_world: TinyWorld) -> None:
    recall = summary_lines("demo", tiny_world.metrics)[3]

    assert recall.split()[:5] == ["recall", "at", "FPR", "1", "%"]
    assert "-" in recall


def test_a_campaign_outside_the_headline_says_why(tiny_world: TinyWorld) -> None:
    loco = tiny_world.metrics["loco"]
    rows = loco["campaigns"] | {
        "harbour": loco["campaigns"]["harbour"]
        | {"in_headline": False, "reason": "collected otherwise"}
    }
    changed = tiny_world.metrics | {"loco": loco | {"campaigns": rows}}

    text = "\n".join(summary_lines("demo", changed))

    assert "not in the headline: collected otherwise" in text


def test_only_the_simulated_world_is_called_so() -> None:
    assert "simulated" in next_steps("demo")[-1]
    assert "WORLD=public" in "\n".join(next_steps("public"))
    assert "simulated" not in "\n".join(next_steps("public"))
