"""Log-odds of accounts that a fold left out, as they would be served."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.calibrator import Calibrator
from models.evidence import evidence_states
from models.matrix import Matrix
from models.temper import tempers_of
from models.training import Floats
from pipeline.files import read_json

TEMPERS: Final = "tempers.json"


@dataclass(frozen=True)
class FoldLine:
    """The line of a leave-one-out fold, and what it is pulled by.

    Attributes:
        calibrator: of the fold.
        withheld: evidence state that was judged by withholding it -> temper.
    """

    calibrator: Calibrator
    withheld: Mapping[str, float]

    @classmethod
    def read(cls, calibrated: Path, fold: str) -> "FoldLine":
        """That of a fold that calibrate wrote."""
        line = read_json(calibrated / "calibrators.json")[f"loco/{fold}"]
        return cls(Calibrator(**line), read_json(calibrated / TEMPERS)[fold])

    def logits(
        self, raw_scores: Floats, matrix: Matrix, n_posts: NDArray[np.int64]
    ) -> Floats:
        """Log-odds at the anchor, shape (n_accounts,).

        Args:
            raw_scores: of the fold's booster.
            matrix: feature values that it read, shape (n_accounts, n_features).
            n_posts: posts of each account that count.
        """
        tempers = tempers_of(self.withheld, evidence_states(matrix, n_posts))
        return self.calibrator.tempered(self.calibrator.logits(raw_scores), tempers)
