"""Kind and target of a post, from the ids that a format gives for them."""

from collections.abc import Sequence

import polars as pl

from pipeline.sources import texts, times, values
from pipeline.sources.reading import Reading

# Names of the ids in the table of mappings; a format may lack any of them.
_POINTERS = (
    "reply_account",
    "reply_post",
    "quoted_account",
    "quoted_post",
    "repost_account",
    "repost_post",
)


def from_pointers(
    posts: Reading,
    reposted: pl.Expr | None = None,
    *,
    nothing: Sequence[str] = (),
    from_text: bool = True,
) -> None:
    """Set `kind` and the target from the pointers, or else from the text, and drop them.

    Args:
        posts: rows with `text` and pointers.
        reposted: what the format says about reposts; null: that a post is pointed to.
        nothing: words that stand for no id.
        from_text: `RT @name` and a leading `@` mean a repost and a reply as well; False
            on a platform whose pointers leave none out.
    """
    pointers = [name for name in _POINTERS if name in posts.frame.columns]
    posts.set(
        **{
            name: (pl.col(name) if name in pointers else pl.lit(None)).cast(pl.String)
            for name in _POINTERS
        }
    )
    values.nothing(posts, pointers, list(nothing))
    # Even an id that lost its digits says that there was one.
    posts.set(
        _replied=(pl.col("reply_account") != "") | (pl.col("reply_post") != ""),
        _quoted=pl.col("quoted_post") != "",
        _reposted=pl.col("repost_post") != "" if reposted is None else reposted,
    )
    for pointer in pointers:
        values.secondary_id(posts, pointer)
    if from_text:
        texts.kind_of(posts, pl.col("_reposted"), pl.col("_quoted"))
        texts.named_target(posts)
    else:
        _kind_of(posts)
    kind = pl.col("kind")
    replied = (kind == "original") & pl.col("_replied")
    posts.set(kind=pl.when(replied).then(pl.lit("reply")).otherwise(kind))
    posts.set(
        target_account_id=pl.when(kind == "repost")
        .then(pl.coalesce("repost_account", "target_account_id"))
        .when(kind == "reply")
        .then(pl.coalesce("reply_account", "target_account_id"))
        .when(kind == "quote")
        .then("quoted_account"),
        target_post_id=pl.when(kind == "repost")
        .then("repost_post")
        .when(kind == "quote")
        .then("quoted_post")
        .when(kind == "reply")
        .then("reply_post"),
    )
    if "target_posted_at" not in posts.frame.columns:
        posts.set(target_posted_at=times.held_in_id(pl.col("target_post_id")))
    posts.frame = posts.frame.drop(*_POINTERS, "_replied", "_quoted", "_reposted")


def _kind_of(posts: Reading) -> None:
    posts.set(
        kind=pl.when(pl.col("_reposted"))
        .then(pl.lit("repost"))
        .when(pl.col("_quoted"))
        .then(pl.lit("quote"))
        .otherwise(pl.lit("original")),
        target_account_id=pl.lit(None, pl.String),
    )
