"""LightGBM without what only training needs; import this before anything else of ours.

LightGBM imports scikit-learn and pandas where it finds them, and takes several times as
long. A Bento's environment does not have them; the one of this repository does.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

_UNUSED: Final = ("sklearn", "pandas", "matplotlib", "dask")


@contextmanager
def absent(names: Sequence[str]) -> Iterator[None]:
    """Modules that are not imported yet cannot be found meanwhile."""
    hidden = [name for name in names if name not in sys.modules]
    # Python reads null as "there is no such module".
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with absent(_UNUSED):
    import lightgbm  # noqa: F401
