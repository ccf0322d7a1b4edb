"""Verdicts of reviewers as a file, JSON lines or CSV: read, checked, rejected rows kept.

One row a verdict: receipt (of the answer that the reviewer saw), account_id, verdict,
reason (a code), reviewer (a pseudonym), at (with a zone). Other fields are passed over.
"""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args

import polars as pl
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from features import schema
from pipeline.errors import SourceError

Verdict = Literal["inauthentic", "authentic", "undecided"]

VERDICTS: Final[dict[str, pl.DataType]] = {
    "receipt": pl.String(),
    "account_id": pl.String(),
    "verdict": pl.String(),
    "reason": pl.String(),
    "reviewer": pl.String(),
    "at": schema.TIME,
}
_CODE: Final = r"^[a-z][a-z0-9_]{0,40}$"
# Field that is wrong -> rule under which its row is rejected.
_RULES: Final = {
    "receipt": ("receipt_malformed", "expected the 64 hexadecimal digits of an answer"),
    "account_id": ("no_id", "expected text that is not empty"),
    "verdict": ("verdict_unknown", f"expected one of {', '.join(get_args(Verdict))}"),
    "reason": ("reason_malformed", "expected a code like `copied_texts`"),
    "reviewer": (
        "reviewer_not_pseudonym",
        "expected a pseudonym of letters and digits, no name and no address",
    ),
    "at": ("time_unreadable", "expected a time with a zone"),
}
_LONGEST_RAW: Final = 300


def _written_out(value: object) -> object:
    """Times as text with a date: of a number it would be guessed what it counts."""
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
        return value
    raise ValueError("no date")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    receipt: str = Field(pattern=r"^[0-9a-f]{64}$")
    account_id: str = Field(min_length=1, max_length=500)
    verdict: Verdict
    reason: str = Field(pattern=_CODE)
    reviewer: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    at: Annotated[AwareDatetime, BeforeValidator(_written_out)]


class ReadVerdicts(NamedTuple):
    """What a file of verdicts holds; read = verdicts + rejected.

    verdicts: columns of VERDICTS, the last of each reviewer on each account.
    rejected: canonical `rejected` rows.
    read: number of rows.
    """

    verdicts: pl.DataFrame
    rejected: pl.DataFrame
    read: int


def no_verdicts() -> ReadVerdicts:
    """What a world without reviewers has."""
    return ReadVerdicts(pl.DataFrame(schema=VERDICTS), schema.empty("rejected"), 0)


def read_verdicts(path: Path) -> ReadVerdicts:
    """Verdicts of a file, a row a reviewer and account.

    A later verdict of the same reviewer on the same account takes the place of the
    earlier one, which is rejected as `superseded`. An answer is about one account: all
    rows of a receipt that stands with two are rejected as `receipt_of_two`.

    Raises:
        SourceError: there is no such file, it is no text, or a CSV lacks a column.
    """
    rows: list[dict[str, Any]] = []
    rejected: list[tuple[int, str, str, str]] = []
    count = 0
    for number, raw, given in _rows(path):
        count += 1
        if given is None:
            rejected.append((number, "not_json", "expected a JSON object", raw))
            continue
        try:
            row = _Row.model_validate(given)
        except ValidationError as error:
            field = str(error.errors(include_url=False)[0]["loc"][0])
            rule, detail = _RULES[field]
            # Whoever wrote a name where a pseudonym belongs is not named once more.
            shown = "" if field == "reviewer" else raw
            rejected.append((number, rule, detail, shown))
            continue
        rows.append({**row.model_dump(), "number": number, "raw": raw})
    whole = pl.DataFrame(
        rows, schema={**VERDICTS, "number": pl.Int64(), "raw": pl.String()}
    )
    # With or without the name of its source.
    of_two = pl.col("account_id").str.replace("^[^/]*/", "").n_unique().over("receipt")
    for number, raw in whole.filter(of_two > 1).select("number", "raw").iter_rows():
        detail = "the receipt stands with more than one account"
        rejected.append((number, "receipt_of_two", detail, raw))
    whole = whole.filter(of_two == 1)
    key = ["account_id", "reviewer"]
    ordered = whole.sort(*key, "at", "number")
    later = pl.int_range(pl.len()).reverse().over(key) > 0
    for number, raw in ordered.filter(later).select("number", "raw").iter_rows():
        rejected.append((number, "superseded", "the reviewer decided again", raw))
    table = pl.DataFrame(
        [
            ("verdicts", path.name, number, rule, detail, raw[:_LONGEST_RAW])
            for number, rule, detail, raw in sorted(rejected)
        ],
        schema=schema.REJECTED,
        orient="row",
    )
    return ReadVerdicts(ordered.filter(~later).select(list(VERDICTS)), table, count)


def _rows(path: Path) -> Iterator[tuple[int, str, dict[str, Any] | None]]:
    """Number of the line, its text, and the fields; null if they cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except (FileNotFoundError, IsADirectoryError):
        raise SourceError(
            f"{path}: no such file; correct label.reviewers.files, or take the world out"
        ) from None
    text = text.replace("\0", "")
    if path.suffix == ".csv":
        yield from _csv_rows(path, text)
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line, _parsed(line)


def _csv_rows(
    path: Path, text: str
) -> Iterator[tuple[int, str, dict[str, Any] | None]]:
    reader = csv.reader(re.split(r"(?<=\n)", text))
    header = next(reader, [])
    if absent := set(VERDICTS) - set(header):
        raise SourceError(
            f"{path}: column(s) {', '.join(sorted(absent))} are missing; a file of "
            f"verdicts has {', '.join(VERDICTS)}"
        )
    try:
        for cells in reader:
            if cells:
                fields = dict(zip(header, cells, strict=False))
                yield reader.line_num, ",".join(cells), fields
    except csv.Error:
        raise SourceError(
            f"{path}, line {reader.line_num}: not CSV; write JSON lines instead"
        ) from None


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    # Python refuses integers of more than 4,300 digits as values, not as JSON.
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
