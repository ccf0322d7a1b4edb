import numpy as np

from models.hashing import uniform

KEYS = [f"source/{number}" for number in range(20_000)]


def test_a_key_always_draws_the_same_number() -> None:
    drawn = uniform(KEYS, "folds")

    assert np.array_equal(drawn, uniform(KEYS, "folds"))
    assert drawn[17] == uniform(KEYS[17:18], "folds")[0]
    assert uniform([], "folds").shape == (0,)


def test_draws_are_uniform() -> None:
    drawn = np.sort(uniform(KEYS, "folds"))

    # Kolmogorov's distance: above 1.95 / sqrt(n) once in a thousand times.
    distance = np.abs(drawn - np.arange(len(KEYS)) / len(KEYS)).max()
    assert distance < 1.95 / np.sqrt(len(KEYS))
    assert drawn[0] >= 0
    assert drawn[-1] < 1


def test_purposes_are_independent() -> None:
    first, second = uniform(KEYS, "folds"), uniform(KEYS, "dropout profile")

    correlation = np.corrcoef(first, second)[0, 1]
    assert abs(correlation) < 4 / np.sqrt(len(KEYS))
