"""A search over parameters that a kill does not change: a seeded study in a database.

The sampler is made anew for every trial from the seed and the number of finished ones,
and what a killed process left unfinished does not count: so a search that was resumed
proposes what an undisturbed one would have proposed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy.exc import DatabaseError

from features.errors import InputError
from models.tuning import Judgement
from pipeline.search_params import Range

Values = dict[str, float | int]


@dataclass(frozen=True)
class Trial:
    """A finished trial.

    number: from 0, the parameters that the search started from.
    """

    number: int
    values: Values
    judgement: Judgement


def search(
    database: Path,
    name: str,
    space: Mapping[str, Range],
    start: Values,
    seed: int,
    startup: int,
    trials: int,
    judge: Callable[[Values], Judgement],
    finished: Callable[[list[Trial]], None],
) -> list[Trial]:
    """Every trial of the study, once there are `trials` of them.

    Args:
        database: sqlite file of the study, made if missing.
        name: of the study; names what the trials depend on, because trials that are
            there already are taken as they are.
        space: what is searched.
        start: values of trial 0, within the space.
        seed: of the proposals.
        startup: trials drawn at random before the sampler learns from them.
        trials: number wanted, those found in the study included.
        judge: worth of proposed values.
        finished: told all trials after each one, and once at the start.

    Raises:
        InputError: the file is no database of studies.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = _storage(database)
    try:
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            # Value up, cost of an explanation down.
            directions=["maximize", "minimize"],
            load_if_exists=True,
        )
        for left in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(left.number, state=TrialState.FAIL)
        distributions = {key: _distribution(space[key]) for key in sorted(space)}
        done = _finished(study)
        finished(done)
        while len(done) < trials:
            if not done:
                _add_start(study, start, distributions, judge(start))
            else:
                _run_trial(study, distributions, seed, startup, len(done), judge)
            done = _finished(study)
            finished(done)
        return done[:trials]
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _storage(database: Path) -> optuna.storages.RDBStorage:
    """The studies of a database, made if missing.

    Raises:
        InputError: the file is no database of studies.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        return optuna.storages.RDBStorage(f"sqlite:///{database.resolve()}")
    except (DatabaseError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InputError(
            f"{database}: no database of searches that can be read ({reason}); bring the "
            "original back, or remove it to search anew"
        ) from None


def _distribution(values: Range) -> BaseDistribution:
    if isinstance(values.low, int) and isinstance(values.high, int):
        return IntDistribution(values.low, values.high, log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)


def _add_start(
    study: optuna.Study,
    start: Values,
    distributions: dict[str, BaseDistribution],
    judged: Judgement,
) -> None:
    study.add_trial(
        create_trial(
            params=dict(start),
            distributions=distributions,
            values=[judged.value, judged.cost],
            user_attrs=_noted(start, judged),
        )
    )


def _run_trial(
    study: optuna.Study,
    distributions: dict[str, BaseDistribution],
    seed: int,
    startup: int,
    done: int,
    judge: Callable[[Values], Judgement],
) -> None:
    study.sampler = optuna.samplers.TPESampler(
        seed=seed * 100_003 + done, n_startup_trials=startup
    )
    trial = study.ask(distributions)
    values = {key: _short(value) for key, value in trial.params.items()}
    judged = judge(values)
    for key, value in _noted(values, judged).items():
        trial.set_user_attr(key, value)
    study.tell(trial, [judged.value, judged.cost])


def _short(value: float) -> float | int:
    """Three digits: what is written into a file is what was judged."""
    return value if isinstance(value, int) else float(f"{value:.3g}")


def _noted(values: Values, judged: Judgement) -> dict[str, Any]:
    return {
        "values": values,
        "by_operator": judged.by_operator,
        "trees": judged.trees,
        "cost": judged.cost,
    }


def _finished(study: optuna.Study) -> list[Trial]:
    found: list[FrozenTrial] = study.get_trials(
        deepcopy=False, states=(TrialState.COMPLETE,)
    )
    return [
        Trial(
            number,
            dict(trial.user_attrs["values"]),
            Judgement(
                dict(trial.user_attrs["by_operator"]),
                trial.user_attrs["trees"],
                trial.user_attrs["cost"],
            ),
        )
        for number, trial in enumerate(found)
    ]


def choose(trials: list[Trial], tolerance: float) -> Trial:
    """The cheapest trial whose value is at most `tolerance` below the best one's.

    Of equally cheap ones the better, of equals the first.
    """
    best = max(trial.judgement.value for trial in trials)
    good = [t for t in trials if t.judgement.value >= best - tolerance]
    return min(good, key=lambda t: (t.judgement.cost, -t.judgement.value, t.number))
