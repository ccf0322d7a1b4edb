"""Limits of the gates, as params.yaml has them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from features.catalogue import FEATURES
from models.gates import CODES, STRONG, Known, Limits
from pipeline.section import Section

Share = Annotated[float, Field(ge=0, le=1)]
Auc = Annotated[float, Field(ge=0.5, le=1)]


def _is_gate(code: str) -> str:
    if code not in CODES:
        raise ValueError(f"no such gate; there are {', '.join(CODES)}")
    return code


def _is_feature(key: str) -> str:
    block, _, name = key.partition("/")
    if not block or name not in {f.name for f in FEATURES}:
        raise ValueError("not <block>/<feature>; see docs/feature-catalogue.md")
    return key


Code = Annotated[str, AfterValidator(_is_gate)]
BlockFeature = Annotated[str, AfterValidator(_is_feature)]


class KnownLimit(Section):
    """A limit of its own, with the reason in words."""

    limit: Share
    reason: Annotated[str, Field(min_length=20)]


class KnownFeature(KnownLimit):
    """The same of a feature alone."""

    limit: Annotated[float, Field(ge=STRONG, le=1)]


class GateParams(Section):
    """Section `evaluate.gates` of params.yaml."""

    additivity: Annotated[float, Field(gt=0, le=1e-3)]
    baseline_lead: Annotated[float, Field(ge=-1, le=1)]
    depth3_lead: Annotated[float, Field(ge=-1, le=1)]
    auc_mean: Share
    auc_worst: Share
    recall_mean: Share
    brier_skill_worst: Annotated[float, Field(ge=-1, le=1)]
    ece_mean: Share
    ece_worst: Share
    slope_low: Annotated[float, Field(ge=0, le=1)]
    slope_high: Annotated[float, Field(ge=1)]
    campaign_slope_low: Annotated[float, Field(ge=0, le=1)]
    campaign_slope_high: Annotated[float, Field(ge=1)]
    campaign_slopes_share: Share
    intervals_held_share: Share
    wrong_labels_auc_loss: Share
    mask_only_low: Annotated[float, Field(ge=0, le=0.5)]
    mask_only_high: Auc
    gaps_alone_auc: Auc
    gaps_lent_auc: Share
    evened_auc_lent: Share
    single_feature_auc: Annotated[float, Field(ge=STRONG, le=1)]
    single_features_known: dict[BlockFeature, KnownFeature]
    control_origin_auc: Auc
    panel_fpr: Share
    panel_known: dict[str, KnownLimit]
    language_ratio: Annotated[float, Field(ge=1)]
    topic_swap_shift: Annotated[float, Field(ge=0)]
    free_recall_share: Share
    judged_share: Share
    may_not_apply: list[Code]

    def limits(self) -> Limits:
        """The same values as the models room takes them."""

        def known(given: Mapping[str, KnownLimit]) -> dict[str, Known]:
            return {name: Known(own.limit, own.reason) for name, own in given.items()}

        return Limits(
            **self.model_dump(exclude={"single_features_known", "panel_known"}),
            single_features_known=known(self.single_features_known),
            panel_known=known(self.panel_known),
        )


class WorldGates(Section):
    """Limits of all worlds, and those that differ in some."""

    every_world: GateParams
    only_in: dict[str, dict[str, Any]]

    @model_validator(mode="after")
    def _worlds_are_valid(self) -> "WorldGates":
        for world in self.only_in:
            self.of(world)
        return self

    def of(self, world: str) -> GateParams:
        """Limits in a world."""
        own = self.only_in.get(world, {})
        return GateParams.model_validate(self.every_world.model_dump() | own)
