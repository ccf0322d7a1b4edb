import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.tiny_world import dvc

pytestmark = pytest.mark.slow

PLOTS = {
    *("roc", "precision_recall", "reliability", "importance", "scores"),
    *("label_noise", "selective_risk", "stability", "time_to_detect"),
}


def test_an_experiment_is_shown_compared_and_tracked(world: Path) -> None:
    dvc(world, "exp", "run", "--name", "ridge-higher", "-S", "calibrate.ridge=0.01")

    shown = dvc(world, "exp", "show", "--csv").stdout.splitlines()
    changed = json.loads(dvc(world, "metrics", "diff", "--json", "HEAD").stdout)
    plots = json.loads(dvc(world, "plots", "show", "--json").stdout)["data"]
    assert any(row.startswith("ridge-higher,") for row in shown)
    assert changed["artifacts/demo/metrics.json"]
    assert {Path(name).stem for name in plots} == PLOTS
    assert all('"rev": "workspace"' in json.dumps(plot) for plot in plots.values())
    assert tags(world, "dvc_exp_name") == ["ridge-higher"]
    assert "up to date" in dvc(world, "repro").stdout


def tags(world: Path, key: str) -> list[str]:
    store = world / "artifacts" / "mlflow" / "mlflow.db"
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("select value from tags where key = ?", [key])
        return [value for (value,) in rows]
