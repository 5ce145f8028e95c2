#!/usr/bin/env python3
"""folio's Python package beside aiofiles, anyio, aiofile, turbofile and blocking calls: the same jobs, in one run.

    pip install ./crates/python aiofiles anyio aiofile turbofile uvloop
    python3 benches/compare/python_package.py              under two minutes on an idle machine

Rounds are interleaved, so that all have the same weather; a figure is the median of its rounds. Prints one table for each
event loop, with folio's figure over each other's. What is not installed is left out, loudly. `--cpu` counts the process's
own time instead of the clock's: for machines that others use too.
"""

import asyncio
import os
import pathlib
import statistics
import sys
import tempfile
import time

import folio
import folio.os

ROUNDS = 9
BLOCK_BYTES = 4096
BLOCKS = 250
LINES = 20_000
FILES = 1000
LINE = "The quick brown fox jumps over the lazy dog, then it naps"

clock = time.process_time if "--cpu" in sys.argv else time.perf_counter


class Like:
    """A library with the names of aiofiles."""

    def __init__(self, library, stat=None):
        self.open, self.stat = library.open, stat


def libraries():
    """The libraries that are here, by their names."""
    yield "folio", Like(folio, folio.os.stat)
    for name, make in [("aiofiles", with_aiofiles), ("anyio", with_anyio), ("aiofile", with_aiofile), ("turbofile", with_turbofile)]:
        try:
            yield name, make()
        except ImportError as error:
            print(f"SKIPPED: {name} because it is not here: {error}")


def with_aiofiles():
    import aiofiles
    import aiofiles.os

    return Like(aiofiles, aiofiles.os.stat)


def with_anyio():
    import anyio

    class Anyio:
        @staticmethod
        def open(path, mode="r"):
            class Opening:
                async def __aenter__(self):
                    self.file = await anyio.open_file(path, mode)
                    return self.file

                async def __aexit__(self, *_):
                    await self.file.aclose()

            return Opening()

    return Like(Anyio, lambda path: anyio.Path(path).stat())


def with_aiofile():
    import aiofile

    class Aiofile:
        open = staticmethod(aiofile.async_open)

    return Like(Aiofile)


def with_turbofile():
    import turbofile

    return Like(turbofile)


async def reads(library, room, count):
    """Reads of 4 KiB, one after another, from the start again where the file ends."""
    async with library.open(room / "blocks", "rb") as file:
        began = clock()
        for index in range(count):
            if index % BLOCKS == 0:
                sought = file.seek(0)
                if sought is not None and hasattr(sought, "__await__"):
                    await sought
            await file.read(BLOCK_BYTES)
        return (clock() - began) / count


async def lines(library, room, count):
    async with library.open(room / "lines", "r") as file:
        began, seen = clock(), 0
        async for _ in file:
            seen += 1
            if seen == count:
                break
        return (clock() - began) / seen


async def whole(library, room, count):
    began = clock()
    for index in range(count):
        async with library.open(room / f"small{index % FILES}", "rb") as file:
            await file.read()
    return (clock() - began) / count


async def writes(library, room, count):
    block = os.urandom(BLOCK_BYTES)
    async with library.open(room / "written", "wb") as file:
        began = clock()
        for _ in range(count):
            await file.write(block)
        if hasattr(file, "flush"):
            await file.flush()
        return (clock() - began) / count


async def stats(library, room, count):
    if library.stat is None:
        return None
    paths = [room / f"small{index}" for index in range(FILES)]
    paths = list(map(str, paths))
    began = clock()
    for index in range(count):
        await library.stat(paths[index % FILES])
    return (clock() - began) / count


async def gathered(library, room, count):
    async def one(index):
        async with library.open(room / f"small{index}", "rb") as file:
            return await file.read()

    began = clock()
    await asyncio.gather(*map(one, range(count)))
    return (clock() - began) / count


def blocking(job, room, count):
    """The same with Python's own calls, in the loop's thread."""
    began = clock()
    if job is reads:
        with open(room / "blocks", "rb") as file:
            began = clock()
            for index in range(count):
                file.seek(index % BLOCKS * BLOCK_BYTES)
                file.read(BLOCK_BYTES)
    elif job is lines:
        with open(room / "lines") as file:
            began = clock()
            for _ in file:
                pass
            return (clock() - began) / LINES
    elif job is writes:
        block = os.urandom(BLOCK_BYTES)
        with open(room / "written", "wb") as file:
            began = clock()
            for _ in range(count):
                file.write(block)
            file.flush()
    elif job is stats:
        paths = [str(room / f"small{index}") for index in range(FILES)]
        began = clock()
        for index in range(count):
            os.stat(paths[index % FILES])
    else:
        for index in range(count):
            with open(room / f"small{index % FILES}", "rb") as file:
                file.read()
    return (clock() - began) / count


# What is shown, the job, and how often folio and the others do it in a round.
JOBS = [
    ("read 4 KiB", reads, 10_000, 500),
    ("a line", lines, LINES, 500),
    ("open, read 4 KiB, close", whole, 4000, 200),
    ("write 4 KiB, buffered", writes, 2000, 500),
    ("stat", stats, 10_000, 500),
    ("1,000 whole files, gathered", gathered, FILES, FILES),
]


def prepare(room):
    (room / "blocks").write_bytes(os.urandom(BLOCK_BYTES * (BLOCKS + 1)))
    (room / "lines").write_text("".join(f"{index:08} {LINE}\n" for index in range(LINES)))
    for index in range(FILES):
        (room / f"small{index}").write_bytes(os.urandom(BLOCK_BYTES))


def loops():
    yield "asyncio", asyncio.new_event_loop
    try:
        import uvloop
    except ImportError as error:
        print(f"SKIPPED: uvloop because it is not here: {error}")
        return
    yield "uvloop", uvloop.new_event_loop


def run(factory, coroutine):
    loop = factory()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def rounds(factory, there, job, ours, theirs, room):
    """The rounds of each library for one job."""
    found = {name: [] for name in [*there, "blocking"]}
    for _ in range(ROUNDS):
        for name, library in there.items():
            count = ours if name in ("folio", "turbofile") else theirs
            found[name].append(run(factory, job(library, room, count)))
        found["blocking"].append(blocking(job, room, ours))
    return {name: None if None in taken else statistics.median(taken) for name, taken in found.items()}


def cell(figure, ours):
    if figure is None:
        return f"{'–':>18}"
    return f"{figure * 1e6:>9.2f} {figure / ours:>7.2f}×"


def main():
    there = dict(libraries())
    place = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", pathlib.Path(__file__).resolve().parents[2] / "target")) / "tmp"
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="folio-python-", dir=place) as name:
        room = pathlib.Path(name)
        prepare(room)
        for loop, factory in loops():
            print(f"\n{loop}: µs for each, and how many times folio's")
            print(f"{'':30}{'folio':>9}" + "".join(f"{name:>18}" for name in [*there, "blocking"] if name != "folio"))
            for title, job, ours, theirs in JOBS:
                figures = rounds(factory, there, job, ours, theirs, room)
                mine = figures.pop("folio")
                print(f"{title:30}{mine * 1e6:>9.2f}" + "".join(cell(figure, mine) for figure in figures.values()), flush=True)
    how = "the process's own time" if clock is time.process_time else "time by the clock"
    print(f"\nPython {sys.version.split()[0]}, medians of {ROUNDS} interleaved rounds, {how}")


if __name__ == "__main__":
    main()
