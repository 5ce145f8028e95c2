"""Many operations, many of them cancelled: nothing grows, nothing is left, no one complains.

FOLIO_SOAK_OPS=200000 makes it long.
"""

import asyncio
import gc
import os
import random
import sys
import warnings

import pytest

import folio
import folio.fs
import folio.os
import folio.tempfile

OPS = int(os.environ.get("FOLIO_SOAK_OPS", 4000))
TOGETHER = 100
# KiB that the allocator may keep more after half of the operations than it will need at their end.
GROWTH_KIB = 8192
# Objects that the loop's timers, of which it keeps some after they were cancelled, may make more. One that is left by each
# operation would be more.
GROWTH_OBJECTS = 1500


def timeout(seconds):
    """asyncio.timeout, and what there was before it."""
    if hasattr(asyncio, "timeout"):
        return asyncio.timeout(seconds)
    return pytest.importorskip("async_timeout").timeout(seconds)


class Operations:
    """Operations of all kinds, by chance."""

    def __init__(self, room):
        self.dice = random.Random(7)
        self.room = room
        self.paths = [room / f"file{number}" for number in range(20)]
        for path in self.paths:
            path.write_bytes(b"a line of text\n" * 2000)
        self.fifo = room / "fifo"
        os.mkfifo(self.fifo)

    async def lines(self, path):
        async with folio.open(path) as file:
            async for _ in file:
                if self.dice.random() < 0.05:
                    break

    async def bytes(self, path):
        async with folio.open(path, "rb") as file:
            await file.read(self.dice.randrange(9000))
            await file.readline()

    async def written(self, path):
        async with folio.open(self.room / "written", "wb") as file:
            await file.write(bytes(self.dice.randrange(20_000)))

    async def appended(self, path):
        async with folio.open(self.room / "log", "a") as file:
            await file.write("line\n")
            await file.buffer.write(b"bytes\n")

    async def stat(self, path):
        await folio.os.stat(path)

    async def listed(self, path):
        await folio.os.listdir(self.room)

    async def scanned(self, path):
        async with folio.fs.scandir(self.room) as entries:
            async for entry in entries:
                await entry.stat()

    async def reader(self, path):
        # No one reads from it: this waits until it is cancelled.
        async with folio.open(self.fifo, "wb", buffering=0):
            pass

    async def temporary(self, path):
        async with folio.tempfile.TemporaryFile() as file:
            await file.write(b"bytes")

    async def directory(self, path):
        async with folio.tempfile.TemporaryDirectory() as path:
            await folio.os.listdir(path)

    async def opener(self, path):
        async with folio.open(path, opener=os.open) as file:
            await file.read(100)

    async def limited(self):
        kinds = [self.lines, self.bytes, self.written, self.appended, self.stat, self.listed, self.scanned, self.reader,
                 self.temporary, self.directory, self.opener]
        try:
            async with timeout(self.dice.choice([0.0005, 0.002, 0.01])):
                await self.dice.choice(kinds)(self.dice.choice(self.paths))
        except asyncio.TimeoutError:
            return 1
        return 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it counts by /proc")
def test_nothing_grows_and_nothing_is_left(run, room, monkeypatch):
    operations, complaints = Operations(room), []
    # What is said where no one can catch it: of coroutines never awaited, of files left open.
    monkeypatch.setattr(sys, "unraisablehook", lambda said: complaints.append(said.exc_value))

    async def main():
        cut, half = 0, None
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        for number in range(0, OPS, TOGETHER):
            cut += sum(await asyncio.gather(*(operations.limited() for _ in range(TOGETHER))))
            # The log must not be what grows.
            (room / "log").unlink(missing_ok=True)
            if number >= OPS // 2 and half is None:
                half = await left()
        assert OPS // 100 < cut < OPS
        return half, await left()

    async def left():
        # What is abandoned ends by itself. This waits until it has.
        while folio.snapshot().in_flight > 0:
            await asyncio.sleep(0.01)
        # What is kept comes to its end through the loop.
        await asyncio.sleep(0.01)
        gc.collect()
        with open("/proc/self/statm") as numbers:
            kib = int(numbers.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024
        return kib, len(os.listdir("/proc/self/fd")), len(gc.get_objects())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (kib, descriptors, objects), (kib_end, descriptors_end, objects_end) = run(main())
        gc.collect()
    print(f"{OPS} operations: {kib_end} KiB after {kib}, {descriptors_end} descriptors after {descriptors}, {objects_end} objects after {objects}")
    assert complaints == []
    assert kib_end <= kib + GROWTH_KIB
    assert descriptors_end <= descriptors
    assert objects_end <= objects + GROWTH_OBJECTS
