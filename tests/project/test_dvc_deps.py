"""DVC sees files, not imports: each stage must list every module that it runs.

A stage's `.py` deps are exactly its import closure within the repository: the module
of its command, what that imports, and so on. An `__init__.py` belongs to the closure of
a module below it if it holds more than a docstring, since Python then runs it. A stage
that imports nearly all modules of a package lists the package in their stead.
"""

import ast
import re
from pathlib import Path
from typing import Any

import grimp
import pytest
import yaml

ROOMS = ("features", "models", "pipeline", "serving")
# Share of a package's modules that a stage must import to list the package: what it
# does not import reruns it for nothing.
NEARLY_ALL = 0.8


def closures(
    modules: set[str], rooms: tuple[str, ...], root: Path
) -> dict[str, set[str]]:
    graph = grimp.build_graph(
        *rooms, cache_dir=None, exclude_type_checking_imports=True
    )
    return {module: closure(module, graph, root) for module in modules}


def closure(module: str, graph: grimp.ImportGraph, root: Path) -> set[str]:
    files: set[str] = set()
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        path = Path(*current.split("."))
        if (root / path).is_dir():
            path = path / "__init__.py"
            if not has_code(root / path):
                continue
        else:
            path = path.with_suffix(".py")
        files.add(path.as_posix())
        waiting += graph.find_modules_directly_imported_by(current)
        parts = current.split(".")
        waiting += [".".join(parts[:end]) for end in range(1, len(parts))]
    return files


def has_code(path: Path) -> bool:
    tree = ast.parse(path.read_text())
    documented = ast.get_docstring(tree) is not None
    return len(tree.body) > int(documented)


def stages(
    dvc_yaml: Path, rooms: tuple[str, ...]
) -> dict[str, tuple[set[str], set[str]]]:
    """Per stage: the modules that its command runs, and the code that it lists."""
    found = {}
    for name, stage in yaml.safe_load(dvc_yaml.read_text())["stages"].items():
        body: dict[str, Any] = stage.get("do", stage)
        commands = body["cmd"] if isinstance(body["cmd"], list) else [body["cmd"]]
        modules = re.findall(r"python -m ([\w.]+)", " ".join(commands))
        listed = [
            dep if isinstance(dep, str) else next(iter(dep))
            for dep in body.get("deps", [])
        ]
        # What stands in no room is data.
        code = {dep for dep in listed if dep.split("/")[0] in rooms}
        found[name] = (set(modules), code)
    return found


def modules_below(package: str, root: Path) -> set[str]:
    """Files of a package that hold code."""
    return {
        path.relative_to(root).as_posix()
        for path in (root / package).rglob("*.py")
        if path.name != "__init__.py" or has_code(path)
    }


def differences(root: Path, rooms: tuple[str, ...]) -> dict[str, dict[str, list[str]]]:
    declared = stages(root / "dvc.yaml", rooms)
    reached = closures(set().union(*(run for run, _ in declared.values())), rooms, root)
    found = {}
    for name, (modules, listed) in declared.items():
        needed = set().union(*(reached[module] for module in modules))
        files = {dep for dep in listed if dep.endswith(".py")}
        covered, idle = set[str](), set[str]()
        for package in listed - files:
            below = modules_below(package, root)
            covered |= below
            if len(below & needed) < NEARLY_ALL * len(below):
                idle.add(package)
        missing, superfluous = needed - files - covered, files - (needed - covered)
        if missing or superfluous or idle:
            found[name] = {
                "add": sorted(missing),
                "remove": sorted(superfluous | idle),
            }
    return found


def test_stages_list_what_they_import(root: Path) -> None:
    assert differences(root, ROOMS) == {}


def test_every_stage_runs_a_module_of_the_pipeline(root: Path) -> None:
    for name, (modules, _) in stages(root / "dvc.yaml", ROOMS).items():
        assert modules, f"stage {name}"
        assert all(module.startswith("pipeline.") for module in modules)


@pytest.fixture
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    room = tmp_path / "stage_room"
    (room / "below").mkdir(parents=True)
    (room / "__init__.py").write_text('"""A room."""\n')
    (room / "below" / "__init__.py").write_text("NAME = 1\n")
    (room / "below" / "deep.py").write_text("import json\n")
    (room / "middle.py").write_text(
        "def late():\n    from stage_room.below import deep\n    return deep\n"
    )
    (room / "stage.py").write_text("from stage_room import middle\n")
    (room / "stranger.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


COMPLETE = [
    "stage_room/stage.py",
    "stage_room/middle.py",
    "stage_room/below/__init__.py",
    "stage_room/below/deep.py",
]


def write_stage(folder: Path, deps: list[str]) -> None:
    stage = {
        "matrix": {"world": ["demo"]},
        "cmd": "python -m stage_room.stage --world ${item.world}",
        "deps": [*deps, "data/raw.csv"],
    }
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"one": stage}}))


def test_a_complete_list_passes(small_project: Path) -> None:
    write_stage(small_project, COMPLETE)

    assert differences(small_project, ("stage_room",)) == {}


@pytest.mark.parametrize("left_out", COMPLETE)
def test_a_module_that_is_left_out_is_named(left_out: str, small_project: Path) -> None:
    write_stage(small_project, [dep for dep in COMPLETE if dep != left_out])

    assert differences(small_project, ("stage_room",)) == {
        "one": {"add": [left_out], "remove": []}
    }


def test_a_module_that_is_not_imported_is_named(small_project: Path) -> None:
    write_stage(small_project, [*COMPLETE, "stage_room/stranger.py"])

    assert differences(small_project, ("stage_room",)) == {
        "one": {"add": [], "remove": ["stage_room/stranger.py"]}
    }


def test_a_package_stands_for_its_modules(small_project: Path) -> None:
    (small_project / "stage_room" / "stranger.py").unlink()
    write_stage(small_project, ["stage_room"])

    assert differences(small_project, ("stage_room",)) == {}


def test_a_package_that_is_hardly_imported_is_named(small_project: Path) -> None:
    (small_project / "stage_room" / "other.py").write_text("")
    write_stage(small_project, ["stage_room"])

    assert differences(small_project, ("stage_room",)) == {
        "one": {"add": [], "remove": ["stage_room"]}
    }


def test_a_module_beside_its_package_is_named(small_project: Path) -> None:
    write_stage(small_project, [*COMPLETE, "stage_room/below"])

    assert differences(small_project, ("stage_room",)) == {
        "one": {
            "add": [],
            "remove": ["stage_room/below/__init__.py", "stage_room/below/deep.py"],
        }
    }
