"""`open`, the streams of the process, and wrapping files of Python's own."""

import builtins
import locale
import sys
from functools import singledispatch
from io import BufferedIOBase, BufferedRandom, BufferedReader, BufferedWriter, FileIO, TextIOBase

from .. import _folio
from ..base import AiofilesContextManager, call
from .binary import AsyncBufferedIOBase, AsyncBufferedReader, AsyncFileIO, AsyncIndirectBufferedIOBase
from .text import AsyncTextIndirectIOWrapper, AsyncTextIOWrapper

__all__ = ("open", "stderr", "stderr_bytes", "stdin", "stdin_bytes", "stdout", "stdout_bytes")

# What opens files that the engine does not open itself. A test that replaces it sees every file opened by it.
sync_open = open

_native_open = _folio.open
_default_encoding = locale.getpreferredencoding(False)


def open(
    file,
    mode="r",
    buffering=-1,
    encoding=None,
    errors=None,
    newline=None,
    closefd=True,
    opener=None,
    *,
    loop=None,
    executor=None,
):
    """Opens a file as the builtin `open` does. Await the result, or use it in `async with`."""
    if (
        executor is None
        and opener is None
        and closefd
        and sync_open is builtins.open
        and not isinstance(file, int)
    ):
        try:
            opened = _native_open(
                file, mode, buffering, encoding, errors, newline, _default_encoding
            )
        except TypeError:
            # CPython words its own refusal, before it touches a file.
            opened = None
        except ValueError as error:
            if "U" not in mode or sys.version_info >= (3, 11):
                return AiofilesContextManager(_refuse(error))
            # A mode of old, which CPython still took.
            opened = None
        if opened is not None:
            return opened
    arguments = (file, mode, buffering, encoding, errors, newline, closefd, opener)
    return AiofilesContextManager(_open(arguments, loop, executor))


async def _refuse(error):
    raise error


async def _open(arguments, loop, executor):
    file = await call(loop, executor, None, sync_open, arguments, {}, "close")
    return wrap(file, loop=loop, executor=executor)


@singledispatch
def wrap(file, *, loop=None, executor=None):
    """Wraps an open file of Python's own, by its kind."""
    msg = f"Unsupported io type: {file}."
    raise TypeError(msg)


@wrap.register(TextIOBase)
def _(file, *, loop=None, executor=None):
    return AsyncTextIOWrapper(file, loop=loop, executor=executor)


@wrap.register(BufferedWriter)
@wrap.register(BufferedIOBase)
def _(file, *, loop=None, executor=None):
    return AsyncBufferedIOBase(file, loop=loop, executor=executor)


@wrap.register(BufferedReader)
@wrap.register(BufferedRandom)
def _(file, *, loop=None, executor=None):
    return AsyncBufferedReader(file, loop=loop, executor=executor)


@wrap.register(FileIO)
def _(file, *, loop=None, executor=None):
    return AsyncFileIO(file, loop=loop, executor=executor)


stdin = AsyncTextIndirectIOWrapper("sys.stdin", None, None, indirect=lambda: sys.stdin)
stdout = AsyncTextIndirectIOWrapper("sys.stdout", None, None, indirect=lambda: sys.stdout)
stderr = AsyncTextIndirectIOWrapper("sys.stderr", None, None, indirect=lambda: sys.stderr)
stdin_bytes = AsyncIndirectBufferedIOBase(
    "sys.stdin.buffer", None, None, indirect=lambda: sys.stdin.buffer
)
stdout_bytes = AsyncIndirectBufferedIOBase(
    "sys.stdout.buffer", None, None, indirect=lambda: sys.stdout.buffer
)
stderr_bytes = AsyncIndirectBufferedIOBase(
    "sys.stderr.buffer", None, None, indirect=lambda: sys.stderr.buffer
)
