"""Parameters of the expensive proofs: the section `evidence` of params.yaml."""

from typing import Annotated

from pydantic import Field

from pipeline.search_params import Searched
from pipeline.section import Section


class EvidenceParams(Section):
    """Section `evidence` of params.yaml."""

    model_seeds: Annotated[int, Field(ge=2)]
    world_seeds: Annotated[int, Field(ge=1)]
    nested_trials: Annotated[int, Field(ge=2)]
    nested_start: dict[Searched, int | float]
    deals: Annotated[int, Field(ge=2)]
    planted_worlds: Annotated[int, Field(ge=1)]
    planted_share: Annotated[float, Field(gt=0, lt=0.5)]
