"""Account view: everything a page shows of one account, evidence before the number."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any, Final

from serving.model import ServedModel, answer, post_bands
from serving.parsing import ParsedItem, tables
from serving.review.behaviour import Behaviour, behaviour
from serving.review.profile import Fact, profile
from serving.review.quantities import moment
from serving.review.reasons import (
    Evidence,
    Family,
    Quoted,
    Reason,
    evidence_of,
    families_of,
    reasons_of,
    strongest,
)
from serving.review.targets import Target, targets_of
from serving.review.timeline import Timeline, timeline

# Posts that can be read without being behind a reason.
LATEST: Final = 20
# Two probabilities further apart than this are not of the same model and input.
_SAME: Final = 1e-6
_MINUTE: Final = 60_000

ABSTAINED: Final = {
    "no_evidence": "nothing but a handle or a name is known of it",
    "too_few_posts": "too few of its posts are known: with more of them, the number would "
    "often be another",
    "unjudged_evidence": "no account of which just this much is known, and no more, was "
    "there to try the model on: what a number would be worth is not known",
    "unlike_training": "many of its values lie beyond those of every account that the "
    "model has learnt from",
    "wide_interval": "the known networks differ so much at such accounts that any number "
    "could be wrong",
}


@dataclass(frozen=True)
class Sum:
    """The lines that add up to the number.

    Attributes:
        base: log-odds before any reason, pulled towards the base rate as the account is
            (models.temper).
        shift: what the assumed share adds.
        anchor: share at which the model was calibrated.
        total: log-odds of the probability.
    """

    base: float
    shift: float
    anchor: float
    families: list[Family]
    total: float

    @property
    def largest(self) -> float:
        """Size of the largest line, to which bars are drawn."""
        lines = [self.base, self.shift, *(family.effect for family in self.families)]
        return max(abs(line) for line in lines) or 1.0


@dataclass(frozen=True)
class AccountView:
    """What the page of an account shows.

    Attributes:
        called: handle, else name, else id.
        latest: posts before the moment of judging, latest first; not all of them.
        late: posts at or after the moment of judging, which count for nothing.
        undated: posts without a time.
        band: posts of the controls it is compared with.
        probability: null if the account is not scored.
        interval: its low and high end, null if the account is not scored.
        targets: which operating points it passes; none if the account is not scored.
        abstained: why it is not scored, or null.
        differs: probability in the file of scores if it is not the one found here.
    """

    called: str
    facts: list[Fact]
    as_of: str
    timeline: Timeline | None
    behaviour: Behaviour | None
    latest: list[Quoted]
    given: int
    late: int
    undated: int
    band: str
    evidence: list[Evidence]
    probability: float | None
    interval: tuple[float, float] | None
    targets: list[Target]
    prevalence: float
    abstained: str | None
    in_favour: list[Reason]
    against: list[Reason]
    sum: Sum | None
    unmeasured: list[Reason]
    receipt: str
    differs: float | None


def account_view(
    model: ServedModel,
    item: ParsedItem,
    prevalence: float | None,
    stated: float | None = None,
) -> AccountView:
    """The view of one account.

    Args:
        model: the champion.
        item: the account with its posts.
        prevalence: share to assume; null for the model's default.
        stated: probability at this share that was computed before, if any.
    """
    result = answer(model, [item], prevalence, "full")[0]
    accounts, posts = tables([item])
    used = model.bundle.default_prevalence if prevalence is None else prevalence
    explanation = result["explanation"]
    reasons = reasons_of(explanation) if explanation else []
    lines = _sum(model, explanation, reasons) if explanation else None
    in_favour = strongest(reasons, 1)
    as_of = item.account["as_of"] // _MINUTE * _MINUTE
    times = [(p["posted_at"], p["kind"] == "repost") for p in item.posts]
    dated = [(at, repost) for at, repost in times if at is not None]
    before = [(at, repost) for at, repost in dated if at // _MINUTE * _MINUTE < as_of]
    probability = result["bot_probability"]
    differs = stated is not None and (
        probability is None or abs(stated - probability) > _SAME
    )
    return AccountView(
        called=next(
            str(item.account[name])
            for name in ("handle", "name", "account_id")
            if item.account[name]
        ),
        facts=profile(item.account),
        as_of=moment(as_of),
        timeline=timeline(before),
        behaviour=behaviour(accounts, posts),
        latest=_latest(item, as_of),
        given=len(times),
        late=len(dated) - len(before),
        undated=len(times) - len(dated),
        band=post_bands(accounts, posts)[0],
        evidence=evidence_of(in_favour, accounts, posts, model.bundle.artefacts),
        probability=probability,
        interval=tuple(result["interval"]) if result["interval"] else None,
        targets=targets_of(
            model.bundle.description["thresholds"], lines.total - lines.shift
        )
        if lines
        else [],
        prevalence=used,
        abstained=ABSTAINED[result["reason"]] if result["reason"] else None,
        in_favour=in_favour,
        against=strongest(reasons, -1),
        sum=lines,
        unmeasured=sorted(
            (r for r in reasons if r.value is None), key=lambda r: (r.family, r.label)
        ),
        receipt=result["receipt"],
        differs=stated if differs else None,
    )


def _latest(item: ParsedItem, as_of: int) -> list[Quoted]:
    counting = [
        post
        for post in item.posts
        if post["posted_at"] is None or post["posted_at"] // _MINUTE * _MINUTE < as_of
    ]
    # Those without a time come last: how late they are is not known.
    counting.sort(
        key=lambda post: (post["posted_at"] is not None, post["posted_at"] or 0),
        reverse=True,
    )
    return [
        Quoted(
            text=post["text"] or "",
            kind=post["kind"],
            target=post["target_account_id"],
            count=1,
            times=[] if post["posted_at"] is None else [moment(post["posted_at"])],
        )
        for post in counting[:LATEST]
    ]


def _sum(
    model: ServedModel, explanation: Mapping[str, Any], reasons: list[Reason]
) -> Sum:
    base, shift = explanation["base"], explanation["prevalence_shift"]
    families = families_of(reasons)
    total = fsum([base, shift, *(family.effect for family in families)])
    return Sum(base, shift, model.bundle.calibrator.anchor, families, total)
