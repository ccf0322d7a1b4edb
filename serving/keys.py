"""Keys: who may call. A file of names and random keys, readable by its owner alone."""

import argparse
import contextlib
import hmac
import json
import os
import re
import secrets
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from features.errors import InputError, TelltaleError

DEFAULT_NAME: Final = "reviewer"
# Name in an ASGI scope under which the gatekeeper hands over caller -> key.
KEYS: Final = "telltale.keys"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_LEAST: Final = 20


def make_key(path: Path, name: str) -> str:
    """Add a random key for a caller; the key.

    The file is made with mode 600. An existing name is refused: keys are replaced by
    taking the old line out, never silently.

    Raises:
        InputError: the name is not a plain word or is taken, or the file is damaged.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"key name {name!r}: use up to 32 lower-case letters, digits, - and _"
        )
    keys = dict(load_keys(path)) if path.exists() else {}
    if name in keys:
        raise InputError(f"{path}: {name} has a key already; take its line out first")
    keys[name] = secrets.token_urlsafe(32)
    _written(path, keys).replace(path)
    return keys[name]


def ensure_keys(path: Path) -> Mapping[str, str]:
    """Caller -> key; at first start one random key is made, for one caller.

    Workers that start together end up with the same key: the file is put in place by
    a link, which only one of them can make.

    Raises:
        InputError: the file is there, but is not a key file.
    """
    if not path.exists():
        working = _written(path, {DEFAULT_NAME: secrets.token_urlsafe(32)})
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(working)
        working.unlink()
    return load_keys(path)


def _written(path: Path, keys: Mapping[str, str]) -> Path:
    """A new file beside `path`, mode 600 from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    working = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(working, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(keys, file, indent=2)
        file.write("\n")
    return working


def load_keys(path: Path) -> Mapping[str, str]:
    """Caller -> key.

    Raises:
        InputError: there is no such file, others may read it, or it is not of this
            form.
    """
    try:
        mode = path.stat().st_mode
        keys = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{path}: no key file; make one with `python -m serving.keys --file {path}`"
        ) from None
    except (OSError, ValueError):
        raise InputError(
            f"{path}: not a key file; remove it and make a new one"
        ) from None
    if stat.S_IMODE(mode) & 0o077:
        raise InputError(f"{path}: others may read it; run chmod 600 {path}")
    if (
        not isinstance(keys, dict)
        or not keys
        or not all(
            _NAME.fullmatch(name) and isinstance(key, str) and len(key) >= _LEAST
            for name, key in keys.items()
        )
    ):
        raise InputError(f"{path}: not a key file; remove it and make a new one")
    return keys


def caller_of(keys: Mapping[str, str], given: str) -> str | None:
    """Name of the caller whose key this is, or null.

    Compares with every key, each in constant time, so that the time taken tells
    nothing about any of them.
    """
    found = None
    offered = given.encode("utf-8", "surrogateescape")
    for name, key in keys.items():
        if hmac.compare_digest(offered, key.encode()):
            found = name
    return found


def main() -> None:
    """Make the key file if there is none, and print the review link."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, required=True, help="key file")
    parser.add_argument("--add", metavar="NAME", help="add a key for another caller")
    parser.add_argument("--port", type=int, default=3000, help="port of the service")
    args = parser.parse_args()
    if args.add:
        key = make_key(args.file, args.add)
        print(f"key of {args.add}, shown once more in {args.file}: {key}")
        return
    keys = ensure_keys(args.file)
    key = keys.get(DEFAULT_NAME) or next(iter(keys.values()))
    print(f"review: http://127.0.0.1:{args.port}/review?key={key}")


if __name__ == "__main__":
    try:
        main()
    except TelltaleError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
