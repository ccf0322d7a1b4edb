"""A source's block for params.yaml, with marks where only its user knows the fact."""

import json
from collections.abc import Mapping, Sequence

from pipeline.sources.source import FILL_IN

# Formats of another platform than Twitter, or of any.
_ELSEWHERE = ("bluesky", "canonical", "mastodon")
_TWITTER = "2006-03-21T00:00:00Z"
# Formats that tell when each account was collected.
_OBSERVED = ("botometer", "caverlee2011")


def params_block(
    name: str,
    form: str,
    files: Mapping[str, Sequence[str]],
    labels: set[int],
    *,
    grouped: bool,
    has_posts: bool,
    dated: bool,
    zone: bool,
    slashes: bool,
    numbered: bool,
) -> str:
    """YAML to paste under `sources.<world>`.

    Args:
        name: proposal for the source's name.
        form: format.
        files: kind of file -> names relative to data/<world>/raw.
        labels: classes that the files tell; empty if they tell none.
        grouped: the format names the campaign of each account.
        has_posts: there are posts.
        dated: there are posts to take the moment of judging from.
        zone: times state no zone, so that the source must.
        slashes: dates with slashes are there, so that their order must be declared.
        numbered: labels are numbers, so that the source must say which class they mean.
    """
    listed = "".join(f"\n    {kind}: {json.dumps(list(files[kind]))}" for kind in files)
    as_of = "column" if form in _OBSERVED else "last_post" if dated else "constant"
    at = "null" if as_of != "constant" else f"{FILL_IN}  # moment they were collected"
    return f"""\
- name: {name}
  format: {form}
  files:{listed}
{_positives(grouped) if labels != {0} else "  positives: null"}
{_CONTROLS if labels != {1} else "  controls: null"}
  as_of:
    rule: {as_of}
    at: {at}
  date_order: {f"{FILL_IN}  # month_first, day_first or mixed" if slashes else "null"}
  zone: {f"{FILL_IN}  # UTC, if the publisher says so" if zone else "null"}
  encoding: utf-8
  history_complete: {FILL_IN}  # true: every public post up to as_of is there
  platform_start: {FILL_IN if form in _ELSEWHERE else f'"{_TWITTER}"'}
  needs_posts: {"true" if has_posts else "false"}
  terms: {FILL_IN}  # of use, as you received the archive
{_POLARITY if numbered else ""}"""


def _positives(grouped: bool) -> str:
    campaign = "null" if grouped else f"{FILL_IN}  # name of the operation"
    return f"""\
  positives:  # null if none of the accounts is inauthentic
    campaign: {campaign}
    operator: {FILL_IN}  # who ran it; its campaigns are held out together
    kind: {FILL_IN}  # who says so: platform, purchase, honeypot, expert, weak, reviewer
    strength: {FILL_IN}  # trust in the label, above 0 to 1
    disclosed_at: {FILL_IN}  # like "2021-06-01T00:00:00Z", or null
    in_headline: {FILL_IN}  # false: shown, but in no mean, for the reason below
    reason: null"""


_POLARITY = f"""\
  polarity: {FILL_IN}  # like {{"1": positives, "0": controls}}
"""
_CONTROLS = f"""\
  controls:  # null if none of the accounts is ordinary
    name: {FILL_IN}
    kind: {FILL_IN}
    strength: {FILL_IN}
    blocks: {FILL_IN}  # like {{operator: 1.0}}: with whose fold they are held out
    slice: null"""
