import subprocess
import sys

from tests.benchmarks.whole_repro import Watch

MIB = 2**20
# A process with a child, each of which fills some memory and waits.
HOLDS = """
import subprocess, sys, time
held = bytearray(b"x") * int(sys.argv[1])
for size in sys.argv[2:]:
    subprocess.run([sys.executable, "-c", sys.stdin.read(), size], check=True)
time.sleep(2)
"""


def held_by(*mebibytes: int) -> float:
    """What a watch says of it, in MiB."""
    sizes = [str(each * MIB) for each in mebibytes]
    running = subprocess.Popen(
        [sys.executable, "-c", HOLDS, *sizes],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    watch = Watch(running.pid)
    running.communicate(HOLDS.encode())
    assert running.returncode == 0
    return watch.peak() * 1024


def test_memory_of_processes_that_run_together_is_added_up() -> None:
    assert 300 <= held_by(200, 100) < 400
