"""Do people who rated the same things agree? Krippendorff's alpha, and how often two give the same rating.

Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C. A unit is one thing that was rated, with
the m ratings that it got; units with a single rating say nothing of agreement and are left out. With n the number of
the ratings that remain and n_c how many of them are c,

    alpha = 1 - D_o / D_e
    D_o = 1/n  sum over units  1/(m - 1)  sum over ordered pairs of its ratings  delta^2(c, k)
    D_e = 1/(n (n - 1))  sum over c, k  n_c n_k delta^2(c, k)

    interval:  delta^2(c, k) = (c - k)^2
    ordinal:   delta^2(c, k) = (n_c/2 + all n_g of the ratings g between c and k + n_k/2)^2

1 is full agreement, 0 what chance would give, below 0 is systematic disagreement. Raters may leave units out, and
need not be as many for each. It is not defined where there is nothing to disagree about: no unit with two ratings, or
all ratings the same; then it is None.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

LEVELS = ("ordinal", "interval")

Distance = Callable[[int, int], float]


def krippendorff_alpha(units: Iterable[Sequence[int]], level: str = "ordinal") -> float | None:
    """Returns alpha of the ratings that each unit got, or None where it is not defined.

    Args:
        units: the ratings of each unit, in any order.
        level: how far apart two ratings are, `ordinal` (only their order counts) or `interval` (their difference).

    Raises:
        ValueError: there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"Expected `level` to be one of {', '.join(LEVELS)}. Received: {level}.")
    units = [unit for unit in units if len(unit) > 1]
    counts = Counter(rating for unit in units for rating in unit)
    distance = _ordinal(counts) if level == "ordinal" else _interval
    number = counts.total()
    expected = sum(n_c * n_k * distance(c, k) for c, n_c in counts.items() for k, n_k in counts.items())
    if not expected:
        return None
    observed = sum(
        2 * sum(distance(c, k) for c, k in combinations(unit, 2)) / (len(unit) - 1)  # each pair in both orders
        for unit in units
    )
    return 1 - (number - 1) * observed / expected


def same_rating(units: Iterable[Sequence[int]]) -> float | None:
    """Returns the share of all pairs of ratings of one unit that are equal, or None where there is no pair."""
    pairs = [c == k for unit in units for c, k in combinations(unit, 2)]
    return sum(pairs) / len(pairs) if pairs else None


def _interval(one: int, other: int) -> float:
    return (one - other) ** 2


def _ordinal(counts: Counter[int]) -> Distance:
    def distance(one: int, other: int) -> float:
        low, high = min(one, other), max(one, other)
        between = sum(number for rating, number in counts.items() if low <= rating <= high)
        return (between - (counts[low] + counts[high]) / 2) ** 2

    return distance
