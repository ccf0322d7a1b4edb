"""Classes of characters that several groups look for, as regular expressions."""

from typing import Final

EMOJI: Final = r"[\p{Extended_Pictographic}--[©®™]]"

# Letters of other scripts that are drawn like Latin ones (Unicode TS 39, confusables).
LOOK_ALIKES: Final = "АВЕЅІЈКМНОРСТХԌаеіјорсухѕԁɡһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο"

# Scripts that people write in; the rest is rare enough to count as none.
SCRIPTS: Final = (
    *("Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Han", "Hiragana", "Katakana"),
    *("Hangul", "Thai", "Devanagari", "Bengali", "Tamil", "Georgian", "Armenian"),
    *("Ethiopic", "Khmer", "Myanmar"),
)
