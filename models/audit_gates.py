"""Gates on the audits: what else than behaviour a model may have learnt, and whom it hurts."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from models.gates import Gate, Known, Limits, judged, judged_over, unmeasured


def single_feature_gate(
    strongest: Mapping[str, Mapping[str, float]],
    blocks: Collection[str],
    limits: Limits,
) -> Gate:
    """No feature that the model reads tells the classes of a block apart alone.

    Where one does, either the reason is known and written down, of this feature in this
    block, or it is a leak.

    Args:
        strongest: block -> feature read by the model -> AUC; at least all beyond the
            common limit, and the strongest.
        blocks: those whose controls are their own.
        limits: see Limits.
    """
    code, common = "single_feature_auc", limits.single_feature_auc
    known = limits.single_features_known
    found = {
        f"{block}/{name}": value
        for block, values in strongest.items()
        if block in blocks
        for name, value in values.items()
    }
    limit = f"at most {common:g}{_exceptions(known, found)}"
    if not found:
        return unmeasured(code, limit, "no block has enough accounts")
    key, value = _furthest(found, known, common)
    if value <= _allowed(key, known, common):
        gate = _by_exceptions(code, limit, found, common)
    else:
        block, name = key.split("/")
        reason = (
            f"{name} alone tells the classes of {block} apart; if that is behaviour, "
            f"write the reason into params.yaml{_also(key, found, known, common)}"
        )
        gate = judged(code, value, limit, False, reason)
    measured = {key.split("/")[0] for key in found}
    return judged_over(
        gate, len(measured), len(set(blocks)), "blocks", limits.judged_share
    )


def origin_gate(pairs: Mapping[str, float | None], limits: Limits) -> Gate:
    """Scores do not know which source a control comes from.

    Args:
        pairs: `<source> against <source>` -> AUC of the score, turned above 0.5.
        limits: see Limits.
    """
    code, limit = "control_origin", f"at most {limits.control_origin_auc:g} in any pair"
    known = {name: value for name, value in pairs.items() if value is not None}
    if not known:
        few = f"none of {len(pairs)} pairs of sources has controls enough"
        reason = few if pairs else "fewer than two sources of controls"
        return unmeasured(code, limit, reason)
    pair, value = max(known.items(), key=lambda item: (item[1], item[0]))
    gate = judged(
        code,
        value,
        limit,
        value <= limits.control_origin_auc,
        f"scores tell controls of {pair} apart: part of them is the collection",
    )
    return judged_over(gate, len(known), len(pairs), "pairs", limits.judged_share)


def panel_gate(panel: Mapping[str, Mapping[str, Any]], limits: Limits) -> Gate:
    """No kind of look-alike is surely flagged more often than is tolerated.

    One that is fails the gate, whatever is not known of the others.

    Args:
        panel: see models.panel, at the share of controls that the gate speaks of.
        limits: see Limits.
    """
    code, common = "panel_slices", limits.panel_fpr
    limit = f"lower bound at most {common:g}{_exceptions(limits.panel_known, panel)}"
    if not panel:
        return unmeasured(code, limit, "this world has no panel")
    known = limits.panel_known
    bounds = {
        name: float(row["low"]) for name, row in panel.items() if row["fpr"] is not None
    }
    if bounds:
        name, value = _furthest(bounds, known, common)
        if value > _allowed(name, known, common):
            others = _also(name, bounds, known, common)
            reason = f"honest accounts of the kind {name} are flagged too often{others}"
            return judged(code, value, limit, False, reason)
    if len(bounds) < len(panel):
        reasons = sorted({row["reason"] for row in panel.values() if "reason" in row})
        return unmeasured(code, limit, "; ".join(reasons))
    return _by_exceptions(code, limit, bounds, common)


def language_gates(languages: Mapping[str, Any], limits: Limits) -> list[Gate]:
    """People of one language are not surely flagged more often than those of another.

    Args:
        languages: see models.language.
        limits: see Limits.
    """
    gates = []
    for key, row in languages.items():
        if not key.startswith("fpr_"):
            continue
        code = f"language_parity_at_{key}"
        limit = f"lower bound of the ratio at most {limits.language_ratio:g}"
        if row["ratio"] is None:
            gates.append(unmeasured(code, limit, row["reason"]))
            continue
        gate = judged(
            code,
            row["low"],
            limit,
            row["low"] <= limits.language_ratio,
            f"people who write {row['most']} are flagged more often than those who "
            f"write {row['least']}",
        )
        gates.append(
            judged_over(gate, row["folds"], row["of"], "folds", limits.judged_share)
        )
    return gates


def topic_gate(swap: Mapping[str, Any], limits: Limits) -> Gate:
    """Other subjects in the same form do not move a score.

    Args:
        swap: see pipeline.topic_swap.
        limits: see Limits.
    """
    code = "topic_swap"
    limit = f"19 of 20 logits move by at most {limits.topic_swap_shift:g}"
    if swap["shift_95"] is None:
        return unmeasured(code, limit, swap["reason"])
    return judged(
        code,
        swap["shift_95"],
        limit,
        swap["shift_95"] <= limits.topic_swap_shift,
        "scores depend on what posts are about",
    )


def evasion_gate(evasion: Mapping[str, Any], limits: Limits) -> Gate:
    """Changes that cost nothing do not hide a takedown account.

    Args:
        evasion: see pipeline.evasion.
        limits: see Limits.
    """
    code = "recall_after_free_changes"
    limit = f"at least {limits.free_recall_share:g} of the recall before them"
    if evasion["free_share"] is None:
        return unmeasured(code, limit, evasion["reason"])
    gate = judged(
        code,
        evasion["free_share"],
        limit,
        evasion["free_share"] >= limits.free_recall_share,
        "takedown accounts hide behind changes that cost nothing",
    )
    return judged_over(
        gate, evasion["folds"], evasion["of"], "folds", limits.judged_share
    )


def _allowed(name: str, known: Mapping[str, Known], common: float) -> float:
    return known[name].limit if name in known else common


def _furthest(
    found: Mapping[str, float], known: Mapping[str, Known], common: float
) -> tuple[str, float]:
    """The figure that lies furthest beyond its own limit, or nearest to it."""
    return max(
        found.items(),
        key=lambda item: (item[1] - _allowed(item[0], known, common), item[0]),
    )


def _also(
    name: str, found: Mapping[str, float], known: Mapping[str, Known], common: float
) -> str:
    """All others beyond their limits, so that none comes up only once one is mended."""
    others = [
        f"{other} {value:.3g}"
        for other, value in sorted(found.items())
        if other != name and value > _allowed(other, known, common)
    ]
    return f"; beyond their limits, too: {', '.join(others)}" if others else ""


def _by_exceptions(
    code: str, limit: str, found: Mapping[str, float], common: float
) -> Gate:
    """A gate that holds; the highest figure is shown, and what is beyond the common limit.

    So that an exception is not hidden behind the rest.
    """
    beyond = sorted(name for name, value in found.items() if value > common)
    gate = judged(code, max(found.values()), limit, True, "")
    if not beyond:
        return gate
    return replace(gate, reason=f"only by exceptions: {', '.join(beyond)}")


def _exceptions(known: Mapping[str, Known], present: Collection[str]) -> str:
    """Limits that differ, in words: `; a 0.3, b 0.5 (reasons in params.yaml)`."""
    shown = [
        f"{name} {known[name].limit:g}"
        for name in sorted(set(present))
        if name in known
    ]
    return f"; {', '.join(shown)} (reasons in params.yaml)" if shown else ""
