"""Times of a published column as UTC; nothing about order or zone is guessed."""

from collections.abc import Sequence

import polars as pl

from features.schema import TIME
from pipeline.errors import SourceError
from pipeline.sources.reading import Reading

# The platform's API form: zoned, so that it needs no declaration.
API = "%a %b %d %H:%M:%S %z %Y"
_ZONED = ("%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z")
# First millisecond of time-ordered post ids, 4 November 2010.
_ID_EPOCH = 1_288_834_974_657
_SLASHED = r"^(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::\d{2})?)?$"


def moment(
    reading: Reading, column: str, formats: Sequence[str], *, zone_stated: bool
) -> None:
    """Times in the exact forms given, or slashed dates in the declared order.

    An empty value is null; any other form rejects the row as `time_unreadable`.

    Args:
        reading: rows.
        column: text, or the file's own time type.
        formats: strptime forms; those with %z are zoned.
        zone_stated: the format itself says that times without zone are UTC.

    Raises:
        SourceError: times state no zone and the source declares none, or slashed
            dates without a declared order of day and month.
    """
    dtype = reading.frame.schema[column]
    if isinstance(dtype, pl.Datetime):
        _typed(reading, column, dtype, zone_stated)
        return
    text = pl.col(column).cast(pl.String).str.strip_chars()
    reading.set(**{column: pl.when(text != "").then(text)})
    slashed = pl.col(column).str.contains(r"^\d{1,2}/\d{1,2}/")
    has_slashes = bool(reading.frame.select(slashed.any()).item())
    naive = has_slashes or any("%z" not in form for form in formats)
    if naive and not zone_stated and reading.source.zone is None:
        raise _no_zone(reading, column)
    unread = pl.col("_time").is_null() & pl.col(column).is_not_null()
    reading.set(_time=pl.lit(None, TIME))
    for form in formats:
        # Nearly always the first one has read them all.
        if reading.frame.select(unread.any()).item():
            reading.set(_time=pl.coalesce("_time", _parse(pl.col(column), form)))
    if has_slashes:
        _slashes(reading, column, slashed)
    reading.reject("time_unreadable", unread, f"{column} has no known form")
    reading.set(**{column: pl.col("_time")})
    reading.frame = reading.frame.drop("_time")


def zoned(reading: Reading, column: str) -> None:
    """ISO times that state their zone; a row with one that does not is rejected.

    Raises:
        SourceError: a time type without zone, where no row can be told apart.
    """
    dtype = reading.frame.schema[column]
    if isinstance(dtype, pl.Datetime):
        _typed(reading, column, dtype, zone_stated=False)
        return
    text = pl.col(column).cast(pl.String).str.strip_chars()
    reading.set(**{column: pl.when(text != "").then(text)})
    stated = pl.col(column).str.contains(r"(Z|[+-]\d\d:?\d\d)$")
    if reading.source.zone is None:
        reading.reject("time_without_zone", ~stated, f"{column} states no zone")
    iso = pl.col(column).str.replace(" ", "T", literal=True)
    iso = iso.str.replace(r"Z$", "+00:00")
    iso = pl.when(stated).then(iso).otherwise(iso + "+00:00")
    parsed = pl.coalesce(_parse(iso, form) for form in _ZONED)
    unread = parsed.is_null() & pl.col(column).is_not_null()
    reading.reject("time_unreadable", unread, f"{column} is not an ISO time")
    reading.set(**{column: parsed})


def _typed(
    reading: Reading, column: str, dtype: pl.Datetime, zone_stated: bool
) -> None:
    if dtype.time_zone is None:
        if not zone_stated and reading.source.zone is None:
            raise _no_zone(reading, column)
        value = pl.col(column).dt.replace_time_zone("UTC")
    else:
        value = pl.col(column).dt.convert_time_zone("UTC")
    reading.set(**{column: value.cast(TIME)})


def _no_zone(reading: Reading, column: str) -> SourceError:
    return SourceError(
        f"source {reading.source.name}, column {column}: times state no zone; declare "
        "`zone: UTC` for the source if they are in UTC, or export them with a zone"
    )


def _parse(text: pl.Expr, form: str) -> pl.Expr:
    if "%z" in form:
        zoned_type = pl.Datetime("ms", "UTC")
        return text.str.to_datetime(form, time_unit="ms", strict=False).cast(zoned_type)
    if "%H" not in form:
        day = text.str.to_date(form, strict=False)
        return day.cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    naive = text.str.to_datetime(form, time_unit="ms", strict=False)
    return naive.dt.replace_time_zone("UTC")


def _slashes(reading: Reading, column: str, slashed: pl.Expr) -> None:
    order = reading.source.date_order
    if order is None:
        raise SourceError(
            f"source {reading.source.name}, column {column}: dates with slashes; "
            "declare `date_order` (month_first, day_first, or mixed) for the source"
        )
    # NOTE: Polars 2.1 panics where `pl.format` meets a chunk without rows, as a file
    # leaves one of which every row is rejected.
    reading.frame = reading.frame.with_columns(reading.frame[column].rechunk())
    groups = pl.col(column).str.extract_groups(_SLASHED).struct
    part = [groups[index].cast(pl.Int64) for index in range(5)]
    first, second = part[0], part[1]
    month = {"month_first": first, "day_first": second}.get(
        order, pl.when(second > 12).then(first).otherwise(second)
    )
    day = {"month_first": second, "day_first": first}.get(
        order, pl.when(second > 12).then(second).otherwise(first)
    )
    pieces = [part[2], month, day, part[3].fill_null(0), part[4].fill_null(0)]
    written = pl.format("{}-{}-{} {}:{}", *pieces)
    padded = written.str.to_datetime("%Y-%m-%d %H:%M", time_unit="ms", strict=False)
    value = padded.dt.replace_time_zone("UTC")
    reading.set(_time=pl.when(slashed).then(value).otherwise(pl.col("_time")))
    # Of another form, as with a year of two digits, nothing is known.
    slashed &= pl.col(column).str.contains(_SLASHED)
    impossible = slashed & pl.col("_time").is_null()
    reading.reject("date_impossible", impossible, f"{column}: no such day")
    if order == "mixed":
        ambiguous = slashed & (first <= 12) & (second <= 12) & (first != second)
        reading.null("date_ambiguous", "_time", ambiguous)
        empty = pl.col("_time").is_null() & slashed
        reading.set(**{column: pl.when(~empty).then(pl.col(column))})


def held_in_id(post_id: pl.Expr) -> pl.Expr:
    """Moment that a platform's time-ordered post id holds; null for older ids.

    The archive gives no time for the post that was reposted, but its id holds the
    millisecond since November 2010 in all but the lowest 22 bits.

    Source: Twitter Snowflake, announced 2010.
    """
    number = post_id.str.extract(r"^(\d{15,19})$").cast(pl.Int64, strict=False)
    milliseconds = number // 2**22 + _ID_EPOCH
    moment = pl.from_epoch(milliseconds, time_unit="ms").dt.replace_time_zone("UTC")
    return moment.cast(TIME)
