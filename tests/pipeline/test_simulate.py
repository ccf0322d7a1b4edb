"""The stage: its command line, and that it leaves all or nothing."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import yaml

ROOT = Path(__file__).parents[2]


def params(scale: float) -> dict[str, object]:
    window = {
        "starts_at": "2019-05-01T00:00:00Z",
        "ends_at": "2021-05-01T00:00:00Z",
        "languages": {"en": 1.0},
    }
    operators = ("harbour", "atelier", "carousel", "bureau")
    return {
        "simulate": {
            "seed": 3,
            "scale": scale,
            "sizes": {
                "core": 75,
                "amplifiers_per_core": 6.3,
                "personas": 350,
                "ring": 400,
                "bureau_trade": 280,
                "bureau_politics": 260,
                "ordinary_each": 920,
                "lookalikes_each": 130,
            },
            "volume": {"median": 10, "sigma": 1.0, "cap": 50},
            "quirky_share": 0.4,
            "operators": {name: {**window, "separability": 1.0} for name in operators},
            "lookalikes": window,
        }
    }


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
    done = run(tmp_path, params(0.03))

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 11
    assert len(list((tmp_path / "raw").glob("*_users_csv_hashed.csv"))) == 11
    assert len(list((tmp_path / "raw").glob("*_tweets_csv_hashed.csv"))) == 11
    assert pl.read_parquet(tmp_path / "truth.parquet").height > 200


def test_wrong_parameter_is_named_and_nothing_is_written(tmp_path):
    done = run(tmp_path, params(9.0))

    assert done.returncode == 1
    assert "simulate.scale" in done.stderr
    assert not (tmp_path / "raw").exists()
