#!/usr/bin/env python3
"""folio beside aiofiles: the same everyday jobs, each as the users of either would write it.

    python3 benches/compare/python.py            about a minute on an idle machine, once the benches are built

Prints a table with one ratio a job. folio's figures are those of `cargo bench -p folio-benches` without its
rivals; aiofiles is taken from this interpreter or installed into target/aiofiles. Where one of them cannot be
had, the script says `SKIPPED: … because …` and ends with 0.
"""

import asyncio
import functools
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

# Seconds that a job goes on for; what it has done by then is divided by what that took.
JOB_SECONDS = 1.5
# Seconds that an installation may take, so that a machine without an index does not wait.
INSTALL_SECONDS = 60

# The sizes are those of the benches (benches/src/files.rs, text.rs, tree.rs) where they make a difference to the
# time of one operation.
BLOCK_BYTES = 4096
SMALL_FILES = 256
TEXT_LINES = 200_000
TOLD_LINES = 100_000
BIG_BYTES = 64 * 1024 * 1024
COPY_CHUNK_BYTES = 64 * 1024
READERS = 64
BRANCHES, TWIGS, BRANCH_ENTRIES = 20, 24, 2500
FILLER = "The quick brown fox jumps over the lazy dog, then it naps, and so does this file."


def skip(what, why):
    """Ends loudly and without failure."""
    print(f"SKIPPED: {what} because {why}")
    sys.exit(0)


def with_aiofiles():
    """Goes on only in an interpreter that has aiofiles; installs it if need be and starts over there."""
    try:
        import aiofiles  # noqa: F401
    except ImportError:
        folder = TARGET / "aiofiles"
        python = folder / "bin" / "python"
        if pathlib.Path(sys.prefix) == folder:
            skip("the comparison with aiofiles", f"{folder} does not have it; remove that folder to try again")
        try:
            if not python.exists():
                venv.create(folder, with_pip=True)
            install = [python, "-m", "pip", "install", "--quiet", "--retries", "1", "aiofiles"]
            subprocess.run(install, check=True, timeout=INSTALL_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            skip("the comparison with aiofiles", f"it is missing and cannot be installed: {error}")
        os.execv(python, [python, *sys.argv])


def line(index):
    """Line `index` of the text, as benches/src/text.rs writes it."""
    return f"{index:08} {FILLER[: index * 7919 % 80]}{'é' if index % 16 == 0 else ''}"


class Meter:
    """Counts operations until a job's time is over."""

    def __init__(self):
        self.done = 0
        self.begun = time.perf_counter()

    def goes_on(self, done=1):
        self.done += done
        return time.perf_counter() - self.begun < JOB_SECONDS

    def nanos(self):
        return (time.perf_counter() - self.begun) * 1e9 / self.done


async def lines(room, aiofiles):
    path = room / "text"
    path.write_text("".join(line(index) + "\n" for index in range(TEXT_LINES)), encoding="utf-8")
    meter = Meter()
    async with aiofiles.open(path, encoding="utf-8") as text:
        index = 0
        async for found in text:
            assert found == line(index) + "\n", found
            index += 1
            if not meter.goes_on():
                return meter.nanos()
    assert index == TEXT_LINES
    return meter.nanos()


def tell(encoding, end):
    """The job of asking where each line ends. Of CPython's own files: aiofiles sends each call to a thread besides."""

    async def job(room, aiofiles):
        path = room / "told"
        with open(path, "w", encoding=encoding, newline=end) as text:
            text.writelines(line(index) + "\n" for index in range(TOLD_LINES))
        meter = Meter()
        with open(path, encoding=encoding) as text:
            for index in range(TOLD_LINES):
                assert text.readline() == line(index) + "\n"
                place = text.tell()
                if not meter.goes_on():
                    return meter.nanos()
        assert place == path.stat().st_size
        return meter.nanos()

    return job


async def buffered_writes(room, aiofiles):
    path, block = room / "written", os.urandom(BLOCK_BYTES)
    meter = Meter()
    async with aiofiles.open(path, "wb") as file:
        while meter.goes_on():
            await file.write(block)
        await file.flush()
    nanos = meter.nanos()
    assert path.stat().st_size == (meter.done - 1) * BLOCK_BYTES
    path.unlink()
    return nanos


async def small_reads(room, aiofiles):
    paths = small(room)
    meter = Meter()
    while meter.goes_on():
        async with aiofiles.open(paths[meter.done % SMALL_FILES], "rb") as file:
            assert len(await file.read()) == BLOCK_BYTES
    return meter.nanos()


async def attributes(room, aiofiles):
    paths = small(room)
    meter = Meter()
    while meter.goes_on():
        assert (await aiofiles.os.stat(paths[meter.done % SMALL_FILES])).st_size == BLOCK_BYTES
    return meter.nanos()


async def exists(room, aiofiles):
    paths = small(room)
    meter = Meter()
    while meter.goes_on():
        assert await aiofiles.os.path.exists(paths[meter.done % SMALL_FILES])
    return meter.nanos()


async def walk(room, aiofiles):
    """aiofiles has no walk: its users send os.walk to the executor as a whole."""
    root = room / "tree"
    folders = [root]
    for branch in range(BRANCHES):
        folders.append(root / f"d{branch:02}")
        folders.extend(folders[-1] / f"d{twig:02}" for twig in range(TWIGS))
    for folder in folders:
        folder.mkdir()
    entries = BRANCHES * BRANCH_ENTRIES
    for index in range(entries - len(folders)):
        (folders[1 + index % (len(folders) - 1)] / f"file-{index:05}.txt").touch()

    def all_entries():
        found = [str(root)]
        for folder, dirs, files in os.walk(root):
            found.extend(os.path.join(folder, name) for name in dirs + files)
        return found

    meter = Meter()
    while meter.goes_on(0) or not meter.done:
        found = await asyncio.get_running_loop().run_in_executor(None, all_entries)
        assert len(found) == entries
        meter.done += entries
    return meter.nanos()


async def copy(room, aiofiles):
    """aiofiles has no copy either: its users read and write in a loop."""
    source, target = big(room), room / "copy"
    meter = Meter()
    while meter.goes_on(0) or not meter.done:
        async with aiofiles.open(source, "rb") as reader, aiofiles.open(target, "wb") as writer:
            while chunk := await reader.read(COPY_CHUNK_BYTES):
                await writer.write(chunk)
        meter.done += BIG_BYTES
        assert target.stat().st_size == BIG_BYTES
    return meter.nanos()


async def positioned_reads(room, aiofiles):
    """One handle and 64 tasks: aiofiles has no positioned read, so a lock holds seek and read together."""
    blocks, lock = BIG_BYTES // BLOCK_BYTES, asyncio.Lock()
    async with aiofiles.open(big(room), "rb") as file:
        meter = Meter()

        async def reader(seed):
            dice = random.Random(seed)
            while meter.goes_on():
                async with lock:
                    await file.seek(dice.randrange(blocks) * BLOCK_BYTES)
                    assert len(await file.read(BLOCK_BYTES)) == BLOCK_BYTES

        await asyncio.gather(*(reader(seed) for seed in range(READERS)))
        return meter.nanos()


@functools.cache
def small(room):
    """The paths of small files, written with the first call."""
    paths = [room / f"small-{index}" for index in range(SMALL_FILES)]
    for path in paths:
        path.write_bytes(os.urandom(BLOCK_BYTES))
    return paths


@functools.cache
def big(room):
    """The path of a big file, written with the first call."""
    path = room / "big"
    path.write_bytes(os.urandom(BIG_BYTES))
    return path


# What is shown, the row of folio's benches, the job of aiofiles.
JOBS = [
    ("lines of a text, per line", "lines of an 80 MB text", lines),
    ("4 KiB writes, buffered, per write", "write_all 4 KiB, buffered, and flush at the end", buffered_writes),
    ("whole reads of 4 KiB files, per file", "fs::read of 4 KiB files", small_reads),
    ("stat, per call", "fs::metadata", attributes),
    ("exists, per call", "fs::try_exists", exists),
    ("walk of 50,000 entries, per entry", "walk of 50,000 entries", walk),
    ("copy, per MiB", "copy of 256 MiB", copy),
    ("a line and tell, UTF-8 (CPython's open)", "a line and tell, UTF-8", tell("utf-8", "\n")),
    ("the same with CRLF", "a line and tell, UTF-8 with CRLF", tell("utf-8", "\r\n")),
    ("the same in Latin-1", "a line and tell, Latin-1", tell("latin-1", "\n")),
    ("the same in UTF-16", "a line and tell, UTF-16", tell("utf-16", "\n")),
    ("the same in GB 18030", "a line and tell, GB 18030", tell("gb18030", "\n")),
    ("4 KiB positioned reads, 64 tasks, one handle", "read_at 4 KiB random, 64 tasks, one handle", positioned_reads),
]


def folio(room):
    """Nanoseconds per operation of each row of folio's, by title."""
    if shutil.which("cargo") is None:
        skip("the comparison with aiofiles", "there is no cargo to build folio with")
    found = {}
    for bench, only in [("everyday", []), ("hot_path", ["--only", "T2"])]:
        figures = room / f"{bench}.json"
        command = ["cargo", "bench", "--quiet", "-p", "folio-benches", "--bench", bench, "--"]
        command += ["--alone", "--json", str(figures), *only]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        for row in json.loads(figures.read_text()):
            found[row["title"]] = row["nanos_per_op"]["folio"]
    # One operation there is one file of 256 MiB, here it is one byte.
    found["copy of 256 MiB"] /= 256 * 1024 * 1024
    return found


def shown(nanos):
    """A duration with three digits that mean something."""
    for limit, unit, divisor in [(1e3, "ns", 1), (1e6, "µs", 1e3), (1e9, "ms", 1e6)]:
        if nanos < limit:
            return f"{nanos / divisor:.3g} {unit}"
    return f"{nanos / 1e9:.3g} s"


def main():
    with_aiofiles()
    import aiofiles
    import aiofiles.os

    place = TARGET / "tmp"
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="folio-python-", dir=place) as room:
        room = pathlib.Path(room)
        ours = folio(room)
        python = sys.version.split()[0]
        print(f"{'':46}{'folio':>10}{'aiofiles':>12}   aiofiles : folio")
        for name, title, job in JOBS:
            theirs, mine = asyncio.run(job(room, aiofiles)), ours[title]
            if job is copy:
                theirs, mine = theirs * 1024 * 1024, mine * 1024 * 1024
            print(f"{name:46}{shown(mine):>10}{shown(theirs):>12}{theirs / mine:>12.1f}", flush=True)
        print(f"Python {python}; folio's figures are medians, each aiofiles figure is the mean of {JOB_SECONDS} s")


if __name__ == "__main__":
    main()
