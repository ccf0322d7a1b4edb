import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.review.hostile import shown
from serving.review.render import TEMPLATES


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("<script>&'\"", "&lt;script&gt;&amp;&#39;&#34;"),
        ("a\u202eb", 'a<span class="control">U+202E</span>b'),
        (
            "\u2066\u2069",
            '<span class="control">U+2066</span>'
            + '<span class="control">U+2069</span>',
        ),
        ("\x00", '<span class="control">U+0000</span>'),
        ("a\u200bb", 'a<span class="control">U+200B</span>b'),
        ("\U000e0041", '<span class="control">U+E0041</span>'),
        ("\u3164", '<span class="control">U+3164</span>'),
        (
            "two\r\nlines\rhere\u2028x",
            'two\nlines\nhere<span class="control">U+2028</span>x',
        ),
        # Joiners belong to Persian words and to pictures, and nowhere else.
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("pass\u200dword", 'pass<span class="control">U+200D</span>word'),
        ("e\u0301", "e\u0301"),
        ("https://evil.example", "https://evil.example"),
    ],
)
def test_what_is_hidden_is_shown_and_what_is_code_is_text(text: str, html: str) -> None:
    assert shown(text) == f"<bdi>{html}</bdi>"


def test_no_more_marks_on_a_letter_than_languages_use() -> None:
    assert str(shown("z" + "\u0301" * 50)).count("U+0301") == 46


@given(st.text())
def test_no_text_gets_out_of_its_frame(text: str) -> None:
    html = str(shown(text))

    inside = html.removeprefix("<bdi>").removesuffix("</bdi>")
    rest = re.sub(r'<span class="control">U\+[0-9A-F]+</span>', "", inside)
    assert "<" not in rest
    assert ">" not in rest
    hidden = {c for c in rest if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")}
    assert hidden <= set("\n\t\u200c\u200d")


def test_a_template_escapes_even_without_the_filter() -> None:
    page = TEMPLATES.from_string("<p>{{ planted }}</p>")

    assert page.render(planted="<script>") == "<p>&lt;script&gt;</p>"
