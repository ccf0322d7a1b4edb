from serving.review.behaviour import MOST, Behaviour, behaviour
from tests.features.builders import at, make_account, make_posts, named, plain


def strings(posts: list[dict[str, object]]) -> Behaviour | None:
    return behaviour(make_account(), make_posts(named(posts)))


def test_letters_by_hand() -> None:
    posts = [
        *at(0, text="see @ann https://b.c"),
        *at(1, text="words", kind="quote"),
        *at(90, kind="repost", text="theirs"),
    ]

    assert strings(posts) == Behaviour("T.Q|R", "(tmU)(tq)", cut=False)


def test_no_posts_and_no_texts() -> None:
    assert strings([]) is None
    assert strings(plain(2, kind="repost")) == Behaviour("RR", None, cut=False)


def test_of_long_strings_the_end_is_shown_in_whole_words() -> None:
    posts = [
        *at(*range(500), text="early", kind="reply"),
        *at(*range(500, 900), text="late #a"),
    ]

    found = strings(posts)

    assert found is not None
    assert found.cut
    assert found.content is not None
    assert found.action == ".T" * (MOST // 2)
    assert len(found.content) <= MOST
    assert set(found.content.strip("()").split(")(")) == {"tH"}
