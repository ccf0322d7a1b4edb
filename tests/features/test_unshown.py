"""Features made of posts that no single post shows: each with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from features.catalogue import FEATURES, feature
from features.feature import Feature
from features.missing import of_posts
from tests.features.builders import fails

# What is not named here has an evidence expression.
UNSHOWN = {
    "timing_burstiness": "how much all pauses vary: none of them is even or uneven",
    "timing_memory": "how all pauses go with the next ones: one pair goes with nothing",
    "timing_gap_entropy": "how evenly all pauses spread over their sizes",
    "rhythm_hour_entropy": "how evenly all posts spread over the hours of the day",
    "rhythm_circadian_distance": "a whole day of posts against that of other accounts",
    "life_deleted_share": "posts that are gone cannot be shown",
    "wording_word_repeat_chance": "the small words of a language stand in every post",
    "wording_shift": "all words of one half against all of the other",
    "claim_pace_log": "a number of posts against a number in the profile",
}


def check_shown(features: Sequence[Feature], unshown: Mapping[str, str]) -> None:
    """Every feature made of posts is shown by some, or says why it is not."""
    silent = {f.name for f in features if of_posts(f) and f.evidence is None}

    assert silent == set(unshown)
    assert all(unshown.values())


def test_what_no_post_shows_has_a_reason():
    check_shown(FEATURES, UNSHOWN)


def test_a_feature_that_forgets_its_evidence_is_caught():
    """The twin: evidence taken away, and a reason for what posts do show."""
    shown = feature("days_bouts_log")
    without = replace(shown, evidence=None)

    assert fails(lambda: check_shown([without], {}))
    assert fails(lambda: check_shown([shown], {shown.name: "no reason"}))
    assert fails(lambda: check_shown([without], {shown.name: ""}))
    check_shown([without], {shown.name: "a reason"})
