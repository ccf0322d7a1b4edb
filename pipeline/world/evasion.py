"""What operators do against detection: cheap traces hidden, at the cost of some effort."""

import numpy as np

from pipeline.world.keys import draw_keys
from pipeline.world.people import ORIGINAL, REPOST, People, Setting
from pipeline.world.posts import NOBODY, Posts
from pipeline.world.rhythm import reaction


def evade(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Let some accounts of a campaign use a phone, wait before reposts, and reword.

    What would cost the campaign its purpose stays: whom it boosts, what it pushes, and
    that nobody outside listens.
    """
    evading = rng.random(len(people)) < setting.evading
    rows = posts.shown & evading[posts.who]
    posts.client[rows] = (people.client[posts.who] % 2)[rows]
    waiting = rows & (posts.kind == REPOST) & (posts.lag != NOBODY)
    posts.lag[waiting] += reaction(rng, int(waiting.sum()), 240, 1.2)
    copied = rows & (posts.kind == ORIGINAL) & posts.copied
    posts.loose[copied] = draw_keys(rng, int(copied.sum()))
