"""Files of Python's own, each call of which runs on a worker; and functions made asynchronous."""

import inspect
from abc import ABCMeta
from asyncio import get_running_loop
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from functools import partial, wraps
from inspect import Parameter

from . import _folio, _loop

__all__ = ["AiofilesContextManager", "AsyncBase", "AsyncIndirectBase", "wrap"]


def call(loop, executor, order, function, args, kwargs, if_lost=None, goes_on=False):
    """Calls a function on the executor if there is one, otherwise on folio's engine; returns an awaitable.

    If the call is cancelled while it runs, the method `if_lost` of what it returns is called. With `goes_on` it is
    carried out even if it is cancelled before it has begun.
    """
    if executor is None:
        return _folio.run(order, function, args, kwargs, if_lost, goes_on)
    return (loop or _loop.running()).run_in_executor(executor, partial(function, *args, **kwargs))


def wrap(func):
    """Makes a blocking function asynchronous: it runs on a worker of the engine."""

    @wraps(func)
    async def run(*args, loop=None, executor=None, **kwargs):
        return await call(loop, executor, None, func, args, kwargs)

    return signed(run, func)


def signed(run, func):
    """Gives an asynchronous function the signature of the other, with `loop` and `executor` added."""
    try:
        signature = inspect.signature(func)
    except (TypeError, ValueError):
        return run
    own = [parameter for parameter in signature.parameters.values() if parameter.kind is not Parameter.VAR_KEYWORD]
    rest = list(signature.parameters.values())[len(own) :]
    added = [Parameter(name, Parameter.KEYWORD_ONLY, default=None) for name in ("loop", "executor")]
    run.__signature__ = signature.replace(parameters=[*own, *added, *rest])
    return run


# Methods that leave nothing open, also if no one waits for them any more.
_CLOSING = {"close", "__exit__"}


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
        function, goes_on = getattr(self._file, name), name in _CLOSING
        return call(self._ref_loop, self._executor, self._order, function, args, kwargs, None, goes_on)

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
            await call(loop, executor, None, file.__exit__, (exc_type, exc_val, exc_tb), {}, None, True)
