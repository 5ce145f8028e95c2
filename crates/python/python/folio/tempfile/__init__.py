"""Temporary files and directories: the factories of the tempfile module, asynchronous."""

import sys
import tempfile as _sync
from functools import singledispatch
from io import BufferedRandom, BufferedReader, BufferedWriter, FileIO, TextIOBase

from ..base import AiofilesContextManager, call
from ..threadpool.binary import AsyncBufferedIOBase, AsyncBufferedReader, AsyncFileIO
from ..threadpool.text import AsyncTextIOWrapper
from .temptypes import AsyncSpooledTemporaryFile, AsyncTemporaryDirectory

__all__ = [
    "NamedTemporaryFile",
    "SpooledTemporaryFile",
    "TemporaryDirectory",
    "TemporaryFile",
]

if sys.version_info >= (3, 12):

    def NamedTemporaryFile(
        mode="w+b",
        buffering=-1,
        encoding=None,
        newline=None,
        suffix=None,
        prefix=None,
        dir=None,
        delete=True,
        delete_on_close=True,
        loop=None,
        executor=None,
        *,
        errors=None,
    ):
        """Opens a new file that has a name, and removes it again."""
        given = {"delete": delete, "delete_on_close": delete_on_close}
        given.update(_given(mode, buffering, encoding, newline, suffix, prefix, dir, errors))
        return AiofilesContextManager(_named(given, loop, executor))

else:

    def NamedTemporaryFile(
        mode="w+b",
        buffering=-1,
        encoding=None,
        newline=None,
        suffix=None,
        prefix=None,
        dir=None,
        delete=True,
        loop=None,
        executor=None,
        *,
        errors=None,
    ):
        """Opens a new file that has a name, and removes it again."""
        given = _given(mode, buffering, encoding, newline, suffix, prefix, dir, errors)
        return AiofilesContextManager(_named({"delete": delete, **given}, loop, executor))


def TemporaryFile(
    mode="w+b",
    buffering=-1,
    encoding=None,
    newline=None,
    suffix=None,
    prefix=None,
    dir=None,
    loop=None,
    executor=None,
    *,
    errors=None,
):
    """Opens a new file without a name."""
    given = _given(mode, buffering, encoding, newline, suffix, prefix, dir, errors)
    return AiofilesContextManager(_unnamed(given, loop, executor))


def SpooledTemporaryFile(
    max_size=0,
    mode="w+b",
    buffering=-1,
    encoding=None,
    newline=None,
    suffix=None,
    prefix=None,
    dir=None,
    loop=None,
    executor=None,
    *,
    errors=None,
):
    """Opens a new file that is in memory until it has outgrown `max_size`."""
    given = _given(mode, buffering, encoding, newline, suffix, prefix, dir, errors)
    return AiofilesContextManager(_spooled({"max_size": max_size, **given}, loop, executor))


def TemporaryDirectory(
    suffix=None,
    prefix=None,
    dir=None,
    loop=None,
    executor=None,
    *,
    ignore_cleanup_errors=False,
    delete=True,
):
    """Creates a new directory, and removes it again with all that is in it.

    `ignore_cleanup_errors` takes CPython 3.10, and `delete=False` CPython 3.12.
    """
    given = {"suffix": suffix, "prefix": prefix, "dir": dir}
    if ignore_cleanup_errors:
        given["ignore_cleanup_errors"] = True
    if not delete:
        given["delete"] = False
    return AiofilesContextManagerTempDir(_directory(given, loop, executor))


def _given(mode, buffering, encoding, newline, suffix, prefix, dir, errors):
    return {
        "mode": mode,
        "buffering": buffering,
        "encoding": encoding,
        "newline": newline,
        "suffix": suffix,
        "prefix": prefix,
        "dir": dir,
        "errors": errors,
    }


async def _named(given, loop, executor):
    file = await call(loop, executor, None, _sync.NamedTemporaryFile, (), given, "close")
    wrapped = wrap(file.file, file, loop=loop, executor=executor)
    if sys.version_info >= (3, 12):
        wrapped._closer = file._closer
    else:
        wrapped.delete = file.delete
    return wrapped


async def _unnamed(given, loop, executor):
    file = await call(loop, executor, None, _sync.TemporaryFile, (), given, "close")
    return wrap(getattr(file, "file", file), file, loop=loop, executor=executor)


async def _spooled(given, loop, executor):
    file = await call(loop, executor, None, _sync.SpooledTemporaryFile, (), given, "close")
    return AsyncSpooledTemporaryFile(file, loop=loop, executor=executor)


async def _directory(given, loop, executor):
    directory = await call(loop, executor, None, _sync.TemporaryDirectory, (), given, "cleanup")
    return AsyncTemporaryDirectory(directory, loop=loop, executor=executor)


class AiofilesContextManagerTempDir(AiofilesContextManager):
    """What creates a directory: `async with` gives its path."""

    async def __aenter__(self):
        self._obj = await self._coro
        return self._obj.name


@singledispatch
def wrap(base_io_obj, file, *, loop=None, executor=None):
    """Wraps an open temporary file, by the kind of the file inside."""
    msg = f"Unsupported IO type: {base_io_obj}"
    raise TypeError(msg)


@wrap.register(TextIOBase)
def _(base_io_obj, file, *, loop=None, executor=None):
    return AsyncTextIOWrapper(file, loop=loop, executor=executor)


@wrap.register(BufferedWriter)
def _(base_io_obj, file, *, loop=None, executor=None):
    return AsyncBufferedIOBase(file, loop=loop, executor=executor)


@wrap.register(BufferedReader)
@wrap.register(BufferedRandom)
def _(base_io_obj, file, *, loop=None, executor=None):
    return AsyncBufferedReader(file, loop=loop, executor=executor)


@wrap.register(FileIO)
def _(base_io_obj, file, *, loop=None, executor=None):
    return AsyncFileIO(file, loop=loop, executor=executor)
