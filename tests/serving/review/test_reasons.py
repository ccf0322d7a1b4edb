from dataclasses import replace
from math import exp, fsum
from typing import Any

import polars as pl
import pytest

from features.catalogue import feature
from features.feature import FAMILIES
from serving.model import ServedModel, answer
from serving.parsing import tables
from serving.review.account import ABSTAINED, account_view
from serving.review.reasons import (
    MOST_POSTS,
    Reason,
    evidence_of,
    families_of,
    reasons_of,
    strongest,
)
from serving.review.targets import targets_of
from tests.models.builders import POINT
from tests.serving.builders import AS_OF, iso, make_item, make_post, random_items
from tests.serving.review.builders import only_name, parsed

ITEMS = random_items(12, 25, seed=2)


def explained(model: ServedModel, item: dict[str, Any]) -> dict[str, Any]:
    return answer(model, parsed([item]), None, "full")[0]


@pytest.mark.parametrize("item", ITEMS)
def test_families_are_exactly_the_sum_of_their_parts(
    item: dict[str, Any], model: ServedModel
) -> None:
    result = explained(model, item)

    view = account_view(model, parsed([item])[0], None)

    parts = result["explanation"]["contributions"]
    assert view.sum is not None
    assert 0 < len(view.sum.families) <= len(FAMILIES) == 7
    for family in view.sum.families:
        assert family.effect == fsum(
            part["contribution"] for part in parts if part["family"] == family.name
        )
        listed = [r.label for _, reasons in family.parts for r in reasons]
        inside = [p["label"] for p in parts if p["family"] == family.name]
        assert sorted(listed + family.without) == sorted(inside)
    assert view.probability == result["bot_probability"]
    assert view.receipt == result["receipt"]


@pytest.mark.parametrize("item", ITEMS)
def test_what_was_not_measured_is_a_reason_for_nothing(
    item: dict[str, Any], model: ServedModel
) -> None:
    reasons = reasons_of(explained(model, item)["explanation"])

    for sign in (1, -1):
        chosen = strongest(reasons, sign)
        assert all(r.value is not None and r.effect * sign > 0 for r in chosen)
        assert chosen == sorted(chosen, key=lambda r: -abs(r.effect))
        any_at_all = any(r.value is not None and r.effect * sign > 0 for r in reasons)
        assert bool(chosen) == any_at_all
    missing = [r for r in reasons if r.value is None]
    assert missing
    assert all(r.unmeasured and r.needed for r in missing)


def make_reason(effect: float, **overrides: Any) -> Reason:
    given = {
        "name": "n",
        "label": "l",
        "family": "timing",
        "value": "1 post",
        "raw": None,
        "percentile": None,
        "unmeasured": None,
        "needed": None,
        "description": "",
        "limitation": "",
        "cost": "",
    }
    return Reason(effect=effect, **{**given, **overrides})


def test_the_only_reason_against_is_shown_however_small() -> None:
    reasons = [make_reason(2.0), make_reason(0.001), make_reason(-0.0001)]

    assert [r.effect for r in strongest(reasons, 1)] == [2.0]
    assert [r.effect for r in strongest(reasons, -1)] == [-0.0001]


def test_both_sides_of_a_family_stand_apart_strongest_first() -> None:
    reasons = [make_reason(-0.5), make_reason(0.3), make_reason(0.2, value=None)]

    (family,) = families_of(reasons)

    assert [title for title, _ in family.parts] == [
        "For",
        "Against",
        "Could not be measured",
    ]
    assert family.effect == fsum([-0.5, 0.3, 0.2])


def test_percentiles_compare_with_accounts_of_as_many_posts(model: ServedModel) -> None:
    few, many = random_items(1, 3)[0], random_items(1, 25)[0]

    assert any(
        r.percentile is not None
        for r in reasons_of(explained(model, many)["explanation"])
    )
    assert all(
        r.percentile is None for r in reasons_of(explained(model, few)["explanation"])
    )


def test_repeated_words_are_quoted_once_with_all_their_times() -> None:
    item = make_item(posts=0)
    item["posts"] = [
        make_post(
            text=text, posted_at=iso(AS_OF.replace(day=1, month=4, minute=minute))
        )
        for minute, text in enumerate(
            ["the same words here"] * 3 + ["once and never again"] * 2
        )
    ] + [make_post(text=f"different words number {n} abc") for n in range(9)]
    accounts, posts = tables(parsed([item]))
    reason = make_reason(1.0, name="content_duplicate_share")

    (found,) = evidence_of([reason], accounts, posts)

    assert found.posts is not None
    assert len(found.posts) <= MOST_POSTS
    assert (found.posts[0].text, found.posts[0].count) == ("the same words here", 3)
    assert found.posts[0].when.startswith("2024-04-01 12:02 UTC, 2024-04-01 12:01 UTC")


def test_evidence_is_the_posts_that_the_features_name() -> None:
    item = random_items(1, 60, seed=3)[0]
    accounts, posts = tables(parsed([item]))

    names = ("action_repost_share", "profile_followers_log", "action_reply_share")
    reasons = [make_reason(1.0, name=name) for name in names]

    found, silent, other = evidence_of(reasons, accounts, posts)

    assert found.total == posts.filter(pl.col("kind") == "repost").height > MOST_POSTS
    assert found.posts is not None
    assert {post.kind for post in found.posts} == {"repost"}
    assert feature("profile_followers_log").evidence is None
    assert silent.posts is None
    assert (found.reason, silent.reason, other.reason) == tuple(reasons)
    assert other.total == posts.filter(pl.col("kind") == "reply").height > 0


def test_the_view_has_the_interval_and_says_which_lines_are_passed(
    model: ServedModel,
) -> None:
    item = parsed([make_item(posts=3)])[0]
    result = answer(model, [item], 0.2, "full")[0]

    view = account_view(model, item, 0.2)

    assert view.interval is not None
    assert list(view.interval) == result["interval"]
    explanation = result["explanation"]
    parts = [part["contribution"] for part in explanation["contributions"]]
    anchored = fsum([explanation["base"], *parts])
    (target,) = view.targets
    assert target.passed == (anchored > POINT["logit"])
    # Which lines it passes does not depend on the share that is assumed.
    assert account_view(model, item, 0.001).targets == view.targets


def test_an_account_begins_where_its_evidence_lets_it_and_adds_up(
    model: ServedModel,
) -> None:
    known, alike = (make_item(posts=count) for count in (9, 12))
    without = known | {"account": {"account_id": "a", "as_of": iso(AS_OF)}}

    sums = [
        account_view(model, parsed([item])[0], None).sum
        for item in (known, alike, without)
    ]

    bases = []
    for item, found in zip((known, alike, without), sums, strict=True):
        assert found is not None
        bases.append(found.base)
        probability = explained(model, item)["bot_probability"]
        assert 1 / (1 + exp(-found.total)) == pytest.approx(probability, abs=1e-9)
    assert bases[0] == bases[1]
    # Nothing of the profile is known: pulled, and its start with it (anchor one half).
    temper = model.bundle.intervals.withheld["without profile"]
    assert bases[2] == pytest.approx(temper * bases[0], abs=1e-12)
    assert temper < 1
    assert bases[0] != 0


@pytest.mark.parametrize(
    ("point", "words"),
    [
        (POINT, "at most 1\N{NO-BREAK SPACE}% of ordinary accounts pass"),
        (
            {"min_precision": 0.9, "prevalence": 0.02},
            "at least 90\N{NO-BREAK SPACE}% of those that pass are of that kind, where "
            "2\N{NO-BREAK SPACE}% are of that kind",
        ),
        (
            {"reviews_a_day": 200.0, "accounts_a_day": 1e4, "prevalence": 0.02},
            "at most 200 of 10,000 accounts a day pass, where "
            "2\N{NO-BREAK SPACE}% are of that kind",
        ),
    ],
)
def test_lines_are_in_words(point: dict[str, Any], words: str) -> None:
    point = POINT | point | {"logit": 0.5}
    if "prevalence" in point:
        point.pop("max_fpr")

    above, below = (targets_of({"a": point}, logit)[0] for logit in (0.6, 0.5))

    assert (above.aim, above.passed, below.passed) == (words, True, False)
    (none,) = targets_of({"a": point | {"logit": None, "reason": "too few"}}, 9.0)
    assert (none.passed, none.missed) == (None, "too few")


def test_an_account_without_evidence_has_no_number(model: ServedModel) -> None:
    view = account_view(model, parsed([only_name()])[0], None)

    assert view.probability is None
    assert view.sum is None
    assert view.interval is None
    assert view.targets == []
    assert view.abstained == "nothing but a handle or a name is known of it"


def test_evidence_that_nobody_judged_has_a_reason_and_no_number(
    model: ServedModel,
) -> None:
    item = {"account": make_item()["account"], "posts": []}
    limits = replace(model.bundle.abstention, least_operators=1)
    bundle = replace(model.bundle, abstention=limits)
    # The twin: operators left out showed accounts without posts.
    assert explained(replace(model, bundle=bundle), item)["outcome"] == "scored"

    known = {**bundle.intervals.operators, "posts 0": 0}
    widths = replace(bundle.intervals, operators=known)
    unjudged = replace(model, bundle=replace(bundle, intervals=widths))
    result, view = (
        explained(unjudged, item),
        account_view(unjudged, parsed([item])[0], None),
    )

    assert (result["outcome"], result["reason"]) == ("abstained", "unjudged_evidence")
    for name in ("bot_probability", "interval", "explanation"):
        assert result[name] is None
    assert (view.probability, view.sum, view.targets) == (None, None, [])
    assert view.abstained == ABSTAINED["unjudged_evidence"]


def test_posts_at_or_after_the_moment_of_judging_are_counted_apart(
    model: ServedModel,
) -> None:
    item = make_item(posts=3)
    item["posts"] += [make_post(posted_at=iso(AS_OF)), make_post(posted_at=None)]

    view = account_view(model, parsed([item])[0], None)

    assert (view.given, view.late, view.undated) == (5, 1, 1)
    assert view.timeline is not None
    assert view.timeline.total == 3
    assert len(view.latest) == 4


def test_a_number_of_another_model_is_named(model: ServedModel) -> None:
    item = parsed([make_item()])[0]
    right = account_view(model, item, None).probability
    assert right is not None

    assert account_view(model, item, None, right).differs is None
    assert account_view(model, item, None, right / 2).differs == right / 2
