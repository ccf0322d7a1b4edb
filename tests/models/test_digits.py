import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.digits import rounded


@given(st.floats(1e-6, 1e6))
def test_the_last_digit_is_of_no_account(value: float) -> None:
    nearby = {rounded(math.nextafter(value, other)) for other in (0.0, math.inf)}

    assert all(near == pytest.approx(value, rel=1e-8) for near in nearby)
    assert rounded(rounded(value)) == rounded(value)


def test_what_differs_in_its_last_digits_becomes_one() -> None:
    values = 0.1 + np.arange(50) * 1e-16

    assert len(set(values.tolist())) > 1
    assert {rounded(value) for value in values} == {0.1}
