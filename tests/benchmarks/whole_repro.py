"""Every stage of the demo world, in a fresh clone: minutes, and memory of all processes."""

import os
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
# What `make repro` asks of DVC; as there, no tool reports home.
_LAST: Final = ("data_report@demo", "describe@demo", "track@demo")
_QUIET: Final = {
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "OMP_WAIT_POLICY": "passive",
}


def whole_repro() -> list[Row]:
    """`dvc repro` of what is committed here, with nothing kept from before."""
    with tempfile.TemporaryDirectory() as made:
        clone = Path(made) / "clone"
        subprocess.run(["git", "clone", "-q", Path.cwd(), clone], check=True)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        started = time.perf_counter()
        with (Path(made) / "log").open("wb") as log:
            running = subprocess.Popen(
                [sys.executable, "-m", "dvc", "repro", *_LAST],
                cwd=clone,
                env={**os.environ, **_QUIET, "PATH": path},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            watch = Watch(running.pid)
            failed = running.wait()
        minutes = (time.perf_counter() - started) / 60
        peak = watch.peak()
        if failed:
            said = (Path(made) / "log").read_text(encoding="utf-8", errors="replace")
            sys.exit(f"error: dvc repro failed\n{said[-2000:]}")
    what = "every stage of the demo world in a fresh clone"
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
