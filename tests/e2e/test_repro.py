from pathlib import Path

import pytest
import yaml

from tests.e2e.tiny_world import dvc, network_can_be_taken_away

pytestmark = pytest.mark.slow


def outputs(world: Path) -> list[Path]:
    """Every file and directory that dvc.lock says was made."""
    lock = yaml.safe_load((world / "dvc.lock").read_text())
    return [
        world / out["path"]
        for stage in lock["stages"].values()
        for out in stage["outs"]
    ]


def test_the_whole_chain_needs_no_network(finished: Path) -> None:
    if not network_can_be_taken_away():
        pytest.skip("`unshare --net` is not allowed here")

    assert (finished / "artifacts/demo/tracked.json").is_file()


def test_every_declared_output_exists(finished: Path) -> None:
    declared = outputs(finished)

    assert {path.name for path in declared} >= {"roc.csv", "metrics.json", "bundle"}
    assert [path for path in declared if not path.exists()] == []


def test_a_second_repro_runs_nothing_and_changes_nothing(finished: Path) -> None:
    before = (finished / "dvc.lock").read_bytes()

    said = dvc(finished, "repro").stdout

    assert "Running stage" not in said
    assert "up to date" in said
    assert (finished / "dvc.lock").read_bytes() == before
