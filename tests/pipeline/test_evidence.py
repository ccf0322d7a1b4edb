import re
from pathlib import Path
from typing import Any

import optuna
import pytest

from features.catalogue import FEATURES
from features.errors import InputError
from features.feature import FAMILIES
from pipeline.evidence import OF_TRUTH, PROOFS, evidence
from pipeline.files import read_json
from pipeline.params import Params
from pipeline.proofs.pages import Job
from pipeline.proofs.selection import RULES
from pipeline.proofs.tongues import BLIND
from pipeline.stored_world import load_world
from tests.pipeline.conftest import TinyWorld


@pytest.fixture
def job(
    tiny_world: TinyWorld,
    tiny_params: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Job:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "demo").symlink_to(tiny_world.folder)
    monkeypatch.chdir(tmp_path)
    few = {
        "model_seeds": 2,
        "world_seeds": 1,
        "nested_trials": 2,
        "planted_worlds": 1,
        "deals": 2,
    }
    asked = tiny_params | {
        "evidence": tiny_params["evidence"] | few,
        "tune": tiny_params["tune"] | {"startup": 1},
    }
    return Job("demo", Params.model_validate(asked))


def cells(path: Path) -> list[list[str]]:
    """Rows of the table in a Markdown file, its head first."""
    lines = [line for line in path.read_text().splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [rows[0], *rows[2:]]


def test_proofs_are_written_and_shown(
    job: Job, tiny_world: TinyWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path("evidence")

    evidence(job, ["model-seeds", "nested-search"], out)

    seeds = cells(out / "model-seeds.md")
    auc = next(row for row in seeds if row[0] == "auc, mean")
    assert seeds[0] == ["figure", "7", "8", "sd", "least", "most"]
    assert auc[1] == f"{tiny_world.metrics['loco']['auc']['mean']:.3f}"
    assert len({len(row) for row in seeds}) == 1
    nested = cells(out / "nested-search.md")
    operators = tiny_world.table("labelled/labels")["operator"].drop_nulls()
    assert [row[0] for row in nested[1:]] == sorted(set(operators))
    # What a search of all operators chose would know the one that is left out.
    storage = "sqlite:///artifacts/demo/tuning/studies.db"
    for study in optuna.get_all_study_summaries(storage):
        first = optuna.load_study(study_name=study.study_name, storage=storage).trials[
            0
        ]
        assert first.params == job.asked.nested_start
    shown = capsys.readouterr().out
    for path in out.iterdir():
        for line in path.read_text().splitlines():
            assert f"  {line}\n" in shown


@pytest.mark.parametrize("name", sorted(OF_TRUTH))
def test_a_world_without_truth_is_refused_and_nothing_written(
    name: str, tiny_params: dict[str, Any], tmp_path: Path
) -> None:
    job = Job("public_without_data", Params.model_validate(tiny_params))

    with pytest.raises(InputError, match=f"no truth.parquet, .*{name}"):
        evidence(job, ["model-seeds", name], tmp_path / "evidence")

    assert not (tmp_path / "evidence").exists()


def test_a_world_that_was_never_made_is_named_with_the_remedy(
    tiny_params: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job = Job("public_without_data", Params.model_validate(tiny_params))

    with pytest.raises(InputError, match=r"folds.parquet: no such file; `make repro`"):
        evidence(job, ["leads"], tmp_path / "evidence")

    assert not (tmp_path / "evidence").exists()


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("oracle", 14),
        ("true-drivers", 16),
        ("evidence-states", 6),
        ("roles", 15),
        ("leads", 7),
        ("robustness", 12),
        pytest.param("family-ablation", 13, marks=pytest.mark.slow),
        pytest.param("direction-rule", 9, marks=pytest.mark.slow),
    ],
)
def test_proofs_on_a_stored_world_are_written(name: str, rows: int, job: Job) -> None:
    evidence(job, [name], Path("evidence"))

    table = cells(Path("evidence") / f"{name}.md")
    assert len(table) == 1 + rows
    assert len({len(row) for row in table}) == 1


def test_languages_are_told_way_by_way(job: Job) -> None:
    evidence(job, ["languages"], Path("evidence"))

    lines = (Path("evidence") / "languages.md").read_text().splitlines()
    ways = [
        line for line in lines if line.startswith(("| as trained |", "| no feature"))
    ]
    assert len(ways) == len(BLIND)
    assert any("| language |" in line for line in lines)


def test_every_feature_is_ranked_and_stands_in_a_file_beside(job: Job) -> None:
    evidence(job, ["feature-ranking"], Path("evidence"))

    lines = (Path("evidence") / "feature-ranking.md").read_text().splitlines()
    ranked = [line for line in lines if re.match(r"\| \d+ \|", line)]
    found = read_json(job.out / "feature-ranking.json")
    names = [row["name"] for row in found["features"]]
    assert sorted(names) == sorted(feature.name for feature in FEATURES)
    assert [row.split("|")[2].strip() for row in ranked] == names
    assert len({row.count("|") for row in ranked}) == 1
    assert {row["name"] for row in found["families"]} <= set(FAMILIES)
    assert set(found["features"][0]["lost"]) == set(found["figures"])


@pytest.mark.slow
def test_smaller_sets_are_judged_operator_by_operator(job: Job) -> None:
    evidence(job, ["feature-selection"], Path("evidence"))

    table = cells(Path("evidence") / "feature-selection.md")
    operators = load_world(job.folder).headline
    assert [row[0] for row in table[1:6]] == ["all", *RULES]
    assert [row[0] for row in table[-len(operators) :]] == operators


@pytest.mark.slow
@pytest.mark.parametrize("name", ["world-seeds", "hidden-at-random", "hidden-role"])
def test_proofs_on_simulated_worlds_are_written(name: str, job: Job) -> None:
    evidence(job, [name], Path("evidence"))

    table = cells(Path("evidence") / f"{name}.md")
    assert name in PROOFS
    assert len(table) > 1
    assert len({len(row) for row in table}) == 1
