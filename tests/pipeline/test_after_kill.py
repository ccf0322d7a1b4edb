from pathlib import Path

import pytest

from features.errors import InputError
from pipeline.after_kill import mend_lock, remove_broken

STAGE = """  {name}:
    cmd: python -m pipeline.{name} --world demo --raw
      data/demo/raw
    deps:
    - path: pipeline/{name}.py
      hash: md5
      md5: 0123456789abcdef0123456789abcdef
      size: 10
    params:
      params.yaml:
        {name}:
          seed: 7
    outs:
    - path: data/demo/{name}
      hash: md5
      md5: fedcba9876543210fedcba9876543210.dir
      size: 20
      nfiles: 2
"""
HEAD = "schema: '2.0'\nstages:\n"
LOCKS = [
    HEAD
    + "".join(STAGE.format(name=name) for name in ("a", "b@demo", "c@demo")[:count])
    for count in (1, 2, 3)
]
WHOLE = LOCKS[2]


@pytest.mark.parametrize("cut", range(0, len(WHOLE), 7))
def test_a_lock_cut_anywhere_keeps_whole_stages_only(cut: int, tmp_path: Path) -> None:
    lock = tmp_path / "dvc.lock"
    lock.write_text(WHOLE[:cut])

    mend_lock(lock)

    kept = lock.read_text() if lock.exists() else ""
    # A last entry whose hash is there lacks no more than sizes, which DVC can spare.
    hashed = kept + "".join(f"      {line}\n" for line in ("size: 20", "nfiles: 2"))
    assert {kept, hashed, f"{kept}      nfiles: 2\n"} & {"", *LOCKS}


def test_a_whole_lock_stays(tmp_path: Path) -> None:
    lock = tmp_path / "dvc.lock"
    lock.write_text(WHOLE)

    mend_lock(lock)

    assert lock.read_text() == WHOLE


def test_a_lock_that_was_not_cut_is_left_to_its_owner(tmp_path: Path) -> None:
    lock = tmp_path / "dvc.lock"
    conflict = WHOLE.replace("  b@demo:\n", "<<<<<<< ours\n  b@demo:\n")
    lock.write_text(conflict)

    with pytest.raises(InputError, match="git checkout"):
        mend_lock(lock)

    assert lock.read_text() == conflict


@pytest.mark.parametrize(
    ("text", "stays"), [('{"read": {}}', True), ('{"read": {', False), ("", False)]
)
def test_a_list_of_users_cut_short_is_removed(
    text: str, stays: bool, tmp_path: Path
) -> None:
    rwlock = tmp_path / "rwlock"
    rwlock.write_text(text)

    remove_broken(rwlock)

    assert rwlock.exists() == stays
