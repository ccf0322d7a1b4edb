"""What an archive is, before anything is declared: read by its real reader, and told."""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import source_report
from pipeline.canonical_posts import FOLDER
from pipeline.errors import SourceError
from pipeline.params_block import params_block
from pipeline.sources.signatures import Recognised, recognise
from pipeline.sources.source import FileCount, Source
from pipeline.sources.spool import Budget
from pipeline.streaming import Read, read_source

_SUFFIXES = (".csv", ".parquet", ".gz", ".zip")
_BUDGET = Budget()
# Languages and rules of a line; the rest is summed.
_SHOWN = 8
# Zone and order of dates, from what needs no declaration to what needs most.
_ASSUMED = ((None, None), ("UTC", None), (None, "mixed"), ("UTC", "mixed"))


@dataclass
class Inspected:
    """One archive: the files of one format, and campaign, in one folder.

    read: null if its reader refuses the archive; `refused` says why then.
    zone, slashes: times without a zone, dates with slashes were met.
    """

    form: str
    root: Path
    files: list[Recognised]
    read: Read | None = None
    refused: str = ""
    zone: bool = False
    slashes: bool = False
    languages: Counter[str] = field(default_factory=Counter)

    @property
    def one_class(self) -> bool:
        """Whether nothing in the files tells one class from another."""
        told = {name for file in self.files for name in file.columns}
        unlabelled = self.form == "canonical" and "label" not in told
        return unlabelled or self.form in ("ira", "twitter_io")

    @property
    def by_kind(self) -> dict[str, list[str]]:
        """Kind of file -> names relative to the folder looked at."""
        kinds: dict[str, list[str]] = {}
        for file in self.files:
            name = file.path.relative_to(self.root).as_posix()
            kinds.setdefault(str(file.kind), []).append(name)
        return dict(sorted(kinds.items()))


def inspect(path: Path) -> str:
    """What a file or folder holds, and a block for params.yaml for each archive.

    Raises:
        SourceError: there is no such path, or nothing in it can be read.
    """
    if not path.exists():
        raise SourceError(f"{path}: no such file or folder")
    root = path if path.is_dir() else path.parent
    found = [recognise(one) for one in _files(path)]
    archives: dict[tuple[Path, str, str], list[Recognised]] = {}
    for one in found:
        if one.format:
            key = (_folder(one), one.format, _campaign(one.path))
            archives.setdefault(key, []).append(one)
    lines: list[str] = []
    for (_, form, _), files in sorted(archives.items()):
        lines += _told(_look(Inspected(form, root, files)))
    unknown = [one for one in found if not one.format]
    lines += [f"not read     {one.path.name}: {one.why}" for one in unknown]
    if not lines:
        raise SourceError(f"{path}: no file ending in {', '.join(_SUFFIXES)} is there")
    return "\n".join(lines)


def _folder(one: Recognised) -> Path:
    """Folder of the archive: canonical posts lie in one below it."""
    above = one.format == "canonical" and one.path.parent.name == FOLDER
    return one.path.parent.parent if above else one.path.parent


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    every = sorted(one for one in path.rglob("*") if one.is_file())
    return [
        one
        for one in every
        if one.suffix.lower() in _SUFFIXES
        and not any(part.startswith(".") for part in one.relative_to(path).parts)
    ]


def _look(archive: Inspected) -> Inspected:
    with tempfile.TemporaryDirectory() as folder:
        for zone, order in _ASSUMED:
            source = _draft(archive, zone, order)
            try:
                archive.read = read_source(
                    source, archive.root, Path(folder), _BUDGET, lambda _: None
                )
            except SourceError as error:
                archive.refused = archive.refused or str(error)
                continue
            archive.refused = ""
            archive.zone, archive.slashes = zone is not None, order is not None
            archive.languages = _languages(archive.read)
            break
    return archive


def _draft(archive: Inspected, zone: str | None, order: str | None) -> Source:
    """A declaration that rejects nothing by itself: for this look only."""
    known = {"operator": "a", "kind": "weak", "strength": 1.0}
    return Source.model_validate(
        {
            "name": "look",
            "format": archive.form,
            "files": archive.by_kind,
            "positives": known
            | {"campaign": "a", "disclosed_at": None, "in_headline": False}
            | {"reason": None},
            "controls": None
            if archive.one_class
            else {"name": "a", "kind": "weak", "strength": 1.0}
            | {"blocks": {"a": 1.0}, "slice": None},
            # Later than any post: what is judged here is the files and not a moment.
            "as_of": {"rule": "constant", "at": "9000-01-01T00:00:00Z"},
            "date_order": order,
            "zone": zone,
            "encoding": "utf-8",
            "history_complete": False,
            "platform_start": "0001-01-01T00:00:00Z",
            "needs_posts": False,
            "terms": "",
        }
    )


def _languages(read: Read) -> Counter[str]:
    counted: Counter[str] = Counter()
    for posts in read.posts:
        languages = posts.lazy().group_by("language").len().collect()
        counted.update({name or "unknown": n for name, n in languages.iter_rows()})
    if not read.posts:
        for name in read.accounts["declared_language"]:
            counted[name or "unknown"] += 1
    return counted


def _told(archive: Inspected) -> Iterator[str]:
    certain = "certain" if all(one.certain for one in archive.files) else "likely"
    yield f"format       {archive.form} ({certain})"
    for one in archive.files:
        name = one.path.relative_to(archive.root).as_posix()
        yield f"  {one.kind:<10} {name}: {one.why}"
    read = archive.read
    if read is None:
        yield f"refused      {archive.refused}"
    else:
        yield from _figures(archive, read)
    labels = set(read.measures.labels) if read else set()
    yield ""
    yield "to paste below `sources.<world>` in params.yaml; replace every FILL_IN:"
    yield ""
    yield params_block(
        _name(archive),
        archive.form,
        archive.by_kind,
        labels if len(labels) == 2 else set(),
        grouped=read is not None and read.labels["group"].null_count() == 0,
        has_posts=bool(read and read.measures.posts),
        zone=archive.zone,
        slashes=archive.slashes,
    )


def _figures(archive: Inspected, read: Read) -> Iterator[str]:
    told = source_report.describe(read.measures)
    for count in read.counts:
        rejected = sum(count.rejected.values())
        yield (
            f"rows         {count.file} ({count.table}): {count.read:,} read = "
            f"{count.kept:,} kept + {rejected:,} rejected"
        )
    yield f"accounts     {told['accounts']:,}, hashed {told['hashed_share'] or 0:.1%}"
    yield f"posts        {told['posts']:,}"
    yield f"dates        {told['first_post']} to {told['last_post']}"
    shown = archive.languages.most_common(_SHOWN)
    total = archive.languages.total() or 1
    languages = ", ".join(f"{_plain(name)} {n / total:.1%}" for name, n in shown)
    yield f"languages    {languages or 'none given'}"
    for verb in ("rejected", "repaired", "nulled"):
        rules = _rules(read.counts, verb)
        yield f"{verb:<12} {', '.join(f'{r} {n:,}' for r, n in rules) or 'none'}"
    duplicates = sum(n for r, n in _rules(read.counts, "rejected") if "duplicate" in r)
    yield f"duplicates   {duplicates:,}"
    why = read.rejected.select("rule", "detail").unique().sort("rule", "detail")
    for rule, detail in why.head(2 * _SHOWN).iter_rows():
        yield f"  {rule}: {detail or 'the header again'}"
    assumed = [archive.zone and "times without zone are UTC"]
    assumed += [archive.slashes and "slashed dates in mixed order"]
    for assumption in filter(None, assumed):
        yield f"assumed      {assumption}: for this look only"


def _rules(counts: Sequence[FileCount], verb: str) -> list[tuple[str, int]]:
    summed: Counter[str] = Counter()
    for count in counts:
        summed.update(getattr(count, verb))
    return sorted(summed.items())


def _plain(text: Any) -> str:
    """Text of an archive without what could steer a terminal."""
    return re.sub(r"[^\w\-]", "?", str(text))[:20]


def _campaign(path: Path) -> str:
    """Campaign that a release's file is named after; empty for other names."""
    named = re.match(r"(.+?)_(?:users|tweets)_csv", path.name)
    return named[1] if named else ""


def _name(archive: Inspected) -> str:
    path = archive.files[0].path
    stem = (_campaign(path) or path.name.split(".")[0]).lower()
    plain = re.sub(r"[^a-z0-9]+", "_", stem).strip("_")
    return plain if re.match(r"[a-z]", plain) else f"source_{plain}".rstrip("_")
