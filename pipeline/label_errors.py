"""Suspected label errors of a world, listed for review and never removed."""

from typing import Annotated, Any, Final

import polars as pl
from pydantic import Field

from models.label_errors import summary, suspected, with_scores
from pipeline.section import Section

# Of the list. Ids are what a reviewer needs; there is no text of any account.
COLUMNS: Final = (
    *("account_id", "label", "source", "kind", "strength", "campaign", "fold"),
    *("likelihood", "score", "interval_low", "interval_high", "abstained"),
)


class LabelErrorParams(Section):
    """Section `evaluate.label_errors` of params.yaml."""

    least_likely: Annotated[float, Field(gt=0, le=0.5)]
    most_listed: Annotated[int, Field(ge=0)]


def label_errors(
    judged: pl.DataFrame, labels: pl.DataFrame, params: LabelErrorParams
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """The list, and block `label_errors` of metrics.json, which names no account.

    Args:
        judged: test rows of the headline campaigns and the controls of their folds. Of
            confounded campaigns a score may tell the collection and not the label.
        labels: output of label, with kind and strength.
        params: what is suspected, and how much of it is listed.

    Returns:
        The list has COLUMNS; abstained: why the service would give no score, else empty.
    """
    known = with_scores(judged).join(
        labels.select("account_id", "kind", "strength"),
        on="account_id",
        maintain_order="left",
    )
    listed = suspected(known, params.least_likely, params.most_listed)
    block = params.model_dump() | summary(known, listed, params.least_likely)
    return listed.select(COLUMNS), block
