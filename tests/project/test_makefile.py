import os
import re
import subprocess
from pathlib import Path

import pytest

PINNED = {
    "BENTOML_DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK": "true",
    "MLFLOW_LOG_UV_FILES": "false",
    "MLFLOW_UV_AUTO_DETECT": "false",
}


def make(folder: Path, *arguments: str, **variables: str) -> str:
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**os.environ, "MAKEFLAGS": "", **variables},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def unlisted(folder: Path) -> set[str]:
    """Phony targets that `make help` does not show."""
    text = (folder / "Makefile").read_text()
    phony = " ".join(re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)).split()
    shown = re.findall(r"^  make ([a-z-]+) ", make(folder, "help"), re.MULTILINE)
    return set(phony) - set(shown)


def test_help_lists_every_target(root: Path) -> None:
    assert unlisted(root) == set()


def test_a_target_without_a_line_of_help_is_found(root: Path, tmp_path: Path) -> None:
    text = (root / "Makefile").read_text()
    (tmp_path / "Makefile").write_text(f"{text}\n.PHONY: extra\nextra:\n\ttrue\n")

    assert unlisted(tmp_path) == {"extra"}


@pytest.mark.parametrize(
    ("given", "threads"), [({}, None), ({"OMP_NUM_THREADS": "3"}, "3")]
)
def test_commands_run_in_the_agreed_environment(
    given: dict[str, str], threads: str | None, root: Path, tmp_path: Path
) -> None:
    text = (root / "Makefile").read_text()
    (tmp_path / "Makefile").write_text(f"{text}\nshow:\n\t@env\n")
    cleared = dict.fromkeys(("BENTOML_DO_NOT_TRACK", "DO_NOT_TRACK"), "1")

    shown = make(tmp_path, "show", **cleared, **given)

    environment = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    assert {name: environment[name] for name in PINNED} == PINNED
    assert environment["OMP_NUM_THREADS"] == (threads or environment["OMP_NUM_THREADS"])
    assert int(environment["POLARS_MAX_THREADS"]) >= 1
    assert environment["PATH"].startswith(f"{tmp_path.resolve()}/.venv/bin:")
    assert "PYTHONPATH" not in environment


def test_the_report_has_beside_it_what_there_is(root: Path, tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock"):
        (tmp_path / name).write_text((root / name).read_text())

    def said(target: str) -> str:
        lines = make(tmp_path, "--dry-run", target).replace("\\\n", " ").splitlines()
        return next(line for line in lines if "pipeline.report_page" in line)

    assert "--against" not in said("report")
    assert "--ledger" not in said("report")
    for path in (
        "artifacts/demo/champion/metrics.json",
        "artifacts/forecasts/ledger.jsonl",
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
    assert '--against "artifacts/demo/champion/metrics.json"' in said("report")
    assert "--ledger artifacts/forecasts" in said("report")
    # A ledger that somebody changed is an alarm, and no reason to train nothing.
    assert '--against "artifacts/demo/champion/metrics.json"' in said("repro")
    assert "--ledger" not in said("repro")
    # The champion before: the page is made first.
    lines = make(tmp_path, "--dry-run", "repro")
    assert lines.index("pipeline.report_page") < lines.index("pipeline.promote")
