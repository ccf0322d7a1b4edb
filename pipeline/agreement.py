"""How far people agree on such accounts, as it was published: a ceiling of any label."""

from typing import Final

SOURCE: Final = (
    "annotations of TwiBot-22 (accounts of Twitter; asked was whether they are bots, "
    "which is another question), computed from the published file"
)
# Who judged, how many accounts, what they chose from, and Fleiss' kappa: 1 if all agree,
# 0 if no more than by chance.
AGREEMENT: Final = (
    ("three experts", 1_000, "five classes", "0.22"),
    ("three experts", 1_000, "three classes", "0.415"),
    ("three experts", 1_000, "two classes, without the unsure", "about 0.19"),
    (
        "five experts",
        779,
        "two ways of counting classes; of one mind on 69 %",
        "0.29 to 0.40",
    ),
)
