"""The mapping of two formats in vectorised pandas, for comparison only.

It leaves out what the readers count and reject besides: it does less work.
"""

import ast
from pathlib import Path

import pandas as pd  # type: ignore[import-untyped]

_COUNTS = ["quote_count", "reply_count", "like_count", "retweet_count"]
_POINTERS = ["in_reply_to_userid", "retweet_userid", "retweet_tweetid"]


def twitter_io(raw: str, posts: str) -> None:
    """Posts and profiles of Twitter's archive to canonical columns, sorted, written."""
    folder = Path(raw)
    frame = pd.read_csv(folder / posts, dtype=str, keep_default_na=False)
    frame = frame.drop_duplicates(["userid", "tweetid"])
    frame["posted_at"] = pd.to_datetime(frame["tweet_time"], utc=True)
    for name in _COUNTS:
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype("Int64")
    for name in _POINTERS:
        frame[name] = frame[name].mask(frame[name] == "")
    for name in ("hashtags", "urls", "user_mentions"):
        cells = {text: ast.literal_eval(text) for text in frame[name].unique()}
        frame[name] = frame[name].map(cells)
    text = frame["tweet_text"]
    repost = text.str.contains(r"^RT @\w") | (frame["is_retweet"] == "True")
    frame["kind"] = "original"
    frame.loc[text.str.startswith("@"), "kind"] = "reply"
    frame.loc[repost, "kind"] = "repost"
    named = text.str.extract(r"^(?:RT )?@(\w+)", expand=False).str.lower()
    frame["target_account_id"] = frame["retweet_userid"].fillna(named)
    newest = frame.sort_values("posted_at").drop_duplicates("userid", keep="last")
    newest["created_at"] = pd.to_datetime(newest["account_creation_date"], utc=True)
    profile = [
        name for name in newest if name.startswith(("user", "follow", "created"))
    ]
    newest.sort_values("userid")[profile].to_parquet(folder / "pandas_accounts.parquet")
    rest = [name for name in frame if not name.startswith("user_")]
    ordered = frame[rest].sort_values(["userid", "posted_at", "tweetid", "tweet_text"])
    ordered.to_parquet(folder / "pandas_posts.parquet")


def ira(raw: str, posts: str) -> None:
    """Posts of the IRA release to canonical columns, sorted, written."""
    folder = Path(raw)
    frame = pd.read_parquet(folder / posts)
    frame = frame.drop_duplicates(["author_id", "publish_date", "content"])
    text = frame["content"]
    guarded = text.str.contains(r"^'[@=+\-]")
    text = text.mask(guarded, text.str.slice(1))
    frame["text"] = text
    frame["kind"] = "original"
    frame.loc[text.str.startswith("@"), "kind"] = "reply"
    frame.loc[frame["post_type"].str.upper().isin(["R", "RETWEET"]), "kind"] = "repost"
    frame["target_account_id"] = text.str.extract(r"^(?:RT )?@(\w+)", expand=False)
    frame["mentions"] = text.str.findall(r"@(\w+)")
    frame["hashtags"] = text.str.findall(r"#(\w+)")
    frame["links"] = text.str.findall(r"https?://\S+")
    last = frame.sort_values("publish_date").drop_duplicates("author_id", keep="last")
    last[["author_id", "followers", "following"]].to_parquet(
        folder / "pandas_accounts.parquet"
    )
    kept = frame.drop(
        columns=["region", "followers", "following", "updates", "content"]
    )
    ordered = kept.sort_values(["author_id", "publish_date", "text"])
    ordered.to_parquet(folder / "pandas_posts.parquet")
