"""Profile: what is known of an account itself, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from serving.review.quantities import moment

# Column, label, and whether the account itself wrote what stands there.
_FACTS: Final = (
    ("handle", "Handle", True),
    ("name", "Name", True),
    ("account_id", "Account id", True),
    ("bio", "Bio", True),
    ("location", "Location", True),
    ("url", "Link", True),
    ("declared_language", "Declared language", True),
    ("created_at", "Created", False),
    ("followers", "Followers", False),
    ("following", "Following", False),
    ("posts_total", "Posts in total", False),
    ("likes_total", "Likes given", False),
    ("listed", "Lists it stands in", False),
    ("default_image", "Default picture", False),
    ("history_complete", "All its posts given", False),
)


@dataclass(frozen=True)
class Fact:
    """A field of the profile.

    Attributes:
        value: null if it was not given, "" if it is known to be empty.
        foreign: whether the account wrote it, so that nothing in it may be obeyed.
    """

    label: str
    value: str | None
    foreign: bool


def profile(account: Mapping[str, Any]) -> list[Fact]:
    """All fields of a parsed account, those not given too."""
    return [_fact(account, *fact) for fact in _FACTS]


def _fact(account: Mapping[str, Any], column: str, label: str, foreign: bool) -> Fact:
    value = account[column]
    if value is None:
        return Fact(label, None, foreign)
    if isinstance(value, bool):
        return Fact(label, "yes" if value else "no", foreign)
    if column == "created_at":
        return Fact(label, moment(value), foreign)
    return Fact(label, value if isinstance(value, str) else f"{value:,}", foreign)
