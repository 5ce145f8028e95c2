#!/usr/bin/env python3
"""folio's Python package beside aiofiles, anyio, aiofile, turbofile and blocking calls: the same jobs, in one run.

    pip install ./crates/python aiofiles anyio aiofile turbofile uvloop
    python3 benches/compare/python_package.py              under two minutes on an idle machine

Rounds are interleaved, so that all have the same weather; a figure is the median of its rounds. Prints one table for each
event loop, with folio's figure over each other's. What is not installed is left out, loudly. Before anything is measured,
each library does every job once and what it reads and writes is compared with the files; a job's last answer is compared
in each round.

    --cpu      the process's own time instead of the clock's: for machines that others use too
    --short    one round of a tenth of the work: that everything runs and is right, as CI does it
    --goals    says which of the goals are met, and ends with 1 if one is not
"""

import asyncio
import gc
import os
import pathlib
import statistics
import sys
import tempfile
import time

import folio
import folio.os

SHORT = "--short" in sys.argv
ROUNDS = 1 if SHORT else 9
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


def line(index):
    return f"{index:08} {LINE}\n"


async def reads(library, room, count):
    """Reads of 4 KiB, one after another, from the start again where the file ends."""
    async with library.open(room / "blocks", "rb") as file:
        began = clock()
        for index in range(count):
            if index % BLOCKS == 0:
                sought = file.seek(0)
                if sought is not None and hasattr(sought, "__await__"):
                    await sought
            block = await file.read(BLOCK_BYTES)
        took = (clock() - began) / count
    at = (count - 1) % BLOCKS * BLOCK_BYTES
    assert block == (room / "blocks").read_bytes()[at : at + BLOCK_BYTES]
    return took


async def lines(library, room, count):
    async with library.open(room / "lines", "r") as file:
        began, seen = clock(), 0
        async for last in file:
            seen += 1
            if seen == count:
                break
        took = (clock() - began) / seen
    assert (seen, last) == (count, line(count - 1))
    return took


async def whole(library, room, count):
    paths = small(room)
    began = clock()
    for index in range(count):
        async with library.open(paths[index % FILES], "rb") as file:
            contents = await file.read()
    took = (clock() - began) / count
    assert contents == pathlib.Path(paths[(count - 1) % FILES]).read_bytes()
    return took


async def writes(library, room, count):
    block = os.urandom(BLOCK_BYTES)
    async with library.open(room / "written", "wb") as file:
        began = clock()
        for _ in range(count):
            await file.write(block)
        if hasattr(file, "flush"):
            await file.flush()
        took = (clock() - began) / count
    assert (room / "written").read_bytes() == block * count
    return took


async def stats(library, room, count):
    if library.stat is None:
        return None
    paths = small(room)
    began = clock()
    for index in range(count):
        found = await library.stat(paths[index % FILES])
    took = (clock() - began) / count
    assert found == os.stat(paths[(count - 1) % FILES])
    return took


async def gathered(library, room, count):
    async def one(path):
        async with library.open(path, "rb") as file:
            return await file.read()

    paths = small(room)[:count]
    began = clock()
    contents = await asyncio.gather(*map(one, paths))
    took = (clock() - began) / count
    assert contents == [pathlib.Path(path).read_bytes() for path in paths]
    return took


async def check(library, room):
    """Compares all that a library reads and writes with what there is."""
    expected = (room / "blocks").read_bytes()
    async with library.open(room / "blocks", "rb") as file:
        for at in range(0, len(expected), BLOCK_BYTES):
            assert await file.read(BLOCK_BYTES) == expected[at : at + BLOCK_BYTES], at
        assert await file.read(BLOCK_BYTES) == b""
    async with library.open(room / "lines", "r") as file:
        found = [found async for found in file]
    assert found == list(map(line, range(LINES)))
    for path in small(room):
        async with library.open(path, "rb") as file:
            assert await file.read() == pathlib.Path(path).read_bytes(), path
        if library.stat is not None:
            assert await library.stat(path) == os.stat(path), path


def small(room):
    return [str(room / f"small{index}") for index in range(FILES)]


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
        paths = small(room)
        began = clock()
        for index in range(count):
            os.stat(paths[index % FILES])
    else:
        paths = small(room)
        began = clock()
        for index in range(count):
            with open(paths[index % FILES], "rb") as file:
                file.read()
    return (clock() - began) / count


# What is shown, the job, and how often folio and the others do it in a round. Then the goals: at least so many times as
# fast as aiofiles, and at most so many times what a blocking call takes. It is to be ahead of turbofile everywhere.
JOBS = [
    ("read 4 KiB", reads, 10_000, 500, 60, 1.3),
    ("a line", lines, LINES, 500, 200, 4),
    ("open, read 4 KiB, close", whole, 4000, 200, 45, 1),
    ("write 4 KiB, buffered", writes, 2000, 500, 25, 1),
    ("stat", stats, 10_000, 500, 20, None),
    ("1,000 whole files, gathered", gathered, FILES, FILES, 12, None),
]


def prepare(room):
    (room / "blocks").write_bytes(os.urandom(BLOCK_BYTES * (BLOCKS + 1)))
    (room / "lines").write_text("".join(map(line, range(LINES))))
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
            gc.collect()
            found[name].append(run(factory, job(library, room, count)))
        gc.collect()
        found["blocking"].append(blocking(job, room, ours))
    return {name: None if None in taken else statistics.median(taken) for name, taken in found.items()}


def cell(figure, ours):
    if figure is None:
        return f"{'–':>18}"
    return f"{figure * 1e6:>9.2f} {figure / ours:>7.2f}×"


def missed(title, figures, times, over):
    """The goals of a job that are not met."""
    mine = figures["folio"]
    if "aiofiles" in figures and figures["aiofiles"] < times * mine:
        yield f"{title}: {figures['aiofiles'] / mine:.1f} times as fast as aiofiles, not {times}"
    if over is not None and mine > over * figures["blocking"]:
        yield f"{title}: {mine / figures['blocking']:.2f} times what a blocking call takes, not {over}"
    if figures.get("turbofile") is not None and mine > figures["turbofile"]:
        yield f"{title}: {mine / figures['turbofile']:.2f} times what turbofile takes"


def table(factory, there, room):
    """Measures all jobs and prints them; returns the goals that are not met."""
    print(f"{'':30}{'folio':>9}" + "".join(f"{name:>18}" for name in [*there, "blocking"] if name != "folio"))
    failed = []
    for title, job, ours, theirs, times, over in JOBS:
        if SHORT:
            ours, theirs = ours // 10, theirs // 10
        figures = rounds(factory, there, job, ours, theirs, room)
        failed.extend(missed(title, figures, times, over))
        mine = figures.pop("folio")
        print(f"{title:30}{mine * 1e6:>9.2f}" + "".join(cell(figure, mine) for figure in figures.values()), flush=True)
    return failed


def main():
    there = dict(libraries())
    place = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", pathlib.Path(__file__).resolve().parents[2] / "target")) / "tmp"
    place.mkdir(parents=True, exist_ok=True)
    failed = []
    with tempfile.TemporaryDirectory(prefix="folio-python-", dir=place) as name:
        room = pathlib.Path(name)
        prepare(room)
        for library in there.values():
            asyncio.run(check(library, room))
        for loop, factory in loops():
            print(f"\n{loop}: µs for each, and how many times folio's")
            failed += [f"{loop}: {goal}" for goal in table(factory, there, room)]
    how = "the process's own time" if clock is time.process_time else "time by the clock"
    load = " ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"\nPython {sys.version.split()[0]}, medians of {ROUNDS} interleaved rounds, {how}; load {load}")
    if "--goals" in sys.argv:
        print("\n".join(["", "goals that are not met:", *failed] if failed else ["", "all goals are met"]))
        sys.exit(bool(failed))


if __name__ == "__main__":
    main()
