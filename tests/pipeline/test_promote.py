import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from features.errors import ArtefactError, InputError
from models.comparison import Comparison, compare
from models.evaluation import Rules
from tests.pipeline.tracked_project import (
    MODEL,
    RULES,
    Figures,
    Project,
    everywhere,
    gate,
    make_metrics,
    outcomes,
)


def test_the_first_that_passed_becomes_champion(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))

    project.promote()

    assert project.champion() == "1"
    assert "version 1 is champion: no champion yet" in capsys.readouterr().out
    assert project.tags("1")["promoted_over"] == "none"
    assert project.tags("1")["promoted_interval"] == "none"


def test_a_better_challenger_is_promoted(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.track(2, everywhere(0.7))

    project.promote()

    assert project.champion() == "2"
    assert project.tags("2")["promoted_over"] == "1"
    assert "[+0.1000, +0.1000]" in project.tags("2")["promoted_interval"]
    assert "4 campaigns of 4 operators" in project.tags("2")["promoted_because"]
    assert "version 2 is champion: better than version 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "challenger",
    [
        pytest.param(everywhere(0.5), id="worse"),
        pytest.param(everywhere(0.6), id="equal"),
        pytest.param(
            {"north": 0.9, "south": 0.5, "east": 0.55, "west": 0.58}, id="unsure"
        ),
    ],
)
def test_a_challenger_that_is_not_better_is_refused_with_the_interval(
    challenger: Figures, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.track(2, challenger)

    project.promote()

    assert project.alias("challenger") == "2"
    assert project.champion() == "1"
    said = capsys.readouterr().out
    assert "version 2 is not promoted: not better than version 1" in said
    assert "95% interval [" in said
    assert "0 is not excluded" in said
    assert "not better than version 1" in project.tags("2")["refused_because"]


@pytest.mark.parametrize("forced", ["a person has looked", None])
def test_a_champion_does_not_say_that_it_was_refused(
    forced: str | None, project: Project
) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.track(2, everywhere(0.55))
    project.promote()
    assert "refused_because" in project.tags("2")

    if not forced:
        project.undo()
    project.promote(forced)

    assert project.champion() == "2"
    tags = project.tags("2")
    assert "refused_because" not in tags
    assert ("not better than version 1" in tags["promoted_because"]) == bool(forced)


def test_a_better_mean_does_not_make_up_for_the_worst_campaign(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    worse = {**everywhere(0.9), "north": 0.5}
    project.track(2, worse)
    found = compare(make_metrics(worse), make_metrics(everywhere(0.6)), RULES)
    assert found.better

    project.promote()

    assert project.champion() == "1"
    because = project.tags("2")["refused_because"]
    assert because.startswith("worse than version 1 on the worst campaign: north at")
    assert f"version 2 is not promoted: {because}" in capsys.readouterr().out


def test_the_worst_campaign_may_fall_by_the_margin(project: Project) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.track(2, {**everywhere(0.9), "north": 0.59})

    project.promote()

    assert project.champion() == "2"
    assert "refused_because" not in project.tags("2")


def test_small_campaigns_are_no_worst_one() -> None:
    rules = Rules(draws=100, confidence=0.95, seed=1, least_positives=51)

    found = compare(
        make_metrics({**everywhere(0.9), "north": 0.1}),
        make_metrics(everywhere(0.6)),
        rules,
    )

    assert found.worst is None
    assert found.worst_loss == 0


def test_failed_gates_are_never_promoted(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6), status="failed", reason="no lead")

    project.promote("I want it")
    project.export()

    assert project.champion() is None
    assert not project.target.exists()
    said = capsys.readouterr().out
    assert "nothing to promote: no challenger whose gates passed" in said
    assert "gate lead failed: 0.1, limit above 0: no lead" in said


def test_a_champion_whose_gates_fail_later_is_withdrawn(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.export()
    project.track(1, everywhere(0.6), status="failed")

    project.promote()
    project.export()

    assert project.champion() is None
    assert not project.target.exists()
    assert "no longer champion: gates failed" in capsys.readouterr().out
    with pytest.raises(InputError, match="version 1, champion before, has failed"):
        project.undo()


def test_challenger_and_champion_may_be_the_same(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.6))
    project.promote()

    project.promote()

    assert project.champion() == "1"
    assert "nothing to decide" in capsys.readouterr().out


def test_too_few_operators_in_common_are_not_compared(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, {"north-a": 0.1, "north-b": 0.1, "south": None})
    project.promote()
    project.track(2, {"north-a": 0.9, "north-b": 0.9, "south": 0.9})

    project.promote()

    assert project.champion() == "1"
    said = capsys.readouterr().out
    assert "not comparable with version 1: 1 operator(s) judged on the same" in said


def test_a_person_may_overrule_the_rule_with_a_reason(project: Project) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.track(2, everywhere(0.5))

    project.promote("faster, and good enough")

    tags = project.tags("2")
    assert project.champion() == "2"
    assert tags["promoted_by_force"] == "faster, and good enough"
    assert "by rule not: not better than version 1" in tags["promoted_because"]


def test_force_is_not_recorded_where_the_rule_promotes(project: Project) -> None:
    project.track(1, everywhere(0.6))

    project.promote("just in case")

    assert project.tags("1")["promoted_by_force"] == "no"


def test_undo_restores_one_champion_after_another(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, figure in ((1, 0.5), (2, 0.6), (3, 0.7)):
        project.track(seed, everywhere(figure))
        project.promote()
    assert project.champion() == "3"

    project.undo()
    assert project.champion() == "2"
    project.undo()
    assert project.champion() == "1"
    project.undo()
    assert project.champion() is None
    project.undo()

    said = capsys.readouterr().out
    assert "promoted 3 is undone: version 2 is champion again" in said
    assert "promoted 1 is undone: no champion" in said
    assert "telltale-demo: nothing to undo" in said


def test_what_was_taken_back_is_promoted_by_force_only(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.track(2, everywhere(0.6))
    project.promote()
    project.undo()

    project.promote()

    assert project.champion() == "1"
    assert "not promoted: it was champion and taken back" in capsys.readouterr().out
    project.promote("the page was at fault, not the model")
    assert project.champion() == "2"
    project.undo()
    assert project.champion() == "1"


def test_a_move_that_was_cut_off_is_repeated_and_undone_once(
    project: Project,
) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.track(2, everywhere(0.6))
    project.promote()
    project.client.set_registered_model_alias(MODEL, "champion", "1")

    project.promote()

    assert project.champion() == "2"
    project.undo()
    assert project.champion() == "1"
    project.undo()
    assert project.champion() is None


def test_an_alias_moved_by_hand_is_not_undone(project: Project) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.client.delete_registered_model_alias(MODEL, "champion")

    with pytest.raises(InputError, match="moved by hand"):
        project.undo()


def test_evidence_is_what_was_measured_last(project: Project) -> None:
    project.track(1, everywhere(0.6))
    project.promote()
    project.track(1, everywhere(0.8))
    project.track(2, everywhere(0.7))

    project.promote()

    assert project.champion() == "1"


def test_the_champion_is_laid_out(project: Project) -> None:
    project.track(1, everywhere(0.6))
    project.promote()

    project.export()
    project.export()

    champion = json.loads((project.target / "champion.json").read_text())
    version = project.client.get_model_version(MODEL, "1")
    assert {path.name for path in project.target.iterdir()} == {
        "bundle",
        "champion.json",
        "metrics.json",
    }
    assert {path.name for path in (project.target / "bundle").iterdir()} == {
        "artefacts.json",
        "booster.txt",
        "bundle.json",
        "calibrator.json",
    }
    assert champion["name"] == MODEL
    assert champion["version"] == "1"
    assert champion["run_id"] == version.run_id
    assert champion["world"] == "demo"
    assert champion["fingerprint"] == "f0"
    assert champion["model_hash"] == version.tags["model_hash"]
    assert champion["gates"] == outcomes(gate())
    assert champion["headline"]["average_precision"]["worst"] == 0.6
    assert "campaigns" not in champion["headline"]
    assert champion["card"] == "# Model 1\n"


@pytest.mark.parametrize("name", ["booster.txt", "artefacts.json", "more.txt"])
def test_a_bundle_changed_in_the_store_is_refused(name: str, project: Project) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.export()
    project.track(2, everywhere(0.6))
    with (project.stored("2", "bundle") / name).open("a") as file:
        file.write("\n")

    with pytest.raises(ArtefactError, match=r"version 2: the bundle in the store"):
        project.promote()

    assert project.champion() == "1"


def test_a_changed_champion_is_not_laid_out(project: Project) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.export()
    before = (project.target / "bundle" / "booster.txt").read_text()
    (project.stored("1", "bundle") / "booster.txt").write_text("tree\n")

    with pytest.raises(ArtefactError, match="version 1: the bundle in the store"):
        project.export()

    assert (project.target / "bundle" / "booster.txt").read_text() == before


def test_a_lost_bundle_is_named(project: Project) -> None:
    project.track(1, everywhere(0.5))
    for path in project.stored("1", "bundle").iterdir():
        path.unlink()
    project.stored("1", "bundle").rmdir()

    with pytest.raises(InputError, match="bundle cannot be read from the store"):
        project.promote()


def test_no_champion_removes_what_was_laid_out(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.export()
    project.undo()

    project.export()

    assert not project.target.exists()
    assert "no champion, so nothing to package" in capsys.readouterr().out


def test_nothing_tracked_is_said(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.promote()
    project.undo()
    project.export()

    said = capsys.readouterr().out
    assert "nothing to undo" in said
    assert "no run is tracked yet" in said


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        # By hand: leads .1 of north, .3 and .5 of south; a draw of north alone gives
        # .1, of south alone .4, of both .3.
        (
            {"north": 0.5, "south-a": 0.5, "south-b": 0.9},
            {"north": 0.4, "south-a": 0.2, "south-b": 0.4},
            (0.3, 0.1, 0.4, 3, 2),
        ),
        (
            {"north": 0.5, "south": 0.5, "east": 0.9, "west-aside": 0.9},
            {"north": 0.4, "south": 0.4, "west-aside": 0.1, "east-other": 0.1},
            (0.1, 0.1, 0.1, 2, 2),
        ),
        ({"north": 0.5}, {"north": None}, (None, None, None, 0, 0)),
    ],
)
def test_leads_are_paired_by_campaign_and_drawn_by_operator(
    ours: Figures, theirs: Figures, expected: tuple[Any, ...]
) -> None:
    found = compare(make_metrics(ours), make_metrics(theirs), RULES)

    lead, low, high, campaigns, operators = expected
    assert (found.lead, found.low, found.high) == pytest.approx((lead, low, high))
    assert (found.campaigns, found.operators) == (campaigns, operators)


@pytest.mark.parametrize(
    ("low", "better"), [(0.001, True), (0.0, False), (-0.1, False), (None, False)]
)
def test_zero_must_be_excluded_from_above(low: float | None, better: bool) -> None:
    assert Comparison(0.1, low, 0.2, 3, 3, 0.95).better == better


def test_the_command_promotes_lays_out_and_undoes(
    project: Project, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.track(1, everywhere(0.5))
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("PYTHONPATH", str(root))

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline.promote", "--world", "demo"]
        command += ["--params", str(root / "params.yaml"), *options]
        return subprocess.run(command, capture_output=True, text=True)

    promoted, empty, undone = run(), run("--force", " "), run("--undo")

    assert promoted.returncode == 0, promoted.stderr
    assert "artifacts/demo/champion: telltale-demo version 1" in promoted.stdout
    assert empty.returncode == 1
    assert "give the reason" in empty.stderr
    assert undone.returncode == 0, undone.stderr
    assert "no champion" in undone.stdout
    assert not project.target.exists()


def test_campaigns_judged_on_other_accounts_are_not_compared() -> None:
    ours, theirs = make_metrics(everywhere(0.9)), make_metrics(everywhere(0.5))
    theirs["loco"]["campaigns"]["south"]["n_neg"] += 1

    found = compare(ours, theirs, RULES)

    assert found.operators == compare(ours, ours, RULES).operators - 1


def test_campaigns_that_are_not_compared_are_counted() -> None:
    ours, theirs = make_metrics(everywhere(0.9)), make_metrics(everywhere(0.5))
    theirs["loco"]["campaigns"]["south"]["n_neg"] += 1
    theirs["loco"]["campaigns"]["north-gone"] = theirs["loco"]["campaigns"]["north"]

    found = compare(ours, theirs, RULES)

    assert found.left_out == 2
    assert str(found).endswith("3 campaigns of 3 operators, 2 not comparable")
    assert "not comparable" not in str(compare(ours, ours, RULES))


def test_a_lead_on_the_few_campaigns_that_both_were_judged_on_is_not_enough(
    project: Project,
) -> None:
    names = (*everywhere(0.0), "centre")
    project.track(1, dict.fromkeys(names, 0.5))
    project.promote()
    easy = make_metrics(dict.fromkeys(names, 0.9))
    for name in names[:3]:
        easy["loco"]["campaigns"][name]["n_neg"] -= 1
    project.track_metrics(2, easy)

    project.promote()

    assert project.champion() == "1"
    refused = project.tags("2")["refused_because"]
    assert "2 operators, 3 not comparable" in refused
    assert "most campaigns of that one were not judged on the same accounts" in refused
    easy["loco"]["campaigns"][names[0]]["n_neg"] += 1
    project.track_metrics(3, easy)
    project.promote()
    assert project.champion() == "3"


def test_campaigns_that_the_champion_never_had_do_not_stand_in_the_way(
    project: Project,
) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    more = {f"new {number}": 0.9 for number in range(20)}

    project.track(2, everywhere(0.9) | more)
    project.promote()

    assert project.champion() == "2"


def test_a_champion_that_was_measured_less_is_not_comparable(project: Project) -> None:
    old = make_metrics(everywhere(0.5))
    for row in old["loco"]["campaigns"].values():
        del row["average_precision"]
    project.track_metrics(1, old)
    project.promote()
    project.track(2, everywhere(0.9))

    project.promote()

    assert project.champion() == "1"
    assert "not comparable with version 1" in project.tags("2")["refused_because"]
    project.promote("the champion is of older code")
    assert project.champion() == "2"


@pytest.mark.parametrize("stored", ["{", "[1]", "{}", '{"gates": [], "loco": 3}'])
def test_changed_metrics_in_the_store_are_named(stored: str, project: Project) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.stored("1", "metrics.json").write_text(stored)

    with pytest.raises(
        ArtefactError, match=r"metrics.json in the store is not as it was"
    ):
        project.export()


@pytest.mark.parametrize("champion", [True, False])
def test_nothing_but_a_champion_is_replaced_or_removed(
    champion: bool, project: Project
) -> None:
    project.track(1, everywhere(0.5))
    if champion:
        project.promote()
    project.target.mkdir(parents=True)
    (project.target / "mine.txt").write_text("mine")

    with pytest.raises(InputError, match="no champion is laid out there"):
        project.export()

    assert (project.target / "mine.txt").read_text() == "mine"


def test_an_undo_that_was_cut_off_is_finished(project: Project) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.track(2, everywhere(0.6))
    project.promote()
    project.undo()
    project.client.set_registered_model_alias(MODEL, "champion", "2")

    project.undo()

    assert project.champion() == "1"
    project.undo()
    assert project.champion() is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--world", "dmeo"], "world dmeo: not in .*; known: demo, public"),
        (
            ["--world", "demo", "--champion", "README.md"],
            "no champion is laid out there",
        ),
        (["--world", "demo", "--params", "."], "not YAML"),
    ],
)
def test_nonsense_is_refused_before_anything_is_made(
    options: list[str], said: str, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "params.yaml").symlink_to(root / "params.yaml")
    (tmp_path / "README.md").touch()

    done = subprocess.run(
        [sys.executable, "-m", "pipeline.promote", *options],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert re.search(f"error: .*{said}", done.stderr)
    assert {path.name for path in tmp_path.iterdir()} == {"params.yaml", "README.md"}


def test_a_champion_before_that_was_deleted_is_named(project: Project) -> None:
    project.track(1, everywhere(0.5))
    project.promote()
    project.track(2, everywhere(0.6))
    project.promote()
    project.client.delete_model_version(MODEL, "1")

    with pytest.raises(InputError, match="version 1: deleted from the registry"):
        project.undo()

    assert project.champion() == "2"
