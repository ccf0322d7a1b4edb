"""Freeze: predictions and what they were made of, entered before labels are known."""

from pathlib import Path
from typing import Final

import polars as pl

from features.errors import InputError
from models.bundle import bundle_hash
from pipeline.files import atomic_directory, write_json, write_parquet
from pipeline.frozen import DESCRIPTION, LEDGER, PREDICTIONS, frozen_entry
from pipeline.ledger import writing
from pipeline.run_record import content_hash
from pipeline.score import score_given, score_parser
from pipeline.stage import say

_KEPT: Final = ("account_id", "as_of", "outcome", "bot_probability", "prevalence_shift")


def freeze(
    bundle: Path, accounts: Path, posts: Path | None, as_of: str | None, out: Path
) -> str:
    """Write predictions.parquet and forecast.json, and enter them; the entry's hash.

    A forecast that no entry speaks of, since its freezing was killed, is replaced.

    Args:
        bundle: directory of the model.
        accounts: canonical accounts, Parquet or CSV.
        posts: canonical posts, or null.
        as_of: moment of judging, if the accounts do not state it.
        out: directory to write; its name is that of the forecast.

    Raises:
        InputError: there is a forecast of this name, or it is no name for one.
    """
    if not out.name or out.name.startswith(".") or out.name == LEDGER:
        raise InputError(f"{out}: no name for a forecast; choose another")
    given = {"accounts": accounts} | ({"posts": posts} if posts else {})
    arguments = [f"--{name}={path}" for name, path in given.items()]
    arguments += [f"--as-of={as_of}"] if as_of else []
    # The whole time: a second one of this name would write into the same directory.
    with writing(out.parent / LEDGER) as append:
        _not_taken(out)
        with atomic_directory(out) as working:
            whole = working / "scores.parquet"
            arguments += [f"--bundle={bundle}", f"--out={whole}"]
            model, counts = score_given(score_parser().parse_args(arguments))
            scores = pl.read_parquet(whole, columns=list(_KEPT))
            whole.unlink()
            write_parquet(scores, working / PREDICTIONS, ["account_id"])
            write_json(
                {
                    "name": out.name,
                    "world": model.description["world"],
                    "anchor": model.calibrator.anchor,
                    "latest": str(scores["as_of"].max()),
                    **counts,
                    "bundle": bundle_hash(bundle),
                    "predictions": content_hash(working / PREDICTIONS),
                    "input": {
                        name: {"file": path.name, "sha256": content_hash(path)}
                        for name, path in given.items()
                    },
                },
                working / DESCRIPTION,
            )
        entry = {"event": "frozen", "name": out.name}
        return append(entry | {"forecast": content_hash(out / DESCRIPTION)})


def _not_taken(out: Path) -> None:
    if frozen_entry(out.parent, out.name) is not None:
        raise InputError(f"{out}: there is a forecast of this name; choose another")
    if not out.exists() and not out.is_symlink():
        return
    # Only what freezing itself leaves may be replaced, never a folder of the user's.
    ours = out.is_dir() and not out.is_symlink()
    if not ours or {path.name for path in out.iterdir()} != {DESCRIPTION, PREDICTIONS}:
        raise InputError(f"{out}: there is something else of this name; choose another")
    say(f"{out}: was never entered into the ledger, and is frozen anew")
