"""Train: boosters of every training set, and their scores of accounts they never saw."""

from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import lightgbm as lgb
import polars as pl
from pydantic import Field, field_validator, model_validator

from features.catalogue import FEATURES
from features.feature import Family
from models.baselines import (
    BASELINES,
    Moments,
    baseline_scores,
    last_release,
    measurable,
)
from models.matrix import to_matrix
from models.nested import (
    PREDICTIONS,
    Data,
    final_members,
    score_fold,
    train_sets,
)
from models.training import Recipe, TreeChoice
from models.training_sets import training_sets
from pipeline.featurize import FITTED
from pipeline.files import atomic_directory, write_json, write_parquet
from pipeline.gaps import as_seen
from pipeline.section import Section, load_section
from pipeline.stage import run_stage, say, stage_parser, world_lock


class TrainParams(Section):
    """Section `train` of params.yaml."""

    seed: Annotated[int, Field(ge=0)]
    rounds: Annotated[int, Field(ge=10, le=5_000)]
    tree_step: Annotated[int, Field(ge=1)]
    least_trees: Annotated[int, Field(ge=1)]
    unit_power: Annotated[float, Field(ge=0, le=1)]
    family_dropout: Annotated[float, Field(ge=0, lt=1)]
    monotone: bool
    directed: list[Family]
    turn_margin: Annotated[float, Field(ge=0, le=0.5)]
    unread: list[str]
    spared_controls: Annotated[float, Field(ge=0, le=0.5)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    num_leaves: Annotated[int, Field(ge=2, le=255)]
    max_depth: Annotated[int, Field(ge=1, le=16)]
    min_data_in_leaf: Annotated[int, Field(ge=1)]
    feature_fraction: Annotated[float, Field(gt=0, le=1)]
    lambda_l2: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _least_is_within_rounds(self) -> "TrainParams":
        if self.least_trees > self.rounds:
            raise ValueError("least_trees must not exceed rounds")
        return self

    @field_validator("unread")
    @classmethod
    def _are_features(cls, unread: list[str]) -> list[str]:
        if unknown := sorted(set(unread) - {f.name for f in FEATURES}):
            raise ValueError(f"no such feature: {', '.join(unknown)}")
        return unread

    def recipe(self) -> Recipe:
        """The same values as the models room takes them."""
        own = {field.name for field in fields(Recipe)} - {"booster"}
        return Recipe(
            booster=self.model_dump(exclude=own | {"tree_step", "least_trees"}),
            **self.model_dump(include=own),
        )

    def tree_choice(self) -> TreeChoice:
        """Where the best number of trees is looked for."""
        return TreeChoice(self.tree_step, self.least_trees)


def load_data(features: Path, labels: pl.DataFrame, *, seen: bool = False) -> Data:
    """Labelled accounts with their features, sorted by account_id.

    Args:
        features: written by featurize.
        labels: of the accounts.
        seen: with the values that were taken from one class to make both miss as many.
    """
    labels = labels.sort("account_id")
    whole, fitted = (
        pl.read_parquet(features / f"{name}.parquet") for name in ("features", "fitted")
    )
    if seen:
        whole = as_seen(whole, pl.read_parquet(features / "taken.parquet"))
        fitted = as_seen(fitted, pl.read_parquet(features / "fitted_taken.parquet"))
    static = labels.select("account_id").join(
        whole, on="account_id", how="left", maintain_order="left"
    )

    def values(key: str) -> pl.DataFrame:
        rows = fitted.filter(pl.col("training_set") == key)
        return static.join(
            rows.select("account_id", *(f.name for f in FITTED)),
            on="account_id",
            how="left",
            maintain_order="left",
        )

    return Data(
        labels["account_id"].to_list(),
        labels["label"].to_numpy(),
        labels["block"].to_numpy().astype(str),
        labels["strength"].to_numpy(),
        values,
    )


# Baseline -> fold -> why it was not trained there.
NotApplicable = dict[str, dict[str, str]]


def score_baselines(
    data: Data, disclosed: Moments, folds: pl.DataFrame, seed: int
) -> tuple[pl.DataFrame, NotApplicable]:
    """Scores of the trivial baselines on the test side of every loco fold.

    Columns of PREDICTIONS, and `anchor`: the share of positives trained on.

    Args:
        data: accounts with their features.
        disclosed: when the takedown of each of them was, NaT where not known.
        folds: those of split.
        seed: of the baselines.
    """
    parts = []
    left_out: NotApplicable = {name: {} for name in BASELINES}
    for (fold,), members in folds.filter(pl.col("protocol") == "loco").group_by(
        ["fold"], maintain_order=True
    ):
        values = data.values(f"loco-without-{fold}")
        sides = {
            side: data.rows(
                members.filter(pl.col("side") == side)["account_id"].to_list()
            )
            for side in ("train", "test")
        }
        for name, baseline in BASELINES.items():
            rows, n = sides["train"], len(sides["test"])
            if baseline.last_only:
                last = last_release(
                    disclosed[rows], data.labels[rows], data.blocks[rows]
                )
                if last is None:
                    left_out[name][str(fold)] = (
                        "no takedown trained on has a date, or the last has no controls"
                    )
                    continue
                rows = rows[last]
            matrix = to_matrix(values, baseline.columns)
            train, test = matrix[rows], matrix[sides["test"]]
            if not measurable(name, train, test):
                left_out[name][str(fold)] = "its columns are not known on both sides"
                continue
            scores, anchor = baseline_scores(name, train, data.labels[rows], test, seed)
            parts.append(
                pl.DataFrame(
                    {
                        "model": [name] * n,
                        "protocol": ["loco"] * n,
                        "fold": [str(fold)] * n,
                        "part": ["test"] * n,
                        "unit": [None] * n,
                        "account_id": [data.ids[row] for row in sides["test"]],
                        "raw_score": scores,
                    },
                    schema=PREDICTIONS,
                ).with_columns(pl.lit(anchor).alias("anchor"))
            )
    return pl.concat(parts), {
        name: dict(sorted(f.items())) for name, f in left_out.items()
    }


def train(
    features: Path, labels: Path, folds_path: Path, params: TrainParams, out: Path
) -> None:
    """Write boosters/<training set>.txt, predictions.parquet and three JSON files.

    trees.json: trees of each fold; left_out.json: features that a booster does not read;
    not_applicable.json: folds in which a baseline was not trained, and why.
    """
    folds = pl.read_parquet(folds_path / "folds.parquet")
    known = pl.read_parquet(labels).sort("account_id")
    data = load_data(features, known)
    sets = training_sets(folds)
    with atomic_directory(out) as working:
        boosters = working / "boosters"
        boosters.mkdir()
        unread: dict[str, list[str]] = {}
        for done, one in enumerate(train_sets(data, sets, params.recipe()), start=1):
            (boosters / f"{one.key}.txt").write_text(one.booster.model_to_string())
            unread[one.key] = one.left_out
            say(f"booster {done} of {len(sets)}: {one.key}")

        @cache
        def load(key: str) -> lgb.Booster:
            return lgb.Booster(model_file=boosters / f"{key}.txt")

        trees: dict[str, Any] = {}
        parts = []
        jobs: list[tuple[str, str | None, pl.DataFrame]] = [
            ("loco", None, final_members(data, folds))
        ]
        for (protocol, fold), members in folds.group_by(
            ["protocol", "fold"], maintain_order=True
        ):
            jobs.append((str(protocol), str(fold), members))
        for protocol, name, members in jobs:
            scored = score_fold(
                data,
                load,
                protocol,
                name,
                members,
                params.tree_choice(),
            )
            trees[f"{protocol}/{name or 'all'}"] = scored.trees
            parts.append(scored.rows)
        baselines, not_applicable = score_baselines(
            data, known["disclosed_at"].to_numpy(), folds, params.seed
        )
        predictions = pl.concat([*parts, baselines], how="diagonal")
        order = ["model", "protocol", "fold", "part", "unit", "account_id"]
        write_parquet(predictions, working / "predictions.parquet", order)
        write_json(trees, working / "trees.json")
        write_json(unread, working / "left_out.json")
        write_json(not_applicable, working / "not_applicable.json")
        say(f"trees chosen for the final model: {trees['loco/all']}")
        say(f"features left out of the final model: {len(unread['all'])}")


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument("--features", type=Path, required=True, help="of featurize")
    parser.add_argument("--labels", type=Path, required=True, help="labels.parquet")
    parser.add_argument("--folds", type=Path, required=True, help="folds of split")
    parser.add_argument("--out", type=Path, required=True, help="directory to write")
    args = parser.parse_args()
    params = load_section(args.params, "train", TrainParams)
    with world_lock(args.world):
        train(args.features, args.labels, args.folds, params, args.out)


if __name__ == "__main__":
    run_stage(main)
