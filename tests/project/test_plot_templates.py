import json
from pathlib import Path

import pytest
from dvc_render.vega import VegaRenderer

ROWS = {
    "by_campaign": {"campaign": "alpha", "fpr": "0.1", "tpr": "0.5"},
    "reliability": {
        "campaign": "alpha",
        "predicted": "0.1",
        "observed": "0.2",
        "count": "9",
    },
    "importance": {
        "family": "content",
        "importance": "0.3",
        "feature": "content_links",
    },
    "histogram": {"class": "control", "bin": "0.05", "share": "0.4"},
}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_template_takes_its_data(name: str, root: Path) -> None:
    row = {**ROWS[name], "rev": "workspace"}
    x, y = list(ROWS[name])[1:3]

    renderer = VegaRenderer(
        [row], "plot", template=name, template_dir=str(root / ".dvc/plots"), x=x, y=y
    )

    text = json.dumps(renderer.get_filled_template())
    assert "DVC_METRIC" not in text
    assert json.dumps(row) in text
    assert f'"field": "{x}"' in text
    assert f'"field": "{y}"' in text


def test_every_template_is_tested(root: Path) -> None:
    assert {path.stem for path in (root / ".dvc/plots").glob("*.json")} == set(ROWS)
