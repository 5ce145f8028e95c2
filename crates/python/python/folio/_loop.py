"""What the native half needs to know of event loops and of the process."""

import atexit
import os
import sys
from asyncio import current_task, events
from weakref import WeakKeyDictionary

from . import _folio

# Each loop that has waited for an answer, and what it watches for more of them.
drivers = WeakKeyDictionary()


def running():
    """Returns the running event loop, or what stands for trio's."""
    loop = events._get_running_loop()
    if _is_on_trio(loop):
        from . import _trio

        return _trio.loop()
    if loop is None:
        raise RuntimeError("no running event loop: folio works with asyncio and uvloop, and with trio")
    return loop


def turn():
    """Returns what a coroutine yields so that its loop has a turn."""
    if _is_on_trio(events._get_running_loop()):
        from . import _trio

        return _trio.turn()
    # A bare yield: the task goes on in the loop's next turn.
    return None


def _is_on_trio(loop):
    # trio may be the guest of a loop of asyncio's, and has no task then that asyncio knows; trio-asyncio the other way round.
    trio = sys.modules.get("trio.lowlevel")
    return trio is not None and trio.in_trio_task() and (loop is None or current_task(loop) is None)


def _after_fork():
    # The parent's loops and workers are not here.
    drivers.clear()
    _folio.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_folio.finish)
