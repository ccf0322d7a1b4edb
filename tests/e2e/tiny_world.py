"""A copy of this repository whose demo world is made in seconds, and commands in it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SMALLER = {
    "scale": "0.04",
    "rounds": "30",
    "least_trees": "10",
    "bootstrap_draws": "200",
    "account_draws": "50",
    "curve_accounts": "100",
}
# Limits for so few accounts, which are worse told and of too few kinds for some figures.
SMALL_WORLD = """\
        ece_mean: 0.25
        ece_worst: 0.4
        auc_mean: 0.8
        recall_mean: 0.0
        campaign_slopes_share: 0.0
        intervals_held_share: 0.0
        wrong_labels_auc_loss: 0.1
        auc_worst: 0.6
        brier_skill_worst: -0.5
        slope_low: 0.5
        slope_high: 2.0
        single_feature_auc: 0.9995
        control_origin_auc: 0.99
        depth3_lead: 0.0
        judged_share: 0.0
        gaps_alone_auc: 0.6
        gaps_lent_auc: 0.02
        evened_auc_lent: 0.1
        may_not_apply:
          - panel_slices
          - language_parity_at_fpr_0.1
          - language_parity_at_fpr_0.01
          - recall_after_free_changes
"""
OFFLINE = ("unshare", "--net")


def copy_repository(root: Path, target: Path) -> None:
    """What git has or would have, with smaller parameters, as a repository of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, target / name)
    text = (target / "params.yaml").read_text()
    for key, value in SMALLER.items():
        text, found = re.subn(rf"(?m)^(  {key}:) .*$", rf"\1 {value}", text)
        assert found == 1
    own = r"(?m)^    only_in:\n(?:      #.*\n)*      demo:\n(?:        [a-z_]+: .+\n)+"
    text, found = re.subn(own, "    only_in:\n      demo:\n" + SMALL_WORLD, text)
    assert found == 1
    (target / "params.yaml").write_text(text)
    run(target, "git", "init", "--quiet")
    commit(target)


def commit(world: Path) -> None:
    run(world, "git", "add", "--all")
    run(world, "git", "commit", "--quiet", "--message", "state")


def environment(threads: int) -> dict[str, str]:
    """Nothing of the user's git, of a surrounding git hook or of another Python."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "MLFLOW_TRACKING_")) and name != "PYTHONPATH"
    }
    person = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "test"), ("EMAIL", "test@example.org"))
    }
    return {
        **own,
        **person,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "OMP_NUM_THREADS": str(threads),
        "POLARS_MAX_THREADS": str(threads),
        "PYTHONUNBUFFERED": "1",
    }


def run(
    world: Path, *command: str, threads: int = 2, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """The finished command; its output is shown if it should not have failed."""
    done = subprocess.run(
        command,
        cwd=world,
        env=environment(threads),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0 or not check, f"{' '.join(command)}\n{done.stdout}"
    return done


def dvc(
    world: Path, *arguments: str, threads: int = 2, check: bool = True
) -> subprocess.CompletedProcess[str]:
    return run(
        world, sys.executable, "-m", "dvc", *arguments, threads=threads, check=check
    )


def network_can_be_taken_away() -> bool:
    """Whether this machine lets a process have a network of its own, without routes."""
    if shutil.which(OFFLINE[0]) is None:
        return False
    tried = subprocess.run([*OFFLINE, "true"], capture_output=True, check=False)
    return tried.returncode == 0
