"""Plain: texts of nothing but ASCII, whose characters are counted as bytes.

Nearly every word holds several of them: a pattern that finds each takes four times as
long.
"""

from collections.abc import Callable

import polars as pl


def is_plain(text: pl.Expr) -> pl.Expr:
    """Whether a text is nothing but ASCII; null if it is null."""
    return text.str.len_bytes() == text.str.len_chars()


def is_capital(byte: pl.Expr) -> pl.Expr:
    """Whether a byte is a capital letter of ASCII."""
    return byte.is_between(ord("A"), ord("Z"))


def is_letter(byte: pl.Expr) -> pl.Expr:
    """Whether a byte is a letter of ASCII."""
    small = byte | (ord("a") - ord("A"))
    return small.is_between(ord("a"), ord("z"))


def count(text: pl.Expr, among: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """How many bytes of a text are among some; null if it is null.

    No byte of a character beyond ASCII is one of ASCII.

    Args:
        text: of any characters.
        among: whether a byte is; of each by itself.
    """
    those = text.cast(pl.Binary).cast(pl.List(pl.UInt8)).list.eval(among(pl.element()))
    return those.list.sum().cast(pl.Int64)
