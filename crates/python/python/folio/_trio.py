"""What asyncio's loops are asked for, from trio."""

from math import inf

import trio
from trio import lowlevel

_loops = lowlevel.RunVar("folio")


def loop():
    """Returns what stands for this run of trio."""
    try:
        return _loops.get()
    except LookupError:
        _loops.set(Loop())
        return _loops.get()


class Loop:
    """A run of trio, with the methods of a loop that the native half uses."""

    is_foreign = True

    def create_future(self):
        """Returns what the current task can wait for."""
        return Future()

    def add_reader(self, descriptor, callback):
        """Has `callback` called whenever there is something to read."""
        lowlevel.spawn_system_task(_watch, descriptor, callback, name="folio")

    def run_in_executor(self, executor, function):
        """Refuses: executors are asyncio's."""
        raise RuntimeError("an executor takes an event loop of asyncio's: with trio, leave `executor` out")


async def _watch(descriptor, callback):
    while True:
        await lowlevel.wait_readable(descriptor)
        callback()


class Future:
    """What wakes a task of trio's."""

    __slots__ = ("_asyncio_future_blocking", "_task", "_woken")

    def __init__(self):
        self._task = lowlevel.current_task()
        self._woken = False

    def done(self):
        """Returns whether the task has been woken."""
        return self._woken

    def set_result(self, result):
        """Wakes the task."""
        self._woken = True
        lowlevel.reschedule(self._task)

    def yielded(self):
        """Returns what a coroutine yields to trio in order to wait."""
        return _asked_of_trio(lowlevel.wait_task_rescheduled(self._cancel))

    def _cancel(self, raise_cancel):
        self._woken = True
        return lowlevel.Abort.SUCCEEDED


def turn():
    """Returns what a coroutine yields to trio in order to give it a turn."""
    if trio.current_effective_deadline() == -inf:
        return _asked_of_trio(lowlevel.wait_task_rescheduled(lambda raise_cancel: lowlevel.Abort.SUCCEEDED))
    return _asked_of_trio(lowlevel.cancel_shielded_checkpoint())


def _asked_of_trio(coroutine):
    # The first that these functions yield; what trio answers is for the caller's own coroutine.
    asked = coroutine.send(None)
    coroutine.close()
    return asked
