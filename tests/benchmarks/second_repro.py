"""`dvc repro` that finds nothing to do, against a pipeline of as many empty stages."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import yaml

from tests.benchmarks.row import Row, against, seconds

# DVC asks nobody, as in the Makefile.
_QUIET: Final = {**os.environ, "DVC_NO_ANALYTICS": "1"}


def second_repro() -> list[Row]:
    """A second `dvc repro` of this checkout, whose first one has to be over."""
    stages = yaml.safe_load(Path("dvc.lock").read_text(encoding="utf-8"))["stages"]
    status = _dvc("status", "-q", folder=Path(), check=False)
    if status != 0:
        sys.exit("error: this checkout is not up to date; run `make repro` first")
    with tempfile.TemporaryDirectory() as made:
        empty = Path(made)
        subprocess.run(["git", "init", "-q"], cwd=empty, check=True)
        _dvc("init", "-q", folder=empty)
        names = [f"stage_{number}" for number in range(len(stages))]
        declared = {each: {"cmd": f"echo > {each}", "outs": [each]} for each in names}
        (empty / "dvc.yaml").write_text(
            yaml.safe_dump({"stages": declared}), encoding="utf-8"
        )
        baseline = seconds(lambda: _dvc("repro", "-q", folder=empty))
    return [
        against(
            "second_repro",
            f"dvc repro that runs none of {len(stages)} stages",
            seconds(lambda: _dvc("repro", "-q", folder=Path())),
            "s",
            f"{len(stages)} stages without dependencies",
            baseline,
            most=3.0,
        )
    ]


def _dvc(*command: str, folder: Path, check: bool = True) -> int:
    return subprocess.run(
        [sys.executable, "-m", "dvc", *command], cwd=folder, env=_QUIET, check=check
    ).returncode
