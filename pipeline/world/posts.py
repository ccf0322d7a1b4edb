"""Posts as intentions: who, when, of which kind, about what; words come at the end."""

from dataclasses import dataclass

import numpy as np

from pipeline.world.keys import Flags, Ints, Keys, draw_keys, pick
from pipeline.world.people import (
    CIRCLE,
    FRIENDS,
    ORIGINAL,
    QUOTE,
    REPOST,
    People,
    Setting,
)
from pipeline.world.rhythm import at_slots, reaction, sittings, spans
from pipeline.world.text import NOISES
from pipeline.world.vocabulary import DOMAINS, NEWS_DOMAINS

NOBODY = -1
# Share of copies that a copier rewords.
PARAPHRASED = 0.15


@dataclass
class Posts:
    """One value a post in each array; behaviours change them in place."""

    who: Ints
    at: Ints
    kind: Ints
    client: Ints
    key: Keys
    frame: Keys
    loose: Keys  # of adverbs and times: another one than its key is a paraphrase
    language: Ints
    topic: Ints
    domain: Ints  # index into DOMAINS, -1 = no link
    tags: Ints  # number of hashtags
    author: Ints  # press author that it reacts to or takes its words from, or -1
    number: Ints  # number of that author's post
    wanted: Ints  # account of the archive that it reacts to, or -1
    lag: Ints  # minutes after the post it reacts to, -1 = at its own time
    target: Ints  # post of the archive that it reacts to, -1 until resolved
    copied: Flags  # its words are those of the press post
    noise: Ints
    credit: Flags  # names the author whose words it takes
    shown: Flags  # shows the behaviour of its account's role
    first: Ints  # first minute of its account

    def __len__(self) -> int:
        return len(self.who)


def ordinary_posts(people: People, setting: Setting, rng: np.random.Generator) -> Posts:
    """Posts of all accounts, each after its own habits, sorted by account."""
    first, last = spans(people, setting, rng)
    who = np.repeat(np.arange(len(people)), people.posts)
    count = len(who)
    at = sittings(people, who, first, last, rng)
    fixed = rng.random(count) < people.slots[who]
    at = np.maximum(at_slots(people, who, at, fixed, rng), first[who])
    shares = np.cumsum(people.mix[who], axis=1)
    kind = np.minimum((rng.random(count)[:, None] > shares).sum(axis=1), QUOTE)
    second = (rng.random(count) < people.second[who]) & ~fixed
    keys = draw_keys(rng, count)
    news = rng.random(count) < 0.7
    domain = np.where(
        news,
        rng.integers(0, NEWS_DOMAINS, count),
        rng.integers(NEWS_DOMAINS, len(DOMAINS), count),
    )
    linked = (kind == ORIGINAL) & (rng.random(count) < people.links[who])
    fond = rng.random(count) < 0.45
    posts = Posts(
        who=who,
        at=at,
        kind=kind,
        client=np.where(second, people.client2[who], people.client[who]),
        key=keys,
        frame=keys.copy(),
        loose=keys.copy(),
        language=people.language[who],
        topic=np.where(fond, people.interest[who], rng.integers(0, 10, count)),
        domain=np.where(linked, domain, NOBODY),
        tags=(rng.random((count, 3)) < people.tags[who][:, None] * 0.6).sum(axis=1),
        author=np.full(count, NOBODY),
        number=np.zeros(count, dtype=np.int64),
        wanted=np.full(count, NOBODY),
        lag=np.full(count, NOBODY),
        target=np.full(count, NOBODY),
        copied=np.zeros(count, dtype=bool),
        noise=np.zeros(count, dtype=np.int64),
        credit=np.zeros(count, dtype=bool),
        shown=np.zeros(count, dtype=bool),
        first=first[who],
    )
    _aim(posts, people, setting, rng)
    sloppy = (kind == ORIGINAL) & (rng.random(count) < people.copies[who])
    copy_press(posts, sloppy, people, setting, rng)
    return posts


def _aim(
    posts: Posts, people: People, setting: Setting, rng: np.random.Generator
) -> None:
    """Choose what each reaction reacts to: a friend, or somebody of the press."""
    count = len(posts)
    reacts = posts.kind != ORIGINAL
    inside = reacts & (rng.random(count) < people.inside[posts.who])
    friend = people.friends[posts.who, rng.integers(0, FRIENDS, count)]
    anyone = rng.integers(0, len(people), count)
    posts.wanted[inside] = np.where(rng.random(count) < 0.7, friend, anyone)[inside]
    eager = inside & (rng.random(count) < people.eager[posts.who])
    posts.lag[eager] = reaction(rng, int(eager.sum()), 5, 1.4)
    aim_at_press(posts, reacts & ~inside, people, setting, rng)


def aim_at_press(
    posts: Posts,
    rows: Flags,
    people: People,
    setting: Setting,
    rng: np.random.Generator,
) -> None:
    """Let the chosen posts react to the press authors that their account follows."""
    place = np.minimum(rng.geometric(0.33, len(posts)) - 1, CIRCLE - 1)
    authors = people.circle[posts.who, place][rows]
    back = np.minimum(rng.geometric(0.8, len(authors)) - 1, 20)
    posts.author[rows] = authors
    posts.number[rows] = setting.press.latest(authors, posts.at[rows]) - back
    posts.wanted[rows] = NOBODY
    posts.target[rows] = NOBODY
    posts.lag[rows] = NOBODY


def copy_press(
    posts: Posts,
    rows: Flags,
    people: People,
    setting: Setting,
    rng: np.random.Generator,
) -> None:
    """Turn the chosen posts into originals with the words of press posts."""
    aim_at_press(posts, rows, people, setting, rng)
    use_words(posts, rows, setting)
    count = int(rows.sum())
    posts.noise[rows] = rng.integers(-4, NOISES, count).clip(0)
    reworded = rng.random(count) < PARAPHRASED
    posts.loose[rows] = np.where(reworded, draw_keys(rng, count), posts.key[rows])


def retime(
    posts: Posts,
    rows: Flags,
    at: Ints,
    people: People,
    setting: Setting,
    rng: np.random.Generator,
) -> None:
    """Move the chosen posts in time, and what they take from the press with them.

    Args:
        posts: changed in place.
        rows: which posts.
        at: new minute of every post; that of posts not chosen is ignored.
        people: their accounts.
        setting: gives the press.
        rng: source of randomness.
    """
    posts.at[rows] = at[rows]
    posts.first[rows] = np.minimum(posts.first[rows], at[rows])
    pressed = rows & (posts.author != NOBODY)
    copied = pressed & posts.copied
    aim_at_press(posts, pressed & ~posts.copied, people, setting, rng)
    copy_press(posts, copied, people, setting, rng)


def use_words(posts: Posts, rows: Flags, setting: Setting) -> None:
    """Give the chosen posts the words of the press posts that they point to."""
    authors, numbers = posts.author[rows], posts.number[rows]
    posts.kind[rows] = ORIGINAL
    posts.key[rows] = setting.press.keys(authors, numbers)
    posts.frame[rows] = posts.loose[rows] = posts.key[rows]
    posts.language[rows] = setting.press.languages(authors)
    posts.topic[rows] = setting.press.topics(authors, numbers)
    posts.copied[rows] = True
    posts.credit[rows] = pick(posts.key[rows], 31, 10) == 0


def become_original(posts: Posts, rows: Flags) -> None:
    """Turn the chosen posts into originals with words of their own."""
    posts.kind[rows] = ORIGINAL
    posts.author[rows] = posts.wanted[rows] = posts.lag[rows] = NOBODY
    posts.copied[rows] = False
    posts.credit[rows] = False


def become_repost(posts: Posts, rows: Flags, wanted: Ints, lag: Ints) -> None:
    """Turn the chosen posts into reposts of accounts of the archive.

    Args:
        posts: changed in place.
        rows: which posts.
        wanted: account that each reposts; one a chosen post.
        lag: minutes after the original; one a chosen post.
    """
    posts.kind[rows] = REPOST
    posts.author[rows] = NOBODY
    posts.domain[rows] = NOBODY
    posts.copied[rows] = False
    posts.credit[rows] = False
    posts.wanted[rows] = wanted
    posts.lag[rows] = lag
