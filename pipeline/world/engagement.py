"""What posts receive: heavy-tailed outside attention, and what the archive gives."""

import numpy as np

from pipeline.world.keys import Floats, Ints
from pipeline.world.people import QUOTE, REPLY, REPOST, People
from pipeline.world.posts import NOBODY, Posts


def received(posts: Posts, people: People, rng: np.random.Generator) -> dict[str, Ints]:
    """Likes, reposts, replies and quotes of each post; nought for reposts."""
    count = len(posts)
    audience = (people.followers + 5.0) ** 0.55 * people.attention * 0.06
    luck = np.exp(rng.normal(0.0, 1.0, count))
    appeal = audience[posts.who] * luck

    def outside(share: float) -> Ints:
        means: Floats = np.minimum(appeal * share, 1e6)
        drawn: Ints = rng.poisson(means)
        return np.where(posts.kind == REPOST, 0, drawn)

    def inside(kind: int) -> Ints:
        given = posts.target[(posts.kind == kind) & (posts.target != NOBODY)]
        return np.bincount(given, minlength=count)

    return {
        "like_count": outside(1.0),
        "retweet_count": outside(0.3) + inside(REPOST),
        "reply_count": outside(0.15) + inside(REPLY),
        "quote_count": outside(0.04) + inside(QUOTE),
    }
