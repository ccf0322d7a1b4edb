"""Parameters of the search: the section `tune` of params.yaml."""

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.section import Section

# What of section `train` may be searched. Seed and rounds may not: the one would be
# tuned to luck, the other is a limit and not a choice.
_SEARCHED = (
    "unit_power",
    "family_dropout",
    "learning_rate",
    "num_leaves",
    "max_depth",
    "min_data_in_leaf",
    "feature_fraction",
    "lambda_l2",
)
Searched = Annotated[str, Field(pattern=f"^({'|'.join(_SEARCHED)})$")]


class Range(Section):
    """Values that a parameter may take."""

    low: int | float
    high: int | float
    log: bool

    @model_validator(mode="after")
    def _is_a_range(self) -> "Range":
        if type(self.low) is not type(self.high):
            raise ValueError("low and high must both be whole numbers, or neither")
        if not self.low < self.high:
            raise ValueError("low must be below high")
        if self.log and self.low <= 0:
            raise ValueError("with log, low must be above 0")
        return self


class TuneParams(Section):
    """Section `tune` of params.yaml."""

    seed: Annotated[int, Field(ge=0)]
    trials: Annotated[int, Field(ge=1, le=10_000)]
    startup: Annotated[int, Field(ge=1)]
    tolerance: Annotated[float, Field(ge=0, lt=1)]
    space: Annotated[dict[Searched, Range], Field(min_length=1)]
