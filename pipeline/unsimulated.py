"""Unsimulated: features that tell nothing in the demo world, and why.

They have no value there, or the same for every account: a blank histogram would look
like a fault of theirs.
"""

from typing import Final

_COUNTS: Final = (
    "its archives, like those of the platform, do not count an account's posts, "
    "likes and lists"
)
_BIO: Final = "its bios are made of words and sentences alone"
_NAME: Final = "the names that are not hashed are two words in one script"

UNSIMULATED: Final = {
    **dict.fromkeys(
        (
            "profile_posts_log",
            "profile_likes_log",
            "profile_listed_log",
            "audience_posts_per_day",
            "audience_listed_per_day",
            "audience_likes_per_day",
            "audience_listed_ratio_log",
            "audience_posts_ratio_log",
            "audience_likes_share",
            "life_deleted_share",
            "claim_pace_log",
        ),
        _COUNTS,
    ),
    "profile_has_default_image": "its archives, like those of the platform, do not tell "
    "the picture",
    "profile_bio_link_count": _BIO,
    "profile_bio_hashtag_count": _BIO,
    "bio_emoji_count": _BIO,
    "bio_mention_count": _BIO,
    "bio_says_program": "its bios say nothing of programs",
    "profile_url_is_shortened": "its profiles link to sites of their own",
    "name_display_digit_count": _NAME,
    "name_display_emoji_count": _NAME,
    "name_display_mixes_look_alikes": _NAME,
    "name_says_program": "the names that are not hashed are those of people",
    "handle_is_offered": "handles end in at most four digits",
    "handle_digit_row_count": "every handle ends in a number and has no other",
    "action_self_reply_share": "nobody in it answers a post of their own",
    "action_self_repost_share": "nobody in it reposts their own posts",
    "content_digit_share": "its posts hold no digits but in names and links",
    "style_shouted_share": "its posts hold no words in capitals",
    "style_break_share": "its posts have one line",
    "style_quote_share": "its posts hold no quotation marks",
    "link_shortened_share": "none of its links leads through a public shortener",
    "tag_stack_share": "its posts hold three hashtags at most",
    "client_imitation_share": "its applications are official ones, and others named like "
    "none of them",
}
