"""Topics, what a ranking is worth for one, and the mean of many with its interval."""

import math
import random
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

TOP = 10
RESAMPLES = 1000

Ranking = Sequence[str]
# One ranking for each text of the topic.
Score = Callable[["Topic", Sequence[Ranking]], float]


class Topic(Struct, frozen=True, kw_only=True):
    """One question, or several that should be answered alike.

    name   what it was made from; for people
    group  topics that stand or fall together: a letter, a drug
    texts  what is asked
    typed  what is asked of us, where a field is named that plain engines do not have
    right  ids of items with their grade, 1 or 2
    wrong  ids of items that must not be found, or only below the right ones
    depth  how many items are looked at
    """

    name: str
    group: str
    texts: tuple[str, ...]
    typed: tuple[str, ...] = ()
    right: Mapping[str, int]
    wrong: frozenset[str] = frozenset()
    depth: int = TOP


def success(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """1 if a right item is among the first ten."""
    return float(any(id in topic.right for id in rankings[0][:TOP]))


def reciprocal_rank(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """1 for the first place, 1/2 for the second; 0 if no right item is found."""
    return next((1 / place for place, id in enumerate(rankings[0], 1) if id in topic.right), 0.0)


def precision(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """The share of the first ten hits, or of as many as there are, that is right; 0 if there are none."""
    first = rankings[0][:TOP]
    return sum(id in topic.right for id in first) / len(first) if first else 0.0


def first_ten_filled(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """How many of the ten right items that could be there are there."""
    return sum(id in topic.right for id in rankings[0][:TOP]) / min(TOP, len(topic.right))


def overlap(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """The right items that every text finds among those that any text finds; 0 if none finds any."""
    found = [set(ranking) & topic.right.keys() for ranking in rankings]
    union = set.union(*found)
    return len(set.intersection(*found)) / len(union) if union else 0.0


def same_items(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """The items that every text finds among those that any text finds, right or not."""
    found = [set(ranking) for ranking in rankings]
    union = set.union(*found)
    return len(set.intersection(*found)) / len(union) if union else 0.0


def kept(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """The share of the first text's ten that the second text's ten still has."""
    first, second = rankings[0][:TOP], rankings[1][:TOP]
    return len(set(first) & set(second)) / len(first) if first else 0.0


def recall(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """The share of the right items that a text finds, over all texts."""
    return sum(len(topic.right.keys() & set(ranking)) for ranking in rankings) / (len(topic.right) * len(rankings))


def nothing_wrong(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """The share of what is found that is not wrong; 0 if nothing is found."""
    found = [id for ranking in rankings for id in ranking]
    return sum(id not in topic.wrong for id in found) / len(found) if found else 0.0


def above_siblings(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """1 if a right item comes before every wrong one."""
    first = next((id for id in rankings[0] if id in topic.right or id in topic.wrong), None)
    return float(first in topic.right)


def ndcg(topic: Topic, rankings: Sequence[Ranking]) -> float:
    """Graded gain of the first ten, discounted by place, against the best order there is."""

    def gain(grades: Sequence[int]) -> float:
        return sum((2.0**grade - 1.0) / math.log2(place + 1) for place, grade in enumerate(grades[:TOP], 1))

    return gain([topic.right.get(id, 0) for id in rankings[0]]) / gain(sorted(topic.right.values(), reverse=True))


class Mean(Struct, frozen=True):
    """A mean with the interval that holds it 95 times of 100, and how many topics it is from."""

    value: float
    low: float
    high: float
    n: int


def mean_of(scores: Sequence[float], groups: Sequence[str]) -> Mean:
    """The mean, and its interval by drawing whole groups again and again: topics of one letter are not independent."""
    by_group: dict[str, tuple[float, int]] = {}
    for score, group in zip(scores, groups, strict=True):
        total, number = by_group.get(group, (0.0, 0))
        by_group[group] = (total + score, number + 1)
    drawn, held = random.Random(0), list(by_group.values())
    means = []
    for _ in range(RESAMPLES):
        sample = drawn.choices(held, k=len(held))
        means.append(sum(total for total, _ in sample) / sum(number for _, number in sample))
    means.sort()
    low, high = means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]
    return Mean(sum(scores) / len(scores), low, high, len(scores))
