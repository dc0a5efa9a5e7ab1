"""The field list in the engine's terms: its schema, analyzers, documents in and out, and the fingerprint."""

import hashlib
from functools import cache, lru_cache

import msgspec
import tantivy

from imrsearch.schema.fields import FIELDS, Chunk, Field, Kind
from imrsearch.schema.numbers import plain, spelled

# Raise it when analysis or extraction changes in a way that the declarations do not show.
REVISION = 5
# The engine's field that says where the letter of an item lies: a byte of the letter file.
PLACE = "place"
# The engine's field that numbers the items: by it the family of an item is known.
ROW = "row"
# Characters of a text that stands in other letters, too, and how many such texts are remembered, and of others.
SHORT, SHORT_KEPT, LONG_KEPT = 400, 4_096, 8
ENCODER = msgspec.json.Encoder()


def analyzer(tokenizer: tantivy.Tokenizer, *steps: tantivy.Filter) -> tantivy.TextAnalyzer:
    """A tokenizer followed by filters."""
    builder = tantivy.TextAnalyzerBuilder(tokenizer)
    for step in steps:
        builder = builder.filter(step)
    return builder.build()


@cache
def words_analyzer() -> tantivy.TextAnalyzer:
    """Text to words: lower case, accents folded, English stems."""
    lower, fold, stem = tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold(), tantivy.Filter.stemmer("english")
    return analyzer(tantivy.Tokenizer.simple(), lower, fold, stem)


@cache
def exact_analyzer() -> tantivy.TextAnalyzer:
    """Text to words as they are written: lower case, accents folded, no stems."""
    return analyzer(tantivy.Tokenizer.simple(), tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold())


def terms_in(text: str, *, exact: bool = False) -> tuple[str, ...]:
    """The words of a text as they are indexed: "0.5mg" is ("0p5", "mg"); exact: without stemming."""
    analyze = exact_analyzer().analyze if exact else words_analyzer().analyze
    return tuple(analyze(spelled(text)))


def places_in(text: str, *, exact: bool = False) -> list[tuple[str, int, int]]:
    """The words of a text as they are indexed, each with the characters of the text where it stands."""
    written = plain(text)
    tokens = (exact_analyzer() if exact else words_analyzer()).pre_tokenize(written.text).tokens
    if not written.ends:
        return [(token.text, token.char_offset_from, token.char_offset_to) for token in tokens]
    back = written.original
    return [(token.text, *back(token.char_offset_from, token.char_offset_to)) for token in tokens]


@cache
def value_analyzer() -> tantivy.TextAnalyzer:
    """A whole value to one term: lower case, accents folded."""
    return analyzer(tantivy.Tokenizer.raw(), tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold())


def value_term(value: str) -> str:
    """The term under which a keyword's value is indexed: "Pain Medicine" as "pain medicine"."""
    return "".join(value_analyzer().analyze(value))


def register_analyzers(index: tantivy.Index) -> None:
    """Give an opened index the analyzers that its schema names; the engine does not store them."""
    index.register_tokenizer("words", words_analyzer())
    index.register_tokenizer("exact", exact_analyzer())
    index.register_tokenizer("value", value_analyzer())
    # Facets show values as they are printed; only the search folds case.
    index.register_fast_field_tokenizer("value", analyzer(tantivy.Tokenizer.raw()))


def words_field(field: Field) -> str:
    """The engine's field in which the words of `field` are searched: a keyword with words has a second one."""
    return f"{field.name}_words" if field.words else field.name


def exact_field(field: Field) -> str:
    """The engine's field in which the words of `field` are searched as they are written."""
    return f"{field.name}_exact"


def has_words(field: Field) -> bool:
    """The field's words can be searched, not only its values."""
    return field.kind == "text" or field.words


def build_schema() -> tantivy.Schema:
    """The engine's schema, from the field list, and where the letter of each item lies, and the item's row."""
    builder = tantivy.SchemaBuilder()
    for name in (PLACE, ROW):
        builder.add_unsigned_field(name, fast=True)
    for field in FIELDS:
        match field.kind:
            case "keyword":
                fast = field.facet or field.sorts
                builder.add_text_field(field.name, fast=fast, tokenizer_name="value", index_option="basic")
            case "text":
                known = "position" if field.places else "freq"
                builder.add_text_field(field.name, tokenizer_name="words", index_option=known)
            case "number" | "date":
                builder.add_integer_field(field.name, indexed=True, fast=True)
        if field.words:
            builder.add_text_field(words_field(field), tokenizer_name="words")
        if has_words(field):
            builder.add_text_field(exact_field(field), tokenizer_name="exact")
    return builder.build()


def to_document(chunk: Chunk) -> str:
    """The chunk as the JSON document that the engine's writer takes; keys are the schema's own."""
    document: dict[str, object] = {}
    for value, (name, kind, many, words) in zip(msgspec.structs.astuple(chunk), written_fields(), strict=True):
        if kind == "date":
            document[name] = int(value.replace("-", "")) if value else 0
        elif value is not None and value != () and value != "":
            document[name] = value
            if words:
                texts = [written(text) for text in value] if many else written(value)
                for words_name in words:
                    document[words_name] = texts
    return ENCODER.encode(document).decode()


def written(text: str) -> msgspec.Raw:
    """The text in the one spelling, as JSON."""
    return (short_written if len(text) <= SHORT else long_written)(text)


@lru_cache(SHORT_KEPT)
def short_written(text: str) -> msgspec.Raw:
    """Likewise, of a treatment or a guideline paragraph, which letters share."""
    return msgspec.Raw(ENCODER.encode(spelled(text)))


@lru_cache(LONG_KEPT)
def long_written(text: str) -> msgspec.Raw:
    """Likewise, of a summary, which the items of a letter share."""
    return msgspec.Raw(ENCODER.encode(spelled(text)))


@cache
def written_fields() -> tuple[tuple[str, Kind, bool, tuple[str, ...]], ...]:
    """Of each field its name, its kind, whether it holds several values, and the engine's fields for its words."""
    return tuple(
        (field.name, field.kind, field.many, (words_field(field), exact_field(field)) if has_words(field) else ())
        for field in FIELDS
    )


def placed(document: str, place: int, row: int) -> str:
    """The document with the place of its letter's frame in the letter file, and its own row."""
    return f'{document[:-1]},"{PLACE}":{place},"{ROW}":{row}}}'


def fingerprint() -> str:
    """16 hexadecimal digits that change when the fields, their analysis or the engine change."""
    shape = [
        [field.name, field.kind, field.many, field.words, field.facet, field.places, field.sorts] for field in FIELDS
    ]
    basis = msgspec.json.encode([REVISION, tantivy.__version__, shape])  # type: ignore[attr-defined]
    return hashlib.sha256(basis).hexdigest()[:16]
