import pytest

from models.comparison import Comparison


@pytest.mark.parametrize(("before", "of_most"), [(3, True), (6, True), (7, False)])
def test_half_of_the_champions_campaigns_is_enough(before: int, of_most: bool) -> None:
    # However many others the challenger was judged on.
    found = Comparison(0.1, 0.05, 0.15, 3, 2, 0.95, left_out=20, before=before)

    assert found.of_most is of_most
