"""The one clock of the service."""

from datetime import UTC, datetime


def received_at() -> datetime:
    """The moment of receipt."""
    return datetime.now(UTC)  # noqa: TID251 - the HTTP edge, where time enters
