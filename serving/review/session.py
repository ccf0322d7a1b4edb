"""Sessions: a cookie that says who is let in until when, without holding the key.

It is a signature with the caller's key: every worker can check it, none has to remember
it, and whoever takes a key out of the file and starts the service again ends its
sessions.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

LASTS: Final = timedelta(hours=12)


def cookie_name(keys: Mapping[str, str]) -> str:
    """Name of the cookie: another for each key file.

    Cookies do not know ports, and services side by side must not end each other's
    sessions.
    """
    digest = hashlib.sha256("\n".join(sorted(keys.values())).encode())
    return f"telltale_review_{digest.hexdigest()[:8]}"


def new_session(keys: Mapping[str, str], caller: str, now: datetime) -> str:
    """Value of the cookie of a caller whose key was right."""
    until = int((now + LASTS).timestamp())
    return f"{caller}.{until}.{_signature(keys[caller], caller, until)}"


def session_caller(keys: Mapping[str, str], value: str, now: datetime) -> str | None:
    """Caller that a cookie speaks for; null if it is forged, damaged or too old."""
    caller, _, rest = value.partition(".")
    until, _, given = rest.partition(".")
    # Digits of other scripts and endless numbers are not what we wrote.
    if caller not in keys or not (until.isascii() and until.isdigit()):
        return None
    if len(until) > 12 or int(until) <= now.timestamp():
        return None
    right = _signature(keys[caller], caller, int(until))
    same = hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())
    return caller if same else None


def _signature(key: str, caller: str, until: int) -> str:
    text = f"telltale review session\n{caller}\n{until}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
