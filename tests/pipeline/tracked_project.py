"""A folder in which models are tracked, promoted and laid out, with a store of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from mlflow import MlflowClient

from models.evaluation import Rules
from models.gates import CODES
from pipeline.champion import export
from pipeline.files import write_json
from pipeline.promote import promote, undo
from pipeline.run_record import Outputs, read_record
from pipeline.tracking.registry import registry
from pipeline.tracking.runs import track

MODEL = "telltale-demo"
RULES = Rules(draws=500, confidence=0.95, seed=1, least_positives=1)
OPERATORS = ("north", "south", "east", "west")
Figures = dict[str, float | None]


def gate(**overrides: Any) -> dict[str, Any]:
    passed = {"code": "lead", "status": "passed", "value": 0.1, "limit": "above 0"}
    return {**passed, "reason": None, **overrides}


def outcomes(*own: dict[str, Any]) -> list[dict[str, Any]]:
    """Every gate that a model is asked to pass, passed but for those given."""
    told = {one["code"] for one in own}
    return [*(gate(code=code) for code in CODES if code not in told), *own]


def make_metrics(
    campaigns: Mapping[str, float | None], **gate_overrides: Any
) -> dict[str, Any]:
    """Metrics of campaigns `<operator>` or `<operator>-<part>`."""
    rows = {
        name: {
            "n_pos": 50,
            "n_neg": 100,
            "fold": name.partition("-")[0],
            "in_headline": not name.endswith("-aside"),
            "average_precision": figure,
        }
        for name, figure in campaigns.items()
    }
    mean = {"mean": 0.7, "worst": 0.6, "ci_low": 0.5, "ci_high": 0.8}
    return {
        "loco": {"average_precision": mean, "campaigns": rows},
        "gates": outcomes(gate(**gate_overrides)),
    }


def everywhere(figure: float) -> Figures:
    """The same figure for one campaign of each operator, a little apart."""
    return {name: figure + 0.01 * place for place, name in enumerate(OPERATORS)}


class Project:
    """A folder in which models are tracked, promoted and laid out."""

    def __init__(self, folder: Path, root: Path, uri: str) -> None:
        self.folder, self.root, self.uri = folder, root, uri
        self.client = MlflowClient(uri)
        self.target = folder / "artifacts" / "demo" / "champion"

    def track(
        self, seed: int, campaigns: Mapping[str, float | None], **gate_overrides: Any
    ) -> None:
        """A model of this seed with these figures, and one gate."""
        self.track_metrics(seed, make_metrics(campaigns, **gate_overrides))

    def track_metrics(self, seed: int, metrics: dict[str, Any]) -> None:
        """A model of this seed with these metrics."""
        rows = np.random.default_rng(seed).normal(size=(100, 2))
        booster = lightgbm.train(
            {"objective": "binary", "verbose": -1, "num_leaves": 3},
            lightgbm.Dataset(rows, label=(rows[:, 0] > 0).astype(int)),
            2,
        )
        bundle = self.folder / "bundle"
        bundle.mkdir(exist_ok=True)
        booster.save_model(bundle / "booster.txt")
        described = {"feature_names": ["a", "b"], "world": "demo", "fingerprint": "f0"}
        write_json(described, bundle / "bundle.json")
        write_json({"slope": 1.0}, bundle / "calibrator.json")
        write_json({}, bundle / "artefacts.json")
        (self.folder / "plots").mkdir(exist_ok=True)
        (self.folder / "plots" / "roc.csv").write_text("campaign,fpr,tpr\n")
        (self.folder / "model_card.md").write_text(f"# Model {seed}\n")
        write_json(metrics, self.folder / "metrics.json")
        (self.folder / "params.yaml").write_text("worlds: [demo]\n")
        write_json({"campaigns": {}}, self.folder / "report.json")
        (self.folder / "report.html").write_text("<!DOCTYPE html>\n")
        outputs = Outputs(
            metrics=self.folder / "metrics.json",
            bundle=bundle,
            plots=self.folder / "plots",
            card=self.folder / "model_card.md",
            details=self.folder / "report.json",
            report=self.folder / "report.html",
            lock=self.folder / "dvc.lock",
            data=(),
        )
        lock = self.root / "serving" / "requirements.lock"
        track(read_record("demo", outputs, self.folder / "params.yaml", lock), self.uri)

    def promote(self, forced: str | None = None) -> None:
        with registry("demo", self.uri) as models:
            promote(models, RULES, 0.02, forced)

    def undo(self) -> None:
        with registry("demo", self.uri) as models:
            undo(models)

    def export(self) -> None:
        with registry("demo", self.uri) as models:
            export(models, self.target)

    def alias(self, name: str) -> str | None:
        found = self.client.search_registered_models(f"name = '{MODEL}'")
        number = found[0].aliases.get(name) if found else None
        return None if number is None else str(number)

    def champion(self) -> str | None:
        return self.alias("champion")

    def tags(self, number: str) -> dict[str, str]:
        return dict(self.client.get_model_version(MODEL, number).tags)

    def stored(self, number: str, name: str) -> Path:
        run = self.client.get_run(
            str(self.client.get_model_version(MODEL, number).run_id)
        )
        return Path(str(run.info.artifact_uri).removeprefix("file://")) / name
