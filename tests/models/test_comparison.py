import pytest

from models.comparison import Comparison


@pytest.mark.parametrize(("left_out", "of_most"), [(0, True), (3, True), (4, False)])
def test_half_of_the_campaigns_is_enough(left_out: int, of_most: bool) -> None:
    found = Comparison(0.1, 0.05, 0.15, 3, 2, 0.95, left_out=left_out)

    assert found.of_most is of_most
