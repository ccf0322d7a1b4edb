"""Everything a caller can be told went wrong: a closed list of codes.

ApiError     the whole request: an HTTP status, and {"error": {code, message, field}}
ItemError    one account of a batch: answered with 200, outcome `rejected`

A message never holds a value of the request: values do not reach a log or a page.
"""

from dataclasses import dataclass
from typing import Final

# Code -> HTTP status.
STATUS: Final = {
    "not_json": 400,
    "wrong_key": 401,
    "not_found": 404,
    "method_not_allowed": 405,
    "slow_body": 408,
    "too_large": 413,
    "too_many_accounts": 413,
    "wrong_content_type": 415,
    "unknown_field": 422,
    "missing_field": 422,
    "wrong_type": 422,
    "out_of_range": 422,
    "unknown_value": 422,
    "too_busy": 429,
    "internal": 500,
    "not_ready": 503,
    "timeout": 504,
}

# Codes of a rejected account.
ITEM_CODES: Final = (
    "unknown_field",
    "missing_field",
    "wrong_type",
    "out_of_range",
    "unknown_value",
    "too_long",
    "wrong_time",
    "time_without_zone",
    "time_order",
    "too_many_posts",
    "duplicate_account",
    "account_mismatch",
)

# Codes of an account that is not scored.
ABSTENTIONS: Final = (
    "no_evidence",
    "too_few_posts",
    "unjudged_evidence",
    "unlike_training",
    "wide_interval",
)


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where.

    Attributes:
        code: of STATUS or ITEM_CODES.
        message: expected against found, without any value of the request.
        field: path, for example `accounts[3].posts[7].posted_at`; null for the whole.
    """

    code: str
    message: str
    field: str | None = None


class ApiError(Exception):
    """The whole request cannot be answered."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(code)
        self.fault = Fault(code, message, field)

    @property
    def status(self) -> int:
        """HTTP status of the code."""
        return STATUS[self.fault.code]


class ItemError(Exception):
    """One account of the request cannot be scored; the others can."""

    def __init__(self, code: str, message: str, field: str) -> None:
        super().__init__(code)
        self.fault = Fault(code, message, field)
