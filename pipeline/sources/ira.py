"""FiveThirtyEight / Clemson release of one operator's posts, in its by-author form.

The text of a repost has no `RT @name:`, posts have no ids, and a text that begins with
`@`, `=`, `+` or `-` was published behind an apostrophe against spreadsheets.
"""

from pathlib import Path

import polars as pl

from pipeline.sources import archive, checks, columns, looks, texts, times, values
from pipeline.sources.reading import Reading
from pipeline.sources.source import Source, Tables

_ACCOUNT: columns.Columns = {
    "account_id": ("author_id",),
    "handle": ("author",),
    "group": ("account_category",),
}
_POST: columns.Columns = {
    "account_id": ("author_id",),
    "text": ("content",),
    "language": ("language",),
    "posted_at": ("publish_date",),
    "followers": ("followers",),
    "following": ("following",),
    "post_type": ("post_type",),
    "is_repost": ("retweet",),
}
LOOKS: looks.Looks = {
    "accounts": (looks.Table("accounts", _ACCOUNT),),
    "posts": (looks.Table("posts", _POST),),
}
# ISO to the minute, as published; seconds where somebody has stored the table anew.
_TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
# No text of the release begins with one of these without the apostrophe, while about
# one in a thousand of other archives begins with a dash.
_GUARDED = r"^'[@=+\-]"

# Names of languages, as the monitoring tool wrote them, to the platform's codes.
_LANGUAGES = {
    "albanian": "sq",
    "arabic": "ar",
    "bulgarian": "bg",
    "catalan": "ca",
    "croatian": "hr",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "estonian": "et",
    "farsi (persian)": "fa",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "gujarati": "gu",
    "hebrew": "he",
    "hindi": "hi",
    "hungarian": "hu",
    "icelandic": "is",
    "indonesian": "id",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "kurdish": "ku",
    "latvian": "lv",
    "lithuanian": "lt",
    "macedonian": "mk",
    "malay": "ms",
    "norwegian": "no",
    "polish": "pl",
    "portuguese": "pt",
    "pushto": "ps",
    "romanian": "ro",
    "russian": "ru",
    "serbian": "sr",
    "simplified chinese": "zh",
    "slovak": "sk",
    "slovenian": "sl",
    "somali": "so",
    "spanish": "es",
    "swedish": "sv",
    "tagalog (filipino)": "tl",
    "tamil": "ta",
    "thai": "th",
    "traditional chinese": "zh",
    "turkish": "tr",
    "ukrainian": "uk",
    "urdu": "ur",
    "uzbek": "uz",
    "vietnamese": "vi",
}


def read(source: Source, raw: Path) -> Tables:
    """Tables of the release; profile counts are those of each account's last post.

    Raises:
        SourceError: a file or a required column is missing.
    """
    archive.check_keys(source, ["accounts", "posts"], [])
    posts = _posts(source, raw)
    accounts = columns.load(source, raw, "accounts", "accounts", _ACCOUNT)
    values.primary_id(accounts, "account_id")
    moment = pl.col("posted_at")
    # Few rows are of an account's last moment: only these are sorted.
    last = (
        posts.frame.select("account_id", "posted_at", "followers", "following")
        .filter(moment.eq_missing(moment.max().over("account_id")))
        .sort("followers", "following", nulls_last=False)
        .unique("account_id", keep="last", maintain_order=True)
        .drop("posted_at")
    )
    accounts.frame = accounts.frame.join(
        last, on="account_id", how="left", maintain_order="left"
    )
    accounts.set(
        label=pl.lit(checks.only_class(source), pl.Int8),
        group=pl.col("group").str.to_lowercase(),
    )
    posts.frame = posts.frame.drop("followers", "following")
    return checks.settle(accounts, posts)


def _posts(source: Source, raw: Path) -> Reading:
    posts = columns.load(source, raw, "posts", "posts", _POST)
    values.primary_id(posts, "account_id")
    contents(posts)
    return posts


def contents(posts: Reading) -> None:
    """Type the columns that both forms of the release have, all but the ids."""
    times.moment(posts, "posted_at", _TIMES, zone_stated=False)
    values.count(posts, "followers")
    values.count(posts, "following")
    text = pl.col("text")
    guarded = text.str.contains(_GUARDED)
    posts.repair("spreadsheet_apostrophe", "text", guarded, text.str.slice(1))
    _language(posts)
    kind = pl.col("post_type")
    posts.set(post_type=kind.str.to_uppercase())
    quoted = kind.is_in(["Q", "QUOTE_TWEET"])
    reposted = kind.is_in(["R", "RETWEET"])
    # Quotes carry the flag as well: it counts only where the type says nothing.
    flagged = pl.col("is_repost").cast(pl.String) == "1"
    untyped = (kind == "") | kind.is_null()
    texts.kind_of(posts, reposted | (flagged & untyped), quoted)
    posts.frame = posts.frame.drop("post_type", "is_repost")
    texts.named_target(posts)
    texts.entities_of(posts)


def _language(posts: Reading) -> None:
    posts.set(language=pl.col("language").str.to_lowercase())
    named = pl.col("language")
    posts.set(language=pl.when(named != "").then(named))
    posts.null("language_undefined", "language", named == "language undefined")
    unknown = ~named.is_in(list(_LANGUAGES))
    posts.null("language_unmapped", "language", unknown)
    posts.set(language=named.replace_strict(_LANGUAGES, default=None))
