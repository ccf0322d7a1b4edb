"""Reads posts of X's API v1.1 in a process of its own; prints posts and peak memory."""

import re
import sys
import tempfile
from pathlib import Path

from pipeline.sources.spool import Budget
from pipeline.streaming import read_source
from tests.pipeline.sources.archives import make_source

if __name__ == "__main__":
    path, mebibytes = Path(sys.argv[1]), int(sys.argv[2])
    source = make_source("x_api_v1", {"posts": [path.name]})
    with tempfile.TemporaryDirectory() as folder:
        budget = Budget(bytes=mebibytes * 2**20)
        read = read_source(source, path.parent, Path(folder), budget, lambda _: None)
    # NOTE: getrusage would tell the peak of the process that started this one, too.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    sys.stdout.write(f"{read.measures.posts} {int(peak[1]) * 1024}")
