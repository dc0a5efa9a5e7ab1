"""Chance for generated letters: the same seed gives the same letter on every machine and every Python."""

import random
import tomllib
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from imrsearch.schema.vocabulary import table

MADE = Path(__file__).with_name("made")
Pick = TypeVar("Pick")


@cache
def lists(name: str) -> dict[str, Any]:
    """The table `made/NAME.toml`."""
    return tomllib.loads((MADE / f"{name}.toml").read_text("utf-8"))


class Draw(dict[str, str]):
    """What one letter is drawn from: chance, and the words that its sentences ask for.

    The keys are facts of the letter ("He", "treatment"); any other word is drawn anew each time.
    Of the generator only `random` is the same in every version of Python, so nothing else is asked of it.
    """

    def __init__(self, seed: int, place: int) -> None:
        super().__init__()
        self.random = random.Random((seed << 40) + place).random

    def __missing__(self, name: str) -> str:
        if maker := MAKERS.get(name):
            return maker(self)
        return self.say(self.common(lists("words")[name]))

    def say(self, sentence: str) -> str:
        """The sentence with its words drawn."""
        return sentence.format_map(self) if "{" in sentence else sentence

    def below(self, end: int) -> int:
        return int(self.random() * end)

    def chance(self, share: float) -> bool:
        return self.random() < share

    def one(self, choices: Sequence[Pick]) -> Pick:
        return choices[int(self.random() * len(choices))]

    def common(self, choices: Sequence[Pick]) -> Pick:
        """One of the choices, the first ones far more often: half of the draws fall into the first quarter."""
        value = self.random()
        return choices[int(value * value * len(choices))]

    def several(self, choices: Sequence[Pick], number: int) -> list[Pick]:
        """Different choices in their own order, the first ones more often."""
        places: set[int] = set()
        while len(places) < min(number, len(choices)):
            value = self.random()
            places.add(int(value * value * len(choices)))
        return [choices[place] for place in sorted(places)]

    def day_after(self, day: date, *, least: int, most: int) -> date:
        return day + timedelta(days=least + self.below(most - least + 1))

    def slip(self, sentence: str) -> str:
        """Now and then two letters of a long word change places, as in letters that nobody proofreads."""
        if self.random() > SLIPS:
            return sentence
        words = sentence.split(" ")
        place = self.below(len(words))
        word = words[place]
        if len(word) >= LONG and word.isascii() and word.isalpha() and word.islower():
            at = 1 + self.below(len(word) - 3)
            words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        return " ".join(words)


@cache
def known_names(name: str) -> tuple[str, ...]:
    """Every name that a table of the vocabulary knows; the keys' own order is as good as any."""
    names = [*table(name)]
    for entry in table(name).values():
        names += [*entry.get("brands", ()), *entry.get("aliases", ())]
    return tuple(dict.fromkeys(names))


SLIPS = 0.15
LONG = 7

MAKERS: dict[str, Callable[[Draw], str]] = {
    "date": lambda draw: f"{1 + draw.below(12)}-{1 + draw.below(28)}-{draw['year']}",
    "year": lambda draw: str(int(draw["decided"]) - draw.below(3)),
    "count": lambda draw: str(2 + draw.below(30)),
    "score": lambda draw: str(4 + draw.below(7)),
    "low": lambda draw: str(1 + draw.below(4)),
    "percent": lambda draw: str(5 * (1 + draw.below(18))),
    "degrees": lambda draw: str(5 * (2 + draw.below(32))),
    "grade": lambda draw: str(2 + draw.below(3)),
    "mm": lambda draw: str(1 + draw.below(9)),
    "pressure": lambda draw: f"{100 + draw.below(80)}/{60 + draw.below(45)}",
    "strength": lambda draw: f"{draw.common(DOSES)} mg",
    "number": lambda draw: str(draw.common(QUANTITIES)),
    "sessions": lambda draw: str(draw.common(SESSIONS)),
    "weeks": lambda draw: str(draw.common((4, 6, 3, 8, 12, 2))),
    "refills": lambda draw: str(1 + draw.below(5)),
    "hours": lambda draw: str(draw.common((6, 8, 4, 12))),
    "term": lambda draw: draw["root"] + draw["ending"],
    "clinic": lambda draw: (draw["syllable"] + draw["syllable"] + draw["syllable"]).capitalize(),
    "known_drug": lambda draw: draw.common(known_names("drugs")),
    "asked": lambda draw: draw.common(known_names("treatments")),
    "past_first": lambda draw: (said := draw["past"])[0].upper() + said[1:],
}
DOSES = (10, 50, 20, 300, 5, 100, 600, 800, 25, 15, 7.5, 30, 40, 60, 200, 400, 500, 550, 0.5, 75, 80, 150, 250)
QUANTITIES = (60, 90, 30, 120, 180, 100, 45, 150, 20, 240, 10, 15, 28, 56, 84, 270, 75, 80, 12, 112, 168, 42, 25, 360)
SESSIONS = (12, 6, 8, 10, 4, 18, 24, 16, 3, 9, 20, 2, 36)
