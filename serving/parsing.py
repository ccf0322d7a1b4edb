"""From the accounts of a request to canonical tables; a bad account spoils no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl
from pydantic import BaseModel, ValidationError

from features import equalise, schema
from serving.contract import MAX_POSTS, AccountInput, AccountItem, PostInput
from serving.errors import ItemError
from serving.faults import fault_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MINUTE: Final = 60_000
_TOLERANCE: Final = equalise.CLOCK_TOLERANCE // _MILLISECOND
_ACCOUNT_TIMES: Final = ("as_of", "created_at")
_POST_TIMES: Final = ("posted_at", "target_posted_at")


@dataclass(frozen=True)
class ParsedItem:
    """One account of a request that can be scored.

    Attributes:
        account: canonical values; times in milliseconds since 1970.
        posts: the same for its posts.
    """

    account: dict[str, Any]
    posts: list[dict[str, Any]]

    @property
    def account_id(self) -> str:
        return str(self.account["account_id"])


def parse_item(item: Any, path: str, received: datetime) -> ParsedItem:
    """One element of `accounts`.

    Args:
        item: parsed JSON.
        path: its place, for example `accounts[3]`.
        received: as_of where none is given.

    Raises:
        ItemError: naming the field.
    """
    given = item.get("posts") if isinstance(item, dict) else None
    if isinstance(given, list) and len(given) > MAX_POSTS:
        raise ItemError("too_many_posts", f"at most {MAX_POSTS} posts", f"{path}.posts")
    try:
        parsed = AccountItem.model_validate(item)
    except ValidationError as error:
        details = error.errors(
            include_url=False, include_context=False, include_input=False
        )
        fault = fault_of(details[0]["type"], details[0]["loc"], path)
        raise ItemError(fault.code, fault.message, fault.field or path) from None
    account = _values(parsed.account, _ACCOUNT_TIMES, f"{path}.account")
    if account["as_of"] is None:
        account["as_of"] = _milliseconds(received)
    # The precision of features and of the answer: what is answered can be sent again.
    account["as_of"] -= account["as_of"] % _MINUTE
    posts = []
    for index, post in enumerate(parsed.posts):
        place = f"{path}.posts[{index}]"
        values = _values(post, _POST_TIMES, place)
        if values["account_id"] not in (None, account["account_id"]):
            raise ItemError(
                "account_mismatch",
                "differs from the account beside it",
                f"{place}.account_id",
            )
        values["account_id"] = account["account_id"]
        posts.append(values)
    _check_creation(account, posts, f"{path}.account.created_at")
    return ParsedItem(account, posts)


def _check_creation(
    account: Mapping[str, Any], posts: Sequence[Mapping[str, Any]], field: str
) -> None:
    """Refuse what ingest refuses: an account younger than what is seen of it."""
    created = account["created_at"]
    if created is None:
        return
    if created > account["as_of"] + _TOLERANCE:
        raise ItemError("time_order", "more than a day after as_of", field)
    times = [post["posted_at"] for post in posts if post["posted_at"] is not None]
    if times and created > min(times) + _TOLERANCE:
        raise ItemError(
            "time_order", "more than a day after a post of the account", field
        )


def _values(model: BaseModel, times: Sequence[str], path: str) -> dict[str, Any]:
    # dict(model) would ask pydantic for each field, in most of the time of a request.
    values = model.__dict__.copy()
    for name in times:
        if values[name] is not None:
            values[name] = _moment(values[name], f"{path}.{name}")
    return values


def _moment(text: str, field: str) -> int:
    """Milliseconds since 1970 of an ISO time with a zone."""
    try:
        # RFC 3339 lets t and z be small letters.
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise ItemError("wrong_time", "not an ISO 8601 time", field) from None
    if moment.tzinfo is None:
        raise ItemError("time_without_zone", "needs a zone, such as Z", field)
    milliseconds = _milliseconds(moment)
    if not _FIRST <= milliseconds <= _LAST:
        raise ItemError("wrong_time", "outside the years 1 to 9999", field)
    return milliseconds


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


_FIRST: Final = _milliseconds(datetime.min.replace(tzinfo=UTC))
_LAST: Final = _milliseconds(datetime.max.replace(tzinfo=UTC))


def tables(items: Sequence[ParsedItem]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Canonical accounts and posts of items with different ids.

    Parsing has seen to what a table must keep; build_features checks it once more.
    """
    accounts = _frame([item.account for item in items], "accounts", AccountInput)
    posts = _frame([post for item in items for post in item.posts], "posts", PostInput)
    return accounts, posts


def _frame(
    rows: Sequence[Mapping[str, Any]], table: str, model: type[BaseModel]
) -> pl.DataFrame:
    dtypes = schema.TABLES[table]
    times = [name for name, dtype in dtypes.items() if dtype == schema.TIME]
    frame = pl.DataFrame(
        [tuple(row.values()) for row in rows],
        schema={n: pl.Int64() if n in times else dtypes[n] for n in model.model_fields},
        orient="row",
    )
    return frame.select(list(dtypes)).with_columns(pl.col(times).cast(schema.TIME))
