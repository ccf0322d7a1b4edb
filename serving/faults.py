"""pydantic's errors in our words: a code, a place, and no value of the input."""

from collections.abc import Sequence
from typing import Final

from serving.errors import Fault

# pydantic's error type -> our code and message; what is not listed is a wrong type.
_CODES: Final = {
    "json_invalid": ("not_json", "the body is not JSON"),
    "extra_forbidden": ("unknown_field", "no such field"),
    "missing": ("missing_field", "required"),
    "string_too_long": ("too_long", "longer than allowed"),
    "string_too_short": ("out_of_range", "must not be empty"),
    "too_long": ("too_long", "more items than allowed"),
    "greater_than": ("out_of_range", "too small"),
    "greater_than_equal": ("out_of_range", "too small"),
    "less_than": ("out_of_range", "too large"),
    "less_than_equal": ("out_of_range", "too large"),
    "literal_error": ("unknown_value", "not one of the values allowed"),
    "finite_number": ("out_of_range", "must be a finite number"),
    "string_unicode": ("wrong_type", "not valid Unicode"),
}


def fault_of(kind: str, place: Sequence[int | str], path: str = "") -> Fault:
    """The fault that a pydantic error tells of.

    Args:
        kind: pydantic's error type.
        place: its `loc`.
        path: of what was validated, for example `accounts[3]`.
    """
    code, message = _CODES.get(kind, ("wrong_type", "has the wrong type"))
    # A key that we do not know is the caller's own text, and is not repeated.
    known = place[:-1] if code == "unknown_field" else place
    field = path
    for part in known if code != "not_json" else ():
        field += f"[{part}]" if isinstance(part, int) else f".{part}"
    return Fault(code, message, field.lstrip(".") or None)
