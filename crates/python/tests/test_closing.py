"""Closing: it is carried out even if no one waits for it any more."""

import asyncio
import gc
import io
import os
import sys
import threading
import warnings

import pytest

import folio
import folio.base
import folio.tempfile
import folio.threadpool
from folio.base import AsyncBase


class Slow(io.BytesIO):
    """A file whose reads wait."""

    def __init__(self):
        super().__init__()
        self.go_on = threading.Event()
        self.is_closed = threading.Event()

    def read(self, size=-1):
        self.go_on.wait()
        return super().read(size)

    def close(self):
        super().close()
        self.is_closed.set()


async def cancelled(awaitable):
    """Cancels a call after its first step."""
    waiting = asyncio.ensure_future(awaitable)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def until(fact):
    while not fact():
        await asyncio.sleep(0.001)


async def closed_by_method(file):
    await file.close()


async def closed_by_context(file):
    async def opened():
        return file

    manager = folio.base.AiofilesContextManager(opened())
    async with manager:
        pass


@pytest.mark.parametrize("close", [closed_by_method, closed_by_context])
def test_a_cancelled_close_of_a_wrapped_file_closes_it(run, close):
    async def main():
        below = Slow()
        file = folio.threadpool.wrap(below)
        reading = asyncio.ensure_future(file.read())
        await asyncio.sleep(0)
        await cancelled(close(file))
        assert not below.closed
        below.go_on.set()
        assert await reading == b""
        await until(below.is_closed.is_set)

    run(main())


def test_a_cancelled_close_of_a_text_file_closes_it(run, room):
    os.mkfifo(room / "fifo")

    async def main():
        end = os.open(room / "fifo", os.O_RDWR)
        file = await folio.open(room / "fifo")
        reading = asyncio.ensure_future(file.readline())
        await asyncio.sleep(0)
        await cancelled(file.close())
        assert not file.closed
        os.write(end, b"line\n")
        assert await reading == "line\n"
        await until(lambda: file.closed)
        os.close(end)

    run(main())


def test_a_forgotten_close_closes(run):
    async def main():
        below = Slow()
        below.go_on.set()
        file = AsyncBase(below, None, None)
        file._call("close", (), {})
        await until(below.is_closed.is_set)

    run(main())


def test_a_directory_whose_creation_was_cancelled_is_removed(run, room, monkeypatch):
    complaints = []
    # The garbage collector would remove it too, and say so where no one can catch it.
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    begun, go_on = threading.Event(), threading.Event()
    create = folio.tempfile._sync.TemporaryDirectory

    def slow(*args, **kwargs):
        begun.set()
        go_on.wait()
        return create(*args, **kwargs)

    async def main():
        monkeypatch.setattr(folio.tempfile._sync, "TemporaryDirectory", slow)
        creating = asyncio.ensure_future(folio.tempfile.TemporaryDirectory(prefix="lost", dir=room).__aenter__())
        await until(begun.is_set)
        creating.cancel()
        with pytest.raises(asyncio.CancelledError):
            await creating
        before = folio.snapshot().in_flight
        go_on.set()
        await until(lambda: folio.snapshot().in_flight < max(before, 1))
        await until(lambda: os.listdir(room) == [])

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run(main())
        gc.collect()
    assert complaints == []
