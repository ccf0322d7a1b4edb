"""`make repro` in a fresh clone: minutes, and memory of all its processes together."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

from tests.benchmarks.row import Row, against

_MINUTES: Final = 15
_GIB: Final = 6
_EVERY: Final = 0.5


def whole_repro() -> list[Row]:
    """`make repro` of what is committed here, with nothing kept but the installation."""
    # Not the words that the make around this was called with.
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS")}
    with tempfile.TemporaryDirectory() as made:
        clone, said = Path(made) / "clone", Path(made) / "log"
        subprocess.run(["git", "clone", "-q", Path.cwd(), clone], check=True)
        (clone / ".venv").symlink_to(sys.prefix)
        started = time.perf_counter()
        with said.open("wb") as log:
            running = subprocess.Popen(
                ["make", "repro"],
                cwd=clone,
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            watch = Watch(running.pid)
            try:
                failed = running.wait()
            except KeyboardInterrupt:
                os.killpg(running.pid, signal.SIGTERM)
                raise
        minutes = (time.perf_counter() - started) / 60
        peak = watch.peak()
        if failed:
            tail = said.read_text(encoding="utf-8", errors="replace")[-2000:]
            sys.exit(f"error: make repro failed\n{tail}")
    what = "make repro in a fresh clone, beyond installing"
    return [
        against("whole_repro", what, minutes, "min", "limit", _MINUTES, 1),
        against(
            "whole_repro_memory",
            f"{what}, resident memory of all processes together",
            peak,
            "GiB",
            "limit",
            _GIB,
            1,
        ),
    ]


class Watch:
    """Looks at the memory of a session of processes until it has ended (Linux)."""

    def __init__(self, session: int) -> None:
        self._session = session
        self._peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def peak(self) -> float:
        """Most of it at one moment, in GiB; ends the watch."""
        self._over.set()
        self._thread.join()
        return self._peak / 2**20

    def _look(self) -> None:
        while not self._over.wait(_EVERY):
            self._peak = max(self._peak, session_memory(self._session))


def session_memory(session: int) -> int:
    """KiB of resident memory of a session; what processes share counts once."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # After the name, which may hold blanks: state, parent, group, session.
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                told = (process / "smaps_rollup").read_text().splitlines()
                total += sum(int(s.split()[1]) for s in told if s.startswith("Pss:"))
        except (OSError, IndexError):
            continue  # it has ended in between
    return total
