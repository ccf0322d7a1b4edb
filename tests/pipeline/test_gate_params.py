from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import ParamsError
from pipeline.evaluate import EvaluateParams
from pipeline.section import load_section

KNOWN = {"limit": 0.97, "reason": "a reason of some length"}


def load(params: dict[str, Any], folder: Path) -> EvaluateParams:
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(params))
    return load_section(path, "evaluate", EvaluateParams)


def test_a_world_has_its_own_limits_and_the_others_have_the_common_ones(
    root: Path,
) -> None:
    gates = load_section(root / "params.yaml", "evaluate", EvaluateParams).gates

    common, demo, public = (gates.of(w).limits() for w in ("new", "demo", "public"))

    assert demo.ece_mean < common.ece_mean < public.ece_mean
    assert common.panel_known == {}
    assert common.auc_mean == public.auc_mean < demo.auc_mean
    assert common.recall_mean < public.recall_mean < demo.recall_mean
    assert demo.single_features_known["jetty/days_posts_log"].limit == 0.99
    assert demo.panel_known["fandom"].limit > common.panel_fpr
    assert demo.may_not_apply == []
    assert "panel_slices" in public.may_not_apply
    assert public.additivity == common.additivity


def test_a_new_world_is_asked_for_use_and_no_harm_and_for_no_more_than_it_can_have(
    root: Path,
) -> None:
    gates = load_section(root / "params.yaml", "evaluate", EvaluateParams).gates
    new, demo = gates.of("new").limits(), gates.of("demo").limits()

    # Wrong scores, leaks and known harm are refused everywhere alike.
    for same in (
        "additivity",
        "baseline_lead",
        "depth3_lead",
        "mask_only_low",
        "mask_only_high",
        "gaps_alone_auc",
        "gaps_lent_auc",
        "evened_auc_lent",
        "single_feature_auc",
        "panel_fpr",
        "language_ratio",
        "topic_swap_shift",
    ):
        assert getattr(new, same) == getattr(demo, same)
    # Archives of one control group, of no look-alikes, languages or posts have no
    # figure; the probabilities and ranks of every model have.
    assert all("unseen" not in code for code in new.may_not_apply)
    assert {"loco_beats_depth3_tree", "mask_only_auc", "ids_not_read"}.isdisjoint(
        new.may_not_apply
    )
    assert {"control_origin", "panel_slices"} <= set(new.may_not_apply)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"auc_wrost": 0.1}, "auc_wrost"),
        ({"auc_worst": 2.0}, "less than or equal to 1"),
        (
            {"may_not_apply": ["unseen_auc_wrost"]},
            "may_not_apply.0 = 'unseen_auc_wrost': .*no such gate; there are contrib",
        ),
        ({"single_features_known": {"jetty/no_such": KNOWN}}, "not <block>/<feature>"),
        ({"single_features_known": {"jetty": KNOWN}}, "not <block>/<feature>"),
        ({"single_feature_auc": 0.8}, "greater than or equal to 0.9"),
        ({"panel_known": {"ngo": {"limit": 0.5}}}, "reason"),
        ({"panel_known": {"ngo": {"limit": 0.5, "reason": "because"}}}, "at least 20"),
    ],
)
def test_a_limit_without_sense_or_reason_is_refused(
    own: dict[str, Any], message: str, root: Path, tmp_path: Path
) -> None:
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["evaluate"]["gates"]["only_in"] = {"demo": own}

    with pytest.raises(ParamsError, match=message):
        load(params, tmp_path)
