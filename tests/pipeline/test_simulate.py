"""The stage: its command line, and that it leaves all or nothing."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import yaml

ROOT = Path(__file__).parents[2]


def params(**changes: object) -> dict[str, object]:
    section = yaml.safe_load((ROOT / "params.yaml").read_text())["simulate"]
    return {"simulate": section | {"scale": 0.01} | changes}


def run(tmp_path: Path, values: dict[str, object]) -> subprocess.CompletedProcess[str]:
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values))
    command = [sys.executable, "-m", "pipeline.simulate", "--world", "demo"]
    command += ["--raw", "raw", "--truth", "truth.parquet"]
    return subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_stage_writes_archives_and_truth_apart(tmp_path):
    done = run(tmp_path, params())

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 29
    for table in ("users_csv_hashed", "tweets_csv_hashed", "actions"):
        assert len(list((tmp_path / "raw").glob(f"*_{table}.csv"))) == 29
    assert pl.read_parquet(tmp_path / "truth.parquet").height > 200


def test_a_world_that_is_not_the_calibrated_one_says_so(tmp_path):
    done = run(tmp_path, params(quirky_share=0.1))

    assert done.returncode == 0, done.stderr
    assert "not the calibrated" in done.stdout
    assert "not the calibrated" not in run(tmp_path, params(seed=9)).stdout


def test_wrong_parameter_is_named_and_nothing_is_written(tmp_path):
    done = run(tmp_path, params(scale=19.0))

    assert done.returncode == 1
    assert "simulate.scale" in done.stderr
    assert not (tmp_path / "raw").exists()
