"""Tables that are fitted on training accounts and travel with the model.

Tables of partitions merge into the table of the whole, and the same accounts in
any order give the same table, byte for byte.
"""

import hashlib
import json
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from typing import Final

import polars as pl

from features.clientele import Clientele
from features.errors import ArtefactError
from features.prominent import Prominent

# Log probabilities as whole millionths: integer sums do not depend on their order.
_UNIT: Final = 1_000_000


@dataclass(frozen=True)
class Artefacts:
    """Fitted tables of the F features.

    Attributes:
        handle_bigrams: letter pairs of training handles (lower case) and how often
            each stands in them.
        clientele: how many training accounts post with each application.
        prominent: the most widely read texts of training accounts.
    """

    handle_bigrams: dict[str, int]
    clientele: Clientele = field(default_factory=Clientele)
    prominent: Prominent = field(default_factory=Prominent)

    @classmethod
    def fit(
        cls, accounts: pl.DataFrame, posts: pl.DataFrame | None = None
    ) -> "Artefacts":
        """Tables counted on these accounts (equalised: hashed handles null).

        Args:
            accounts: equalised accounts.
            posts: all their measured posts, or null if there are none.
        """
        pairs = _bigrams(accounts.select("handle"))
        counts = pairs.group_by("bigram").agg(pl.len()).sort("bigram")
        bigrams = dict(counts.iter_rows())
        if posts is None:
            return cls(bigrams)
        return cls(bigrams, Clientele.fit(posts), Prominent.fit(accounts, posts))

    def merge(self, other: "Artefacts") -> "Artefacts":
        """Tables as if fitted on the accounts of both."""
        merged = dict(self.handle_bigrams)
        for bigram, count in other.handle_bigrams.items():
            merged[bigram] = merged.get(bigram, 0) + count
        return Artefacts(
            dict(sorted(merged.items())),
            self.clientele.merge(other.clientele),
            self.prominent.merge(other.prominent),
        )

    def handle_bigram_loglik(self, accounts: pl.DataFrame) -> pl.Series:
        """Mean log probability (nats) of each handle's letter pairs.

        Add-one smoothing over the pairs seen and one unseen. Null for a handle that is
        null or shorter than two characters, and if the table is empty.
        """
        total = sum(self.handle_bigrams.values())
        if not total:
            return pl.Series(
                "handle_bigram_loglik", [None] * accounts.height, pl.Float64
            )
        rarest = log(total + len(self.handle_bigrams) + 1)
        scores = pl.DataFrame(
            {
                "bigram": list(self.handle_bigrams),
                "score": [
                    round((log(count + 1) - rarest) * _UNIT)
                    for count in self.handle_bigrams.values()
                ],
            },
            schema={"bigram": pl.String, "score": pl.Int64},
        )
        means = (
            _bigrams(accounts.select("handle").with_row_index("index"))
            .join(scores, on="bigram", how="left")
            .with_columns(pl.col("score").fill_null(round(-rarest * _UNIT)))
            .group_by("index")
            .agg(pl.col("score").sum() / pl.len() / _UNIT)
        )
        return (
            accounts.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("index"))
            .join(means, on="index", how="left", maintain_order="left")
            .get_column("score")
            .alias("handle_bigram_loglik")
        )

    def to_json(self) -> str:
        """Text form, the same for equal tables."""
        tables = {
            "handle_bigrams": self.handle_bigrams,
            "clientele": self.clientele.to_plain(),
            "prominent": self.prominent.to_plain(),
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
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise ArtefactError(
                f"{path}: no fitted tables; train the model again"
            ) from None
        return cls(dict(sorted(counts.items())), clientele, prominent)


def _bigrams(handles: pl.DataFrame) -> pl.DataFrame:
    """One row a letter pair, the columns beside `handle` repeated."""
    handle = pl.col("handle").str.normalize("NFC").str.to_lowercase()
    starts = pl.int_ranges(0, (handle.str.len_chars().cast(pl.Int64) - 1).clip(0))
    return (
        handles.with_columns(handle, starts.alias("start"))
        .filter(pl.col("start").list.len() > 0)
        .explode("start")
        .with_columns(pl.col("handle").str.slice(pl.col("start"), 2).alias("bigram"))
        .drop("handle", "start")
    )
