"""Receipts: a hash that binds an answer to its input, its model and its moment."""

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from serving.parsing import ParsedItem


def receipt(item: ParsedItem, model_hash: str, prevalence: float) -> str:
    """SHA-256 of canonical input (as_of to the minute), model and prevalence, as text.

    The order of posts does not matter, because it does not matter to the score. What is
    not known is left out, so that a field that v1 gains changes no old receipt.
    """
    digest = hashlib.sha256()
    head = [_known(item.account), model_hash, repr(prevalence)]
    # A line of JSON holds no end of line.
    for line in (to_json(head), *sorted(to_json(_known(post)) for post in item.posts)):
        digest.update(line + b"\n")
    return digest.hexdigest()


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
