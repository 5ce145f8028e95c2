"""What the native half needs to know of event loops and of the process."""

import atexit
import os
from asyncio import events
from weakref import WeakKeyDictionary

from . import _folio

# Each loop that has waited for an answer, and what it watches for more of them.
drivers = WeakKeyDictionary()


def running():
    """Returns the running event loop."""
    loop = events._get_running_loop()
    if loop is None:
        raise RuntimeError(
            "no running event loop: folio works with asyncio and uvloop. "
            "With trio, use trio.open_file, or run this code in trio_asyncio"
        )
    return loop


def _after_fork():
    # The parent's loops and workers are not here.
    drivers.clear()
    _folio.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_folio.finish)
