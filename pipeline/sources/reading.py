"""Rows on their way to a canonical table, with the account of each file kept exact.

The verbs are those of the formats: a row is rejected, a value is repaired, a value
becomes null. Each names its rule; what happened to a value is remembered on its row,
so that the counts hold for the rows that are kept in the end.
"""

import polars as pl

from features import schema
from pipeline.errors import SourceError
from pipeline.sources.delimited import RAW_CHARACTERS
from pipeline.sources.source import FileCount, Source

_MARKS = "_marks"


def content() -> pl.Expr:
    """A row's columns as JSON, without its place and the columns of this package."""
    return pl.struct(pl.exclude("file", "row", "^_.*$")).struct.json_encode()


class Reading:
    """One table of one source while it is read.

    Attributes:
        source: declaration of the source.
        table: canonical table that the rows become, `accounts` or `posts`.
        frame: rows still kept; columns of the format, later canonical ones, and
            `file`, `row`.
    """

    def __init__(self, source: Source, table: str, frame: pl.DataFrame) -> None:
        self.source = source
        self.table = table
        self.frame = frame.with_columns(pl.lit(0, dtype=pl.UInt64).alias(_MARKS))
        self._files: dict[str, FileCount] = {}
        self._rejected: list[pl.DataFrame] = [schema.empty("rejected")]
        self._bits: dict[tuple[str, str, str], int] = {}
        self._count(frame)

    def extend(self, rows: pl.DataFrame) -> None:
        """Add rows of further files."""
        self._count(rows)
        marked = rows.with_columns(pl.lit(0, dtype=pl.UInt64).alias(_MARKS))
        self.frame = self._stacked(marked.select(self.frame.columns))

    def absorb(self, other: "Reading") -> None:
        """Take over the rows of another reading of the same table, and its account."""
        moved = pl.lit(0, dtype=pl.UInt64)
        for name, position in other._bits.items():
            here = pl.lit(1 << self._bits.setdefault(name, len(self._bits)), pl.UInt64)
            there = pl.lit(1 << position, pl.UInt64)
            had = (pl.col(_MARKS) & there) != 0
            moved |= pl.when(had).then(here).otherwise(pl.lit(0, pl.UInt64))
        rows = other.frame.with_columns(moved.alias(_MARKS)).select(self.frame.columns)
        self.frame = self._stacked(rows)
        self._rejected += other._rejected
        for file, entry in other._files.items():
            if file in self._files:
                raise SourceError(
                    f"source {self.source.name}: {file} is listed under two keys"
                )
            self._files[file] = entry

    def _stacked(self, rows: pl.DataFrame) -> pl.DataFrame:
        """These rows and others; numbers of one side are text if they are of one.

        Raises:
            SourceError: a column is a time on one side only.
        """
        schemas = (self.frame.schema, rows.schema)
        unlike = [
            name for name, dtype in schemas[0].items() if dtype != schemas[1][name]
        ]
        for name in unlike:
            types = [schema[name] for schema in schemas]
            if any(isinstance(dtype, pl.Datetime) for dtype in types):
                raise SourceError(
                    f"source {self.source.name}: column {name} is {types[0]} in one "
                    f"file and {types[1]} in another; store it alike in both"
                )
        texts = [pl.col(name).cast(pl.String) for name in unlike]
        return pl.concat([self.frame.with_columns(texts), rows.with_columns(texts)])

    def _count(self, rows: pl.DataFrame) -> None:
        for file, count in rows.group_by("file").len().iter_rows():
            self.add_file(file, count)

    def add_file(self, file: str, read: int) -> None:
        """Count `read` further rows of a file."""
        entry = self._files.setdefault(
            file, FileCount(self.source.name, file, self.table, 0)
        )
        entry.read += read

    def add_rejected(self, rows: pl.DataFrame) -> None:
        """Count rows (canonical `rejected`) that never became part of the frame."""
        self._rejected.append(rows)
        for file, rule, count in rows.group_by("file", "rule").len().iter_rows():
            rejected = self._files[file].rejected
            rejected[rule] = rejected.get(rule, 0) + count

    def reject(self, rule: str, condition: pl.Expr, detail: str) -> None:
        """Move the rows that meet the condition to the rejected ones."""
        hit = self.frame.select(condition.fill_null(False).alias("hit"))["hit"]
        if not hit.any():
            return
        bad = self.frame.filter(hit)
        self.add_rejected(
            bad.select(
                pl.lit(self.source.name).alias("source"),
                "file",
                "row",
                pl.lit(rule).alias("rule"),
                pl.lit(detail).alias("detail"),
                content().str.slice(0, RAW_CHARACTERS).alias("raw"),
            )
        )
        self.frame = self.frame.filter(~hit)

    def repair(
        self, rule: str, column: str, condition: pl.Expr, value: pl.Expr
    ) -> None:
        """Give the column another value where the condition holds, and count it."""
        self._change("repaired", rule, column, condition, value)

    def null(self, rule: str, column: str, condition: pl.Expr) -> None:
        """Make the column null where the condition holds and it has a value."""
        present = condition & pl.col(column).is_not_null()
        self._change("nulled", rule, column, present, pl.lit(None))

    def note(self, rule: str, condition: pl.Expr, verb: str = "repaired") -> None:
        """Count rows as repaired, or as nulled, without changing a value here."""
        self._mark(verb, rule, "", self._hit(condition))

    def set(self, **values: pl.Expr) -> None:
        """Add or replace columns that need no account."""
        self.frame = self.frame.with_columns(**values)

    def _change(
        self, verb: str, rule: str, column: str, condition: pl.Expr, value: pl.Expr
    ) -> None:
        hit = self._hit(condition)
        if not hit.any():
            return
        changed = pl.when(hit).then(value).otherwise(pl.col(column)).alias(column)
        self.frame = self.frame.with_columns(changed)
        self._mark(verb, rule, column, hit)

    def _hit(self, condition: pl.Expr) -> pl.Series:
        return self.frame.select(condition.fill_null(False).alias("hit"))["hit"]

    def _mark(self, verb: str, rule: str, column: str, hit: pl.Series) -> None:
        if not hit.any():
            return
        bit = 1 << self._bits.setdefault((verb, rule, column), len(self._bits))
        mark = pl.when(hit).then(pl.lit(bit, pl.UInt64)).otherwise(pl.lit(0, pl.UInt64))
        self.frame = self.frame.with_columns(pl.col(_MARKS) | mark)

    def kept(self) -> pl.DataFrame:
        """Rows kept: the canonical columns there are, and all of the format's own."""
        return self.frame.drop(_MARKS)

    def rejected(self) -> pl.DataFrame:
        """Canonical `rejected` rows so far."""
        return pl.concat(self._rejected)

    def counts(self) -> list[FileCount]:
        """What became of the rows of each file; repairs and nulls of kept rows only."""
        for entry in self._files.values():
            entry.repaired, entry.nulled = {}, {}
        for (verb, rule, _), position in self._bits.items():
            bit = pl.lit(1 << position, pl.UInt64)
            marked = self.frame.filter((pl.col(_MARKS) & bit) != 0)
            for file, count in marked.group_by("file").len().iter_rows():
                target: dict[str, int] = getattr(self._files[file], verb)
                target[rule] = target.get(rule, 0) + count
        for entry in self._files.values():
            for name in ("rejected", "repaired", "nulled"):
                setattr(entry, name, dict(sorted(getattr(entry, name).items())))
        return [self._files[file] for file in sorted(self._files)]
