"""Every call of the JSON API with every parameter: `test_api.py` runs it, because collecting it takes seconds."""

from hypothesis import settings

from tests.test_api import QUIET, app, check_described, described

__all__ = ["app"]


@described().parametrize()
@settings(QUIET, max_examples=200)
def test_nothing_is_answered_otherwise_than_described(case, app):
    check_described(case, app)
