"""The HTTP contract, v1, as types: what is asked, what is answered.

v1 only ever gains optional fields.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from serving.errors import ABSTENTIONS

MAX_BODY: Final = 32 * 2**20
MAX_ACCOUNTS: Final = 1_000
MAX_EXPLAINED: Final = 500
MAX_POSTS: Final = 3_200
MAX_TEXT: Final = 100_000
MAX_ITEMS: Final = 1_000

Explain = Literal["full", "top", "none"]
# Reasons given with "top": as many for as against.
TOP: Final = 5


def _whole(value: Any) -> Any:
    """7.0 as 7: to JSON and its schemas they are the same number."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value


_Id = Annotated[str, Field(min_length=1, max_length=200)]
_Text = Annotated[str, Field(max_length=MAX_TEXT)]
_Count = Annotated[int, Field(ge=0, le=2**53), BeforeValidator(_whole)]
_Time = Annotated[
    str,
    Field(
        max_length=40,
        description="ISO 8601 with a zone, for example 2024-05-01T12:30:00Z",
        json_schema_extra={"format": "date-time"},
    ),
]
_List = Annotated[list[_Text], Field(max_length=MAX_ITEMS)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True
    )


class AccountInput(_Strict):
    """A canonical account; a field left out or null is not known."""

    account_id: _Id
    as_of: _Time | None = Field(
        default=None, description="moment of judging; default: when it is received"
    )
    created_at: _Time | None = None
    handle: _Text | None = None
    name: _Text | None = None
    bio: _Text | None = None
    location: _Text | None = None
    url: _Text | None = None
    declared_language: _Text | None = None
    followers: _Count | None = None
    following: _Count | None = None
    posts_total: _Count | None = None
    likes_total: _Count | None = None
    listed: _Count | None = None
    default_image: bool | None = None
    history_complete: bool | None = None


class PostInput(_Strict):
    """A canonical post of the account beside it."""

    post_id: _Id | None = None
    account_id: _Id | None = Field(
        default=None, description="if given, that of the account beside it"
    )
    posted_at: _Time | None = None
    text: _Text | None = None
    language: _Text | None = None
    client: _Text | None = None
    kind: Literal["original", "repost", "reply", "quote"]
    target_account_id: _Id | None = None
    target_post_id: _Id | None = None
    target_posted_at: _Time | None = None
    hashtags: _List | None = None
    mentions: _List | None = None
    links: _List | None = None
    likes: _Count | None = None
    reposts: _Count | None = None
    replies: _Count | None = None
    quotes: _Count | None = None


class AccountItem(_Strict):
    """One account with its posts."""

    account: AccountInput
    posts: Annotated[list[PostInput], Field(max_length=MAX_POSTS)] = []


class ScoreRequest(_Strict):
    """The envelope. What is wrong inside one account rejects that account alone."""

    # Each is read on its own (serving.parsing), so that a bad one spoils no other.
    accounts: list[Any] = Field(
        description="accounts to score; an item that does not fit AccountItem is "
        "answered as rejected",
    )
    prevalence: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="share to assume; default: the model's"
    )
    explain: Explain | None = Field(default=None, description='default: "top"')


class ModelName(BaseModel):
    """Which model answered."""

    name: str
    version: str
    fingerprint: str
    world: str


class Contribution(BaseModel):
    """What one feature adds to the log-odds."""

    feature: str
    group: str
    family: str
    label: str
    unit: str
    value: float | None
    missing_reason: str | None
    contribution: float
    percentile: float | None


class Explanation(BaseModel):
    """Parts of the log-odds; with "full", they sum to logit(bot_probability).

    All but prevalence_shift are pulled towards the base rate where evidence is withheld:
    base need not be the same for all accounts.
    """

    base: float
    prevalence_shift: float
    contributions: list[Contribution]


class FaultBody(BaseModel):
    """What went wrong."""

    code: str
    message: str
    field: str | None


class Result(BaseModel):
    """Answer for one account, in the order of the request."""

    account_id: str | None
    as_of: str | None
    outcome: Literal["scored", "abstained", "rejected"]
    bot_probability: float | None
    interval: tuple[float, float] | None = Field(
        description="holds bot_probability; at the same prevalence. How often it held on "
        "takedowns left out stands in the card; nothing is promised for the next one"
    )
    receipt: str | None
    reason: str | None = Field(
        description=f"why an account is not scored: {', '.join(ABSTENTIONS)}"
    )
    explanation: Explanation | None
    error: FaultBody | None


class ScoreResponse(BaseModel):
    """The answer."""

    model: ModelName
    prevalence: float
    request_id: str
    results: list[Result]


class ErrorResponse(BaseModel):
    """The answer to a request that cannot be answered."""

    error: FaultBody


class ModelResponse(BaseModel):
    """GET /v1/model: what is served."""

    model: ModelName
    card: str
    features: list[dict[str, Any]]
    thresholds: dict[str, Any] = Field(
        description="name -> aim, and the calibrated log-odds at calibration_prevalence "
        "above which an account is flagged; null with the reason where there is none"
    )
    gates: list[dict[str, Any]]
    default_prevalence: float
    calibration_prevalence: float
    limits: dict[str, int]
