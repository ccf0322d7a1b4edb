"""Archives of some dozens of accounts, damaged in every way that JSON can be."""

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.pipeline.sources.people import CREATED, POSTED, Person, Post
from tests.pipeline.sources.published import PUBLISHED

ACCOUNTS = 40
POSTS = 300
_KINDS = ("original", "repost", "reply", "quote")
# Lists of the entries of a page.
_PAGES = ("data", "feed", "statuses", "users")


def people() -> list[Person]:
    """Accounts of both classes; one stands there twice, one in both classes."""
    every = [
        Person(
            str(10**15 + number),
            f"h{number}",
            bio=f"bio {number}",
            followers=number,
            created_at=CREATED + timedelta(days=number),
            label=number % 2,
        )
        for number in range(ACCOUNTS)
    ]
    other = Person(every[4].id, "h4", label=1)
    return [*every, every[3], other]


def posts(owners: list[Person]) -> list[Post]:
    """Posts of every kind; some stand there twice, and of some accounts there are none."""
    written = [
        Post(
            str(10**17 + number),
            owners[number * 7 % (ACCOUNTS * 3 // 4)],
            body=f"text {number % 50}",
            at=POSTED + timedelta(hours=number % 97),
            kind=_KINDS[number % 4],
            target=owners[number % ACCOUNTS] if number % 4 else None,
            target_id=str(10**17 - number) if number % 4 else None,
            tags=["Tea"] * (number % 3),
            links=["https://e.org/a"] * (number % 2),
        )
        for number in range(POSTS)
    ]
    return [*written, *written[:9]]


def write(name: str, folder: Path) -> None:
    """A published form with damage in each of its JSON files.

    Of the accounts listed some have no post, and some authors are not listed.
    """
    every = people()
    listed = [one for one in every if int(one.id) % 5]
    labelled = PUBLISHED[name].labelled
    PUBLISHED[name].write(folder, every if labelled else listed, posts(every))
    for path in sorted(folder.iterdir()):
        if ".json" in path.name:
            _damage(path)


def _damage(path: Path) -> None:
    packed = path.suffix == ".gz"
    text = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    array = text.startswith(b"[")
    elements = json.loads(text) if array else list(map(json.loads, text.splitlines()))
    if len(elements) == 1:
        key = next(key for key in _PAGES if key in elements[0])
        elements[0][key] = _damaged(elements[0][key])
    else:
        elements = _damaged(elements)
    lines = [json.dumps(element) for element in elements]
    lines.insert(len(lines) // 2, '{"id": oops}')
    text = ("[" + ",\n".join(lines) + "]" if array else "\n".join(lines)).encode()
    path.write_bytes(gzip.compress(text, mtime=0) if packed else text)


def _damaged(entries: list[Any]) -> list[Any]:
    made: list[Any] = []
    for number, entry in enumerate(entries):
        made.append(entry)
        key = list(entry)[number % len(entry)]
        value = entry[key]
        if number % 11 == 3:
            made.append(dict(entry))
        if number % 13 == 5:
            del entry[key]
        elif number % 7 == 2:
            entry[key] = {"no": "value"}
        elif number % 5 == 1 and isinstance(value, str):
            entry[key] = f"{value}\0"
        elif number % 17 == 4:
            made.append("no object")
        elif number % 19 == 6:
            made.append(entry | {name: "1.2E+18" for name in ("id", "id_str", "ID")})
    return made
