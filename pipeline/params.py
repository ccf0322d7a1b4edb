"""params.yaml as a whole: every section with its type; checked before anything runs."""

import argparse
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from pipeline.calibrate import CalibrateParams
from pipeline.evaluate import EvaluateParams
from pipeline.evidence_params import EvidenceParams
from pipeline.featurize import FeaturizeParams
from pipeline.ingest import IngestParams
from pipeline.label import LabelParams
from pipeline.search_params import TuneParams
from pipeline.section import Section, read_params, validate
from pipeline.sources.source import Name, Source
from pipeline.split import SplitParams
from pipeline.stage import run_stage
from pipeline.train import TrainParams
from pipeline.world.settings import SimulateParams


class Params(Section):
    """All of params.yaml."""

    worlds: Annotated[list[Name], Field(min_length=1)]
    simulate: SimulateParams
    ingest: IngestParams
    sources: dict[Name, Annotated[list[Source], Field(min_length=1)]]
    label: LabelParams
    split: SplitParams
    featurize: FeaturizeParams
    train: TrainParams
    tune: TuneParams
    calibrate: CalibrateParams
    evaluate: EvaluateParams
    evidence: EvidenceParams

    @model_validator(mode="after")
    def _worlds_have_sources(self) -> "Params":
        for world in self.worlds:
            if world not in self.sources:
                known = ", ".join(sorted(self.sources))
                raise ValueError(f"world {world} has no sources; known: {known}")
        return self

    @model_validator(mode="after")
    def _gates_name_worlds(self) -> "Params":
        # Under a name misspelt, stricter limits would be left out without a word.
        if unknown := sorted(set(self.evaluate.gates.only_in) - set(self.sources)):
            raise ValueError(
                f"evaluate.gates.only_in: no world {', '.join(unknown)} in sources; "
                f"known: {', '.join(sorted(self.sources))}"
            )
        return self

    @model_validator(mode="after")
    def _labels_name_sources(self) -> "Params":
        known = {source.name for listed in self.sources.values() for source in listed}
        for key in ("id_spaces", "counts_at"):
            if unknown := sorted(set(getattr(self.label, key)) - known):
                raise ValueError(f"label.{key}: no source {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _nested_search_learns(self) -> "Params":
        trials, startup = self.evidence.nested_trials, self.tune.startup
        if trials <= startup:
            raise ValueError(
                f"evidence.nested_trials: {trials} must be more than tune.startup "
                f"({startup}), which are drawn at random: nothing would be learnt"
            )
        start = self.evidence.nested_start
        if odd := sorted(set(start) ^ set(self.tune.space)):
            raise ValueError(
                "evidence.nested_start must name the parameters of tune.space and no "
                f"other; see {', '.join(odd)}"
            )
        for name, each in self.tune.space.items():
            if not each.low <= start[name] <= each.high:
                raise ValueError(
                    f"evidence.nested_start.{name}: {start[name]} is not within "
                    f"tune.space.{name}, {each.low} to {each.high}"
                )
        TrainParams(**{**self.train.model_dump(), **start})
        return self


def load_params(path: Path) -> Params:
    """The whole parameter file.

    Raises:
        ParamsError: naming the key, the value and what is allowed.
    """
    return validate(path, "", read_params(path), Params)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--params", type=Path, default=Path("params.yaml"), help="parameter file"
    )
    args = parser.parse_args()
    params = load_params(args.params)
    print(f"{args.params}: valid; worlds: {', '.join(params.worlds)}")


if __name__ == "__main__":
    run_stage(main)
