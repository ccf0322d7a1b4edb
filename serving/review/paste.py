"""Paste: an account that a reviewer puts into the form, as the API would take it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from serving.contract import ScoreRequest
from serving.errors import Fault, ItemError
from serving.faults import fault_of
from serving.parsing import ParsedItem, parse_item

# Of the form, as it comes in: percent-encoded, so about half as much text.
MAX_FORM: Final = 4 * 2**20


class PasteError(Exception):
    """What was pasted cannot be scored."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


@dataclass(frozen=True)
class Pasted:
    """An account to score.

    Attributes:
        item: it and its posts.
        prevalence: that the pasted request asks for, or null.
    """

    item: ParsedItem
    prevalence: float | None


def parse_pasted(text: str, received: datetime) -> Pasted:
    """An account of pasted JSON: one item of `accounts`, or a request that holds one.

    Raises:
        PasteError: naming the field.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise PasteError(Fault("not_json", "this is not JSON")) from None
    if not isinstance(given, dict):
        raise PasteError(Fault("wrong_type", "must be a JSON object: {...}"))
    try:
        if "accounts" in given:
            return _request(given, received)
        return Pasted(parse_item(given, "", received), None)
    except ItemError as error:
        fault = error.fault
        place = (fault.field or "").lstrip(".") or None
        raise PasteError(Fault(fault.code, fault.message, place)) from None


def _request(given: dict[str, Any], received: datetime) -> Pasted:
    try:
        request = ScoreRequest.model_validate(given)
    except ValidationError as error:
        detail = error.errors(
            include_url=False, include_context=False, include_input=False
        )[0]
        raise PasteError(fault_of(detail["type"], detail["loc"])) from None
    if len(request.accounts) != 1:
        raise PasteError(
            Fault("too_many_accounts", "paste exactly one account", "accounts")
        )
    return Pasted(
        parse_item(request.accounts[0], "accounts[0]", received), request.prevalence
    )


def parse_share(text: str) -> float | None:
    """A share between 0 and 1 from what was typed in percent; null if left empty.

    Raises:
        PasteError: it is none.
    """
    typed = text.strip().removesuffix("%").strip().replace(",", ".")
    if not typed:
        return None
    try:
        value = float(typed) / 100
    except ValueError:
        value = -1.0
    if not 0 < value < 1:
        raise PasteError(
            Fault("out_of_range", "must lie between 0 and 100 percent", "share")
        )
    return value
