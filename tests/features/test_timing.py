from math import log, log1p, sqrt
from statistics import correlation

import pytest

from features.timing import TIMING
from tests.features.builders import (
    LAST,
    START,
    after,
    at,
    plain,
    value_of,
    without_case,
)

EVER = [{"posted_at": START.replace(year=y)} for y in (1, 2500, 5000, 7500, 9999)]
UNEVEN = [0, 5, 1, 60, 2, 2, 9, 0, 7, 300, 1, 4, 4, 8, 30, 0, 3, 1, 12]
CASES = [
    *(
        (measure.name, posts, None)
        for measure in TIMING
        for posts in (
            [],
            at(0),
            plain(100),
            [*at(*range(measure.min_posts - 1)), *plain(5)],
        )
    ),
    ("timing_gap_median_log", at(0, 0, 0, 0, 0), 0),
    ("timing_gap_median_log", after(8, 1, 4, 2), log(4)),
    ("timing_gap_median_log", EVER, log(50_000_001)),
    ("timing_gap_low_log", at(*[7] * 10), 0),
    ("timing_gap_low_log", after(*range(19)), log(2)),
    ("timing_gap_low_log", after(*[60] * 10), log(61)),
    ("timing_gap_low_log", after(*[10**7] * 10), log1p(10**7)),
    ("timing_burstiness", at(*[7] * 11), None),
    ("timing_burstiness", after(*[60] * 10), -1),
    ("timing_burstiness", after(*[0] * 9, 500), 1),
    # Mean 11 and squares of 2,200: r squared is 9/11, as of ten pauses by chance.
    ("timing_burstiness", after(*[2] * 5, 8, *[23] * 4), 0),
    # Mean 1, standard deviation 1, ten pauses.
    (
        "timing_burstiness",
        after(*[0, 2] * 5),
        (sqrt(11) - 3) / ((sqrt(11) - 2) + 3),
    ),
    ("timing_memory", after(*[5] * 19), None),
    ("timing_memory", after(*[1, 3] * 9, 1), -1),
    ("timing_memory", after(*range(19)), 1),
    # Nine of the first eighteen, eight of the last, four in both: 18 x 4 is 9 x 8.
    ("timing_memory", after(*map(int, "1100010110101110000")), 0),
    ("timing_memory", after(*UNEVEN), correlation(UNEVEN[:-1], UNEVEN[1:])),
    ("timing_same_minute_share", after(*[1] * 9), 0),
    ("timing_same_minute_share", at(*[0.1, 0.9] * 5), 1),
    ("timing_same_minute_share", after(0, 0, 0, *[1] * 6), 1 / 3),
    ("timing_gap_mean_log", at(0, 0, 0, 0, 0), 0),
    ("timing_gap_mean_log", after(8, 1, 4, 3), log(5)),
    ("timing_gap_mean_log", EVER, log1p(50_000_000)),
    ("timing_gap_high_log", at(*[7] * 10), 0),
    ("timing_gap_high_log", after(*range(19)), log(18)),
    ("timing_gap_high_log", after(*[60] * 10), log(61)),
    ("timing_gap_high_log", after(*[10**7] * 10), log1p(10**7)),
    ("timing_gap_spread_log", after(*[60] * 10), 0),
    # A quarter of pauses up to 1, three quarters up to 3.
    ("timing_gap_spread_log", after(0, 0, 1, 1, 1, 2, 3, 3, 3, 9, 9), log(2)),
    ("timing_gap_spread_log", after(*[0] * 5, *[999] * 5), log(1_000)),
    ("timing_gap_spread_log", after(*[0] * 5, *[10**7] * 5), log1p(10**7)),
    ("timing_gap_entropy", after(*[60] * 19), 0),
    # 2 and 3 are of one size, 4 of the next.
    ("timing_gap_entropy", after(*[2, 3, 4, 4] * 5), (log(2) + 1 / 40) / log(21)),
    # A pause of each size.
    (
        "timing_gap_entropy",
        after(0, *[2**k for k in range(20)]),
        (log(21) + 20 / 42) / log(21),
    ),
    ("timing_gap_repeat_share", after(*[4] * 30), None),
    ("timing_gap_repeat_share", after(*range(19)), 0),
    ("timing_gap_repeat_share", after(*[60] * 19), 1),
    ("timing_gap_repeat_share", after(*[1] * 10, *[60] * 5, *[9] * 5), 40 / 90),
    ("timing_burst_share", after(*[5] * 19), 0),
    ("timing_burst_share", after(*[0] * 19), None),
    # Two short pauses in a row make a run of three; one alone does not.
    ("timing_burst_share", after(1, 1, *[300] * 15, 1, 300), 3 / 20),
    ("timing_burst_share", after(*[0] * 18, 999), 19 / 20),
    # An hour is not short, whatever the mean.
    ("timing_burst_share", after(60, 60, *[30_000] * 17), 0),
]


@pytest.mark.parametrize(("name", "posts", "expected"), CASES)
def test_value(name, posts, expected):
    assert value_of(name, {"as_of": LAST}, posts) == (
        None if expected is None else pytest.approx(expected, rel=1e-6)
    )


def test_every_feature_has_a_table():
    assert without_case(TIMING, CASES) == set()
