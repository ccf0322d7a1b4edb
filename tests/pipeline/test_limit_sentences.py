"""What fails is said in words; where nothing does, nothing is said."""

import copy
from typing import Any

import pytest

from pipeline.limit_sentences import shortcomings

SOUND: dict[str, Any] = {
    "metrics": {
        "audit": {
            "panel": {
                "fpr": 0.005,
                "slices": {
                    "ngo": {"fpr": 0.01, "low": 0.004},
                    "newcomer": {"fpr": None, "low": None},
                },
            },
            "mask_only_auc_with_noise": {"harbour": 0.55, "jetty": None},
            "evened": {"judged": 0.98, "seen": 0.9751, "lent": 0.0049},
            "missing_together": {
                "lent": {"mean": 0.0001, "ci_low": -0.0002, "ci_high": 0.0004}
            },
        },
        "abstention": {
            "unjudged_evidence": [],
            "withheld_evidence": {},
            "campaigns": {"harbour": {"share": 0.5}},
        },
        "calibration_states": {
            "campaign": {"harbour": {"slope": 2.0}, "jetty": {"slope": None}}
        },
    },
    "details": {
        "operating_points": [{"fpr": 0.01}, {"fpr": 0.06, "fpr_low": 0.01}],
        "slices": {"role": [{"slice": "core"}]},
        "least_posts": {"most": 0.02, "harmful": [], "needless": [1, 2]},
    },
}


def test_nothing_is_said_where_nothing_fails() -> None:
    assert shortcomings(SOUND["metrics"], SOUND["details"]) == []
    refused = copy.deepcopy(SOUND)
    refused["details"]["operating_points"][-1] = {"reason": "30 controls"}
    assert shortcomings(refused["metrics"], refused["details"]) == []


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (
            ("details", "operating_points", 1, "fpr_low"),
            0.011,
            "at FPR 1% flagged 6.0% of the unseen controls",
        ),
        (
            ("metrics", "audit", "mask_only_auc_with_noise", "jetty"),
            0.738,
            "of 1 of 2 blocks apart (AUC of a model that sees nothing else up to 0.74, jetty)",
        ),
        (
            ("metrics", "audit", "panel", "slices", "ngo", "low"),
            0.006,
            "more often than the 0.5% aimed at: ngo (1%).",
        ),
        (
            ("metrics", "abstention", "campaigns", "harbour", "share"),
            0.66,
            "Most accounts get no number in service: harbour (34% do).",
        ),
        (
            ("metrics", "abstention", "unjudged_evidence"),
            ["posts 0", "without profile"],
            "they get no number in service: posts 0, without profile (",
        ),
        (
            ("metrics", "abstention", "withheld_evidence"),
            {"posts 0": 0.6, "without profile": 1.0},
            "scored again with that evidence withheld: posts 0, without profile (",
        ),
        (
            ("metrics", "calibration_states", "campaign", "harbour", "slope"),
            6.74,
            "by their slope: harbour (6.7, not sure enough).",
        ),
        (
            ("metrics", "calibration_states", "campaign", "jetty", "slope"),
            0.4,
            "by their slope: jetty (0.4, too sure).",
        ),
        (("details", "slices", "role"), [], "No archive says which role"),
        (
            ("metrics", "audit", "evened", "lent"),
            0.0051,
            "AUC 0.980 as they are judged here and 0.975 as they were seen",
        ),
        (
            ("details", "least_posts", "harmful"),
            [5, 10],
            "With 5, 10 posts an account is scored, and surely more than 2.0%",
        ),
    ],
)
def test_what_fails_is_named(path: tuple[Any, ...], value: Any, expected: str) -> None:
    given = copy.deepcopy(SOUND)
    inner = given
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value

    [said] = shortcomings(given["metrics"], given["details"])

    assert expected in said


def test_what_missing_values_lend_is_said_or_that_nobody_knows() -> None:
    given = copy.deepcopy(SOUND)
    audit = given["metrics"]["audit"]
    audit["mask_only_auc_with_noise"]["jetty"] = 0.738

    [said] = shortcomings(given["metrics"], given["details"])

    assert said.endswith("lends +0.0001 AUC on the mean (-0.0002 to +0.0004).")
    audit["missing_together"]["lent"] = dict.fromkeys(("mean", "ci_low", "ci_high"))
    [said] = shortcomings(given["metrics"], given["details"])
    assert said.endswith("was not measured.")
