"""Invented accounts and posts, from which every archive of the tests is written."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

CREATED = datetime(2012, 3, 4, 5, 6, 7, tzinfo=UTC)
POSTED = datetime(2018, 3, 4, 5, 6, 7, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    id: str
    handle: str
    name: str = "Ann Example"
    bio: str = "tea, maps & trains"
    location: str = "Nowhere"
    url: str = "https://example.org/a"
    language: str = "en"
    followers: int = 3
    following: int = 5
    posts_total: int = 8
    likes_total: int = 13
    listed: int = 1
    default_image: bool = False
    created_at: datetime = CREATED
    label: int = 1


@dataclass(frozen=True)
class Post:
    id: str
    owner: Person
    body: str = "words"
    at: datetime = POSTED
    kind: str = "original"
    target: Person | None = None
    target_id: str | None = None
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    language: str = "en"
    client: str = "Web App"
    likes: int = 2
    reposts: int = 0
    replies: int = 1
    quotes: int = 0

    def account(self, kind: str) -> str:
        """Id of the account that a post of this kind points to; empty for another."""
        return self.target.id if self.target and self.kind == kind else ""

    def post(self, kind: str) -> str:
        return self.target_id if self.target_id and self.kind == kind else ""

    @property
    def text(self) -> str:
        """As posts of X say themselves whom they repeat or answer."""
        if self.target is not None and self.kind == "repost":
            return f"RT @{self.target.handle}: {self.body}"
        if self.target is not None and self.kind == "reply":
            return f"@{self.target.handle} {self.body}"
        return self.body


def golden() -> tuple[list[Person], list[Post]]:
    """Five accounts and every kind of post, with the signs that break formats."""
    people = [
        Person("11", "ann", bio='says "hi", and\nmore', label=0),
        Person("9007199254740993", "bo", name="None", language="zh-cn", label=1),
        Person("1234567890123456789", "cy", bio="", url="", default_image=True),
        Person("40", "di", followers=0, following=0, listed=0, label=0),
        Person("500", "ed", name="Éd ☕", location="Łódź, \\n", label=1),
    ]
    ann, bo, cy, di, ed = people
    other = Person("777", "out_side")
    hour = timedelta(hours=1)
    posts = [
        Post("1001000000000000001", ann, 'a "quoted", word\nand a break'),
        Post("1001000000000000002", ann, "again", POSTED + hour, tags=["Tea"]),
        Post("1001000000000000003", bo, "hear", POSTED, "repost", ann, "9001"),
        Post("1001000000000000004", bo, "yes", POSTED + 2 * hour, "reply", cy, "9002"),
        Post("1001000000000000005", cy, "look", POSTED, "quote", other, "9003"),
        Post("1001000000000000006", cy, "", POSTED + hour, links=["https://e.org/a,b"]),
        Post("1001000000000000007", di, "emoji 🎉 \\ & <b>", POSTED, mentions=["777"]),
        Post("1001000000000000008", ed, "ещё раз", POSTED + 3 * hour, language="ru"),
    ]
    return people, posts


_LETTERS = st.text("abcdefghijklmnop", min_size=1, max_size=8)
# Signs that quoting, escaping and cutting of some format is about; none that a text
# itself means something by.
_TEXTS = st.text("aé☕🎉я\"',;:\\/&<>[]{}()\n\t%", max_size=12).map(
    lambda text: f"x{text}y"
)
_COUNTS = st.integers(0, 2**40)
_SECONDS = st.integers(0, 10**8)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Person], list[Post]]:
    """A few random accounts of both classes and posts of each kind."""
    ids = draw(st.lists(st.integers(1, 2**63 - 1), min_size=2, max_size=4, unique=True))
    people = [
        Person(
            id=str(number),
            handle=f"{draw(_LETTERS)}{position}",
            name=draw(_TEXTS),
            bio=draw(_TEXTS),
            location=draw(_TEXTS),
            language=draw(st.sampled_from(["en", "ru", "zh-cn"])),
            followers=draw(_COUNTS),
            following=draw(_COUNTS),
            posts_total=draw(_COUNTS),
            likes_total=draw(_COUNTS),
            listed=draw(_COUNTS),
            default_image=draw(st.booleans()),
            created_at=CREATED + timedelta(seconds=draw(_SECONDS)),
            label=position % 2,
        )
        for position, number in enumerate(ids)
    ]
    numbers = draw(
        st.lists(st.integers(10**17, 2**63 - 1), min_size=1, max_size=5, unique=True)
    )
    kinds = st.sampled_from(["original", "repost", "reply", "quote"])
    posts = []
    for number in numbers:
        kind = draw(kinds)
        aimed = kind != "original"
        posts.append(
            Post(
                id=str(number),
                owner=draw(st.sampled_from(people)),
                body=draw(_TEXTS),
                at=POSTED + timedelta(seconds=draw(_SECONDS)),
                kind=kind,
                target=draw(st.sampled_from(people)) if aimed else None,
                target_id=str(draw(st.integers(1, 2**63 - 1))) if aimed else None,
                tags=draw(st.lists(_LETTERS, max_size=2)),
                links=[
                    f"https://e.org/{part}"
                    for part in draw(st.lists(_LETTERS, max_size=2))
                ],
                likes=draw(_COUNTS),
                replies=draw(_COUNTS),
            )
        )
    return people, posts
