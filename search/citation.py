"""How a determination is cited, in one house form, and its decisive passage quoted with it."""

from datetime import date

from imrsearch.schema.records import Item, Letter

# As the Bluebook shortens them.
MONTHS = ("Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
NO_DATE = "n.d."


def citation_of(letter: Letter, item: Item) -> str:
    """ "IMR Final Determination CM16-0241231, item 1 (Jan. 19, 2017)"."""
    return f"{title_of(letter, item)} ({day_of(letter.decision_date)})"


def title_of(letter: Letter, item: Item) -> str:
    """The citation without its date."""
    return f"IMR Final Determination {letter.letter_id}, item {item.item}"


def day_of(decision_date: str | None) -> str:
    """ "Jan. 19, 2017" of an ISO date."""
    if not decision_date:
        return NO_DATE
    day = date.fromisoformat(decision_date)
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def quoted(passage: str) -> str:
    """The passage as printed between quotation marks of a shape that letters seldom have."""
    return f"“{passage}”"


def quotation(passage: str, citation: str) -> str:
    """The quoted passage, then what it is from: a block to paste."""
    return f"{quoted(passage)} {citation}."
