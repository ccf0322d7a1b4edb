"""Numbers, shares and times as a reviewer reads them."""

import math
import re
from datetime import UTC, datetime
from typing import Final

_MINUS: Final = "\N{MINUS SIGN}"
# No line ends between a number and its sign.
_PERCENT: Final = "\N{NO-BREAK SPACE}%"
_LOGARITHM: Final = re.compile(r"^ln\((?:1 \+ )?(.+)\)$")
# Scales, not things that are counted: said of the number and not after it.
_SCALES: Final = (
    *("ratio", "log ratio", "-1 to 1", "1 minus overlap", "strength"),
    "observed over expected",
)
# Effects smaller than this are shown as none.
SMALLEST: Final = 0.005


def amount(value: float) -> str:
    """Three digits that matter, four from a thousand on: 0.123, 12.5, 1,234, 1,235,000."""
    rounded = float(f"{value:.{4 if abs(value) >= 1_000 else 3}g}")
    text = f"{rounded:,.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", _MINUS)


def measured(value: float, unit: str) -> str:
    """A feature's value with its unit; logarithms are turned back into counts."""
    if unit == "yes or no":
        return "yes" if value else "no"
    if unit in ("share", "chance"):
        return f"{amount(100 * value)}{_PERCENT}"
    if found := _LOGARITHM.match(unit):
        back = math.expm1(value) if "1 +" in unit else math.exp(value)
        return (
            _duration(back) if found[1] == "minutes" else f"{amount(back)} {found[1]}"
        )
    if unit in _SCALES:
        return f"{amount(value)} ({unit.replace('-', _MINUS)})"
    return f"{amount(value)} {unit}"


def raw(value: float, unit: str) -> str | None:
    """The value as the model takes it, where `measured` turned it into something else."""
    return f"{value:.4g} {unit}" if _LOGARITHM.match(unit) else None


def _duration(minutes: float) -> str:
    for name, length in (("days", 1440), ("hours", 60)):
        if minutes >= 2 * length:
            return f"{amount(minutes / length)} {name}"
    return f"{amount(minutes)} minutes"


def signed(value: float) -> str:
    """An effect with its sign and two decimals."""
    text = f"{abs(value):.2f}"
    if text == "0.00":
        return text
    return f"{'+' if value > 0 else _MINUS}{text}"


def probability(value: float) -> str:
    """A probability that never claims certainty."""
    if value < 0.001:
        return "below 0.001"
    if value > 0.999:
        return "above 0.999"
    return f"{value:.3f}" if value < 0.01 or value > 0.99 else f"{value:.2f}"


def share(value: float) -> str:
    """A share in percent."""
    return f"{100 * value:.4g}{_PERCENT}"


def moment(milliseconds: int) -> str:
    """A time, to the minute, in UTC."""
    try:
        at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return "a time outside the calendar"
    return f"{at:%Y-%m-%d %H:%M} UTC" if at.year >= 1000 else f"{at.date()} UTC"
