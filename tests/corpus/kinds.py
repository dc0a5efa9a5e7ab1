"""Documents to bytes: every kind of file that a letter comes in."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from . import boilerplate as words
from .forms import FormDocument, truth_of
from .htmlkinds import handmade, htmlmeta, pdftohtml, pdftohtml_complex, pdftohtml_old, tika
from .pdfkind import pdf_bytes
from .textkinds import double_text, layout_text, plain_text, tight_text
from .truth import Truth


@dataclass(frozen=True)
class Kind:
    """How a document becomes bytes, and the suffix that such a file has."""

    suffix: str
    encode: Callable[[FormDocument], bytes]


def cp1252_page(document: FormDocument) -> bytes:
    return handmade(document, charset="windows-1252", table="dl").encode("cp1252")


def undeclared_page(document: FormDocument) -> bytes:
    return handmade(document, charset=None).encode("cp1252")


KINDS: dict[str, Kind] = {
    "pdf": Kind(".pdf", pdf_bytes),
    "pdf-tight": Kind(".pdf", lambda document: pdf_bytes(document, tight=True)),
    "html-tika": Kind(".xhtml", lambda document: tika(document).encode()),
    "html-pdftohtml": Kind(".html", lambda document: pdftohtml(document).encode()),
    "html-pdftohtml-c": Kind(".html", lambda document: pdftohtml_complex(document).encode()),
    "html-pdftohtml-old": Kind(".html", lambda document: pdftohtml_old(document).encode()),
    "html-htmlmeta": Kind(".html", lambda document: htmlmeta(document).encode()),
    "html-page": Kind(".html", lambda document: handmade(document).encode()),
    "html-page-cp1252": Kind(".html", cp1252_page),
    "html-page-undeclared": Kind(".htm", undeclared_page),
    "text": Kind(".txt", lambda document: plain_text(document).encode()),
    "text-tight": Kind(".txt", lambda document: tight_text(document).encode()),
    "text-double": Kind(".txt", lambda document: double_text(document).encode()),
    "text-layout": Kind(".txt", lambda document: layout_text(document).encode()),
    "text-bom": Kind(".txt", lambda document: plain_text(document).encode("utf-8-sig")),
    "text-utf16": Kind(".txt", lambda document: b"\xff\xfe" + plain_text(document).encode("utf-16-le")),
    "text-cp1252": Kind(".txt", lambda document: plain_text(document).replace("\n", "\r\n").encode("cp1252")),
}


def bytes_of(document: FormDocument, kind: str) -> bytes:
    """The document as a file of the kind. Only PDF differs from run to run (see `pdfkind.same_pages`)."""
    return KINDS[kind].encode(document)


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    """A ZIP of the members by name, dated 1980 so that the same members give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def jsonl_bytes(letters: Iterable[Truth], *, folder: str = "letters") -> bytes:
    """Letters as `imrsearch parse --json` prints them, one a line, without what is derived from the words."""
    records = []
    for letter in letters:
        path = f"{folder}/{letter['case_number']}.pdf"
        source = {"path": path, "kind": "pdf", "sha256": hashlib.sha256(path.encode()).hexdigest()}
        records.append({"note": words.MARK, **truth_of(letter, "table"), "source": source})
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
