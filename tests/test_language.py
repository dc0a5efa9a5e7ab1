"""What people type, and the tree it stands for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imrsearch.schema.errors import QueryError, place_in
from imrsearch.schema.fields import FIELDS
from imrsearch.search.expand import LISTED, expand
from imrsearch.search.language import (
    MAX_LENGTH,
    MAX_NEARS,
    MAX_WORDS,
    NOTHING,
    All,
    Within,
    Word,
    grammar,
    parse,
    values_in,
    written,
)

SEARCHABLE = [field for field in FIELDS if field.kind != "stored"]


@pytest.mark.parametrize(
    ("typed", "run"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("back brace", "back AND brace", id="words-are-all-required"),
        pytest.param("back AND brace", "back AND brace", id="and-changes-nothing"),
        pytest.param("back and brace", "back AND and AND brace", id="lower-case-and-is-a-word"),
        pytest.param('"back brace" thoracic', '"back brace" AND thoracic', id="phrase"),
        pytest.param("“back brace”", '"back brace"', id="curly-quotes"),
        pytest.param("brace OR cane", "brace OR cane", id="or"),
        pytest.param("back brace OR cane tip", "(back AND brace) OR (cane AND tip)", id="or-is-weakest"),
        pytest.param("brace or cane", "brace AND or AND cane", id="lower-case-or-is-a-word"),
        pytest.param("brace -cane", "brace AND NOT cane", id="minus"),
        pytest.param("brace NOT cane", "brace AND NOT cane", id="not"),
        pytest.param("brace not cane", "brace AND not AND cane", id="lower-case-not-is-a-word"),
        pytest.param("NOT -cane", "cane", id="not-twice"),
        pytest.param('-"hot pack"', 'NOT "hot pack"', id="minus-phrase"),
        pytest.param("-outcome:upheld", "NOT outcome:upheld", id="minus-field"),
        pytest.param("brace --cane", "brace AND NOT cane", id="two-minuses"),
        pytest.param("brace OR -cane", "brace OR NOT cane", id="or-not"),
        pytest.param("outcome:upheld", "outcome:upheld", id="field"),
        pytest.param("Outcome:upheld", "outcome:upheld", id="field-in-capitals"),
        pytest.param("drug-class:opioids", "drug_class:opioids", id="field-with-dash"),
        pytest.param('section:"hot packs"', 'section:"hot packs"', id="field-of-two-words"),
        pytest.param("(outcome:upheld), brace", "outcome:upheld AND brace", id="field-in-a-sentence"),
        pytest.param("id:CM17-0000001:2", "id:CM17-0000001:2", id="value-with-colon"),
        pytest.param("(brace OR cane) tip", "(brace OR cane) AND tip", id="group"),
        pytest.param("tip (brace OR (cane left)), x", "tip AND (brace OR (cane AND left)) AND x", id="groups"),
        pytest.param("NOT (brace OR cane)", "NOT (brace OR cane)", id="not-a-group"),
        pytest.param("-(brace OR cane)", "NOT (brace OR cane)", id="minus-a-group"),
        pytest.param("brace (8 sessions)", "brace AND 8 AND sessions", id="brackets-without-operator"),
        pytest.param("(a OR outcome:upheld)", "a OR outcome:upheld", id="value-before-a-bracket"),
        pytest.param("neuropath* radicul!", "neuropath* AND radicul*", id="beginnings"),
        pytest.param("(neuropath*), tip", "neuropath* AND tip", id="beginning-in-a-sentence"),
        pytest.param("rationale:neuro*", "rationale:neuro*", id="beginning-in-a-field"),
        pytest.param("a /5 b", "a /5 b", id="near"),
        pytest.param("a w/5 b W/12 c", "a /5 b AND b /12 c", id="near-twice"),
        pytest.param('a +5 "b c"', 'a +5 "b c"', id="in-order"),
        pytest.param("sleep /s apne*", "sleep /s apne*", id="one-sentence"),
        pytest.param("-a /5 b", "NOT a /5 b", id="not-near"),
        pytest.param("a /51 b", "a AND /51 AND b", id="too-far-is-text"),
        pytest.param("date:2015..2016", "decision_date:2015..2016", id="days"),
        pytest.param("date:2016-07..", "decision_date:2016-07..", id="days-from"),
        pytest.param("year:..2015 age:40..60", "year:..2015 AND age:40..60", id="numbers"),
        pytest.param("quantity:>=90 quantity:<100", "quantity:>=90 AND quantity:<100", id="comparisons"),
        pytest.param('rationale:"sleep"', 'rationale:"sleep"', id="one-word-as-written"),
        pytest.param(
            "request(s) for (brace(s) OR injection(es))", "request AND for AND (brace OR injection)", id="plural"
        ),
        pytest.param("page 24", '"page 24" OR page:24', id="page"),
        pytest.param("pp. 24-26, brace", '("pp. 24-26," OR page:24..26) AND brace', id="pages"),
        pytest.param("page one", "page AND one", id="no-page"),
    ],
)
def test_syntax(typed, run):
    question = parse(typed)
    assert written(question.tree) == run
    assert question.notices == ()


@pytest.mark.parametrize(
    ("typed", "run"),
    [
        pytest.param("Brace 10/325mg, daily", "Brace AND 10/325mg AND daily", id="dose"),
        pytest.param("Brace #180", 'Brace AND ("#180" OR "quantity 180" OR quantity:180)', id="count"),
        pytest.param("# 90.", '"#90" OR "quantity 90" OR quantity:90', id="count-with-a-space"),
        pytest.param("Qty: 90", '"#90" OR "quantity 90" OR quantity:90', id="count-in-letters"),
        pytest.param("-quantity 90", 'NOT ("#90" OR "quantity 90" OR quantity:90)', id="not-the-count"),
        pytest.param("brace /5 # 90", "brace /5 # 90", id="near-a-count"),
        pytest.param("brace 10 mg, daily", "brace AND 10 mg AND daily", id="unit"),
        pytest.param("-10/325 mg brace", "NOT 10/325 mg AND brace", id="not-the-dose"),
        pytest.param("10 AND mg", "10 AND mg", id="unit-apart"),
        pytest.param("5 % cream %", "5 % AND cream", id="percent"),
        pytest.param("4 weeks", "4 AND weeks", id="no-unit"),
        pytest.param("brace (x6) [left]", "brace AND x6 AND left", id="brackets"),
        pytest.param("brace - left -- right", "brace AND left AND right", id="dashes"),
        pytest.param("ratio 3:1", "ratio AND 3:1", id="number-colon"),
        pytest.param("http://a.example/b", "http://a.example/b", id="address"),
        pytest.param("Associated service: EKG", "Associated AND service AND EKG", id="colon-and-space"),
        pytest.param("Outcome: better", "Outcome AND better", id="field-name-and-space"),
        pytest.param('3" foam', "3 AND foam", id="inch"),
        pytest.param('3" by 5" foam', "3 AND by AND 5 AND foam", id="two-inches"),
        pytest.param('("hot pack")', '"hot pack"', id="phrase-in-brackets"),
        pytest.param("wheel-chair", "wheel-chair", id="dash-inside"),
        pytest.param("brace & cane * +", "brace AND cane", id="signs"),
        pytest.param("brace\x00\ttip\n", "brace\x00 AND tip", id="control-characters"),
        pytest.param("brace 😀", "brace", id="emoji"),
    ],
)
def test_text_is_never_an_error(typed, run):
    question = parse(typed)
    assert written(question.tree) == run
    assert question.notices == ()


@pytest.mark.parametrize(
    ("typed", "run", "notice"),
    [
        pytest.param('"hot pack', "hot AND pack", "a quote is not closed", id="unclosed-quote"),
        pytest.param("brace OR", "brace", "OR with nothing on one side", id="or-at-the-end"),
        pytest.param("OR brace", "brace", "OR with nothing on one side", id="or-at-the-start"),
        pytest.param("brace OR OR cane", "brace OR cane", "OR with nothing on one side", id="or-twice"),
        pytest.param("L4-5 (facet", "L4-5 AND facet", "treated `(facet` as text", id="open-bracket"),
        pytest.param("8 sessions) brace", "8 AND sessions AND brace", "treated `)` as text", id="closing-bracket"),
        pytest.param("((brace OR cane) tip", "(brace OR cane) AND tip", "treated `((brace` as text", id="one-too-many"),
        pytest.param("brace -(30)", "brace AND 30", "treated `-(30)` as text", id="minus-before-a-number"),
        pytest.param("(" * 25 + "a" + ")" * 25, "a", "deeper than 20", id="deep-brackets"),
        pytest.param("ab* brace", "ab AND brace", "treated `ab*` as text", id="short-beginning"),
        pytest.param("/5 brace", "/5 AND brace", "treated `/5` as text", id="near-nothing"),
        pytest.param("age:40 /5 brace", "age:40 AND /5 AND brace", "treated `/5` as text", id="value-near-a-word"),
        pytest.param("brace age:60..40", "brace", "a range without values", id="range-backwards"),
        pytest.param("age:.. brace", "brace", ".. is not a range", id="range-of-nothing"),
        pytest.param("brace age:1..2..3", "brace", "left out `age:1..2..3`: 1..2..3 is not a range", id="three-ends"),
        pytest.param("brace quantity:>=many", "brace", "takes a whole number, not many", id="no-number"),
        pytest.param("(brace date:2016-13)", "brace", "left out `date:2016-13`: 2016-13 is not a date", id="no-month"),
        pytest.param("Diagnosis:sprain", "Diagnosis AND sprain", "Diagnosis is not a field", id="unknown-field"),
        pytest.param("-Diagnosis:sprain", "NOT (Diagnosis AND sprain)", "`Diagnosis:sprain` as text", id="negated"),
        pytest.param('a:"hot pack"', 'a AND "hot pack"', '`a:"hot pack"` as text: a is not a field', id="phrase"),
        pytest.param("Treatments:MRI", "Treatments AND MRI", "is not a field; nearest: treatment", id="plural"),
        pytest.param("brace outcom:upheld", "brace AND outcom AND upheld", "nearest: outcome", id="letter-missing"),
        pytest.param("drug_clas:x", "drug_clas AND x", "nearest: drug-class", id="nearest-as-the-option"),
        pytest.param("Quantity:60.00", "Quantity AND 60.00", "`Quantity:60.00` as text: quantity takes", id="fraction"),
        pytest.param('page:"" brace', "page AND brace", "page takes a whole number", id="nothing-quoted"),
        pytest.param("Item:A", "Item AND A", "item takes a whole number, not A", id="letter-for-a-number"),
        pytest.param("page:24-26,", '"page 24-26" OR page:24..26', "`page:24-26` as text", id="range"),
        pytest.param(
            "it IS NOT brace", "it AND IS AND NOT AND brace", "treated `NOT` as text behind `is`", id="is-not"
        ),
        pytest.param("decision_date:soon", "decision_date AND soon", "soon is not a date", id="no-date"),
        pytest.param("###", "", "nothing in the query can be searched for", id="only-signs"),
        pytest.param("😀", "", "nothing in the query can be searched for", id="only-emoji"),
        pytest.param('""', "", "nothing in the query can be searched for", id="empty-phrase"),
    ],
)
def test_notices(typed, run, notice):
    question = parse(typed)
    assert written(question.tree) == run
    assert any(notice in line for line in question.notices)


@pytest.mark.parametrize(
    ("typed", "line", "marked"),
    [
        pytest.param("brace outcom:upheld", "brace outcom:upheld", "outcom:", id="field"),
        pytest.param("brace age:60..40 tip", "brace age:60..40 tip", "60..40", id="value"),
        pytest.param("tip\n\x1b[31m outcom:up", "tip\u240a\u241b[31m outcom:up", "outcom:", id="control-characters"),
        pytest.param("\u202etip\u0085 outcom:up", "\ufffdtip\ufffd outcom:up", "outcom:", id="direction-of-writing"),
        pytest.param("w " * 90 + "outcom:up" + " z" * 90, f"…{'w ' * 24}outcom:up{' z' * 7} …", "outcom:", id="window"),
        pytest.param("outcom:up" + " z" * 90, f"outcom:up{' z' * 31} …", "outcom:", id="beginning"),
        pytest.param("w " * 90 + "outcom:up", f"…{' w' * 31} outcom:up", "outcom:", id="end"),
    ],
)
def test_a_mistake_is_shown_in_its_place(typed, line, marked):
    shown, caret = parse(typed).notices[0].split("\n")[1:]
    assert shown == f"    {line}"
    assert shown[caret.index("^") :].startswith(marked)
    assert caret.strip() == "^"


@pytest.mark.parametrize(
    ("text", "place", "columns"),
    [
        pytest.param("abc", 3, 3, id="behind-the-end"),
        pytest.param("\u65e5\u672c x", 3, 5, id="wide-characters"),
        pytest.param("e\u0301e\u0301 x", 5, 3, id="combining-marks"),
        pytest.param("", 0, 0, id="empty"),
    ],
)
def test_the_caret_stands_under_the_place(text, place, columns):
    assert place_in(text, place).split("\n")[1] == " " * (4 + columns) + "^"


def test_no_line_is_wider_than_a_terminal():
    for place in range(0, 400, 7):
        assert max(map(len, place_in("abcd" * 100, place).split("\n"))) <= 80


def test_what_cannot_be_searched_for_finds_nothing():
    assert parse("#").tree == NOTHING
    assert parse(" ").tree == All()


@pytest.mark.parametrize("field", SEARCHABLE, ids=lambda field: field.name)
def test_every_field_can_be_asked_for(field):
    [within] = values_in(parse(f"brace {field.option}:2017").tree)
    assert (within.field, within.text) == (field.name, "2017")


def test_stored_fields_are_not_asked_for():
    assert list(values_in(parse("record:x").tree)) == []


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("brace " + "x" * MAX_LENGTH, id="length"),
        pytest.param("brace (" + "tip " * (MAX_WORDS + 1) + ") cane", id="words"),
    ],
)
def test_what_is_too_long_is_cut(typed):
    question = parse(typed)
    assert written(question.tree).startswith("brace AND ")
    assert "cane" not in written(question.tree)
    assert question.notices[0].startswith("only the first ")


def test_too_many_operators_are_refused():
    with pytest.raises(QueryError, match="more than 6 of /n"):
        parse("tip /5 " * (MAX_NEARS + 1) + "tip")


def test_a_written_tree_is_read_back():
    typed = '(a OR b c) -(d OR e /5 "f g") NOT (h OR i*) treatment:"j" age:40..60 (k OR (l (m OR n)))'
    run = written(parse(typed).tree)
    assert written(parse(run).tree) == run


def test_the_help_holds_what_is_understood():
    examples = [line[2:32].strip() for line in grammar().splitlines() if line.startswith("  ")]
    assert len(examples) > 20
    for example in examples:
        assert parse(example).notices == ()


def test_limits_are_reached_without_error():
    parse("(" * MAX_LENGTH)
    assert len(parse("tip " * MAX_WORDS).tree.parts) == MAX_WORDS


@pytest.mark.parametrize(
    ("typed", "run"),
    [
        pytest.param('"klonopin"', '"klonopin"', id="quotes-switch-it-off"),
        pytest.param("treatment:klonopin", "treatment:klonopin", id="field"),
        pytest.param("statins", "statins OR drug_class:statins", id="class"),
        pytest.param("sleep statins", "sleep AND (statins OR drug_class:statins)", id="class-among-words"),
        pytest.param("statins OR sleep", "(statins OR drug_class:statins) OR sleep", id="class-in-or"),
        pytest.param("-statins", "NOT (statins OR drug_class:statins)", id="negated"),
        pytest.param(
            "chronic muscle relaxants",
            'chronic AND ("muscle relaxants" OR drug_class:"muscle relaxants" OR "muscle relaxer"'
            ' OR "antispasticity drug" OR antispasmodic)',
            id="longest-name-first",
        ),
        pytest.param("muscle -relaxants", "muscle AND NOT relaxants", id="not-side-by-side"),
        pytest.param("brace pain", "brace AND pain", id="ordinary-words"),
    ],
)
def test_expansion(typed, run):
    assert written(expand(parse(typed)).tree) == run


def test_a_drug_is_found_by_its_value_and_its_other_names():
    run = written(expand(parse("Norco 5mg")).tree)
    assert run.startswith("(Norco OR (drug:hydrocodone AND drug:acetaminophen) OR ")
    assert " OR Vicodin OR " in run
    assert run.endswith(") AND 5mg")


def test_expansion_is_told_once_and_in_brief():
    [notice] = expand(parse("norco OR norco")).notices
    assert notice.startswith("norco: also searched ")
    assert notice.count(",") == LISTED - 1
    assert notice.endswith(" more")


def test_a_notice_quotes_clean_words():
    [notice] = expand(parse("(norco), brace")).notices
    assert notice.startswith("norco: also searched ")


def test_correct_names_are_told_without_misspellings():
    [notice] = expand(parse("klonipin")).notices
    assert notice == "klonipin: also searched clonazepam, Klonopin"


def test_what_is_left_out_is_told_so():
    [notice] = expand(parse("brace -opioids")).notices
    assert notice.startswith("opioids: also left out items whose drug is one of the opioids (")


@pytest.mark.property
@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet=' "“”-():ORNTAND#abc1./,\x00\ud800é\u0301', max_size=200))
def test_parsing_ends_in_a_tree_or_a_query_error(typed):
    try:
        question = expand(parse(typed))
    except QueryError:
        return
    written(question.tree).encode()


@pytest.mark.property
@given(st.lists(st.sampled_from(["brace", "tip", "10/325mg", "L4-5", "left,"]), min_size=2, max_size=9))
def test_plain_words_are_all_kept_in_order(words):
    tree = parse(" ".join(words)).tree
    assert [part.text for part in tree.parts] == words
    assert all(isinstance(part, Word) for part in tree.parts)


@pytest.mark.property
@given(
    st.sampled_from([field for field in SEARCHABLE if field.kind in ("keyword", "text")]),
    st.from_regex(r"[a-z0-9]{1,8}( [a-z0-9]{1,8})?", fullmatch=True),
)
def test_a_written_value_is_read_back(field, value):
    node = Within(field.name, value)
    [read] = values_in(parse(written(node)).tree)
    assert (read.field, read.text) == (field.name, value)
