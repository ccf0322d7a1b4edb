import warnings
from pathlib import Path

import pytest

from features.errors import InputError
from models.tuning import Judgement
from pipeline.search import Trial, Values, choose, search
from pipeline.search_params import Range

SPACE = {
    "rate": Range(low=0.01, high=1.0, log=True),
    "leaves": Range(low=2, high=20, log=False),
}
START: Values = {"rate": 0.5, "leaves": 10}


class Killed(BaseException):
    """Ends a search between a proposal and its outcome, as a kill does."""


def worth(values: Values) -> Judgement:
    value = 1 - (values["rate"] - 0.3) ** 2 - ((values["leaves"] - 7) / 20) ** 2
    return Judgement({"one": value, "two": value}, 10, float(values["leaves"]))


def run(database: Path, trials: int, killed_at: int | None = None, seed: int = 1):
    calls = 0

    def judge(values: Values) -> Judgement:
        nonlocal calls
        calls += 1
        if calls == killed_at:
            raise Killed
        return worth(values)

    told: list[int] = []
    found = search(
        database,
        "study",
        SPACE,
        START,
        seed,
        4,
        trials,
        judge,
        lambda done: told.append(len(done)),
    )
    return found, told, calls


def test_the_first_trial_is_the_start_and_all_are_told(tmp_path: Path) -> None:
    found, told, _ = run(tmp_path / "a" / "studies.db", 6)

    assert found[0].values == START
    assert [trial.number for trial in found] == list(range(6))
    assert told == list(range(7))
    assert all(0.01 <= trial.values["rate"] <= 1 for trial in found)
    assert all(type(trial.values["leaves"]) is int for trial in found)


@pytest.mark.parametrize("killed_at", [1, 2, 7])
def test_a_killed_search_goes_on_as_if_it_had_not_been(
    killed_at: int, tmp_path: Path
) -> None:
    undisturbed, _, _ = run(tmp_path / "undisturbed.db", 14)

    for _ in range(2):
        with pytest.raises(Killed):
            run(tmp_path / "killed.db", 14, killed_at)
    resumed, _, _ = run(tmp_path / "killed.db", 14)

    assert resumed == undisturbed


def test_a_finished_search_answers_at_once_and_more_can_be_asked(
    tmp_path: Path,
) -> None:
    five, _, _ = run(tmp_path / "studies.db", 5)
    again, told, calls = run(tmp_path / "studies.db", 5)
    eight, _, more = run(tmp_path / "studies.db", 8)

    assert again == five
    assert told == [5]
    assert calls == 0
    assert more == 3
    assert eight[:5] == five
    assert run(tmp_path / "studies.db", 5)[0] == five


def test_it_learns_and_another_seed_proposes_others(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, _, _ = run(tmp_path / "one.db", 30)
    two, _, _ = run(tmp_path / "two.db", 30, seed=2)

    assert max(trial.judgement.value for trial in one) > worth(START).value
    assert one[1:] != two[1:]


def test_a_file_that_is_no_database_is_named_with_the_remedy(tmp_path: Path) -> None:
    database = tmp_path / "studies.db"
    database.write_text("no database")

    with pytest.raises(
        InputError, match=r"studies.db: no database .* remove it to search"
    ):
        run(database, 2)

    assert database.read_text() == "no database"


def test_the_cheapest_of_the_good_is_chosen() -> None:
    def trial(number: int, value: float, cost: float) -> Trial:
        return Trial(number, {}, Judgement({"one": value}, 10, cost))

    trials = [trial(0, 0.90, 9), trial(1, 0.896, 2), trial(2, 0.8, 1)]

    assert choose(trials, 0.005).number == 1
    assert choose(trials, 0.0).number == 0
    assert choose(trials, 0.2).number == 2
    assert choose([trial(0, 0.89, 2), trial(1, 0.9, 2), trial(2, 0.9, 2)], 0.1) == (
        trial(1, 0.9, 2)
    )


@pytest.mark.parametrize(
    ("low", "high", "log"), [(1, 2.0, False), (2, 2, False), (0.0, 1.0, True)]
)
def test_what_is_no_range_is_refused(low: float, high: float, log: bool) -> None:
    with pytest.raises(ValueError, match="low"):
        Range(low=low, high=high, log=log)
