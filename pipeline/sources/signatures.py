"""Which published file a file is, by what its reader would find in it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final

from features import schema
from pipeline.errors import SourceError
from pipeline.sources import DEFAULT_FILES, FORMATS, actions
from pipeline.sources.looks import Fit, Look, Looks, Table
from pipeline.sources.peek import Content, Elements, Header, Lines, Markup, peek

# In the place of a format: may stand beside the files of any.
ANY: Final = "any"
_LOOKS: Final[dict[str, Looks]] = {
    **{name: form.LOOKS for name, form in FORMATS.items()},
    ANY: {"actions": (actions.LOOK,)},
}
# So many columns more than it lacks may be those of a table that nobody knows.
_BY_ACCIDENT: Final = 5
# Tables that ingest writes beside accounts and posts, which no reader reads.
_OWN: Final[dict[Header, str]] = {
    Header.of(["account_id", "source", "label", "group"]): (
        "the labels of an ingested world; of an archive they are columns `label` and "
        "`group` of its accounts"
    ),
    Header.of(schema.LABELS): "the labels of a world, made of what its sources say",
    Header.of(schema.REJECTED): "the rows that ingest rejected, with their reasons",
}


@dataclass(frozen=True)
class Recognised:
    """What a file, or a kind of members of a zip, was taken for.

    format, kind: as in FORMATS and `files` of a source; null if nothing fits.
    certain: nothing else fits as well, or its name says which it is.
    why: a sentence for the user.
    look: how files of the kind look; null if nothing fits.
    fields: names used by its reader of what was found in it.
    """

    path: Path
    format: str | None
    kind: str | None
    certain: bool
    why: str
    look: Look | None = None
    fields: frozenset[str] = frozenset()

    @property
    def is_main(self) -> bool:
        """Whether its rows are accounts or posts, and stand for themselves."""
        return self.look is not None and self.look.table in ("accounts", "posts")

    @property
    def tells_class(self) -> bool:
        """Whether something in it, or its kind, tells one class from another."""
        said = {"label", "word"} & self.fields
        return self.look is not None and (self.look.classed or bool(said))


def recognise(path: Path) -> list[Recognised]:
    """What a file is: once for each kind of file that it holds, which only zips do."""
    if not path.name.isprintable():
        return [_unknown(path, "its name is not printable; rename it")]
    try:
        seen = [(type(one), _best(path, place, one)) for place, one in peek(path)]
    except SourceError as error:
        why = str(error).removeprefix(f"{path.parent}/").removeprefix(f"{path.name}: ")
        return [_unknown(path, why)]
    except OSError as error:
        return [_unknown(path, f"it cannot be read: {error.strerror}")]
    forms = list(dict.fromkeys(form for form, _ in seen))
    return [_one(path, [found for had, found in seen if had is form]) for form in forms]


def _one(path: Path, members: list[Recognised]) -> Recognised:
    """What members of one form are together: their reader reads all of them alike."""
    known = [one for one in members if one.format]
    kinds = {(one.format, one.kind): one for one in known}
    if len(kinds) > 1:
        names = ", ".join(f"{form} {kind}" for form, kind in kinds)
        why = f"it holds files of several kinds ({names}); unpack it"
        return _unknown(path, why)
    certain = all(one.certain for one in known)
    return replace((known or members)[0], certain=certain)


def _best(path: Path, place: str, content: Content) -> Recognised:
    """What one file or member is."""
    if isinstance(content, Header):
        own = _OWN.get(content)
        if own is not None:
            return _unknown(path, own)
    # Of a plain file also the folders above it: their names may be those of classes.
    where = path.as_posix() if place == path.name else place
    fits: list[tuple[str, str, Look, Fit]] = [
        (form, kind, look, found)
        for form, kinds in _LOOKS.items()
        for kind, every in kinds.items()
        for look in every
        if (found := look.fit(content, where)) is not None
    ]
    most = max((fit.weight for *_, fit in fits), default=0)
    # Posts beside whom their author's profile stands have all columns of accounts too.
    if isinstance(content, Header) and (lacks := _lacks(content, where, most)):
        return _unknown(path, lacks)
    if not fits:
        return _unknown(path, _nothing(content))
    best = {one[:2]: one[2:] for one in fits if one[3].weight == most}
    named = [one for one in best if _is_named({path.name, place}, *one)]
    form, kind = (named if len(best) > 1 and named else list(best))[0]
    look, fit = best[form, kind]
    why = fit.why
    if len(best) > 1 and len(named) == 1:
        why += ", and its name says which of the kinds that have them it is"
    elif len(best) > 1:
        every = ", ".join(f"{one} {other}" for one, other in best)
        why += f", as much as of {every}: name the file as published to tell them apart"
    certain = len(best) == 1 or len(named) == 1
    return Recognised(path, form, kind, certain, why, look, fit.fields)


def _lacks(content: Header, place: str, most: int) -> str:
    """Of which table it lacks columns and still has more than `most`; empty if none."""
    near = [
        (fit.weight, form, kind, fit.why)
        for form, kinds in _LOOKS.items()
        for kind, every in kinds.items()
        for look in every
        if isinstance(look, Table) and (fit := look.nearly(content, place)) is not None
    ]
    weight, form, kind, why = max(near, default=(0, "", "", ""))
    return f"nearly {form} {kind}: {why}" if weight > max(most, _BY_ACCIDENT) else ""


def _nothing(content: Content) -> str:
    if isinstance(content, Header):
        return "its columns are those of no known table"
    if isinstance(content, Lines):
        return "its lines are those of no known file"
    if isinstance(content, Markup):
        return "its root is that of no known document"
    if isinstance(content, Elements):
        return "its fields are those of no known object"
    return (
        "it holds several tables, and no users.csv in the folder of a known group; "
        "unpack it"
    )


def _is_named(names: Iterable[str], form: str, kind: str) -> bool:
    """Whether one of the names is as its publishers gave them."""
    patterns = DEFAULT_FILES.get(form, {}).get(kind, [])
    return any(
        fnmatch(PurePosixPath(name).name.lower(), PurePosixPath(pattern).name.lower())
        for name in names
        for pattern in patterns
    )


def _unknown(path: Path, why: str) -> Recognised:
    return Recognised(path, None, None, certain=False, why=why)
