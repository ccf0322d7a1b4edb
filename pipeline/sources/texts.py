"""What a post's text itself says: its kind, whom it names, its links."""

import polars as pl

from features.equalise import in_text
from pipeline.sources.reading import Reading

REPOST = r"^RT @\w"
_TARGET = r"^(?:RT )?@(\w+)"
# Of the five that HTML must escape; `&` last, or what it escapes is read twice.
_NAMED = {"lt": "<", "gt": ">", "quot": '"', "#39": "'", "amp": "&"}


def kind_of(
    reading: Reading, repost: pl.Expr | None = None, quote: pl.Expr | None = None
) -> None:
    """Set `kind`: repost, quote, reply or original, in this order.

    Args:
        reading: posts with `text`.
        repost: what the format says about reposts, besides the text.
        quote: what the format says about quotes.
    """
    text, never = pl.col("text"), pl.lit(False)
    reposted = text.str.contains(REPOST) | (never if repost is None else repost)
    reading.set(
        kind=pl.when(reposted.fill_null(False))
        .then(pl.lit("repost"))
        .when((never if quote is None else quote).fill_null(False))
        .then(pl.lit("quote"))
        .when(text.str.starts_with("@").fill_null(False))
        .then(pl.lit("reply"))
        .otherwise(pl.lit("original"))
    )


def named_target(reading: Reading) -> None:
    """Set `target_account_id` of a repost or reply to the handle in its text.

    Written `@handle` in lower case, so that it is never taken for an id.
    """
    handle = pl.col("text").str.extract(_TARGET).str.to_lowercase()
    aimed = pl.col("kind").is_in(["repost", "reply"])
    reading.set(target_account_id=pl.when(aimed).then("@" + handle))


def entities_of(reading: Reading) -> None:
    """Set `mentions` and `hashtags` (without their sign) and `links` from the text."""
    text = pl.col("text")
    bare = pl.element().str.slice(1)
    reading.set(
        mentions=in_text(text, "mentions").list.eval(bare),
        hashtags=in_text(text, "hashtags").list.eval(bare),
        links=in_text(text, "links"),
    )


def client_name(reading: Reading) -> None:
    """Set `client` to the name within its HTML anchor; a broken anchor is null."""
    reading.set(client=pl.when(pl.col("client") != "").then("client"))
    client = pl.col("client")
    name = client.str.extract(r"^<a [^<>]*>([^<>]*)</a>$")
    reading.repair("client_anchor", "client", name.is_not_null(), name)
    reading.null("client_unreadable", "client", client.str.contains(r"^<"))


def from_html(reading: Reading, column: str) -> None:
    """Plain text of the HTML in which a post or a profile is published."""
    text = pl.col(column)
    broken = text.str.replace_all(r"<br ?/?>", "\n")
    apart = broken.str.replace_all(r"</p>\s*<p[^<>]*>", "\n\n")
    plain = apart.str.replace_all(r"</?[a-zA-Z][^<>]*>", "")
    for name, sign in _NAMED.items():
        plain = plain.str.replace_all(f"&{name};", sign, literal=True)
    reading.set(**{column: plain})
