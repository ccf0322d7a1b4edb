"""What an archive is, before anything is declared: read by its real reader, and told."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pipeline.canonical_posts import FOLDER
from pipeline.errors import SourceError
from pipeline.inspected import Inspected, campaign
from pipeline.inspection_read import look
from pipeline.inspection_text import told
from pipeline.sources.looks import Table
from pipeline.sources.peek import is_known
from pipeline.sources.signatures import ANY, Recognised, recognise


class Inspection(NamedTuple):
    """What a file or folder holds.

    text: for the user; with a block for params.yaml for each archive.
    archives: how many archives of a known format are there.
    """

    text: str
    archives: int


def inspect(path: Path) -> Inspection:
    """What a file or folder holds.

    Raises:
        SourceError: there is no such path, or no file in it.
    """
    if not path.exists():
        raise SourceError(f"{path}: no such file or folder")
    root = path if path.is_dir() else path.parent
    files, others = _files(path)
    looked_at = [one for one in files if path.is_file() or is_known(one)]
    found = [one for file in looked_at for one in recognise(file)]
    unread = [one for one in found if one.format is None]
    archives, beside = _archives(root, found)
    lines: list[str] = []
    taken: set[str] = set()
    for archive in archives:
        # The blocks are pasted into one world, where each source has its own name.
        while archive.name in taken:
            archive.place += 1
        taken.add(archive.name)
        look(archive)
        lines += told(archive)
        # The tables of one archive are held at a time.
        archive.read = None
    lines += [
        f"not read     {_printable(one.path.name)}: {one.why}"
        for one in (*unread, *beside)
    ]
    strange = Counter(one.suffix.lower() for one in set(files) - set(looked_at))
    for ending, count in sorted(strange.items()):
        name = f"ending in {_printable(ending)}" if ending else "without an ending"
        lines.append(f"not read     {count:,} file(s) {name}: no format has such files")
    for one in others:
        name = _printable(one.relative_to(root).as_posix())
        lines.append(f"not read     {name}: {_no_file(one)}")
    if not lines:
        raise SourceError(f"{path}: no file is there; give an archive or a folder")
    return Inspection("\n".join(lines), len(archives))


def _archives(
    root: Path, found: list[Recognised]
) -> tuple[list[Inspected], list[Recognised]]:
    """Archives, in order; and files of no use without others that are not there."""
    grouped: dict[tuple[Path, str, str, bool], list[Recognised]] = {}
    for one in found:
        if one.format not in (None, ANY):
            packed = one.kind == "archive"
            key = (_folder(one), str(one.format), campaign(one.path), packed)
            grouped.setdefault(key, []).append(one)
    archives: dict[Path, list[Inspected]] = {}
    beside: list[Recognised] = []
    for (folder, form, _, _), files in sorted(grouped.items()):
        if not any(one.is_main for one in files):
            why = "with no accounts or posts of the format in its folder"
            beside += [replace(one, why=f"{form} {one.kind} {why}") for one in files]
            continue
        above = root if folder.is_relative_to(root) else folder
        archives.setdefault(folder, []).append(Inspected(form, above, files))
    for one in (one for one in found if one.format == ANY):
        same = archives.get(_folder(one), [])
        own = [other for other in same if _same_campaign(other, one)]
        if len(same) == 1 or len(own) == 1:
            (own or same)[0].files.append(one)
        else:
            why = f"{one.kind} in a folder of {len(same)} archives"
            use = f"list it under `{one.kind}` of the one it belongs to"
            beside.append(replace(one, why=f"{why}; {use}"))
    return [one for same in archives.values() for one in same], beside


def _same_campaign(archive: Inspected, one: Recognised) -> bool:
    named = campaign(one.path)
    return named != "" and named == campaign(archive.files[0].path)


def _folder(one: Recognised) -> Path:
    """Folder of the archive: canonical posts and groups lie in one below it."""
    in_group = isinstance(one.look, Table) and bool(one.look.folders)
    bucket = one.format == "canonical" and one.path.parent.name == FOLDER
    return one.path.parent.parent if in_group or bucket else one.path.parent


def _files(path: Path) -> tuple[list[Path], list[Path]]:
    """Files, and what is neither file nor folder; without hidden ones."""
    if not path.is_dir():
        return ([path], []) if path.is_file() else ([], [path])
    every = [
        one
        for one in sorted(path.rglob("*"))
        if not any(part.startswith(".") for part in one.relative_to(path).parts)
    ]
    others = [one for one in every if not one.is_file()]
    # What lies behind a link to a folder is not looked for: it may lead back here.
    strange = [one for one in others if one.is_symlink() or not one.is_dir()]
    return [one for one in every if one.is_file()], strange


def _no_file(path: Path) -> str:
    """Why something that is neither file nor folder is not read."""
    if path.is_dir():
        return "a link to a folder; inspect that folder itself"
    if path.is_symlink():
        return "a link to nothing; correct or remove it"
    return "a pipe or device, no file; save what it gives as a file"


def _printable(name: str) -> str:
    """Name of a file without what could steer a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)
