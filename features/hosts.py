"""Hosts of links: how one is read from a link, and which only pass visitors on."""

from typing import Final

import polars as pl

# Public link shorteners, from their own pages. Not t.co: collectors differ in whether
# they resolve the platform's own wrapper.
SHORTENERS: Final = (
    *("adf.ly", "bit.do", "bit.ly", "bitly.com", "buff.ly", "cutt.ly", "dlvr.it"),
    *("goo.gl", "ift.tt", "is.gd", "j.mp", "mcaf.ee", "ow.ly", "rb.gy", "rebrand.ly"),
    *("s.id", "shorturl.at", "shrtm.nu", "su.pr", "t.ly", "tiny.cc", "tinyurl.com"),
    *("tr.im", "v.gd"),
)


def host(link: pl.Expr) -> pl.Expr:
    """Host of a link in lower case without `www.`; null if there is none."""
    # May find nothing, or the scheme of a link that ends with it would be the host.
    found = (
        link.str.to_lowercase()
        .str.extract(
            r"^\s*(?:[a-z][a-z0-9+.-]*:/+|https?:|mailto:)?(?:[^/?#\s@]*@)?(?:www\.)?"
            r"([^/?#:\s]*)"
        )
        .str.strip_chars_end(".")
    )
    return pl.when(found != "").then(found)


def is_shortener(link: pl.Expr) -> pl.Expr:
    """Whether a link leads to a shortener; null if it is null."""
    return host(link).is_in(SHORTENERS)
