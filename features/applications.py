"""Names of posting applications: which are a platform's own, and which post by plan."""

from typing import Final

import polars as pl

from features.characters import LOOK_ALIKES

# As the platform itself showed them below posts. Elsewhere nothing matches, and the
# shares are zero.
OFFICIAL: Final = (
    *("Twitter for iPhone", "Twitter for iPad", "Twitter for Android", "web"),
    *("Twitter for Android Tablets", "Twitter for BlackBerry®", "Twitter for Mac"),
    *("Twitter for BlackBerry", "Twitter for Windows", "Twitter for Windows Phone"),
    *("Twitter Web Client", "Twitter Web App", "Twitter Lite", "Twitter for Websites"),
    *("Mobile Web", "Mobile Web (M2)", "Mobile Web (M5)", "TweetDeck", "Tweet Button"),
)
# Services for posting at a time set before, by what they say of themselves.
SCHEDULERS: Final = (
    *("Buffer", "CoSchedule", "Crowdfire App", "Hootsuite", "Hootsuite Inc.", "Later"),
    *("LaterMedia", "MeetEdgar", "Postcron App", "Sendible", "SocialOomph", "Sprinklr"),
    *("SocialPilot.co", "Sprout Social", "Twuffer", "Zoho Social", "eClincher"),
)
# Services that post what happens elsewhere, by what they say of themselves.
AUTOMATONS: Final = (
    *("Botize", "Cheap Bots, Done Quick!", "IFTTT", "Microsoft Power Platform"),
    *("Revive Social App", "RoundTeam", "Twibble.io", "WordPress.com", "Zapier.com"),
    *("Zapier", "dlvr.it", "twitterfeed", "twittbot.net"),
)

# What differs without being seen at a glance: letters of other scripts, vowels, spaces,
# marks and digits. What is left of a name is its consonants.
_UNSEEN: Final = {
    **LOOK_ALIKES,
    **dict.fromkeys("IiLl1|", ""),
    **dict.fromkeys("AaEeOo0UuYy23456789 _.-()®!'", ""),
}
_VOWELS: Final = dict.fromkeys("aeiou", "")
# Fewer consonants meet by accident.
_TELLING: Final = 5


def imitates(client: pl.Expr) -> pl.Expr:
    """Whether the name is not official but has the consonants of one that is.

    It may differ in vowels, spaces, marks, digits, capitals, and in letters that look
    alike (l for i, letters of other scripts).
    """
    return _bare(client).is_in(_BARE) & client.is_in(OFFICIAL).not_()


def _bare(name: pl.Expr) -> pl.Expr:
    latin = name.str.replace_many(_UNSEEN)
    return latin.str.to_lowercase().str.replace_many(_VOWELS)


def _bare_names() -> list[str]:
    names = pl.Series(OFFICIAL).to_frame("name").select(_bare(pl.col("name")))
    telling = names.filter(pl.col("name").str.len_chars() >= _TELLING)
    return telling["name"].unique().sort().to_list()


_BARE: Final = _bare_names()
