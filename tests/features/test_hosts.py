import polars as pl
import pytest

from features.hosts import host, is_shortener


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://a.example/x?y#z", "a.example"),
        ("http://www.A.example.", "a.example"),
        (" a.example:80/", "a.example"),
        ("https:/a.example", "a.example"),
        ("httpsnews.example", "httpsnews.example"),
        ("ftp://a.example", "a.example"),
        ("https://me:pw@a.example/x@y", "a.example"),
        ("https://a.example/@ann", "a.example"),
        ("a.example/x://y", "a.example"),
        # A scheme is no host.
        ("gopher://", None),
        ("https://", None),
        ("https:", None),
        ("https://www.", None),
        ("https:///x", "x"),
        ("/x", None),
        ("...", None),
        ("", None),
        (None, None),
    ],
)
def test_host(link: str | None, expected: str | None) -> None:
    found = pl.select(host(pl.lit(link, pl.String))).item()

    assert found == expected


def test_shorteners() -> None:
    links = pl.Series(["https://bit.ly/x", "https://a.example", "https://", None])

    assert links.to_frame("link").select(
        is_shortener(pl.col("link"))
    ).to_series().to_list() == [True, False, None, None]
