"""Made-up archives for the benchmarks of ingest, written as their publishers do."""

from pathlib import Path

import polars as pl

# Written at once.
_CHUNK = 500_000
_ACCOUNTS_PER_ROW = 1 / 200


def twitter_io(path: Path, rows: int) -> None:
    """Posts of Twitter's archive: 30 columns, all quoted, line breaks in one in ten."""
    accounts = int(rows * _ACCOUNTS_PER_ROW)
    with path.open("wb") as handle:
        for start in range(0, rows, _CHUNK):
            frame = _posts(start, min(rows, start + _CHUNK), accounts)
            frame.write_csv(handle, quote_style="always", include_header=start == 0)


def _posts(start: int, stop: int, accounts: int) -> pl.DataFrame:
    n = pl.col("n")
    # Accounts come in no order, as in releases that are sorted by time.
    account = n * 7919 % accounts
    hashed = pl.format("hash{}WwrPrVwjEEtT74Ny7k0VikIGbe6HdWs=", account)
    repost, broken = n % 10 < 4, n % 10 == 4
    nothing = pl.lit("")
    text = (
        pl.when(repost)
        .then(
            pl.format("RT @friend{}: words {} and more https://t.co/{}", n % 77, n, n)
        )
        .when(broken)
        .then(pl.format('line one of {}\nline "two"', n))
        .otherwise(pl.format("some words {} to say nothing at all #tag{}", n, n % 50))
    )
    day = pl.format("2019-{}-{}", _two(1 + n % 12), _two(1 + n % 28))
    time = pl.format("{} {}:{}", day, _two(n % 24), _two(n % 60))
    tags = (
        pl.when(n % 10 > 4).then(pl.format("['tag{}']", n % 50)).otherwise(pl.lit("[]"))
    )
    return pl.select(n=pl.int_range(start, stop, dtype=pl.Int64)).select(
        tweetid=n + 10**18,
        userid=hashed,
        user_display_name=hashed,
        user_screen_name=hashed,
        user_reported_location=pl.lit("Somewhere"),
        user_profile_description=pl.lit("A bio, of sorts"),
        user_profile_url=nothing,
        follower_count=account,
        following_count=account // 2,
        account_creation_date=pl.lit("2014-05-06"),
        account_language=pl.lit("en"),
        tweet_language=pl.lit("en"),
        tweet_text=text,
        tweet_time=time,
        tweet_client_name=pl.lit("Web client"),
        in_reply_to_userid=nothing,
        in_reply_to_tweetid=nothing,
        quoted_tweet_tweetid=nothing,
        is_retweet=pl.when(repost).then(pl.lit("True")).otherwise(pl.lit("False")),
        retweet_userid=pl.when(repost).then(pl.lit("123456")).otherwise(nothing),
        retweet_tweetid=pl.when(repost)
        .then(pl.format("{}", 10**18 - n))
        .otherwise(nothing),
        latitude=pl.lit("absent"),
        longitude=pl.lit("absent"),
        quote_count=n % 2,
        reply_count=n % 3,
        like_count=n % 5,
        retweet_count=n % 7,
        hashtags=tags,
        urls=pl.lit("[]"),
        user_mentions=pl.lit("[]"),
    )


def _two(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.String).str.zfill(2)


def damaged(clean: Path, target: Path) -> None:
    """The same with every hundredth line damaged, in six ways in turn."""
    with clean.open("rb") as lines, target.open("wb") as handle:
        for number, line in enumerate(lines):
            if number and number % 100 == 0:
                line = _DAMAGE[number // 100 % 6](line)
            handle.write(line)


_DAMAGE = (
    lambda line: line.replace(b"A bio, of", b'A "bio" of'),
    lambda line: line.replace(b"words", b"wo\0rds"),
    lambda line: line.replace(b"words", b"wo\xff\xferds"),
    lambda line: line.replace(b"A bio, of", b'A \\"bio\\" of'),
    lambda line: line[: len(line) // 2] + b"\n",
    lambda line: line.replace(b'"Somewhere"', b'"Some"where'),
)


def ira(folder: Path, rows: int) -> None:
    """Accounts and posts in the form of the IRA release, by author."""
    accounts = int(rows * _ACCOUNTS_PER_ROW)
    number = pl.int_range(accounts)
    pl.select(
        author_id=pl.format("author{}", number),
        author=pl.format("NAME{}", number),
        account_category=pl.lit("RightTroll"),
    ).write_csv(folder / "accounts.csv")
    n = pl.int_range(rows, dtype=pl.Int64)
    pl.select(
        author_id=pl.format("author{}", n * 7919 % accounts),
        content=pl.when(n % 5 == 0)
        .then(pl.format("'@friend{} words {}", n % 77, n))
        .otherwise(pl.format("words {} and more #tag{} https://t.co/{}", n, n % 50, n)),
        region=pl.lit("United States"),
        language=pl.lit("English"),
        publish_date=pl.from_epoch(n * 60 % 10**8 + 1_400_000_000, "s"),
        followers=n % 1000,
        following=n % 500,
        updates=n % 2000,
        post_type=pl.when(n % 3 == 0).then(pl.lit("RETWEET")).otherwise(pl.lit("")),
        retweet=(n % 3 == 0).cast(pl.Int64),
    ).write_parquet(folder / "posts.parquet")
