"""What an item's heading and a letter's summary say without saying it in so many fields: pure functions."""

import msgspec

from imrsearch.schema.derive.amounts import quantity_of, strength_of
from imrsearch.schema.derive.patient import patient_age, patient_sex
from imrsearch.schema.derive.treatment import Reading, read_heading, read_request
from imrsearch.schema.records import Item

# Four times the longest heading seen. What is longer is no heading, but text that a broken file ran into one.
LONGEST_HEADING = 2_000

__all__ = ["derive_item", "patient_age", "patient_sex"]


def reading_of(item: Item) -> Reading:
    """What is in dispute; where those words alone do not say, the whole heading or the rationale's request does."""
    reading = read_heading((item.disputed or item.treatment)[:LONGEST_HEADING])
    if not reading.named and item.disputed != item.treatment:
        whole = read_heading(item.treatment[:LONGEST_HEADING])
        reading = whole if whole.named else reading
    if not reading.named and reading.category == "Pharmaceuticals":
        reading = read_request(item.rationale) or reading
    return reading


def derive_item(item: Item) -> Item:
    """The item with its drugs, classes, category, parts of the body, strength and quantity."""
    reading = reading_of(item)
    disputed = (item.disputed or item.treatment)[:LONGEST_HEADING]
    return msgspec.structs.replace(
        item,
        drugs=reading.drugs,
        drug_classes=reading.drug_classes,
        category=reading.category,
        subcategory=reading.subcategory,
        body_parts=read_heading(disputed).body_parts or read_heading(item.treatment[:LONGEST_HEADING]).body_parts,
        strength=strength_of(disputed) if reading.drugs or reading.category == "Pharmaceuticals" else None,
        quantity=quantity_of(disputed, drug=reading.category == "Pharmaceuticals"),
    )
