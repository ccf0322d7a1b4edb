"""Words and sentence patterns of five languages: English and four invented ones.

Nothing here names a real person, party, country or conviction: the public quarrel of
this world is whether a clock tower should be painted green or stay grey.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.world.keys import Texts, pick

TOPICS = (
    "tower_green", "tower_grey", "food", "sport", "music",
    "weather", "transport", "garden", "gadgets", "market",
)  # fmt: skip
SIDES = (0, 1)
COMMERCIAL = (8, 9)

_THINGS = {
    "tower_green": "green paint,the green plan,a brighter tower,the new coat,fresh "
    "colour,the painters,leaf green,the petition for green,the green tower",
    "tower_grey": "old stone,the grey tower,the quiet square,honest granite,the "
    "masons,plain stone,the petition for grey,the old clock,the bare wall",
    "food": "lentil soup,rye bread,plum jam,a pot of noodles,the pepper stew,oat "
    "biscuits,the lunch queue,baked apples,pickled beets,a cheese pie",
    "sport": "the rowing final,our left back,the relay team,the late goal,the "
    "second half,the away match,the chess table,the goalkeeper,the bike race",
    "music": "the new single,a cello duet,the encore,the brass band,that chorus,the "
    "drum solo,the rehearsal,the choir,a slow waltz,the festival stage",
    "weather": "the fog,a warm front,the first frost,the hail,the long drizzle,the "
    "east wind,a dry week,the thunder,the low cloud,the morning mist",
    "transport": "the night bus,the ferry,track two,the ring road,the cycle lane,the "
    "early train,the ticket gate,the footbridge,the tram stop",
    "garden": "the tomatoes,my runner beans,the hedge,a robin,the compost,the old "
    "pear tree,the seedlings,the pond,the roses,a patch of mint",
    "gadgets": "the battery,this headset,the folding keyboard,a desk lamp,the "
    "update,the smart kettle,the spare charger,the camera strap,the tablet",
    "market": "the spring sale,the starter box,the loyalty card,free delivery,the "
    "bundle offer,the gift set,the weekend price,the new range,the outlet",
}
_DEEDS = {
    "tower_green": "will cheer up,belongs on,is overdue at,brings people to,suits",
    "tower_grey": "should stay at,holds together,keeps the calm of,is right for,suits",
    "food": "tastes of,reminds me of,is gone from,goes well with,was made at",
    "sport": "went wrong at,was decided near,looked sharp at,starts again at,moved to",
    "music": "sounded better at,fills,is on repeat at,was born in,drifts over",
    "weather": "is back over,hangs above,spares,soaked,moves past",
    "transport": "is late at,skips,was packed near,finally serves,starts from",
    "garden": "is thriving behind,needs rain near,was rescued from,outgrew,came from",
    "gadgets": "gave up at,works fine in,was worth it for,beeps all over,arrived at",
    "market": "starts at,is open near,ends soon at,was made for,is back at",
}
_LOOKS = (
    "honestly,really,slowly,finally,strangely,quite simply,once again,of course,"
    "for a change,as promised,out of nowhere,without fuss,more than ever,so far"
)
_PLACES = (
    "the harbour,Mill Street,the upper town,the market hall,the library,the east "
    "bank,the station,the school yard,our street,the old bridge,the canal,the hill "
    "road,the lower gate,the lighthouse,the fairground,the corner shop"
)
_WHENS = (
    "today,this morning,tonight,since Monday,after lunch,this week,before dawn,last "
    "night,right now,on Sunday,for days,at noon,every spring,all afternoon"
)
_ENGLISH_PATTERNS = (
    "{thing} {deed} {place} {when}.",
    "{when} {thing} {look} {deed} {place}.",
    "I think {thing} {look} {deed} {place}.",
    "{look}, {thing} {deed} {place}.",
    "who else says {thing} {deed} {place} {when}?",
    "{place} {when}: {thing}, {look}.",
    "can someone explain why {thing} {deed} {place}?",
    "no words. {thing} {deed} {place} {look}.",
    "not sure about {thing} {when}, but it {deed} {place}.",
    "{thing} again! it {look} {deed} {place}.",
    "they said {thing} {deed} {place} {when}, and {look} it does.",
    "three things about {place}: {thing}, {when}, {look}.",
)
_INVENTED_PATTERNS = (
    "{place} {thing} {deed}.",
    "{thing} {look} {place} {deed}.",
    "{when} {place} {thing} {look} {deed}.",
    "{thing} {when} {deed}?",
    "{look} {thing}, {place} {deed}.",
    "{when}, {thing} {place} {look} {deed}!",
    "{place} {look}: {thing} {deed}.",
    "{thing} {thing2} {place} {deed}.",
    "{deed}! {when} {thing} {place}.",
    "{look} {when} {deed}, {thing} {place}.",
)
# A script without blanks between words.
_UNSPACED_PATTERNS = (
    "{place}{thing}{deed}。",
    "{thing}{look}{place}{deed}。",
    "{when}{place}{thing}{look}{deed}。",
    "{thing}{when}{deed}？",
    "{look}{thing}，{place}{deed}。",
    "{when}，{thing}{place}{look}{deed}！",
    "{place}{look}：{thing}{deed}。",
    "{thing}{thing2}{place}{deed}。",
    "{deed}！{when}{thing}{place}。",
    "{look}{when}{deed}，{thing}{place}。",
)
_LATIN = "ka,lo,mi,ren,tu,vash,ol,ine,dor,pe,sul,ami,ket,yo,bra,nel,ush,ti,gor,ela"
_CYRILLIC = "ка,ло,ми,рен,ту,ваш,ол,ине,дор,пе,сул,ами,кет,йо,бра,нел,уш,ти,гор,эла"
_ARABIC = "با,لو,من,سر,دي,فا,نو,كم,تر,ها,زي,رو,شم,قا,ول,يم,تا,بر"
_HAN = "山,河,木,月,田,石,光,雨,风,云,竹,林,泉,谷,桥,灯,米,船"


@dataclass(frozen=True)
class Language:
    """A language: code, patterns, and words by slot; `thing` and `deed` by topic."""

    code: str
    patterns: tuple[str, ...]
    things: tuple[Texts, ...]
    deeds: tuple[Texts, ...]
    looks: Texts
    places: Texts
    whens: Texts
    tags: tuple[Texts, ...]


def _array(words: list[str]) -> Texts:
    array = np.empty(len(words), dtype=object)
    array[:] = words
    return array


def _tags(things: Texts) -> Texts:
    return _array(["".join(w.title().split())[:18] for w in things[:6]])


def _english() -> Language:
    things = tuple(_array(_THINGS[topic].split(",")) for topic in TOPICS)
    return Language(
        code="en",
        patterns=_ENGLISH_PATTERNS,
        things=things,
        deeds=tuple(_array(_DEEDS[topic].split(",")) for topic in TOPICS),
        looks=_array(_LOOKS.split(",")),
        places=_array(_PLACES.split(",")),
        whens=_array(_WHENS.split(",")),
        tags=tuple(_tags(words) for words in things),
    )


def _invented(
    code: str,
    letters: str,
    ending: str,
    salt: int,
    patterns: tuple[str, ...] = _INVENTED_PATTERNS,
) -> Language:
    syllables = letters.split(",")

    def words(kind: int, count: int, suffix: str) -> Texts:
        keys = np.arange(count) + 1000 * kind + 100_000 * salt
        parts = [pick(keys, place, len(syllables)) for place in range(3)]
        lengths = 2 + pick(keys, 9, 2)
        return _array(
            [
                "".join(syllables[parts[k][i]] for k in range(lengths[i])) + suffix
                for i in range(count)
            ]
        )

    topics = range(len(TOPICS))
    things = tuple(words(10 + topic, 12, "") for topic in topics)
    return Language(
        code=code,
        patterns=patterns,
        things=things,
        deeds=tuple(words(30 + topic, 8, ending) for topic in topics),
        looks=words(1, 16, ""),
        places=words(2, 20, syllables[1]),
        whens=words(3, 14, ""),
        tags=tuple(_tags(words_) for words_ in things),
    )


# The invented codes are from the range that ISO 639 leaves for private use.
LANGUAGES = (
    _english(),
    _invented("qaa", _LATIN, "ru", 1),
    _invented("qab", _CYRILLIC, "ова", 2),
    _invented("qac", _ARABIC, "ين", 3),
    _invented("qad", _HAN, "了", 4, _UNSPACED_PATTERNS),
)
CODES = tuple(language.code for language in LANGUAGES)
# The first 30 are of news pages, the others of shops.
NEWS_DOMAINS = 30
DOMAINS = _array(
    [
        f"{left}{right}.example"
        for rights in (
            ("daily", "gazette", "wire", "post", "echo"),
            ("shop", "store", "goods", "deals", "outlet"),
        )
        for left in ("lantern", "ferry", "mill", "plum", "granite", "heron")
        for right in rights
    ]
)
