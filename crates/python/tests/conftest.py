"""What the tests share."""

import asyncio

import pytest

import folio
import folio.os


@pytest.fixture
def room(tmp_path):
    """A folder of the test's own."""
    return tmp_path


def loops():
    """The factories of event loops that there are here."""
    factories = [pytest.param(asyncio.new_event_loop, id="asyncio")]
    try:
        import uvloop
    except ImportError:
        return factories
    return [*factories, pytest.param(uvloop.new_event_loop, id="uvloop")]


@pytest.fixture(params=loops())
def run(request):
    """Runs a coroutine on a new loop of each kind."""

    def run(coroutine):
        loop = request.param()
        try:
            return loop.run_until_complete(coroutine)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return run
