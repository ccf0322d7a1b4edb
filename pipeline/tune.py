"""Tune: search the parameters of train on operators left out; write them and their evidence.

The outcome goes into params.yaml, so that no later run needs the search. It can be
killed at any moment and goes on where it was; finished, it answers at once.
"""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from models.tuning import Judgement, judge
from pipeline.errors import ParamsError
from pipeline.files import atomic_file
from pipeline.params_writer import write_values
from pipeline.search import Trial, Values, choose, search
from pipeline.search_params import TuneParams
from pipeline.section import load_section, validate
from pipeline.stage import run_stage, say, stage_parser, world_lock
from pipeline.stored_world import StoredWorld, load_world
from pipeline.tracking.searches import SearchLog, search_log
from pipeline.tracking.store import tracking_uri
from pipeline.train import TrainParams
from pipeline.tuning_report import evidence


def tune(
    world: StoredWorld,
    fold: str | None,
    start: TrainParams,
    params: TuneParams,
    database: Path,
    finished: Callable[[list[Trial]], None],
) -> list[Trial]:
    """Trials of the search on the training side of a loco fold.

    Args:
        world: stored features and folds.
        fold: whose operator is not looked at; null for the final model.
        start: parameters of trial 0; those that are not searched hold in all.
        params: seed, number of trials, space.
        database: sqlite file of studies.
        finished: told all trials after each one.

    Raises:
        ParamsError: the space holds a value that `train` may not have, or leaves out
            one of the start.
    """
    for key, values in params.space.items():
        for end in (values.low, values.high):
            _check_end(start, key, end)
        if not values.low <= getattr(start, key) <= values.high:
            raise ParamsError(
                f"params.yaml, tune.space.{key}: {values.low:g} to {values.high:g} "
                f"leaves out train.{key}, {getattr(start, key):g}, from which the "
                "search starts; widen the one or change the other"
            )
    members = world.members(fold)
    headline = [operator for operator in world.headline if operator != fold]

    def worth(values: Values) -> Judgement:
        tried = with_values(start, values)
        return judge(
            world.data,
            world.sets,
            fold,
            members,
            tried.recipe(),
            tried.tree_choice(),
            headline,
        )

    return search(
        database,
        study_name(world, fold, start, params),
        params.space,
        {key: getattr(start, key) for key in params.space},
        params.seed,
        params.startup,
        params.trials,
        worth,
        finished,
    )


def _check_end(start: TrainParams, key: str, end: float | int) -> None:
    try:
        with_values(start, {key: end})
    except ValidationError as error:
        raise ParamsError(
            f"params.yaml, tune.space.{key}: {end} is nothing that train.{key} may be "
            f"({error.errors()[0]['msg']})"
        ) from None


def with_values(start: TrainParams, values: Values) -> TrainParams:
    """Parameters with those of a trial in place of their own."""
    return TrainParams(**{**start.model_dump(), **values})


def study_name(
    world: StoredWorld, fold: str | None, start: TrainParams, params: TuneParams
) -> str:
    """Name that changes with all that a trial depends on.

    Of a search of all operators what is searched is left out, since its own outcome must
    not start it anew; and of any the number of trials, since more may be added.
    """
    fixed = start.model_dump(exclude=None if fold else set(params.space))
    rules = params.model_dump(include={"seed", "startup", "space"})
    text = json.dumps([world.digest, fold, fixed, rules], sort_keys=True)
    return f"{fold or 'all'}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def progress(trials: int, log: SearchLog) -> Callable[[list[Trial]], None]:
    """Tells a person of each trial, and writes it into the tracking store."""
    started = time.monotonic()
    before: list[int] = []

    def finished(done: list[Trial]) -> None:
        for trial in done[-1:] if before else done:
            log.add(
                trial.number,
                {key: str(value) for key, value in trial.values.items()},
                _figures(trial.judgement),
            )
        before.append(len(done))
        if not done:
            return
        last = done[-1]
        best = max(done, key=lambda trial: trial.judgement.value)
        spent = time.monotonic() - started
        made = len(done) - before[0]
        left = f", {spent / made * (trials - len(done)):.0f} s left" if made else ""
        say(
            f"trial {len(done)} of {trials}: value {last.judgement.value:.4f}, "
            f"{last.judgement.trees} trees, cost {last.judgement.cost:,.0f}; "
            f"best {best.judgement.value:.4f}{left}"
        )

    return finished


def _figures(judged: Judgement) -> dict[str, float]:
    operators = {f"ap.{name}": value for name, value in judged.by_operator.items()}
    return {
        "value": judged.value,
        "cost": judged.cost,
        "trees": judged.trees,
        **operators,
    }


def main() -> None:
    """Run the command."""
    parser = stage_parser(__doc__)
    parser.add_argument("--trials", type=int, help="instead of tune.trials")
    parser.add_argument(
        "--evidence", type=Path, default=Path("docs/tuning.md"), help="file to write"
    )
    parser.add_argument(
        "--keep", action="store_true", help="write neither params.yaml nor evidence"
    )
    args = parser.parse_args()
    params = load_section(args.params, "tune", TuneParams)
    if args.trials is not None:
        asked = {**params.model_dump(), "trials": args.trials}
        params = validate(Path("--trials"), "tune", asked, TuneParams)
    start = load_section(args.params, "train", TrainParams)
    database = Path("artifacts") / args.world / "tuning" / "studies.db"
    with world_lock(args.world):
        world = load_world(Path("data") / args.world)
        name = study_name(world, None, start, params)
        with search_log(args.world, tracking_uri(Path.cwd()), name) as log:
            told = progress(params.trials, log)
            trials = tune(world, None, start, params, database, told)
            chosen = choose(trials, params.tolerance)
            log.finish({"chosen_trial": str(chosen.number)})
    text = evidence(args.world, trials, chosen, params)
    for line in text.splitlines():
        if line.startswith("|"):
            say(line)
    if args.keep:
        say("nothing written: --keep")
        return
    write_values(args.params, "train", chosen.values)
    with atomic_file(args.evidence) as working:
        working.write_text(text, encoding="utf-8")
    say(f"{args.params} and {args.evidence} written; `make repro` trains with them")


if __name__ == "__main__":
    run_stage(main)
