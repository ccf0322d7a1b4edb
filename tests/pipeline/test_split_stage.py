import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml

from models.split import FOLDS, check_folds
from pipeline.split import SplitParams, split
from tests.models.builders import make_labels
from tests.pipeline.conftest import TinyWorld


def test_the_folds_of_the_world_hold(tiny_world: TinyWorld) -> None:
    folds = tiny_world.table("folds/folds")
    labels = tiny_world.table("labelled/labels")

    check_folds(folds, labels)

    assert folds.schema == FOLDS
    assert set(folds["protocol"]) == {"loco", "temporal", "random"}
    loco = folds.filter(protocol="loco")
    assert set(loco["fold"]) == {
        "jetty",
        "harbour",
        "orchard",
        "bureau",
        "carousel",
        "gavel",
        "atelier",
    }
    assert tiny_world.json("folds/not_applicable") == {}


def test_a_protocol_that_does_not_apply_is_written_down(tmp_path: Path) -> None:
    labels = tmp_path / "labels.parquet"
    undated = make_labels().with_columns(pl.lit(None).alias("disclosed_at"))
    undated.cast({"disclosed_at": pl.Datetime("ms", "UTC")}).write_parquet(labels)
    params = SplitParams(random_folds=3, temporal_share=0.5, gap_days=0)

    tested = split(labels, params, tmp_path / "folds")

    text = (tmp_path / "folds" / "not_applicable.json").read_text()
    assert "not every campaign has a date" in text
    assert tested["loco/one"] == 30


@pytest.mark.parametrize(
    ("operators", "code", "message"),
    [(("one", "two"), 1, "at least 3"), (("one", "two", "three"), 0, "")],
)
def test_the_command_refuses_what_cannot_be_split(
    operators: tuple[str, ...], code: int, message: str, root: Path, tmp_path: Path
) -> None:
    make_labels(operators).write_parquet(tmp_path / "labels.parquet")
    section = {"random_folds": 3, "temporal_share": 0.5, "gap_days": 0}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"split": section}))
    command = [sys.executable, "-m", "pipeline.split", "--world", "demo"]

    done = subprocess.run(
        [*command, "--labels", "labels.parquet", "--out", "folds"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "folds").exists() is (code == 0)
