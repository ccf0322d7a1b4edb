"""The words of posts, with all that stands in them: names, hashtags, links."""

import numpy as np

from pipeline.world.keys import Ints, Texts, pick
from pipeline.world.people import REPLY, REPOST, People, Setting
from pipeline.world.posts import NOBODY, Posts
from pipeline.world.text import in_style, render, roughen
from pipeline.world.vocabulary import DOMAINS, LANGUAGES

REPOST_LENGTH = 140


def targets_of(
    posts: Posts, setting: Setting, ids: Texts, handles: Texts, numbers: Ints
) -> tuple[Texts, Texts, Texts]:
    """Post id, account id and handle that each post reacts to or credits, or ""."""
    count = len(posts)
    inside, press = posts.target != NOBODY, posts.author != NOBODY
    target_id = np.full(count, "", dtype=object)
    account = np.full(count, "", dtype=object)
    handle = np.full(count, "", dtype=object)
    owner = posts.who[posts.target[inside]]
    target_id[inside] = as_text(numbers[posts.target[inside]])
    account[inside], handle[inside] = ids[owner], handles[owner]
    authors = posts.author[press]
    target_id[press] = as_text(setting.press.post_ids(authors, posts.number[press]))
    account[press] = as_text(setting.press.author_ids(authors))
    handle[press] = setting.press.handles()[authors]
    return target_id, account, handle


def texts_of(
    posts: Posts,
    people: People,
    setting: Setting,
    handles: Texts,
    tags: Texts,
    links: Texts,
) -> Texts:
    """Words of each post with everything that stands in its text.

    Args:
        posts: resolved.
        people: their accounts.
        setting: gives the press.
        handles: screen name of each account, as the archive shows it.
        tags: of each post, between blanks.
        links: of each post.
    """
    texts = render(posts.key, posts.frame, posts.language, posts.topic, posts.loose)
    in_style(texts, people.style[posts.who], posts.key, ~posts.copied)
    roughen(texts, posts.noise, posts.copied)
    _, _, handle = targets_of(posts, setting, handles, handles, posts.at)
    credited = posts.credit & posts.copied
    texts[credited] = texts[credited] + " via @" + handle[credited]
    for row in np.flatnonzero(tags != ""):
        texts[row] += "".join(f" #{tag}" for tag in tags[row].split())
    linked = links != ""
    # In the text a link stands in the platform's own wrapper, as in real archives.
    texts[linked] = texts[linked] + " https://t.co/" + _codes(posts)[linked]
    replies, reposts = posts.kind == REPLY, posts.kind == REPOST
    texts[replies] = "@" + handle[replies] + " " + texts[replies]
    outside = reposts & (posts.target == NOBODY)
    texts[outside] = setting.press.texts(posts.author[outside], posts.number[outside])
    inside = reposts & ~outside
    texts[inside] = texts[posts.target[inside]]
    texts[reposts] = [
        text if len(text) <= REPOST_LENGTH else text[: REPOST_LENGTH - 1] + "…"
        for text in "RT @" + handle[reposts] + ": " + texts[reposts]
    ]
    return texts


def _codes(posts: Posts) -> Texts:
    number = pick(posts.frame, 62, 2**32)
    return np.array([f"{value:08x}" for value in number], dtype=object)


def tags_of(posts: Posts) -> Texts:
    """Hashtags of each post, between blanks, or ""."""
    tags = np.full(len(posts), "", dtype=object)
    for row in np.flatnonzero(posts.tags > 0):
        words = LANGUAGES[posts.language[row]].tags[posts.topic[row]]
        start = int(posts.key[row] % np.uint64(len(words)))
        number = posts.tags[row]
        tags[row] = " ".join(words[(start + i) % len(words)] for i in range(number))
    return tags


def links_of(posts: Posts) -> Texts:
    """Link of each post as its target shows it, or ""."""
    linked = posts.domain != NOBODY
    links = np.full(len(posts), "", dtype=object)
    paths = _codes(posts)[linked]
    links[linked] = "https://" + DOMAINS[posts.domain[linked]] + "/" + paths
    return links


def as_text(values: Ints | np.ndarray[tuple[int], np.dtype[np.datetime64]]) -> Texts:
    """Each number or day as text."""
    texts: Texts = values.astype(str).astype(object)
    return texts
