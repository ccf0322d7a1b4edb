"""Paths into a JSON element: `user.id_str`, `tags[].name`, `refs[type=quoted].id`."""

import re
from typing import Any, NamedTuple

_STEP = re.compile(r"([^.\[\]]+)(\[(?:([^=\]]+)=([^\]]*))?\])?(?:\.|$)")


class Step(NamedTuple):
    """One key on the way; of a list, each entry, or the first whose `name` is `value`."""

    key: str
    of_list: bool
    name: str | None
    value: str | None


def parse(path: str) -> tuple[Step, ...]:
    """Steps of a path as it stands in a table of mappings."""
    return tuple(
        Step(found[1], found[2] is not None, found[3], found[4])
        for found in _STEP.finditer(path)
    )


def find(value: Any, steps: tuple[Step, ...]) -> Any:
    """Value at the end of the path; a list if a step takes each entry; null if none."""
    for number, (key, of_list, name, wanted) in enumerate(steps, 1):
        # As json makes them: no subclass, and this is asked for every cell.
        if type(value) is not dict:
            return None
        value = value.get(key)
        if value is None:
            return None
        if not of_list:
            continue
        if type(value) is not list:
            return None
        if name is None:
            found = [find(entry, steps[number:]) for entry in value]
            return [one for entry in found for one in _several(entry)]
        value = next((one for one in value if _is(one, name, wanted)), None)
    return value


def _is(entry: Any, name: str, wanted: str | None) -> bool:
    return isinstance(entry, dict) and entry.get(name) == wanted


def _several(found: Any) -> list[Any]:
    if isinstance(found, list):
        return found
    return [] if found is None else [found]
