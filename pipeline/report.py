"""metrics.json: the agreed blocks, put together from stored scores."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from features.errors import ArtefactError
from models.audit_gates import (
    evasion_gate,
    language_gates,
    origin_gate,
    panel_gate,
    single_feature_gate,
    topic_gate,
)
from models.baselines import BASELINES
from models.evaluation import (
    Campaign,
    Rules,
    protocol_block,
    recall_by_control_source,
)
from models.evened import evened_gate
from models.figure_gates import (
    baseline_gate,
    campaign_slopes_gate,
    floor_gates,
    intervals_gate,
    label_noise_gate,
    slope_gate,
)
from models.gates import (
    Gate,
    Limits,
    additivity_gate,
    naming_gate,
    parity_gate,
    rebuilt_gate,
    required,
)
from models.leads import lead_on_strongest
from models.metrics import FIGURES, FPR
from models.missing_gates import mask_gate, together_gates
from models.panel import panel_block
from models.selective import selective_risk
from pipeline.live_checks import LiveChecks

PROTOCOLS: Final = ("loco", "temporal", "random")


def evaluation_report(
    scored: pl.DataFrame,
    campaigns: Sequence[Campaign],
    rules: Rules,
    not_applicable: Mapping[str, str],
    untrained: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """The blocks of protocols, optimism_gap, panel, baselines and lead_on_strongest.

    Args:
        scored: calibrated scores of all models, protocols and folds, with labels.
        campaigns: of this world.
        rules: see models.evaluation.Rules.
        not_applicable: protocol -> why it could not be made.
        untrained: baseline -> fold -> why it was not trained there.

    Raises:
        ArtefactError: a baseline lacks in some fold, without a reason.
    """
    own = scored.filter(pl.col("model") == "telltale")
    report: dict[str, Any] = {}
    for protocol in PROTOCOLS:
        if protocol in not_applicable:
            report[protocol] = {"not_applicable": not_applicable[protocol]}
            continue
        rows = protocol_rows(own, protocol)
        report[protocol] = protocol_block(rows, campaigns, rules)
        report[protocol]["selective_risk"] = selective_risk(rows, campaigns, rules)
    _add_source_recalls(report["loco"], own)
    if "temporal" not in not_applicable:
        report["temporal"]["operators_trained_on"] = _known_operators(own, campaigns)
    report["optimism_gap"] = _optimism_gap(report)
    members = own.filter(pl.col("protocol") == "loco")
    report["panel"] = panel_block(members, rules.confidence)
    report["baselines"] = {
        name: _baseline_block(scored, name, campaigns, rules, untrained.get(name, {}))
        for name in BASELINES
    }
    report["lead_on_strongest"] = {
        figure: lead_on_strongest(report["loco"], report["baselines"], figure)
        for figure in ("auc", "average_precision")
    }
    return report


def protocol_rows(own: pl.DataFrame, protocol: str) -> pl.DataFrame:
    """Accounts judged under a protocol, each with the fold whose controls it is beside.

    Args:
        own: calibrated scores of the model, with labels and block.
        protocol: one of PROTOCOLS.
    """
    rows = own.filter((pl.col("protocol") == protocol) & (pl.col("part") == "test"))
    if protocol == "random":
        # Every account is tested once; against the same controls as in loco.
        return rows.with_columns(pl.col("block").alias("fold"))
    return rows


def _baseline_block(
    scored: pl.DataFrame,
    name: str,
    campaigns: Sequence[Campaign],
    rules: Rules,
    untrained: Mapping[str, str],
) -> dict[str, Any]:
    rows = scored.filter(pl.col("model") == name)
    ours = scored.filter(model="telltale", protocol="loco", part="test")
    silent = set(ours["fold"]) - set(rows["fold"]) - set(untrained)
    if silent:
        raise ArtefactError(
            f"baseline {name} has neither scores nor a reason in {', '.join(sorted(silent))}"
            ": no figure is reported without it; make the stage train anew"
        )
    if not rows.height:
        return {"not_applicable": "; ".join(sorted(set(untrained.values())))}
    block = protocol_block(rows, campaigns, rules)
    return block | ({"not_applicable_in": dict(untrained)} if untrained else {})


def _optimism_gap(report: dict[str, Any]) -> dict[str, Any]:
    """Mean under the random protocol minus mean over unseen campaigns, by figure."""
    if "not_applicable" in report["random"]:
        return dict.fromkeys(FIGURES) | {"reason": report["random"]["not_applicable"]}
    gaps: dict[str, Any] = {}
    for figure in FIGURES:
        means = [report[p][figure]["mean"] for p in ("random", "loco")]
        known = None not in means
        gaps[figure] = round(means[0] - means[1], 6) if known else None
    return gaps


def _known_operators(own: pl.DataFrame, campaigns: Sequence[Campaign]) -> list[str]:
    """Operators with campaigns on both sides of the temporal fold.

    Their later campaigns are new, but how they work was trained on.
    """
    rows = own.filter((pl.col("protocol") == "temporal") & (pl.col("label") == 1))
    operator = {c.name: c.operator for c in campaigns}
    sides = [
        {operator[name] for name in rows.filter(pl.col("part") == part)["campaign"]}
        for part in ("inner", "test")
    ]
    return sorted(sides[0] & sides[1])


def _add_source_recalls(loco: dict[str, Any], own: pl.DataFrame) -> None:
    """Recall against each control source, for campaigns kept out of the headline.

    Controls of the fold's own block by the fold's scores, other sources by the fold's
    inner scores: no booster saw any of them.
    """
    folds = own.filter(pl.col("protocol") == "loco")
    for name, row in loco["campaigns"].items():
        if row["in_headline"]:
            continue
        row.pop("recall_at_fpr_0.01_reason", None)
        members = folds.filter(pl.col("fold") == row["fold"])
        campaign = members.filter(
            (pl.col("campaign") == name) & (pl.col("part") == "test")
        )
        controls = members.filter(pl.col("label") == 0)
        own_block = controls.filter(pl.col("part") == "test")
        others = controls.filter(
            (pl.col("part") == "inner")
            & ~pl.col("source").is_in(own_block["source"].implode())
        )
        found = recall_by_control_source(campaign, pl.concat([own_block, others]), FPR)
        row["recall_by_control_source"] = found["by_source"]
        row["recall_at_fpr_0.01"] = found["worst"]
        if found["worst"] is None:
            row["recall_at_fpr_0.01_reason"] = "no control source has 300 accounts"


def gate_results(
    metrics: dict[str, Any], live: LiveChecks, limits: Limits
) -> list[Gate]:
    """All gates of this model; failed where a figure is lacking that must be there."""
    loco, audit = metrics["loco"], metrics["audit"]
    headline = {n: row for n, row in loco["campaigns"].items() if row["in_headline"]}
    own = {row["fold"] for row in headline.values()}
    leads = {"majority": limits.baseline_lead, "depth3_tree": limits.depth3_lead}
    gates = [
        additivity_gate(live.additivity, live.accounts, limits),
        parity_gate(live.differing, live.accounts),
        naming_gate(live.renamed, live.accounts),
        rebuilt_gate(audit["rebuilt"]["differing"], audit["rebuilt"]["accounts"]),
        *(
            baseline_gate(loco, metrics["baselines"][name], name, least, limits)
            for name, least in leads.items()
        ),
        *floor_gates(loco, limits),
        slope_gate(audit["calibration"], headline, limits),
        campaign_slopes_gate(audit["calibration"]["campaigns"], headline, limits),
        intervals_gate(metrics["intervals"]["campaigns"], headline, limits),
        label_noise_gate(metrics["label_noise"], own, limits),
        mask_gate(audit["mask_only_auc"], limits),
        *together_gates(audit["missing_together"], limits),
        evened_gate(audit["evened"], limits),
        single_feature_gate(audit["single_features_read"], own, limits),
        origin_gate(audit["control_origin"], limits),
        panel_gate(audit["panel"]["slices"], limits),
        *language_gates(audit["language"], limits),
        topic_gate(audit["topic_swap"], limits),
        evasion_gate(audit["evasion"], limits),
    ]
    return required(gates, limits.may_not_apply)
