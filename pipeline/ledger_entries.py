"""Entries of the ledger of forecasts and their descriptions: what each must hold.

A chain whose hashes fit may still be one that somebody else wrote: what it says is
checked before it is used, so that a forged or older file is named and nothing breaks.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from features.errors import ArtefactError

_REMEDY = (
    "not as it was written by python -m pipeline.forecast; bring the original back"
)


def _is_name(value: str) -> str:
    if Path(value).name != value or not value.strip("."):
        raise ValueError("not the name of a folder")
    return value


Name = Annotated[str, AfterValidator(_is_name)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Stored(BaseModel):
    """Facts that are there may not be wrong; more than these may be there."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Frozen(_Stored):
    """A forecast was frozen; `forecast` is the hash of its forecast.json."""

    event: Literal["frozen"]
    name: Name
    forecast: Sha256


class Scored(_Stored):
    """A forecast was compared with labels; figures are null where not reported."""

    event: Literal["scored"]
    name: Name
    forecast: Sha256
    labels: Sha256
    n_pos: Count
    n_neg: Count
    abstained: Count
    not_predicted: Count
    not_labelled: Count
    auc: Share | None
    average_precision: Share | None
    ece: Share | None
    brier_skill: Annotated[float, Field(le=1)] | None
    recall_at_fpr: Annotated[Share | None, Field(alias="recall_at_fpr_0.01")]
    # Ledgers may be older than these.
    log_loss: Annotated[float, Field(ge=0)] | None = None
    partial_auc: Annotated[Share | None, Field(alias="partial_auc_at_fpr_0.01")] = None


class Given(_Stored):
    """A file that was predicted from."""

    file: str
    sha256: Sha256


class Description(_Stored):
    """forecast.json."""

    name: Name
    world: str
    anchor: Annotated[float, Field(gt=0, lt=1)]
    latest: str
    scored: Count
    abstained: Count
    rejected: Count
    bundle: Sha256
    predictions: Sha256
    input: dict[str, Given]


def fitting(where: str, value: Any, model: type[BaseModel]) -> None:
    """Nothing, if a stored value is what the model says.

    Args:
        where: it stands, for the message.
        value: parsed JSON.
        model: what is expected.

    Raises:
        ArtefactError: names the place and each field that is wrong.
    """
    try:
        model.model_validate(value)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise ArtefactError(f"{where}: {faults}; {_REMEDY}") from None


def checked_entries(path: Path, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same entries, each what `freeze` or `score` would have written, in their order.

    Args:
        path: of the ledger, for messages.
        entries: of a sound chain.

    Raises:
        ArtefactError: an entry that is not, or that scores what was not frozen before
            it, or freezes a name anew; names the line.
    """
    known: dict[str, str] = {}
    for number, entry in enumerate(entries, start=1):
        where = f"{path}, line {number}"
        fitting(where, entry, Scored if entry.get("event") == "scored" else Frozen)
        name, forecast = entry["name"], entry["forecast"]
        if (entry["event"] == "frozen") == (name in known):
            said = "frozen before" if name in known else "scored and never frozen"
            raise ArtefactError(f"{where}: {name} was {said}; {_REMEDY}")
        if known.setdefault(name, forecast) != forecast:
            raise ArtefactError(f"{where}: scores another forecast {name}; {_REMEDY}")
    return entries
