"""Traces: what of an account's activity the accounts around it could share.

Each turns equalised posts, accounts or actions into events: an item (something that
others can have too) within a stratum (what the null model holds fixed), or an item at
a moment. Items are hashes; only their equality is read.
"""

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

Table = Literal["posts", "accounts", "actions"]

# Texts are nearly alike if so many of their first letters agree, or of their last;
# those too short to hold both say little.
_ANCHOR: Final = 24

_LETTERS: Final = (
    pl.col("text")
    .str.replace_all(r"https?://\S+|[@#]\w+", "")
    .str.normalize("NFKC")
    .str.to_lowercase()
    .str.replace_all(r"[^\p{L}\p{M}]", "")
)
_ANCHORS: Final = pl.when(_LETTERS.str.len_chars() >= 2 * _ANCHOR).then(
    pl.concat_list(
        pl.lit("<") + _LETTERS.str.head(_ANCHOR),
        pl.lit(">") + _LETTERS.str.tail(_ANCHOR),
    )
)
_LINKS: Final = pl.col("links").list.eval(
    pl.element()
    .str.replace(r"#.*$", "")
    .str.replace_all(r"[?&]utm_[^&]*", "")
    .str.replace(r"^https?://(?:www\.)?", "")
    .str.strip_chars_end("/")
)
_TAGS: Final = pl.col("hashtags").list.eval(
    pl.element().str.strip_chars_start("#").str.to_lowercase()
)
_MINUTE: Final = pl.col("posted_at").dt.epoch("ms") // 60_000
_REPOST: Final = pl.col("kind") == "repost"
_CREATED: Final = pl.col("created_at").dt.epoch("ms") // 86_400_000
# `anna19820` and `boris55555` are of one shape: letters, then five digits.
_SHAPE: Final = (
    pl.col("handle").str.replace_all(r"\p{Nd}", "0").str.replace_all(r"\p{L}+", "a")
)


@dataclass(frozen=True)
class Trace:
    """One kind of thing that accounts can do alike.

    Attributes:
        table: where its events stand.
        reads: the column without which nothing is known of it.
        among: the rows that it is about.
        item: what others can have too, null for none; a list for several.
        stratum: what the null model holds fixed, from columns or from `item`; equal
            for equal items. Null for one stratum.
        moment: of the event, in whole steps; null for traces without time.
        near: others within so many steps are companions.
        wide: others within so many steps, and not near, say how many to expect.
        rare: whether an item shared with few counts for more than one shared by many.
        least: events that an account needs.
    """

    table: Table
    reads: str
    among: pl.Expr
    item: pl.Expr
    stratum: pl.Expr | None = None
    moment: pl.Expr | None = None
    near: int = 0
    wide: int = 0
    rare: bool = False
    least: int = 1

    def inputs(self) -> set[str]:
        """Names of the columns that are read."""
        exprs = (self.among, self.item, self.stratum, self.moment)
        names = (e.meta.root_names() for e in exprs if e is not None)
        return {self.reads}.union(*names) - {"item"}

    def events(self, frame: pl.DataFrame, *beside: str) -> pl.DataFrame:
        """Distinct events: `account`, `item`, and `stratum` or `moment`.

        Args:
            frame: rows of `table`, with a column `account`.
            beside: further columns, which tell events apart too.
        """
        rows = frame.lazy().filter(self.among).with_columns(self.item.alias("item"))
        if self.moment is not None:
            key, other = pl.col("item").hash(2), self.moment.alias("moment")
            return _collect(
                rows.filter(pl.col("item").is_not_null()).select(
                    "account", key, other, *beside
                )
            )
        stratum = pl.lit("") if self.stratum is None else self.stratum
        read = [c for c in stratum.meta.root_names() if c != "item"]
        rows = rows.select("account", "item", *read, *beside)
        if isinstance(rows.collect_schema()["item"], pl.List):
            rows = rows.explode("item")
        other = stratum.fill_null("").hash(1)
        # Of the stratum too, so that no item stands in two.
        key = pl.col("item").hash(2) ^ (other * 3)
        rows = rows.drop_nulls("item")
        return _collect(
            rows.select("account", key.alias("item"), other.alias("stratum"), *beside)
        )


def _collect(rows: pl.LazyFrame) -> pl.DataFrame:
    return rows.drop_nulls().unique().collect(engine="in-memory")


def _acted(kind: str) -> Trace:
    return Trace(
        table="actions",
        reads="target_account_id",
        among=pl.col("kind") == kind,
        item=pl.col("target_account_id"),
        least=5,
    )


# By name of the feature that each carries.
TRACES: Final[dict[str, Trace]] = {
    # Within the reposted account: that many repost an idol is no surprise.
    "coactivity_repost_ratio": Trace(
        table="posts",
        reads="target_post_id",
        among=_REPOST,
        item=pl.col("target_post_id"),
        stratum=pl.col("target_account_id"),
        least=10,
    ),
    # Jittered within the hour: that many repost what is new is no surprise.
    "coactivity_fast_repost_ratio": Trace(
        table="posts",
        reads="target_post_id",
        among=_REPOST,
        item=pl.col("target_post_id"),
        moment=_MINUTE,
        near=1,
        wide=60,
        least=10,
    ),
    "coactivity_reply_ratio": Trace(
        table="posts",
        reads="target_post_id",
        among=pl.col("kind") == "reply",
        item=pl.col("target_post_id"),
        stratum=pl.col("target_account_id"),
        least=5,
    ),
    # Within the domain: that many link to one newspaper is no surprise.
    "coactivity_link_ratio": Trace(
        table="posts",
        reads="links",
        among=~_REPOST,
        item=_LINKS,
        stratum=pl.col("item").str.extract(r"^([^/?]*)").str.to_lowercase(),
        rare=True,
        least=5,
    ),
    # Within the first of the tags by alphabet: the order and the company of a tag that
    # all fans use are compared, not its use.
    "coactivity_tag_sequence_ratio": Trace(
        table="posts",
        reads="hashtags",
        among=~_REPOST,
        item=pl.when(_TAGS.list.len() >= 2).then(_TAGS.list.join(" ")),
        stratum=_TAGS.list.sort().list.first(),
        least=5,
    ),
    "coactivity_text_ratio": Trace(
        table="posts",
        reads="text",
        among=pl.col("kind").is_in(["original", "quote"]),
        item=_ANCHORS,
        least=10,
    ),
    # Of other hours at the same minute of the hour, by the same client: that
    # schedulers post on the hour is no surprise.
    "coactivity_minute_ratio": Trace(
        table="posts",
        reads="posted_at",
        among=~_REPOST,
        item=pl.struct(
            pl.col("kind"), pl.col("client").fill_null(""), minute=_MINUTE % 60
        ),
        moment=_MINUTE // 60,
        wide=2,
        least=10,
    ),
    # Of other days of the month around: that the platform grows is no surprise.
    "coactivity_creation_ratio": Trace(
        table="accounts",
        reads="created_at",
        among=pl.lit(True),
        item=pl.lit(""),
        moment=_CREATED,
        wide=15,
    ),
    "coactivity_creation_shape_ratio": Trace(
        table="accounts",
        reads="handle",
        among=pl.lit(True),
        item=_SHAPE,
        moment=_CREATED,
        wide=15,
    ),
    "coactivity_report_ratio": _acted("report"),
    "coactivity_block_ratio": _acted("block"),
}
