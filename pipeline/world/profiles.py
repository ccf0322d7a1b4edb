"""Names, bios, places and links of accounts: the same grammar for every class."""

import numpy as np

from pipeline.world.keys import Keys, Texts, draw_keys, mix, pick
from pipeline.world.people import LONG_BIO, NO_BIO, WORD_BIO, People
from pipeline.world.text import render
from pipeline.world.vocabulary import CODES, DOMAINS, LANGUAGES


def _words(text: str) -> Texts:
    return np.array(text.split(","), dtype=object)


_GIVEN = _words(
    "Mira,Tobin,Elka,Joren,Sanna,Davo,Lysa,Perrin,Ansel,Noor,Kelda,Rufus,Ottie,"
    "Bram,Fenna,Ilya,Jessa,Corin,Maud,Tavi"
)
_FAMILY = _words(
    "Stonebridge,Marlow,Vintner,Quill,Harrow,Fenwick,Osterby,Larkin,Thatch,Brook,"
    "Candler,Reeve,Ashdown,Wick,Tolliver,Dray"
)
_TOWNS = _words(
    "Northmouth,Old Ferry,Plumstead Hill,Graniton,Lower Tide,Heronsgate,Millhaven,"
    "East Chalk,Vashdor,Lomiren,Kettula,Saltwick"
)


def profile_texts(people: People, rng: np.random.Generator) -> dict[str, Texts]:
    """Display name, screen name, location, bio, link and language of each account."""
    keys = draw_keys(rng, len(people))
    given = _GIVEN[pick(keys, 51, len(_GIVEN))]
    family = _FAMILY[pick(keys, 52, len(_FAMILY))]
    number = pick(keys, 53, 10_000)
    handle = np.empty(len(people), dtype=object)
    handle[:] = [
        f"{g}{f[:4]}{n}" if n % 3 else f"{g.lower()}_{n}"
        for g, f, n in zip(given, family, number, strict=True)
    ]
    place = _TOWNS[pick(keys, 54, len(_TOWNS))]
    domains = DOMAINS[pick(keys, 55, len(DOMAINS))]
    odd = rng.random(len(people)) < 0.08
    language = np.where(odd, pick(keys, 56, len(CODES)), people.language)

    def filled(factor: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return rng.random(len(people)) < people.filled * factor

    return {
        "user_display_name": given + " " + family,
        "user_screen_name": handle,
        "user_reported_location": np.where(filled(0.9), place, ""),
        "user_profile_description": _bios(keys, people),
        "user_profile_url": np.where(filled(0.35), "https://" + domains, ""),
        "account_language": np.array(CODES, dtype=object)[language],
    }


def _bios(keys: Keys, people: People) -> Texts:
    """Nothing, one thing that the account likes, sentences, or sentences in lines."""
    bios = render(keys, keys, people.language, people.interest)
    lines = people.bio == LONG_BIO
    more = mix(keys[lines], 58)
    second = render(more, more, people.language[lines], people.interest[lines])
    bios[lines] = bios[lines] + "\n" + second
    for row in np.flatnonzero(people.bio == WORD_BIO):
        things = LANGUAGES[people.language[row]].things[people.interest[row]]
        bios[row] = things[int(keys[row] % np.uint64(len(things)))]
    bios[people.bio == NO_BIO] = ""
    return bios
