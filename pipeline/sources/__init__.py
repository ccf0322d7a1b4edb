"""Readers of published archives, by the name of their format."""

from typing import Final

from pipeline.sources import (
    bluesky,
    botometer,
    canonical,
    caverlee2011,
    cresci2015,
    cresci2017,
    fivethirtyeight,
    ira,
    mastodon,
    nyu2017,
    pan2019,
    twibot20,
    twibot22,
    twitter_io,
    x_api_v1,
    x_api_v2,
)
from pipeline.sources.format import Format, Reader

FORMATS: Final[dict[str, Format]] = {
    "bluesky": bluesky,
    "botometer": botometer,
    "canonical": canonical,
    "caverlee2011": caverlee2011,
    "cresci2015": cresci2015,
    "cresci2017": cresci2017,
    "fivethirtyeight": fivethirtyeight,
    "ira": ira,
    "mastodon": mastodon,
    "nyu2017": nyu2017,
    "pan2019": pan2019,
    "twibot20": twibot20,
    "twibot22": twibot22,
    "twitter_io": twitter_io,
    "x_api_v1": x_api_v1,
    "x_api_v2": x_api_v2,
}
READERS: Final[dict[str, Reader]] = {name: form.read for name, form in FORMATS.items()}

# Format -> kind of file -> names that its publishers gave, for whoever names none.
DEFAULT_FILES: Final[dict[str, dict[str, list[str]]]] = {
    "bluesky": {
        "accounts": ["*profiles*.json*", "*profiles*.zip"],
        "posts": ["*posts*.json*", "*feed*.json*"],
    },
    "botometer": {"accounts": ["*_tweets.json*", "*_user_objects.json*"]},
    "canonical": {"accounts": ["accounts.*"], "posts": ["posts.*"]},
    "caverlee2011": {
        "polluters": ["content_polluters.*"],
        "legitimate": ["legitimate_users.*"],
        "posts": ["posts.*", "*_tweets.txt*"],
    },
    "cresci2015": {
        "archive": ["cresci-2015*.zip"],
        "users": ["**/users.csv*"],
        "e13_users": ["*E13_users*"],
        "int_users": ["*INT_*users*"],
        "posts": ["*cresci2015_posts*", "**/tweets.csv*"],
    },
    "cresci2017": {
        "archive": ["cresci-2017*.zip"],
        "users": ["**/users.csv*"],
        "posts": ["**/tweets.csv*"],
    },
    "fivethirtyeight": {"posts": ["IRAhandle_tweets_*"]},
    "ira": {"accounts": ["*ira_accounts*"], "posts": ["*ira_posts*"]},
    "mastodon": {
        "accounts": ["*accounts*.json*"],
        "posts": ["*statuses*.json*"],
    },
    "nyu2017": {"profiles": ["*nyu*profiles*"]},
    "pan2019": {
        "posts": ["*pan19*posts*"],
        "authors": ["**/*.xml", "*pan19*.zip"],
        "truth": ["**/truth.txt"],
    },
    "twibot20": {
        "accounts": [
            "*train.json*",
            "*dev.json*",
            "*test.json*",
            "*support.json*",
            "*twibot20*.json*",
        ]
    },
    "twibot22": {"accounts": ["user.json*"], "posts": ["tweet_*.json*"]},
    "twitter_io": {"accounts": ["*users_csv*"], "posts": ["*tweets_csv*"]},
    "x_api_v1": {"accounts": ["*users*.json*"], "posts": ["*tweets*.json*"]},
    "x_api_v2": {"accounts": ["*users*.json*"], "posts": ["*tweets*.json*"]},
}
