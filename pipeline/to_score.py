"""What is to be scored: its files, and the declaration that its archive lacks."""

import argparse
import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from features.errors import InputError
from pipeline.canonical_posts import posts_at
from pipeline.sources import DEFAULT_FILES, archive, fields, tables, values
from pipeline.sources.source import Source, ToScore

SOURCE = "scored"
# What the files of a format leave unsaid, as in the world `public` of params.yaml.
_UNSAID: Mapping[str, Mapping[str, str]] = {
    "fivethirtyeight": {"zone": "UTC", "date_order": "month_first"},
    "ira": {"zone": "UTC", "date_order": "month_first"},
    "botometer": {"zone": "UTC"},
    "caverlee2011": {"zone": "UTC"},
    "nyu2017": {"zone": "UTC", "date_order": "mixed"},
}
# Formats that tell when an account was collected, and those whose files or columns are
# the two classes: the others read no label of what is to be scored.
_OBSERVED = ("botometer", "canonical", "caverlee2011")
_LABELLED = ("caverlee2011", "cresci2015", "cresci2017", "nyu2017", "pan2019")


def declare(files: dict[str, list[str]], form: str, as_of: datetime | None) -> Source:
    """Source of accounts to be scored: nothing is known of their class.

    Args:
        files: kind of file -> names, as the format asks.
        form: a key of READERS.
        as_of: moment of judging; null to take the archive's own column.
    """
    positives = {
        "campaign": SOURCE,
        "operator": SOURCE,
        "kind": "weak",
        "strength": 1.0,
        "disclosed_at": None,
        "in_headline": False,
        "reason": None,
    }
    controls = {
        "name": SOURCE,
        "kind": "weak",
        "strength": 1.0,
        "blocks": {SOURCE: 1.0},
        "slice": None,
    }
    return ToScore.model_validate(
        {
            "name": SOURCE,
            "format": form,
            "files": files,
            "positives": positives if form in _LABELLED else None,
            "controls": controls,
            "as_of": {
                "rule": "constant" if as_of else "column",
                "at": as_of and as_of.isoformat(),
            },
            "date_order": None,
            "zone": None,
            "encoding": "utf-8",
            "history_complete": False,
            # A request is asked for no start of its platform either.
            "platform_start": "0001-01-01T00:00:00Z",
            "needs_posts": False,
            "terms": "declared by whoever scores",
            **_UNSAID.get(form, {}),
        }
    )


def histories(source: Source, raw: Path) -> pl.DataFrame:
    """Which canonical accounts say that their history is whole: as given, or null.

    Ingest gives a source one answer for all; a request gives one an account, and the
    same account must score the same offline.
    """
    names = {name: (name,) for name in ("account_id", "history_complete")}
    reading = tables.load(source, raw, "accounts", "accounts", {}, names)
    values.primary_id(reading, "account_id")
    values.flag(reading, "history_complete", ["true", "1"], ["false", "0"])
    return (
        reading.frame.select(
            (pl.lit(f"{SOURCE}/") + pl.col("account_id")).alias("account_id"),
            pl.col("history_complete").cast(pl.Boolean),
        )
        .unique()
        .unique("account_id", keep="none")
    )


def files_of(
    args: argparse.Namespace, links: Path
) -> tuple[Path, dict[str, list[str]]]:
    """Folder of the files to score, and their names by kind.

    Args:
        args: the command line of pipeline.score.
        links: directory for links to canonical files, wherever they lie.

    Raises:
        InputError: a file is missing, or cannot be scored at all.
    """
    if args.format != "canonical":
        return _archive_files(args)
    if args.accounts is not None:
        raw, files = _canonical_files(args, links)
    else:
        raw, files = _archive_files(args)
    _check_canonical(raw, files, args.as_of is not None)
    return raw, files


def moment(text: str | None) -> datetime | None:
    """The moment that --as-of names, in UTC.

    Raises:
        InputError: it is not a time, or states no zone.
    """
    if text is None:
        return None
    example = "write it like 2024-05-01T00:00:00Z"
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--as-of {text!r}: not a time; {example}") from None
    if parsed.tzinfo is None:
        raise InputError(f"--as-of {text!r}: no zone; {example}")
    return parsed.astimezone(UTC)


def _canonical_files(
    args: argparse.Namespace, links: Path
) -> tuple[Path, dict[str, list[str]]]:
    """Folder of links to the two canonical files, wherever they lie, and their names."""
    files: dict[str, list[str]] = {}
    for kind, path in (("accounts", args.accounts), ("posts", args.posts)):
        if path is None:
            continue
        given = posts_at(path) if kind == "posts" else [path]
        if not all(one.is_file() for one in given):
            raise InputError(f"--{kind} {path}: no such file")
        files[kind] = [f"{kind}/{name}" for name in link(given, links / kind)]
    return links, files


def link(paths: list[Path], folder: Path) -> list[str]:
    """Names of links to the files, each of another name, in a folder made for them."""
    folder.mkdir(parents=True)
    # Patterns are for archives: a bracket in a name is only a bracket.
    names = [re.sub(r"[*?\[\]]", "_", path.name) for path in paths]
    for name, path in zip(names, paths, strict=True):
        (folder / name).symlink_to(path.resolve())
    return names


def _archive_files(args: argparse.Namespace) -> tuple[Path, dict[str, list[str]]]:
    if args.path is None or not args.path.is_dir():
        raise InputError(
            f"--path {args.path}: no such folder"
            if args.path
            else f"--format {args.format}: give the archive's folder, --path"
        )
    files: dict[str, list[str]] = {}
    for pair in args.file or []:
        kind, equals, pattern = pair.partition("=")
        if not (kind and equals and pattern):
            raise InputError(f"--file {pair}: write KIND=PATTERN, like accounts=a.csv")
        files.setdefault(kind, []).append(pattern)
    if files:
        return args.path, files
    usual = DEFAULT_FILES[args.format]
    for kind, patterns in usual.items():
        if found := [text for text in patterns if any(args.path.glob(text))]:
            files[kind] = found
    if not files:
        tried = ", ".join(
            f"{kind}={text}" for kind, texts in usual.items() for text in texts
        )
        raise InputError(
            f"{args.path}: no file named as {args.format} names them ({tried}); "
            "name them with --file KIND=PATTERN"
        )
    return args.path, files


def _check_canonical(raw: Path, files: dict[str, list[str]], dated: bool) -> None:
    """Refuse accounts that cannot be scored at all, before anything is read."""
    for path in [raw / text for text in files.get("accounts", [])]:
        if not path.is_file() or path.stat().st_size == 0:
            continue  # a pattern, or for ingest to name
        if path.suffix == ".parquet":
            try:
                header = list(pl.read_parquet_schema(path))
            except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
                continue
        elif tables.is_json(path):
            header = fields.names(path)
        else:
            with archive.open_bytes(path) as handle:
                line = handle.readline().decode("utf-8-sig", "replace")
            header = next(csv.reader([line]), [])
        names = {re.sub(r"[^a-z]", "", name.lower()) for name in header}
        if "label" in names:
            raise InputError(
                f"{path.name}: column label is for training; drop it to score"
            )
        if not dated and "asof" not in names:
            raise InputError(
                f"{path.name}: no column as_of, the moment at which each account is "
                "judged; add it, or give one for all with --as-of"
            )


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse a command line of pipeline.score that cannot be followed.

    Raises:
        InputError: naming the argument, and what to give instead.
    """
    if args.population is None and (
        args.population_accounts or args.population_actions
    ):
        raise InputError("--population is missing: the posts of the accounts around")
    if args.prevalence is not None and not 0 < args.prevalence < 1:
        raise InputError(f"--prevalence {args.prevalence}: must lie between 0 and 1")
    if args.format == "canonical" and args.accounts is None and args.path is None:
        raise InputError("--accounts is missing: the file of accounts to score")
    if args.format != "canonical" and (args.accounts or args.posts):
        raise InputError(
            f"--format {args.format}: its files are named by --path and --file, not by "
            "--accounts and --posts"
        )
    if args.as_of is None and args.format not in _OBSERVED:
        raise InputError(
            f"--format {args.format} does not say when accounts were collected: give "
            "the moment of judging with --as-of"
        )
    if args.out.is_dir() or args.out.suffix in (".csv", ".json"):
        raise InputError(f"--out {args.out}: name a Parquet file to write")
