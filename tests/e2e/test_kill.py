import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pipeline.run_record import content_hash
from tests.e2e.tiny_world import dvc, environment, run

pytestmark = pytest.mark.slow

# Stage -> module that it runs, in the order of dvc.yaml.
MODULES = {
    stage: entry["cmd"].split()[2]
    for stage, entry in yaml.safe_load(
        (Path(__file__).parents[2] / "dvc.yaml").read_text()
    )["stages"].items()
}
STAGES = list(MODULES)
# About how long a stage of the tiny world runs, in seconds; half a second if not named.
LENGTH = {
    "simulate": 1.5,
    "ingest": 1.0,
    "featurize": 2.0,
    "train": 3.0,
    "evaluate": 4.0,
    "track": 4.0,
}
# Another seed kills at other moments.
SEED = int(os.environ.get("KILL_SEED", "0"))
PATIENCE = 240.0
# Killing every stage takes minutes: all of them with KILL_STAGES=all.
KILLED = STAGES if os.environ.get("KILL_STAGES") == "all" else ["train", "track"]


def state(world: Path) -> dict[str, Any]:
    """All that `dvc repro` made, leavings of killed stages included; order set aside."""
    return {
        "dvc.lock": yaml.safe_load((world / "dvc.lock").read_text()),
        "data": content_hash(world / "data"),
        "artifacts": content_hash(world / "artifacts" / "demo"),
    }


def forget(world: Path, stage: str) -> None:
    """Make DVC think that this stage never ran."""
    lock = world / "dvc.lock"
    entry = rf"(?m)^  {stage}(@demo)?:\n(    .*\n)+"
    text, found = re.subn(entry, "", lock.read_text())
    assert found == 1
    lock.write_text(text)
    shutil.rmtree(world / ".dvc" / "cache" / "runs", ignore_errors=True)


class Repro:
    """`dvc repro` in a process group of its own, as a terminal would have it."""

    def __init__(self, world: Path, log: Path) -> None:
        self.log = log
        with log.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dvc", "repro"],
                cwd=world,
                env=environment(threads=1),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stage_process(self, stage: str) -> int:
        """Process of the stage, once there is one."""
        wanted = re.compile(
            rf"^ *(\d+) +{self._process.pid} \S*python\S* "
            rf"-m {re.escape(MODULES[stage])} ",
            re.M,
        )
        found: list[str] = []

        def is_running() -> bool:
            listed = subprocess.run(
                ["ps", "-A", "-w", "-w", "-o", "pid=,pgid=,args="],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            found[:] = wanted.findall(listed)
            return bool(found)

        wait_until(is_running)
        return int(found[0])

    def hold(self) -> None:
        """Keep DVC itself from going on; its stage runs.

        Held while a stage runs, DVC is not inside a write of its own files, which are
        not atomic: `make repro` mends those, and another test breaks them.
        """
        self._process.send_signal(signal.SIGSTOP)

    def kill_dvc(self) -> None:
        self._process.kill()
        self._process.wait()

    def kill_all(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def send(process: int, sent: signal.Signals) -> None:
    """Signal a process that may have ended by now."""
    with suppress(ProcessLookupError):
        os.kill(process, sent)


def is_locked(world: Path) -> bool:
    with (world / "data" / "demo" / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def is_alive(process: int) -> bool:
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)],
        check=False,
        capture_output=True,
        text=True,
    ).stdout
    return shown.strip()[:1] not in ("", "Z")


@pytest.mark.parametrize("stage", KILLED)
def test_repro_goes_on_after_two_kills(
    stage: str, finished: Path, world: Path, tmp_path: Path
) -> None:
    moments = np.random.default_rng([SEED, STAGES.index(stage)])
    undisturbed = state(finished)
    forget(world, stage)

    first = Repro(world, tmp_path / "first.log")
    orphan = first.stage_process(stage)
    first.hold()
    time.sleep(moments.uniform(0, LENGTH.get(stage, 0.5)))
    send(orphan, signal.SIGSTOP)
    first.kill_dvc()
    in_the_way = is_locked(world)
    second = Repro(world, tmp_path / "second.log")
    if in_the_way:
        wait_until(lambda: "waiting for it" in second.log.read_text())
    send(orphan, signal.SIGCONT)
    second.stage_process(stage)
    second.hold()
    time.sleep(moments.uniform(0, LENGTH.get(stage, 0.5)))
    second.kill_all()

    dvc(world, "repro", threads=1)

    assert state(world) == undisturbed
    assert not is_alive(orphan)


def test_a_lock_file_cut_short_is_mended(finished: Path, world: Path) -> None:
    lock = world / "dvc.lock"
    whole = lock.read_text()
    lock.write_text(whole[: whole.index("evaluate@demo") + 30])
    (world / ".dvc" / "tmp").mkdir(exist_ok=True)
    (world / ".dvc" / "tmp" / "rwlock").write_text('{"write": ')

    run(world, sys.executable, "-m", "pipeline.after_kill")
    dvc(world, "repro")

    # Stages made again stand at its end.
    assert yaml.safe_load(lock.read_text()) == yaml.safe_load(whole)
    assert state(world) == state(finished)
