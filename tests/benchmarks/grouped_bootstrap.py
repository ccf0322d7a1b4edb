"""Intervals by grouped bootstrap: sorted once, against scikit-learn in a loop."""

from itertools import islice
from typing import Final

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from models.bootstrap import auc, average_precision, draw_groups, passed, rank
from tests.benchmarks.row import Row, against, seconds

ACCOUNTS: Final = 100_000
GROUPS: Final = 50
DRAWS: Final = 1_000
# Draws that are timed of scikit-learn's: all would take a minute and say the same.
LOOPED: Final = 40


def grouped_bootstrap() -> list[Row]:
    """AUC and average precision of 100,000 scores in 1,000 draws of 50 groups."""
    generator = np.random.default_rng(0)
    groups = generator.integers(GROUPS, size=ACCOUNTS)
    labels = (generator.random(ACCOUNTS) < 0.3).astype(np.int8)
    scores = generator.normal(size=ACCOUNTS) + labels

    def ours(draws: int) -> list[tuple[float, float]]:
        ranked = rank(scores, labels)
        found = (passed(ranked, c) for c in draw_groups(groups, draws, seed=1))
        return [(auc(each), average_precision(each)) for each in found]

    rows_of = [np.flatnonzero(groups == group) for group in range(GROUPS)]
    present = labels.astype(np.int64)

    def resampled() -> list[tuple[float, float]]:
        """Rows of the drawn groups, put together again for each draw."""
        drawn = np.random.default_rng(1)
        found = []
        for _ in range(LOOPED):
            picked = drawn.integers(GROUPS, size=GROUPS)
            rows = np.concatenate([rows_of[group] for group in picked])
            truth, judged = present[rows], scores[rows]
            found.append(
                (roc_auc_score(truth, judged), average_precision_score(truth, judged))
            )
        return found

    def weighted() -> list[tuple[float, float]]:
        """All rows, weighted by how often their group is drawn."""
        return [
            (
                roc_auc_score(present, scores, sample_weight=counts),
                average_precision_score(present, scores, sample_weight=counts),
            )
            for counts in islice(draw_groups(groups, DRAWS, seed=1), LOOPED)
        ]

    assert np.allclose(ours(LOOPED), resampled(), rtol=0, atol=1e-12)
    loops = {
        name: seconds(work, repeat=2) * DRAWS / LOOPED
        for name, work in {"resampled": resampled, "weighted": weighted}.items()
    }
    fastest = min(loops, key=lambda name: loops[name])
    return [
        against(
            "grouped_bootstrap",
            f"AUC and average precision of {ACCOUNTS:,} predictions in {DRAWS:,} draws "
            f"of {GROUPS} groups",
            seconds(lambda: ours(DRAWS), repeat=2),
            "s",
            f"scikit-learn in a loop, rows {fastest} (the faster way), "
            f"{LOOPED} draws timed",
            loops[fastest],
            most=0.2,
        )
    ]
