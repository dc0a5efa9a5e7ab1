"""A draft as bytes to its text, in memory: plain text, HTML, PDF and Word. No error repeats a word of it."""

import io
import zipfile

from imrsearch.indexer.letter import parse_letter
from imrsearch.indexer.letter.citations import citations_in
from imrsearch.indexer.letter.reviewer import reviewer_of
from imrsearch.indexer.sources.files import ARCHIVE, kind_of, lines_of_content
from imrsearch.schema.derive.amounts import quantity_of, strength_of
from imrsearch.schema.derive.treatment import drug_misspelt, read_heading
from imrsearch.schema.drafts import Draft
from imrsearch.schema.errors import LetterError, SourceError, UsageError
from imrsearch.schema.records import Letter, Line, RawLetter, Source

# Bytes of a file, and characters of its text. A letter of nine items has 60,000 characters.
LARGEST = 8_000_000
LONGEST = 500_000
TOO_LARGE = f"the draft is larger than {LARGEST // 1_000_000} MB"
# Of a Word file, unpacked: its text and its pictures.
LARGEST_UNPACKED = 30_000_000
PARAGRAPHS = ".//w:p[not(ancestor::w:txbxContent)]"
KINDS_HINT = (
    "a draft is plain text, HTML, Word (.docx) or a PDF with text in it, whole and without a password, up to"
    f" {LARGEST // 1_000_000} MB and {LONGEST:,} characters"
)
KEPT_OF_LETTERS = (reviewer_of, citations_in, read_heading, drug_misspelt, strength_of, quantity_of)
OLD_WORD, RICH_TEXT = b"\xd0\xcf\x11\xe0", b"{\\rtf"


def read_draft(content: bytes) -> Draft:
    """The draft; UsageError or SourceError where it is empty, too long or of another kind, without a word of it."""
    if len(content) > LARGEST:
        raise UsageError(TOO_LARGE, hint=KINDS_HINT)
    if not content.strip():
        raise UsageError("the draft is empty", hint=KINDS_HINT)
    if content.startswith((OLD_WORD, RICH_TEXT)):
        raise SourceError("the draft is of an older kind of document", hint="save it as .docx, PDF or plain text")
    try:
        kind, lines = lines_of_draft(content)
    except SourceError:
        # A reader's own words speak of letters, and may quote the file.
        raise SourceError("the draft cannot be read", hint=KINDS_HINT) from None
    text = " ".join(" ".join(line.text for line in lines).split())
    if not any(map(str.isalpha, text)):
        raise UsageError("the draft has no words", hint=KINDS_HINT)
    if len(text) > LONGEST:
        raise UsageError(f"the draft has more than {LONGEST:,} characters", hint=KINDS_HINT)
    return Draft(kind, text, letter_in(kind, lines))


def lines_of_draft(content: bytes) -> tuple[str, tuple[Line, ...]]:
    """The kind of the draft, told from its content, and its lines."""
    if content.startswith(ARCHIVE):
        return "docx", word_lines(content)
    kind = kind_of(content)
    return kind, lines_of_content(content, kind)


def word_lines(content: bytes) -> tuple[Line, ...]:
    """The paragraphs of a Word file in their order, also those in tables; text boxes are left out."""
    from docx import Document

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST_UNPACKED:
                raise SourceError("the Word file unpacks to more than 30 MB")
        # To go through tables by rows and cells takes their square, and the longer the wider a cell says that it is.
        paragraphs = Document(io.BytesIO(content)).element.body.xpath(PARAGRAPHS)
        texts = [paragraph.text for paragraph in paragraphs]
    except Exception:  # noqa: BLE001 - unzipping, XML and Word's own rules fail in a dozen ways
        raise SourceError("not a Word file, or a damaged one", hint=KINDS_HINT) from None
    lines = (" ".join(line.split()) for text in texts for line in text.splitlines())
    return tuple(Line(line, gap=True) for line in lines if line)


def letter_in(kind: str, lines: tuple[Line, ...]) -> Letter | None:
    """The draft as a letter with its items; null where it is prose."""
    try:
        return parse_letter(RawLetter(Source("draft", kind, ""), lines))
    except LetterError:
        return None
    finally:
        # Parts of letters are kept ready, for the next letter says the same. A draft is not to stay in memory.
        for kept in KEPT_OF_LETTERS:
            kept.cache_clear()
