"""How far a run has come, in words and as lines on stderr; and what a run takes of the machine."""

import pytest

from imrsearch.indexer.build import Done, this_machine
from imrsearch.search import progress


@pytest.mark.parametrize(
    ("done", "seconds", "total", "words"),
    [
        pytest.param(
            Done(50, 50, 120, 0), 10.0, 100, "50 letters, 120 items (5 letters/s, 12 items/s), 10 s left", id="half"
        ),
        pytest.param(
            Done(100, 99, 230, 1), 10.0, 100, "99 letters, 230 items (10 letters/s, 23 items/s), 1 failed", id="end"
        ),
        pytest.param(Done(0, 0, 0, 0), 0.0, 100, "0 letters, 0 items", id="start"),
    ],
)
def test_in_words(done, seconds, total, words):
    assert progress.in_words(done, seconds=seconds, total=total) == words


@pytest.mark.parametrize(("seconds", "words"), [(12, "12 s"), (185, "3 min"), (7_500, "2 h 5 min")])
def test_duration(seconds, words):
    assert progress.duration(seconds) == words


def test_where_there_is_no_terminal_a_line_now_and_then(monkeypatch, capsys):
    monkeypatch.setattr(progress, "BETWEEN", 0.0)
    with progress.shown(2) as tell:
        tell(Done(1, 1, 3, 0))
    assert capsys.readouterr().err.startswith("1 letter, 3 items (")
    monkeypatch.setattr(progress, "BETWEEN", 1_000.0)
    with progress.shown(2) as tell:
        tell(Done(1, 1, 3, 0))
    assert capsys.readouterr().err == ""


def test_a_run_takes_what_it_is_given_and_else_a_share_of_the_machine():
    given = this_machine(cores=3, memory=200)
    assert (given.cores, given.heap) == (3, 200_000_000)
    assert this_machine(cores=8, memory=50).heap == 120_000_000
    own = this_machine()
    assert own.cores >= 1
    assert 100_000_000 <= own.heap <= 800_000_000
