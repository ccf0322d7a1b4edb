"""What code may not do: found in the syntax tree, in every file of the rooms."""

import ast
import importlib.util
from pathlib import Path

import pytest

ROOMS = ("features", "models", "pipeline", "serving")
UNSAFE_MODULES = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}
CLOCKS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime"},
}


def modules(tree: ast.AST) -> set[str]:
    """First names of all imported modules."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def unsafe(tree: ast.AST) -> set[str]:
    """Unpicklers imported, and code made from text."""
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return (modules(tree) & UNSAFE_MODULES) | (called & UNSAFE_CALLS)


def clock(tree: ast.AST) -> set[str]:
    """Readings of the clock; the module time is not needed by pure functions at all."""
    read = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = (
                owner.attr
                if isinstance(owner, ast.Attribute)
                else getattr(owner, "id", "")
            )
            if node.attr in CLOCKS.get(name, ()):
                read.add(f"{name}.{node.attr}")
    return read | (modules(tree) & {"time"})


def trees(root: Path, *rooms: str) -> dict[str, ast.AST]:
    return {
        path.relative_to(root).as_posix(): ast.parse(path.read_text())
        for room in rooms
        for path in sorted((root / room).rglob("*.py"))
    }


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_those_of_the_repository(room: str, root: Path) -> None:
    spec = importlib.util.find_spec(room)

    assert spec is not None
    assert spec.origin == str(root / room / "__init__.py")


def test_nothing_unpickles_or_runs_text(root: Path) -> None:
    assert {
        name: unsafe(tree) for name, tree in trees(root, *ROOMS).items() if unsafe(tree)
    } == {}


def test_features_and_models_never_read_the_clock(root: Path) -> None:
    found = trees(root, "features", "models")

    assert {name: clock(tree) for name, tree in found.items() if clock(tree)} == {}


MLFLOW_SIDE = ("registry", "runs", "searches", "store")


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("mlflow", {f"pipeline/tracking/{name}.py" for name in MLFLOW_SIDE}),
        ("dvc", set()),
        ("fastapi", set()),
    ],
)
def test_a_library_is_imported_where_it_belongs(
    library: str, allowed: set[str], root: Path
) -> None:
    found = {
        name for name, tree in trees(root, *ROOMS).items() if library in modules(tree)
    }

    assert found <= allowed


def test_bentoml_is_imported_in_serving_only(root: Path) -> None:
    found = {
        name for name, tree in trees(root, *ROOMS).items() if "bentoml" in modules(tree)
    }

    assert all(name.startswith("serving/") for name in found)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import pickle", {"pickle"}),
        ("def f():\n    from joblib import load", {"joblib"}),
        ("eval('1')", {"eval"}),
        ("re.compile('1')", set()),
    ],
)
def test_unsafe_code_is_found(source: str, found: set[str]) -> None:
    assert unsafe(ast.parse(source)) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("datetime.now(UTC)", {"datetime.now"}),
        ("datetime.datetime.utcnow()", {"datetime.utcnow"}),
        ("date.today()", {"date.today"}),
        ("from time import time", {"time"}),
        ("pl.col('time').dt.date()", set()),
    ],
)
def test_a_clock_is_found(source: str, found: set[str]) -> None:
    assert clock(ast.parse(source)) == found
