"""Many operations, many of them cancelled: nothing grows, nothing is left.

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
import folio.os

OPS = int(os.environ.get("FOLIO_SOAK_OPS", 4000))
TOGETHER = 100
# KiB that the allocator may keep more after half of the operations than it will need at their end.
GROWTH_KIB = 8192


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it counts by /proc")
def test_nothing_grows_and_nothing_is_left(run, room):
    dice = random.Random(7)
    paths = [room / f"file{number}" for number in range(20)]
    for path in paths:
        path.write_bytes(b"a line of text\n" * 2000)
    fifo = room / "fifo"
    os.mkfifo(fifo)

    async def one():
        path, kind = dice.choice(paths), dice.random()
        if kind < 0.3:
            async with folio.open(path) as file:
                async for _ in file:
                    if dice.random() < 0.05:
                        break
        elif kind < 0.5:
            async with folio.open(path, "rb") as file:
                await file.read(dice.randrange(9000))
                await file.readline()
        elif kind < 0.6:
            async with folio.open(room / "written", "wb") as file:
                await file.write(bytes(dice.randrange(20_000)))
        elif kind < 0.75:
            await folio.os.stat(path)
        elif kind < 0.85:
            await folio.os.listdir(room)
        elif kind < 0.95:
            # No one reads from it: this waits until it is cancelled.
            async with folio.open(fifo, "wb", buffering=0):
                pass
        else:
            async with folio.tempfile.TemporaryFile() as file:
                await file.write(b"bytes")

    async def limited():
        try:
            await asyncio.wait_for(one(), dice.choice([0.0005, 0.002, 0.01]))
        except asyncio.TimeoutError:
            return 1
        return 0

    async def main():
        cut, half = 0, None
        for number in range(0, OPS, TOGETHER):
            cut += sum(await asyncio.gather(*(limited() for _ in range(TOGETHER))))
            if number >= OPS // 2 and half is None:
                half = await left()
        assert cut > OPS // 100
        return half, await left()

    async def left():
        # What is abandoned ends by itself. This waits until it has.
        while folio.snapshot().in_flight > 0:
            await asyncio.sleep(0.01)
        gc.collect()
        with open("/proc/self/statm") as numbers:
            kib = int(numbers.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024
        return kib, len(os.listdir("/proc/self/fd")), len(gc.get_objects())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (kib, descriptors, objects), (kib_end, descriptors_end, objects_end) = run(main())
    assert kib_end <= kib + GROWTH_KIB
    assert descriptors_end <= descriptors
    assert objects_end <= objects + 200
