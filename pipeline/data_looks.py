"""What an engineer should look at first in a world's data, in sentences."""

from typing import Any, Final

# Above this, a difference between the classes is shown as one to look at.
LARGEST_DIFFERENCE: Final = 0.1


def first_looks(
    found: list[dict[str, Any]],
    gaps: list[dict[str, Any]],
    report: dict[str, Any],
    reading: dict[str, Any],
) -> list[str]:
    """Sentences on what differs between the classes, or is odd; in a fixed order."""
    looks = []
    sides: dict[str, set[int]] = {}
    for group in found:
        for block in group["block"].split(", "):
            sides.setdefault(block, set()).add(group["label"])
    if alone := sorted(block for block, side in sides.items() if len(side) < 2):
        looks.append(
            f"One class only in {', '.join(alone)}: no figure of theirs is skill."
        )
    apart = [
        g["column"]
        for g in gaps
        if abs((g["takedown"] or 0) - (g["controls"] or 0)) > LARGEST_DIFFERENCE
    ]
    if apart:
        looks.append(
            f"{len(apart)} columns are missing more often in one class as read: "
            f"{', '.join(apart)}."
        )
    unlike = sorted(
        {
            f"{name} ({row['block']})"
            for row in report["balance"]["after"]
            for name, value in row.items()
            if name != "block" and value is not None and abs(value) > LARGEST_DIFFERENCE
        }
    )
    if unlike:
        looks.append(f"The classes differ in {', '.join(unlike)}; see the balance.")
    if moments := report["masks"]["unlike_moments"]:
        looks.append(
            f"Profile counts are of another moment in one class of {', '.join(moments)}."
        )
    for accident, classes in accidents(reading).items():
        shares = [classes.get(label, 0.0) for label in ("1", "0")]
        if max(shares) > 0.01 and min(shares) < max(shares) / 10:
            looks.append(f"Texts of one class alone show `{accident}`.")
    differing = {
        file["file"]: file["repaired"]["profile_differs"]
        for file in reading["files"]
        if "profile_differs" in file["repaired"]
    }
    if differing:
        looks.append(
            f"Posts show other profiles than {', '.join(differing)}: "
            f"{sum(differing.values()):,} accounts."
        )
    if across := report["duplicates"]["across_blocks"]:
        looks.append(f"{across} groups of copies stand in more than one block.")
    if left_out := report["accounts"]["left_out"]:
        looks.append(f"{left_out:,} accounts were left out for their labels.")
    return looks


def accidents(reading: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Accident of a release -> label -> share of its posts, over all sources."""
    posts: dict[str, int] = {}
    hits: dict[str, dict[str, int]] = {}
    for by_label in reading["text_accidents"].values():
        for label, counts in by_label.items():
            posts[label] = posts.get(label, 0) + counts["posts"]
            for accident, count in counts.items():
                if accident != "posts":
                    entry = hits.setdefault(accident, {})
                    entry[label] = entry.get(label, 0) + count
    return {
        accident: {label: count / posts[label] for label, count in by_label.items()}
        for accident, by_label in hits.items()
    }
