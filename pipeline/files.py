"""Writing outputs: complete or not there, and the same bytes for the same rows."""

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from features.errors import InputError


@contextmanager
def atomic_directory(target: Path) -> Iterator[Path]:
    """Directory to fill; it takes the place of `target` only if the block succeeds.

    A process killed half-way leaves a hidden sibling `.<name>.<random>`, never a
    `target` that looks finished; such leavings are removed here, under the lock of
    the world that every stage holds.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leavings(target)
    working = target.parent / f".{target.name}.{uuid.uuid4().hex}"
    working.mkdir()
    try:
        yield working
        if target.exists():
            # Renamed first: a kill while it is being removed must not leave half of it.
            target.rename(working.with_name(f"{working.name}.former"))
        working.rename(target)
        _remove_leavings(target)
    finally:
        shutil.rmtree(working, ignore_errors=True)


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Path to write; it takes the place of `target` only if the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leavings(target)
    working = target.parent / f".{target.name}.{uuid.uuid4().hex}"
    try:
        yield working
        working.replace(target)
    finally:
        working.unlink(missing_ok=True)


def _remove_leavings(target: Path) -> None:
    for left in target.parent.glob(f".{target.name}.*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def write_parquet(frame: pl.DataFrame, path: Path, sort_by: list[str]) -> None:
    """Write rows in one fixed order, compression and row-group size.

    Args:
        frame: rows to write.
        path: where; written as is, so give a path inside an atomic directory.
        sort_by: key that orders the rows fully; equal rows may stand in any order.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.sort(sort_by, nulls_last=True, maintain_order=True).rechunk().write_parquet(
        path, compression="zstd", compression_level=1, row_group_size=100_000
    )


def write_json(value: Any, path: Path) -> None:
    """Write a JSON file atomically, keys in the order given, floats as they are.

    Raises:
        ValueError: the value holds a NaN or an infinity, which JSON cannot.
    """
    with atomic_file(path) as working:
        working.write_text(
            json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )


def read_json(path: Path) -> Any:
    """Parsed JSON file.

    Raises:
        InputError: there is no such file, or it is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; run the stage that writes it"
        ) from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: not JSON") from None
    except (IsADirectoryError, UnicodeDecodeError):
        raise InputError(f"{path}: not a file of JSON") from None
