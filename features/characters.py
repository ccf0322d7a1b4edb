"""Classes of characters that several groups look for, as regular expressions."""

from typing import Final

EMOJI: Final = r"[\p{Extended_Pictographic}--[©®™]]"

# Letters of other scripts and the Latin ones that they are drawn like (Unicode TS 39).
LOOK_ALIKES: Final = dict(
    zip(
        "АВЕЅІЈКМНОРСТХԌаеіјорсухѕԁɡһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
        "ABESIJKMHOPCTXGaeijopcyxsdghqwABEZHIKMNOPTYXo",
        strict=True,
    )
)

# Words by which programs that post call themselves.
PROGRAM: Final = r"(?i)\b(?:(?:chat|ro)?bots?|automated)\b"
