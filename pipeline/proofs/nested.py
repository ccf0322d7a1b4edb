"""How much the search flatters itself: searched again without each operator."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from models.nested import train_sets
from models.training import raw_scores
from models.training_sets import set_key
from models.tuning import Judgement, balanced_precision
from pipeline.search import Trial, Values, choose
from pipeline.search_params import TuneParams
from pipeline.stored_world import StoredWorld
from pipeline.train import TrainParams
from pipeline.tune import tune, with_values


@dataclass(frozen=True)
class Nested:
    """A search that did not look at one operator, and what it was worth there.

    All are average precisions, classes weighing alike.

    Attributes:
        operator: not looked at.
        trial: chosen.
        claimed: gain over the start, mean over the operators that chose.
        start: of the start, on the operator.
        chosen: of the chosen trial, on the operator.
    """

    operator: str
    trial: int
    claimed: float
    start: float
    chosen: float

    @property
    def gained(self) -> float:
        """Gain on the operator that had no say."""
        return self.chosen - self.start


def nested_search(
    world: StoredWorld,
    start: TrainParams,
    params: TuneParams,
    database: Path,
    say: Callable[[str], None],
) -> list[Nested]:
    """The search repeated without each headline operator; a kill only delays it.

    Args:
        world: stored features and folds.
        start: parameters of trial 0.
        params: seed, number of trials, space.
        database: sqlite file of studies.
        say: told one line an operator.
    """
    found = []
    for operator in world.headline:
        trials = tune(world, operator, start, params, database, _quiet)
        chosen = choose(trials, params.tolerance)
        nested = Nested(
            operator,
            chosen.number,
            _mean(chosen.judgement) - _mean(trials[0].judgement),
            *(
                outer_precision(world, operator, start, trial.values, trial.judgement)
                for trial in (trials[0], chosen)
            ),
        )
        found.append(nested)
        say(
            f"without {operator}: the search claims {nested.claimed:+.4f}, "
            f"{operator} gains {nested.gained:+.4f}"
        )
    return found


def outer_precision(
    world: StoredWorld,
    operator: str,
    start: TrainParams,
    values: Values,
    judged: Judgement,
) -> float:
    """Precision on an operator of a booster that saw nothing of it, trees included."""
    key = set_key("loco", operator, None)
    wanted = [training for training in world.sets if training.key == key]
    recipe = with_values(start, values).recipe()
    [trained] = train_sets(world.data, wanted, recipe)
    tested = world.members(operator).filter(side="test")["account_id"].to_list()
    rows = world.data.rows(tested)
    scores = raw_scores(trained.booster, world.data.matrix(key)[rows], judged.trees)
    return balanced_precision(scores, world.data.labels[rows])


def optimism(found: list[Nested]) -> float:
    """Mean gain claimed less mean gain had."""
    return fmean(n.claimed for n in found) - fmean(n.gained for n in found)


def _mean(judged: Judgement) -> float:
    return fmean(judged.by_operator.values())


def _quiet(done: list[Trial]) -> None:
    """Nobody is told of single trials."""
