"""Who is asked: our own search, and two engines that know nothing of letters, drugs or doses."""

import importlib.util
from functools import cache
from typing import Any, Protocol

import tantivy

from imrsearch.schema.errors import QueryError
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher

from .collection import Collection


class Engine(Protocol):
    """Ids of items for a question, best first."""

    name: str

    def rank(self, text: str, depth: int) -> tuple[str, ...]: ...


class Ours:
    """The product, asked as a person asks it; a question it refuses found nothing."""

    name = "imrsearch"

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher

    def rank(self, text: str, depth: int) -> tuple[str, ...]:
        try:
            return tuple(hit.id for hit in self.searcher.search(Query(text=text, limit=depth)).hits)
        except QueryError:
            return ()


@cache
def english() -> tantivy.TextAnalyzer:
    """What the engine itself registers as "en_stem"."""
    lower, short = tantivy.Filter.lowercase(), tantivy.Filter.remove_long(40)
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return builder.filter(short).filter(lower).filter(tantivy.Filter.stemmer("english")).build()


class TantivyDefaults:
    """One field with the text of the item, English stems, any word may match."""

    name = "tantivy"

    def __init__(self, collection: Collection) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw")
        builder.add_text_field("text", tokenizer_name="en_stem")
        self.schema = builder.build()
        index = tantivy.Index(self.schema)
        writer = index.writer(heap_size=20_000_000, num_threads=1)
        for id in collection.items:
            writer.add_document(tantivy.Document(id=id, text=collection.text_of(id)))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self.searcher = index.searcher()

    def rank(self, text: str, depth: int) -> tuple[str, ...]:
        terms = dict.fromkeys(english().analyze(text))
        clauses = [(tantivy.Occur.Should, tantivy.Query.term_query(self.schema, "text", term)) for term in terms]
        found = self.searcher.search(tantivy.Query.boolean_query(clauses), depth).hits
        return tuple(str(self.searcher.doc(address).get_first("id")) for _, address in found)


class Bm25s:
    """The published BM25 over the same text with the library's own tokenizer and stop words."""

    name = "bm25s"

    def __init__(self, collection: Collection) -> None:
        import bm25s

        self.library: Any = bm25s
        self.ids = list(collection.items)
        self.ranking = bm25s.BM25()
        self.ranking.index(self.tokens([collection.text_of(id) for id in self.ids]), show_progress=False)

    def tokens(self, texts: list[str]) -> Any:
        return self.library.tokenize(texts, stopwords="en", show_progress=False, return_ids=False)

    def rank(self, text: str, depth: int) -> tuple[str, ...]:
        words = [[word for word in self.tokens([text])[0] if word in self.ranking.vocab_dict]]
        if not words[0]:
            return ()
        found, scores = self.ranking.retrieve(words, k=min(depth, len(self.ids)), show_progress=False)
        return tuple(self.ids[place] for place, score in zip(found[0], scores[0], strict=True) if score > 0)


def engines_of(collection: Collection) -> list[Engine]:
    """Ours first; bm25s only where it is installed."""
    engines: list[Engine] = [Ours(collection.searcher), TantivyDefaults(collection)]
    if importlib.util.find_spec("bm25s"):
        engines.append(Bm25s(collection))
    return engines
