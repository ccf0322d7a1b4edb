from pathlib import Path

import pytest

from features.errors import InputError
from pipeline.files import read_json


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{,}", "line 1: not JSON"),
        (b"\xff\xfe", "not a file of JSON"),
        (None, "not a file of JSON"),
    ],
)
def test_what_is_no_json_is_named(
    content: bytes | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "metrics.json"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)

    with pytest.raises(InputError, match=f"metrics.json.*{said}"):
        read_json(path)
