"""Tables that are fitted on training accounts and travel with the model.

Tables of partitions merge into the table of the whole, and the same accounts in
any order give the same table, byte for byte.
"""

import ast
import hashlib
import inspect
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import log
from pathlib import Path
from types import ModuleType
from typing import Final

import polars as pl

from features import clientele, day_curve, prominent
from features.clientele import Clientele
from features.day_curve import DayCurve
from features.errors import ArtefactError
from features.prominent import Prominent

# Log probabilities as whole millionths: integer sums do not depend on their order.
_UNIT: Final = 1_000_000
# Measures of posts that the tables are fitted on and asked for.
READ: Final = prominent.READ | day_curve.READ


@dataclass(frozen=True)
class Artefacts:
    """Fitted tables of the F features.

    Attributes:
        handle_bigrams: letter pairs of training handles (lower case) and how often
            each stands in them.
        clientele: how many training accounts post with each application.
        prominent: the most widely read texts of training accounts.
        day_curve: how the posts of training accounts spread over a day.
    """

    handle_bigrams: dict[str, int]
    clientele: Clientele = field(default_factory=Clientele)
    prominent: Prominent = field(default_factory=Prominent)
    day_curve: DayCurve = field(default_factory=DayCurve)

    @classmethod
    def fit(
        cls, accounts: pl.DataFrame, posts: pl.DataFrame | None = None
    ) -> "Artefacts":
        """Tables counted on these accounts (equalised: hashed handles null).

        Args:
            accounts: equalised accounts.
            posts: all their measured posts, or null if there are none.
        """
        pairs = accounts.select(_BIGRAMS.alias("bigram")).explode("bigram").drop_nulls()
        counts = pairs.group_by("bigram").agg(pl.len()).sort("bigram")
        bigrams = dict(counts.iter_rows())
        if posts is None:
            return cls(bigrams)
        return cls(
            bigrams,
            Clientele.fit(posts),
            Prominent.fit(accounts, posts),
            DayCurve.fit(posts),
        )

    def merge(self, other: "Artefacts") -> "Artefacts":
        """Tables as if fitted on the accounts of both."""
        merged = dict(self.handle_bigrams)
        for bigram, count in other.handle_bigrams.items():
            merged[bigram] = merged.get(bigram, 0) + count
        return Artefacts(
            dict(sorted(merged.items())),
            self.clientele.merge(other.clientele),
            self.prominent.merge(other.prominent),
            self.day_curve.merge(other.day_curve),
        )

    def handle_bigram_loglik(self, accounts: pl.DataFrame) -> pl.Series:
        """Mean log probability (nats) of each handle's letter pairs.

        Add-one smoothing over the pairs seen and one unseen. Null for a handle that is
        null or shorter than two characters, and if the table is empty.
        """
        if not self.handle_bigrams:
            return pl.Series(
                "handle_bigram_loglik", [None] * accounts.height, pl.Float64
            )
        score = pl.element().replace_strict(
            self._scores["bigram"],
            self._scores["score"],
            default=self._rarest,
            return_dtype=pl.Int64,
        )
        scores = pl.col("scores").list
        mean = pl.when(scores.len() > 0).then(scores.sum() / scores.len() / _UNIT)
        return (
            accounts.select(scores=_BIGRAMS.list.eval(score))
            .select(handle_bigram_loglik=mean)
            .to_series()
        )

    @cached_property
    def _total(self) -> float:
        """Logarithm of the pairs seen, one of each and one unseen more."""
        return log(sum(self.handle_bigrams.values()) + len(self.handle_bigrams) + 1)

    @cached_property
    def _rarest(self) -> int:
        return round(-self._total * _UNIT)

    @cached_property
    def _scores(self) -> pl.DataFrame:
        """Log probabilities of the pairs seen."""
        scores = [
            round((log(count + 1) - self._total) * _UNIT)
            for count in self.handle_bigrams.values()
        ]
        return pl.DataFrame(
            {"bigram": list(self.handle_bigrams), "score": scores},
            schema={"bigram": pl.String, "score": pl.Int64},
        )

    def to_json(self) -> str:
        """Text form, the same for equal tables."""
        tables = {
            "handle_bigrams": self.handle_bigrams,
            "clientele": self.clientele.to_plain(),
            "prominent": self.prominent.to_plain(),
            "day_curve": self.day_curve.to_plain(),
        }
        return json.dumps(tables, sort_keys=True)

    def digest(self) -> str:
        """SHA-256 of the text form."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @classmethod
    def load(cls, path: Path) -> "Artefacts":
        """Tables from their text form.

        Raises:
            ArtefactError: the file is missing or not of this form.
        """
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            counts = value["handle_bigrams"]
            if not all(
                len(pair) == 2 and type(count) is int and count > 0
                for pair, count in counts.items()
            ):
                raise ValueError
            clientele = Clientele.from_plain(value["clientele"])
            prominent = Prominent.from_plain(value["prominent"])
            curve = DayCurve.from_plain(value["day_curve"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise ArtefactError(
                f"{path}: no fitted tables; train the model again"
            ) from None
        return cls(dict(sorted(counts.items())), clientele, prominent, curve)


_LETTERS: Final = pl.col("handle").str.normalize("NFC").str.to_lowercase().str.split("")
_BIGRAMS: Final = _LETTERS.list.eval(
    (pl.element() + pl.element().shift(-1)).drop_nulls()
)


def plan(modules: Sequence[ModuleType] = ()) -> str:
    """How tables are fitted and asked, as code without comments.

    Look-ups are no expressions that could be printed.

    Args:
        modules: those that hold that code; none for all of them.
    """
    every = modules or (sys.modules[__name__], clientele, day_curve, prominent)
    return "\n".join(ast.unparse(ast.parse(inspect.getsource(one))) for one in every)
