"""What can go wrong, by whose fault it is.

TelltaleError
├── InputError      the data or parameters given are wrong: say where, and the remedy
│   └── SchemaError     a table does not have the canonical columns
└── ArtefactError   a stored artefact does not match this code: make it again
"""

from collections.abc import Iterable


class TelltaleError(Exception):
    """An error whose message is meant for the user; shown without a traceback."""


class InputError(TelltaleError):
    """Data or parameters that the caller gave cannot be used."""


class ArtefactError(TelltaleError):
    """A stored artefact is missing, damaged, or made by other code."""


class SchemaError(InputError):
    """A table does not follow its canonical schema."""

    @classmethod
    def missing(cls, table: str, columns: Iterable[str]) -> "SchemaError":
        return cls(
            f"table {table}: missing column(s) {', '.join(sorted(columns))}; "
            "add them, filled with null where a value is not known"
        )

    @classmethod
    def banned(cls, table: str, columns: Iterable[str]) -> "SchemaError":
        return cls(
            f"table {table}: column(s) {', '.join(sorted(columns))} are not canonical; "
            "drop them (outcomes, ids and reports received are never features)"
        )

    @classmethod
    def dtype(
        cls, table: str, column: str, expected: object, found: object
    ) -> "SchemaError":
        return cls(
            f"table {table}, column {column}: expected {expected}, found {found}"
        )

    @classmethod
    def nulls(cls, table: str, column: str, count: int) -> "SchemaError":
        return cls(
            f"table {table}, column {column}: {count} null value(s) where a value is "
            "required"
        )

    @classmethod
    def values(
        cls, table: str, column: str, allowed: str, count: int, found: object
    ) -> "SchemaError":
        return cls(
            f"table {table}, column {column}: expected {allowed}, found {found!r} "
            f"({count} value(s)); put null where a value is not known"
        )
