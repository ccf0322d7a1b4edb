"""What an inspection found, line by line, and the block to paste."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline import source_report
from pipeline.inspected import MANY, Inspected
from pipeline.params_block import params_block
from pipeline.sources.source import FileCount
from pipeline.streaming import Read

# Languages and rules of a line; the rest is summed.
_SHOWN = 8


def told(archive: Inspected) -> Iterator[str]:
    """Lines about one archive, the last of them the block for params.yaml."""
    certain = "certain" if all(one.certain for one in archive.files) else "likely"
    yield f"format       {archive.form} ({certain})"
    names = archive.by_kind
    for kind, files in archive.kinds.items():
        if len(files) == len(names[kind]):
            for file in files:
                name = file.path.relative_to(archive.root).as_posix()
                yield f"  {kind:<10} {name}: {file.why}"
        else:
            like = ", ".join(names[kind])
            yield f"  {kind:<10} {like}: {len(files):,} files; {files[0].why}"
    if archive.refused:
        yield f"refused      {archive.refused}"
    if archive.read is not None:
        yield from _figures(archive, archive.read)
    yield ""
    yield "to paste below `sources.<world>` in params.yaml; replace every FILL_IN:"
    yield ""
    yield _block(archive)


def _block(archive: Inspected) -> str:
    read = archive.read
    measures = read.measures if read else None
    told_apart = archive.tells_classes and not archive.refused
    return params_block(
        archive.name,
        archive.form,
        archive.by_kind,
        set(measures.labels) if measures and told_apart else set(),
        grouped=read is not None
        and bool(read.labels.height)
        and read.labels["group"].null_count() == 0,
        # Also where all are rejected: the archive would pass for one of profiles.
        has_posts="posts" in archive.kinds or bool(measures and measures.posts),
        dated=bool(measures and measures.last),
        zone=archive.assumed.zone,
        slashes=archive.assumed.order is not None,
        numbered=archive.assumed.numbers,
    )


def _figures(archive: Inspected, read: Read) -> Iterator[str]:
    described = source_report.describe(read.measures)
    yield from _rows(read.counts)
    hashed = described["hashed_share"] or 0
    yield f"accounts     {described['accounts']:,}, hashed {hashed:.1%}"
    yield f"posts        {described['posts']:,}"
    yield f"dates        {described['first_post']} to {described['last_post']}"
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
    assumed = [archive.assumed.zone and "times without zone are UTC"]
    order = archive.assumed.order
    assumed += [order is not None and f"dates with slashes are {order}"]
    assumed += [archive.assumed.numbers and "label 1 is positive, 0 a control"]
    assumed += [bool(archive.refused) and "it is to be scored, labels are not read"]
    for assumption in filter(None, assumed):
        yield f"assumed      {assumption}: for this look only"


def _rows(counts: Sequence[FileCount]) -> Iterator[str]:
    tables: dict[str, list[FileCount]] = {}
    for count in counts:
        tables.setdefault(count.table, []).append(count)
    for table, files in tables.items():
        if len(files) > MANY:
            yield _row(f"{len(files):,} files", table, files)
        else:
            for file in files:
                yield _row(file.file, table, [file])


def _row(name: str, table: str, counts: Sequence[FileCount]) -> str:
    read = sum(count.read for count in counts)
    kept = sum(count.kept for count in counts)
    return (
        f"rows         {name} ({table}): {read:,} read = {kept:,} kept + "
        f"{read - kept:,} rejected"
    )


def _rules(counts: Sequence[FileCount], verb: str) -> list[tuple[str, int]]:
    summed: Counter[str] = Counter()
    for count in counts:
        summed.update(getattr(count, verb))
    return sorted(summed.items())


def _plain(text: Any) -> str:
    """Text of an archive without what could steer a terminal."""
    return re.sub(r"[^\w\-]", "?", str(text))[:20]
