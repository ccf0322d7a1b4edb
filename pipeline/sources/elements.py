"""JSON elements of a stream, one by one: an array, lines, or objects in a row.

Numbers stay text, so that no long id ever passes through a float. A broken element is
named and reading goes on with the next one; nothing is held but the element at hand.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.errors import SourceError
from pipeline.sources.delimited import RAW_CHARACTERS
from pipeline.sources.members import Stream

# Of one element: a post takes some thousands, a page of posts some hundred thousands.
MAX_CHARACTERS = 16 * 2**20
# Of lists and objects in one another: those of the platforms have about ten.
MAX_DEPTH = 40
_CHUNK = 2**20

_SPACE = re.compile(r"\s*")
# Of a number or word that stands where an object should.
_LONGEST = 64
_SCALAR = re.compile(rf"[^\s\[\]{{}},\"]{{1,{_LONGEST}}}|.", re.DOTALL)
_LINE = re.compile(r"\n(?=[{\[])")
_FIRST_KEY = re.compile(r'\{\s*("(?:[^"\\]|\\.){1,100}")\s*:')
# Bytes that are no UTF-8, escapes of half characters, and NUL, raw or escaped.
_SUSPECT = re.compile("[\ud800-\udfff]|\\\\u(?:0000|[dD][89a-fA-F])")
_SURROGATE = re.compile("[\ud800-\udfff]+")
# Where the text ends within a value, the decoder complains at the start of a string or
# within an escape or a word at the end.
_EDGE = 16

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


class Element(NamedTuple):
    """One element of a file: an object, or what is wrong with it.

    value: the object; null if `rule` says why it cannot be read.
    rule, detail, raw: of a rejected element, as in the canonical table.
    suspect: some text of it may need `cleaned`.
    """

    value: dict[str, Any] | None
    rule: str = ""
    detail: str = ""
    raw: str = ""
    suspect: bool = False


def elements(stream: Stream, encoding: str) -> Iterator[Element]:
    """Yield every element of the stream, in order.

    Raises:
        SourceError: the stream is a web page or anything else but JSON.
    """
    text = _Text(stream, encoding)
    _check_begin(stream, text.peek())
    inside = False
    while char := text.peek():
        if char == "," or (inside and char == "]") or (not inside and char == "["):
            inside = inside if char == "," else char == "["
            text.position += 1
            continue
        yield text.element(inside)
    if inside and not text.gave_up:
        yield Element(None, "broken_json", "the array is not closed: the file is cut")


def cleaned(value: Any) -> tuple[Any, list[str]]:
    """The value with its texts repaired, and the rules of the repairs."""
    rules: set[str] = set()
    return _clean(value, rules), sorted(rules)


def _check_begin(stream: Stream, char: str) -> None:
    if char == "<":
        raise SourceError(f"{stream.name}: a web page, not JSON; fetch the file again")
    if not char or char not in "[{":
        raise SourceError(
            f"{stream.name}: not JSON: it begins with no array and no object; fetch "
            "the file again"
        )


class _Text:
    """The part of a stream's text around the element at hand."""

    def __init__(self, stream: Stream, encoding: str) -> None:
        codec = "utf-8-sig" if encoding == "utf-8" else encoding
        self._decoder = codecs.getincrementaldecoder(codec)("surrogateescape")
        self._stream = stream
        self._buffer = ""
        self._ended = False
        self._first_key = ""
        self.position = 0
        # The rest of the file belonged to a broken element.
        self.gave_up = False

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            found = _SPACE.match(self._buffer, self.position)
            self.position = found.end() if found else self.position
            if self.position < len(self._buffer):
                return self._buffer[self.position]
            if not self._more():
                return ""

    def element(self, inside: bool) -> Element:
        """The element that begins here, of an array or a line; and step over it."""
        start = self._buffer[self.position]
        if start not in '{["':
            return self._scalar()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self.position)
                break
            except json.JSONDecodeError as error:
                cut = error.pos >= len(self._buffer) - _EDGE
                if (cut or error.msg.startswith("Unterminated")) and self._grow():
                    continue
                if len(self._buffer) - self.position >= MAX_CHARACTERS:
                    return self._broken(inside, "element_too_large", "beyond the limit")
                return self._broken(inside, "broken_json", error.msg)
            except RecursionError:
                return self._broken(inside, "element_too_deep", "beyond the limit")
        raw = self._buffer[self.position : end]
        self.position = end
        if len(raw) > MAX_CHARACTERS:
            return _rejected("element_too_large", "beyond the limit", raw)
        if _too_deep(raw, value):
            return _rejected("element_too_deep", "beyond the limit", raw)
        if not isinstance(value, dict):
            return _rejected("not_an_object", "the element is no object", raw)
        self._first_key = self._first_key or json.dumps(next(iter(value), ""))
        return Element(value, suspect=bool(_SUSPECT.search(raw)))

    def _scalar(self) -> Element:
        while len(self._buffer) - self.position <= _LONGEST and self._more():
            pass
        found = _SCALAR.match(self._buffer, self.position)
        assert found is not None
        self.position = found.end()
        return _rejected("not_an_object", "the element is no object", found[0])

    def _broken(self, inside: bool, rule: str, detail: str) -> Element:
        """The element as rejected; reading goes on where the next one seems to begin."""
        raw = self._buffer[self.position : self.position + RAW_CHARACTERS]
        own = _FIRST_KEY.match(self._buffer, self.position)
        key = self._first_key or (own[1] if own else "")
        begin = re.compile(rf",\s*(?=\{{\s*{re.escape(key)})") if inside else _LINE
        self.position += 1
        while (found := begin.search(self._buffer, self.position)) is None:
            # What separates two elements may stand across the edge.
            self.position = max(self.position, len(self._buffer) - 2 * RAW_CHARACTERS)
            if not self._more():
                self.position = len(self._buffer)
                self.gave_up = True
                return _rejected(rule, detail, raw)
        self.position = found.end()
        return _rejected(rule, detail, raw)

    def _grow(self) -> bool:
        """Take in as much again, up to the limit of an element."""
        held = len(self._buffer) - self.position
        if held > MAX_CHARACTERS:
            return False
        grown = False
        while len(self._buffer) - self.position < 2 * held + 1 and self._more():
            grown = True
        return grown

    def _more(self) -> bool:
        if self._ended:
            return False
        data = self._stream.read(_CHUNK)
        self._ended = not data
        # A raw NUL becomes its escape: repaired in a text, an error anywhere else.
        text = self._decoder.decode(data, not data).replace("\0", "\\u0000")
        self._buffer = self._buffer[self.position :] + text
        self.position = 0
        return not self._ended or bool(text)


def _rejected(rule: str, detail: str, raw: str) -> Element:
    return Element(None, rule, detail, _SURROGATE.sub("\ufffd", raw[:RAW_CHARACTERS]))


def _too_deep(raw: str, value: object) -> bool:
    if raw.count("{") + raw.count("[") <= MAX_DEPTH:
        return False
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        level = inner
    return any(isinstance(one, dict | list) for one in level)


def _clean(value: Any, rules: set[str]) -> Any:
    if isinstance(value, dict):
        return {_clean(key, rules): _clean(one, rules) for key, one in value.items()}
    if isinstance(value, list):
        return [_clean(one, rules) for one in value]
    if not isinstance(value, str):
        return value
    if "\0" in value:
        rules.add("nul_removed")
        value = value.replace("\0", "")
    if _SURROGATE.search(value):
        rules.add("invalid_utf8")
        value = _SURROGATE.sub("\ufffd", value)
    return value
