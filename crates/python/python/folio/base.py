"""Files of Python's own, each call of which runs on a worker; and functions made asynchronous."""

from abc import ABCMeta
from asyncio import get_running_loop
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from functools import partial, wraps

from . import _folio, _loop  # noqa: F401

__all__ = ["AiofilesContextManager", "AsyncBase", "AsyncIndirectBase", "wrap"]


def call(loop, executor, order, function, args, kwargs, close_if_lost=False):
    """Calls a function on the executor if there is one, otherwise on folio's engine; returns an awaitable.

    What it returns is closed if `close_if_lost` and the call is cancelled while it runs.
    """
    if executor is None:
        return _folio.run(order, function, args, kwargs, close_if_lost)
    return (loop or get_running_loop()).run_in_executor(executor, partial(function, *args, **kwargs))


def wrap(func):
    """Makes a blocking function asynchronous: it runs on a worker of the engine."""

    @wraps(func)
    async def run(*args, loop=None, executor=None, **kwargs):
        return await call(loop, executor, None, func, args, kwargs)

    return run


class AsyncBase(metaclass=ABCMeta):
    """A file of Python's own. Calls run one after another, in the order in which they were made."""

    def __init__(self, file, loop, executor):
        self._file = file
        self._executor = executor
        self._ref_loop = loop
        self._order = _folio.Order()

    @property
    def _loop(self):
        return self._ref_loop or get_running_loop()

    def _call(self, name, args, kwargs):
        return call(self._ref_loop, self._executor, self._order, getattr(self._file, name), args, kwargs)

    def __aiter__(self):
        """Returns the file itself, which is its own iterator."""
        return self

    def __repr__(self):
        return super().__repr__() + " wrapping " + repr(self._file)

    async def __anext__(self):
        """Returns the next line."""
        if line := await self.readline():
            return line
        raise StopAsyncIteration


class AsyncIndirectBase(AsyncBase):
    """A file that is looked up at each call."""

    def __init__(self, name, loop, executor, indirect):
        self._indirect = indirect
        self._name = name
        super().__init__(None, loop, executor)

    @property
    def _file(self):
        return self._indirect()

    @_file.setter
    def _file(self, v):
        pass


class AiofilesContextManager(Awaitable, AbstractAsyncContextManager):
    """What opens a file: awaited, it gives the file; in `async with`, it closes it again."""

    __slots__ = ("_coro", "_obj")

    def __init__(self, coro):
        self._coro = coro
        self._obj = None

    def __await__(self):
        if self._obj is None:
            self._obj = yield from self._coro.__await__()
        return self._obj

    async def __aenter__(self):
        return await self

    async def __aexit__(self, exc_type, exc_val, exc_tb):
        opened, self._obj = self._obj, None
        if isinstance(opened, AsyncBase) and hasattr(opened, "_order"):
            await opened._call("__exit__", (exc_type, exc_val, exc_tb), {})
        else:
            file, loop, executor = opened._file, opened._loop, opened._executor
            await call(loop, executor, None, file.__exit__, (exc_type, exc_val, exc_tb), {})
