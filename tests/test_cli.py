"""The command line: what is printed where, in which shape, and what the exit code says."""

import contextlib
import json
import os
import re
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("reportlab")
pytest.importorskip("pikepdf")

from imrsearch.indexer.build import build_index
from imrsearch.schema.fields import FACETS, FILTERS
from imrsearch.schema.manifest import read_manifest, write_manifest
from imrsearch.search import cli
from tests.corpus import letters

KEY = "xanax-ambien"
CASE = letters()[KEY]["case_number"]
KEEPING = ("save", "run", "new", "set", "saved")
READING = ("index", "reindex", "check", "parse")
DESK = ("similar", "contrast", "stats", "guidelines", "cite")
COMMANDS = ("search", "show", "status", "fields", "demo", "help", *READING, *DESK, *KEEPING, "serve", "mcp")
SEARCH_KEYS = (
    "schema_version query query_as_run filters index total total_letters total_families returned truncated took_ms "
    "notices hits facets"
).split()
HIT_KEYS = (
    "id letter_id item treatment outcome score decision_date specialties drugs imr_guideline snippet highlights"
    " family similar family_outcomes"
).split()
LETTER_KEYS = (
    "letter_id case_number priority decision_date assigned_date injury_date ur_denial_date application_date "
    "licensure_states specialties patient_age patient_sex summary items source"
).split()
ITEM_KEYS = (
    "id item treatment requested authorized disputed outcome ur_guideline imr_guideline ur_citations imr_citations "
    "rationale drugs drug_classes category subcategory body_parts strength quantity"
).split()
REPORT_KEYS = (
    "index generation read added replaced unchanged duplicates failed letters items seconds problems notes"
).split()


@pytest.fixture(scope="session")
def script():
    """The installed command."""
    path = Path(sys.executable).with_name("imrsearch")
    if not path.exists():
        pytest.skip("imrsearch is not installed as a command")
    return str(path)


@pytest.fixture
def bad_file(tmp_path):
    path = tmp_path / "bad.txt"
    path.write_bytes(b"")
    return path


# Exit codes.
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["klonopin"], 0, id="found"),
        pytest.param([""], 0, id="empty-query-lists-everything"),
        pytest.param(["--outcome", "upheld"], 0, id="filters-only"),
        pytest.param(["zzzzqqqq"], 1, id="nothing-found"),
        pytest.param(["klonopin zzzzqqqq"], 0, id="most-of-the-words"),
        pytest.param(["klonopin zzzzqqqq", "--no-widen"], 1, id="not-all-the-words"),
        pytest.param(["klonopin", "--year", "1901"], 1, id="nothing-left-by-the-filter"),
        pytest.param(["klonopin", "--limit", "0"], 0, id="limit-0"),
        pytest.param(["klonopin", "--limit", "many"], 2, id="no-number"),
        pytest.param(["klonopin", "--limit", "-1"], 2, id="negative-limit"),
        pytest.param(["klonopin", "--facets", "colour"], 2, id="no-such-facet"),
        pytest.param(["klonopin", "--sort", "best"], 2, id="no-such-order"),
        pytest.param(["klonopin", "--since", "yesterday"], 2, id="no-date"),
        pytest.param(["klonopin", "--since", "2018", "--until", "2012"], 2, id="dates-that-cross"),
        pytest.param(["klonopin", "--colour", "red"], 2, id="no-such-option"),
        pytest.param(["klonopin", "--page", "first"], 2, id="a-page-is-a-number"),
        pytest.param(["x" * 100_000], 1, id="too-long"),
        pytest.param(["word /5 " * 8 + "word"], 2, id="too-many-operators"),
        pytest.param(["outcom:upheld"], 1, id="misspelt-field-is-text"),
        pytest.param(["show", "nothing"], 2, id="no-such-item"),
        pytest.param(["show", f"{CASE}:1"], 0, id="show-item"),
        pytest.param(["show", CASE.lower()], 0, id="show-letter"),
        pytest.param(["status"], 0, id="status"),
        pytest.param(["fields"], 0, id="fields"),
    ],
)
def test_exit_code(arguments, code, run, index_dir):
    done = run(*arguments, *([] if arguments == ["fields"] else ["--index", index_dir]))
    assert done.code == code
    if code == 2:
        assert done.out == ""
        assert done.err.startswith("error: ")
    else:
        assert done.out
        assert done.err == ""


def test_bad_usage_without_an_index(run):
    for arguments in (["parse"], ["index"], ["show"], ["parse", "/no/such/file"], ["index", "/no/such/*.pdf"]):
        done = run(*arguments)
        assert done.code == 2, arguments
        assert "error: " in done.err


@pytest.mark.parametrize("arguments", [["klonopin"], ["status"], ["show", "x"], ["", "--json"]])
def test_no_index(arguments, run, tmp_path):
    done = run(*arguments, "--index", tmp_path / "nothing")
    assert done.code == 3
    assert done.out == ""
    assert done.err.startswith("error: there is no index at ")
    assert "\nhint: run: imrsearch index" in done.err


@pytest.mark.parametrize("arguments", [["klonopin"], ["status"], ["show", "x"]])
def test_an_index_of_other_fields(arguments, run, tmp_path, letters_dir):
    build_index(sorted(letters_dir.iterdir())[:1], tmp_path / "index")
    write_manifest(tmp_path / "index", msgspec.structs.replace(read_manifest(tmp_path / "index"), fingerprint="0" * 16))
    done = run(*arguments, "--index", tmp_path / "index")
    assert (done.code, done.out) == (3, "")
    assert "reindex" in done.err


def test_some_letters_failed(run, letters_dir, bad_file, tmp_path):
    good = sorted(letters_dir.iterdir())[0]
    done = run("index", good, bad_file, "--index", tmp_path / "index")
    assert done.code == 4
    assert f"  {bad_file}: the file is empty" in done.out
    parsed = run("parse", good, bad_file, "--json")
    assert parsed.code == 4
    assert len(parsed.out.splitlines()) == 1
    assert parsed.err.startswith(f"error: {bad_file}: the file is empty")
    strict = run("index", bad_file, "--strict", "--index", tmp_path / "index")
    assert strict.code == 4
    assert strict.err.startswith(f"error: {bad_file}: the file is empty")


def test_interrupted(run, letters_dir, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("imrsearch.indexer.build.build_index", interrupt)
    done = run("index", letters_dir, "--index", tmp_path / "index")
    assert done.code == 130
    assert done.out == ""


def test_interrupted_by_a_signal(script, tmp_path):
    command = [script, "index", "-", "--index", str(tmp_path / "index")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        running.wait(timeout=10)
        assert running.returncode == 130
        assert b"Traceback" not in running.stderr.read()


def test_an_unexpected_failure_prints_no_traceback(run, index_dir, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("imrsearch.search.searcher.Searcher.answer", fail)
    done = run("klonopin", "--index", index_dir)
    assert done.code not in (0, 1, 2, 3, 4)
    assert done.err.startswith("error: unexpected ZeroDivisionError")
    assert "hint: " in done.err


@pytest.mark.parametrize(
    "query",
    [
        "(" * 5000,
        ")",
        '"',
        "-",
        "--",
        "a:",
        ":a",
        "\x00",
        "nor*",
        "a~1",
        "L4-5 (facet",
        "🦴" * 50,
        "a OR",
        "NOT",
        "\\",
        "[a TO b]",
    ],
)
def test_no_query_prints_a_traceback(query, run, index_dir):
    done = run("search", "--index", index_dir, "--", query)
    assert done.code in (0, 1, 2)
    assert (done.code == 2) == (done.out == "")


# Where options may stand.
def hit_ids(done):
    return [hit["id"] for hit in json.loads(done.out)["hits"]]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param("search klonopin --json --outcome upheld", id="search"),
        pytest.param("klonopin --json --outcome upheld", id="no-command"),
        pytest.param("--json --outcome upheld klonopin", id="options-first"),
        pytest.param("--json --outcome upheld search klonopin", id="options-before-the-command"),
        pytest.param("--outcome upheld klonopin --json", id="options-around"),
        pytest.param("--outcome=upheld --json -- klonopin", id="equals-and-double-hyphen"),
        pytest.param("-n 10 klonopin --outcome upheld --json", id="short-option-first"),
        pytest.param("klonopin --json --outcome UPHELD --outcome upheld", id="repeated"),
    ],
)
def test_options_before_or_after_the_query(arguments, run, index_dir):
    done = run("--index", index_dir, *arguments.split())
    plain = run("search", "klonopin", "--outcome", "upheld", "--json", "--index", index_dir)
    assert hit_ids(done) == hit_ids(plain) != []


def test_a_query_is_short_for_search(run, index_dir):
    for query in (["klonopin"], ["benzodiazepines", "4", "weeks"], ["zzzqqq"], ["--drug", "norco"]):
        short = run(*query, "--index", index_dir)
        assert short == run("search", *query, "--index", index_dir)


def test_several_words_are_one_query(run, index_dir):
    apart = run("benzodiazepines", "4", "weeks", "--json", "--index", index_dir)
    assert json.loads(apart.out)["query"] == "benzodiazepines 4 weeks"


def test_a_word_left_out_may_stand_alone(run, index_dir):
    """As the examples of the help have it: imrsearch norco -weaning."""
    done = run("--json", "--index", index_dir, "norco", "-zebra")
    assert done.code == 0, done.err
    assert json.loads(done.out)["query"] == "norco -zebra"


def test_a_word_that_is_also_a_command_can_be_searched(run, index_dir):
    for arguments in (["search", "status"], ["--", "status"]):
        done = run("--index", index_dir, "--json", *arguments)
        assert json.loads(done.out)["query"] == "status", arguments


def test_options_before_a_command(run, index_dir):
    before, after = run("--index", index_dir, "status", "--json"), run("status", "--index", index_dir, "--json")
    assert before == after
    assert before.code == 0


def test_the_index_folder_of_the_environment(run, index_dir, monkeypatch, tmp_path):
    monkeypatch.setenv("IMRSEARCH_INDEX", str(index_dir))
    assert run("klonopin").code == 0
    assert run("klonopin", "--index", tmp_path / "nothing").code == 3


def test_the_index_folder_of_the_user(run, letters_dir, tmp_path):
    done = run("index", letters_dir, "--json")
    folder = Path(json.loads(done.out)["index"])
    assert folder.is_dir()
    assert tmp_path in folder.parents
    assert run("klonopin").code == 0


# Paths.
def test_paths_on_stdin(run, letters_dir, tmp_path):
    paths = sorted(letters_dir.iterdir())[:3]
    done = run("index", "-", "--json", "--index", tmp_path / "index", stdin="\n".join(map(str, paths)) + "\n\n")
    assert json.loads(done.out)["read"] == 3
    parsed = run("parse", "-", "--json", stdin=f"{paths[0]}\n")
    assert len(parsed.out.splitlines()) == 1


def test_globs_and_folders(run, letters_dir):
    pdfs = run("parse", f"{letters_dir}/*.pdf", "--json")
    everything = run("parse", letters_dir, "--json")
    assert len(pdfs.out.splitlines()) == len(list(letters_dir.glob("*.pdf")))
    assert len(everything.out.splitlines()) == len(list(letters_dir.iterdir()))


def test_a_file_named_with_newlines_is_reported_on_one_line(run, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "new\nline\x1b[31m.txt").write_bytes(b"")
    report = run("index", folder, "--index", tmp_path / "index")
    assert len([line for line in report.out.splitlines() if "the file is empty" in line and str(folder) in line]) == 1
    parsed = run("parse", folder)
    assert "\x1b" not in report.out + parsed.err
    assert parsed.err.splitlines()[0].endswith("the file is empty")


# JSON.
def test_search_json(run, index_dir):
    done = run("klonopin", "--json", "--facets", "outcome,drug-class", "--since", "2014", "--index", index_dir)
    assert len(done.out.splitlines()) == 1
    found = json.loads(done.out)
    assert list(found) == SEARCH_KEYS
    assert list(found["index"]) == ["generation", "letters", "items"]
    assert [list(hit) for hit in found["hits"]] == [HIT_KEYS] * found["returned"] != []
    assert list(found["facets"]) == ["outcome", "drug_class"]
    assert list(found["facets"]["outcome"][0]) == ["value", "count", "letters"]
    assert found["filters"] == {"since": "2014"}
    assert found["schema_version"] == 1
    for hit in found["hits"]:
        assert hit["id"] == f"{hit['letter_id']}:{hit['item']}"
        assert all(0 <= start < end <= len(hit["snippet"]) for start, end in hit["highlights"])


def test_search_json_of_nothing_has_the_same_keys(run, index_dir):
    done = run("zzzqqq", "--json", "--index", index_dir)
    assert done.code == 1
    assert list(json.loads(done.out)) == SEARCH_KEYS


def test_parse_json(run, letters_dir):
    done = run("parse", letters_dir, "--json")
    found = [json.loads(line) for line in done.out.splitlines()]
    assert done.err == ""
    for letter in found:
        assert list(letter) == LETTER_KEYS
        assert list(letter["source"]) == ["path", "kind", "sha256"]
        for item in letter["items"]:
            assert list(item) == ITEM_KEYS
            for citation in item["ur_citations"] + item["imr_citations"]:
                assert list(citation) == ["guideline", "document", "edition", "section", "pages", "text"]


def test_index_json(run, letters_dir, bad_file, tmp_path):
    done = run("index", letters_dir, bad_file, "--json", "--index", tmp_path / "index")
    assert len(done.out.splitlines()) == 1
    report = json.loads(done.out)
    assert list(report) == REPORT_KEYS
    assert [list(problem) for problem in report["problems"]] == [["path", "reason", "hint"]]
    assert report["read"] == report["added"] == report["letters"]


def test_status_json(run, index_dir):
    found = json.loads(run("status", "--json", "--index", index_dir).out)
    assert {"index", "generation", "built_at", "letters", "items", "fields"} <= found.keys()
    assert found["index"] == str(index_dir)


def test_show_json(run, index_dir):
    letter = json.loads(run("show", CASE, "--json", "--index", index_dir).out)
    assert list(letter) == LETTER_KEYS
    item = json.loads(run("show", f"{CASE}:1", "--json", "--index", index_dir).out)
    assert item["item"] == letter["items"][0]
    assert [sibling["id"] for sibling in item["siblings"]] == [
        f"{CASE}:{place}" for place in range(2, len(letter["items"]) + 1)
    ]


def test_fields_json(run):
    found = [json.loads(line) for line in run("fields", "--json").out.splitlines()]
    assert {"name", "kind", "help"} <= found[0].keys()
    assert "outcome" in [field["name"] for field in found]


# What people read.
def test_search_says_how_many(run, index_dir):
    done = run("klonopin", "--index", index_dir)
    assert re.match(r"\d+ items? in \d+ letters?", done.out)


def test_show_prints_the_item_its_letter_and_its_siblings(run, index_dir):
    letter = letters()[KEY]
    out = run("show", f"{CASE}:1", "--index", index_dir).out
    assert letter["items"][0]["rationale"] in out
    assert letter["summary"] in out
    assert letter["items"][1]["treatment"] in out
    assert letter["items"][1]["rationale"] not in out


def test_index_says_what_it_did(run, letters_dir, tmp_path):
    number = len(list(letters_dir.iterdir()))
    first = run("index", letters_dir, "--index", tmp_path / "index")
    assert f"read {number} letters: {number} added" in first.out
    second = run("index", letters_dir, "--index", tmp_path / "index")
    assert f"{number} unchanged" in second.out


def test_nothing_piped_is_coloured(run, index_dir, letters_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    for arguments in (
        ["klonopin", "--facets", "all", "--index", index_dir],
        ["show", f"{CASE}:1", "--index", index_dir],
        ["show", CASE, "--index", index_dir],
        ["status", "--index", index_dir],
        ["fields"],
        ["--help"],
        ["search", "--help"],
        ["index", letters_dir, "--index", tmp_path / "index"],
        ["parse", sorted(letters_dir.iterdir())[0]],
        ["klonopin", "--bogus"],
    ):
        done = run(*arguments)
        assert "\x1b" not in done.out + done.err, arguments


def test_nothing_piped_is_cut(run, index_dir, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    longest = max((item["treatment"] for item in letters()["fusion-with-services"]["items"]), key=len)
    case = letters()["fusion-with-services"]["case_number"]
    assert longest in run(f"letter_id:{case}", "--limit", "50", "--index", index_dir).out


@pytest.mark.parametrize("given", ["colour", "outcome,colour", "treatment", "summary"])
def test_a_facet_that_is_none_is_named(given, run, index_dir):
    done = run("klonopin", "--facets", given, "--index", index_dir)
    assert done.code == 2
    assert given.split(",")[-1] in done.err.splitlines()[0]
    assert "outcome" in done.err.splitlines()[1]
    assert done.err.splitlines()[1].startswith("hint: ")


def test_all_facets(run, index_dir):
    found = json.loads(run("", "--facets", "all", "--json", "--index", index_dir).out)
    assert list(found["facets"]) == [field.name for field in FACETS]


def test_a_query_error_shows_the_place(run, index_dir):
    done = run("word " * 200 + "a /5 " * 8 + "word " * 20, "--index", index_dir)
    lines = done.err.splitlines()
    assert done.code == 2
    assert lines[0].startswith("error: the query has more than")
    assert lines[1].startswith("    …")
    assert len(lines[1]) <= 80
    place = lines[2].index("^")
    assert lines[1][place - 2 : place + 3] == "a /5 "
    assert lines[3].startswith("hint: ")


# Help.
@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_help(command, run):
    done = run(command, "--help")
    assert done.code == 0
    options = re.findall(r"^  (?:-\w, )?--[\w-]+[^\n]*(?:\n {10,}[^\n]*)*", done.out, re.MULTILINE)
    assert options
    for option in options:
        words = re.sub(r"^\s*(?:-\w, )?--[\w-]+(?:\s+<?[A-Z]+>?(?:\s+RANGE)?)?", "", option)
        assert len(words.split()) >= 2, option


def test_every_filter_has_an_option(run):
    out = run("search", "--help").out
    for field in FILTERS:
        assert f"--{field.option} " in out


def test_every_command_has_help(run):
    out = run("--help").out
    assert re.findall(r"^  (\w+)  +\S", out.partition("Commands:")[2], re.MULTILINE) == list(COMMANDS)
    assert "Examples:" in out
    assert run().out == out
    assert run("-h").out == out


def examples():
    """Every example of the help that asks something of an index, as arguments."""
    pages = [cli.EXAMPLES, *getattr(cli, "HELP", {}).values()]
    lines = [line.strip() for page in pages for line in page.splitlines() if line.startswith("  imrsearch ")]
    for line in dict.fromkeys(lines):
        arguments = shlex.split(re.split(r"\s{3,}| \| | > (?=\w+\.)", line)[0])[1:]
        # The drafts of the examples are not here.
        absent = {"-", "draft.docx"} & set(arguments)
        if arguments[0] not in ("index", "parse", "demo", "show", *KEEPING) and not absent:
            yield pytest.param(arguments, id=" ".join(arguments))


@pytest.mark.parametrize("arguments", list(examples()))
def test_the_examples_of_the_help_run(arguments, run, index_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments, "--index", index_dir)
    assert done.code in (0, 1), done.err


@pytest.mark.parametrize("command", ["stats", "guidelines"])
def test_counting_has_a_code_and_three_formats(command, run, index_dir):
    plain = run(command, "klonopin", "--index", index_dir)
    assert plain.code == 0
    assert (
        plain.out.splitlines()[1] == "shares of published letters found by the same words; not the odds of a decision"
    )
    assert "\x1b" not in plain.out
    total = json.loads(run(command, "klonopin", "--json", "--index", index_dir).out)["total"]
    assert run(command, "klonopin", "--csv", "--index", index_dir).out.splitlines()[-1].count(str(total["items"]))
    assert run(command, "nosuchword", "--index", index_dir).code == 1
    both = run(command, "--json", "--csv", "--index", index_dir)
    assert (both.code, "hint: leave out one of them" in both.err) == (2, True)


def test_what_cannot_be_counted_by_names_what_can(run, index_dir):
    done = run("stats", "--by", "drugs", "--index", index_dir)
    assert done.code == 2
    assert done.err.startswith("error: there is no field to count by drugs\nhint: one of: drug, ")


def test_limit_leaves_rows_for_people_and_all_for_programs(run, index_dir):
    asked = ("stats", "--by", "citation", "--index", index_dir)
    rows = {len(json.loads(run(*asked, "--json", *limit).out)["rows"]) for limit in ((), ("--limit", 0))}
    assert len(rows) == 1
    assert rows.pop() > 20
    assert len(json.loads(run(*asked, "--json", "-n3").out)["rows"]) == 3
    assert "note: 20 of " in run(*asked).out


def test_version(run):
    assert re.fullmatch(r"imrsearch \d+\.\d+\.\d+\S*\n", run("--version").out)


def test_demo(run, tmp_path):
    done = run("demo", "--index", tmp_path / "demo")
    assert done.code == 0
    assert "benzodiazepines 4 weeks" in done.out
    assert "upheld" in done.out
    assert run("demo", "--index", tmp_path / "demo").code == 0


def test_the_demo_does_not_touch_the_users_index(run, letters_dir):
    run("index", letters_dir)
    before = json.loads(run("status", "--json").out)
    run("demo")
    assert json.loads(run("status", "--json").out) == before


# The installed command.
def test_the_command_and_the_module_are_the_same(script, index_dir):
    arguments = ["klonopin", "--limit", "1", "--index", str(index_dir)]
    by_name = subprocess.run([script, *arguments], capture_output=True, text=True, check=True)
    by_module = subprocess.run(
        [sys.executable, "-m", "imrsearch.search.cli", *arguments], capture_output=True, text=True, check=True
    )
    assert by_name.stdout == by_module.stdout
    assert by_name.stderr == by_module.stderr == ""


@pytest.mark.parametrize("arguments", [["--limit", "1000", "--json"], ["klonopin"], ["status"]])
def test_a_reader_that_leaves_is_no_failure(arguments, script, index_dir):
    """As `head` does: no traceback, and no exit code that means something else."""
    command = [script, *arguments, "--index", str(index_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        running.stdout.close()
        err = running.stderr.read()
        running.wait(timeout=10)
    assert err == ""
    assert running.returncode in (0, 141, -signal.SIGPIPE)


def is_quicker(command, *, than):
    """Whether one of five runs takes less: on the clock, or of the processor where other tests run at the same time."""
    for _ in range(5):
        started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if min(processor, time.perf_counter() - started) < than:
            return True
    return False


@pytest.mark.slow
def test_help_is_quick(script):
    assert is_quicker([script, "--help"], than=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("output", [[], ["--json"]])
def test_a_query_is_quick(output, script, index_dir):
    query = ["benzodiazepines 4 weeks", "--outcome", "upheld", "--facets", "outcome,specialty"]
    assert is_quicker([script, *query, *output, "--index", str(index_dir)], than=0.4)


def test_help_imports_no_engine():
    script = "import sys, imrsearch.search.cli; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {"tantivy", "selectolax", "pypdfium2", "rich"}.isdisjoint(done.stdout.split())


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals here")
def test_a_terminal_gets_cards_in_colour(script, index_dir):
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen([script, "klonopin", "--index", str(index_dir)], stdout=theirs, env=environment) as running:
        os.close(theirs)
        out = b""
        # A terminal that nobody writes to any more ends in an error.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                out += piece
        running.wait(timeout=10)
    os.close(ours)
    assert running.returncode == 0
    assert b"\x1b[" in out
    assert "Upheld: the denial stands" in out.decode()
