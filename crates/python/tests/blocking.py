"""folio's files for programs that wait for each call, as those of `open` are used."""

import asyncio
import inspect
import threading

_threads = threading.local()


def wait(result, loop=None):
    """Waits for an awaitable on a loop, by default this thread's own; returns anything else as it is."""
    if not inspect.isawaitable(result):
        return result
    return (loop or _loop()).run_until_complete(_awaited(result))


def _loop():
    if not hasattr(_threads, "loop"):
        _threads.loop = asyncio.new_event_loop()
    return _threads.loop


async def _awaited(result):
    return await result


class Blocking:
    """A file of folio's whose methods wait. `with` ends as `async with` over its manager does."""

    def __init__(self, file, loop=None, manager=None):
        vars(self).update(_asynchronous=file, _loop=loop, _manager=manager)

    def __getattr__(self, name):
        if name.startswith("_") and not hasattr(self._asynchronous, name):
            # The file of Python's own that is wrapped.
            return getattr(self._asynchronous._file, name)
        found = getattr(self._asynchronous, name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: wait(found(*args, **kwargs), self._loop)

    def __setattr__(self, name, value):
        setattr(self._asynchronous, name, value)

    def __repr__(self):
        return repr(self._asynchronous)

    def __enter__(self):
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        return self

    def __exit__(self, *exception):
        if self._manager is None:
            return self.close()
        return wait(self._manager.__aexit__(*exception), self._loop)

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return wait(self._asynchronous.__anext__(), self._loop)
        except StopAsyncIteration:
            raise StopIteration from None
