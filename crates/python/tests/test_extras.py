"""What aiofiles' users have asked for, and folio has."""

import asyncio
import gc
import os
import threading
import warnings

import pytest

import folio
import folio.fs


def test_offsets_leave_the_position_alone(run, room):
    path = room / "file"
    path.write_bytes(b"0123456789")

    async def main():
        async with folio.open(path, "r+b") as file:
            assert await file.read(2) == b"01"
            assert await file.read_at(5, 3) == b"567"
            assert await file.write_at(8, b"xy") == 2
            assert await file.read() == b"234567xy"

    run(main())


def test_records_are_not_mixed(run, room):
    path = room / "log"

    async def main():
        async with folio.open(path, "ab") as log:
            records = [bytes([65 + number]) * 100 for number in range(26)]
            places = await asyncio.gather(*map(log.append, records))
            await asyncio.gather(*(log.fsync() for _ in range(10)), log.fdatasync())
        text = path.read_bytes()
        assert [text[place : place + 100] for place in places] == records

    run(main())


def test_locks_exclude(run, room):
    path = room / "file"

    async def main():
        async with folio.open(path, "wb") as one, folio.open(path, "r+b") as other:
            await one.lock()
            assert await other.try_lock() is False
            waiting = asyncio.ensure_future(other.lock())
            await asyncio.sleep(0)
            assert not waiting.done()
            await one.unlock()
            await waiting
            await other.unlock()

    run(main())


def test_whole_files(run, room):
    path = room / "file"

    async def main():
        assert await folio.fs.write_bytes(path, b"old") == 3
        await folio.fs.replace_bytes(path, b"new")
        await folio.fs.sync_dir(room)
        assert await folio.fs.read_bytes(path) == b"new"
        assert await folio.fs.write_text(path, "né", encoding="latin-1") == 2
        assert await folio.fs.read_text(path, encoding="latin-1") == "né"
        with pytest.raises(FileNotFoundError) as raised:
            await folio.fs.read_bytes(room / "missing")
        assert raised.value.filename == str(room / "missing")

    run(main())


def test_trees(run, room):
    (room / "tree" / "branch").mkdir(parents=True)
    (room / "tree" / "branch" / "leaf.txt").write_text("leaf")

    async def main():
        entries = [entry async for entry in folio.fs.walk(room / "tree")]
        assert {(os.path.basename(path), depth, is_dir) for path, depth, is_dir in entries} >= {
            ("branch", 1, True),
            ("leaf.txt", 2, False),
        }
        found = [path async for path in folio.fs.glob("**/*.txt", room / "tree")]
        assert [os.path.basename(path) for path in found] == ["leaf.txt"]
        assert await folio.fs.copytree(room / "tree", room / "copy") == 4
        await folio.fs.rmtree(room / "tree")
        assert sorted(os.listdir(room)) == ["copy"]

    run(main())


def test_paths(run, room):
    async def main():
        path = folio.Path(room) / "a" / "b.txt"
        await path.parent.mkdir()
        assert await path.write_bytes(b"text") == 4
        assert await path.read_text() == "text"
        async with path.open() as file:
            assert await file.read() == "text"
        assert (path.name, path.suffix, path.parent.name) == ("b.txt", ".txt", "a")
        assert await path.exists() and await path.is_file() and not await path.is_dir()
        assert (await path.stat()).st_size == 4
        renamed = await path.rename(path.with_name("c.txt"))
        assert renamed == folio.Path(room, "a", "c.txt") and isinstance(renamed, folio.Path)
        assert [found.name async for found in path.parent.iterdir()] == ["c.txt"]
        assert [found.name async for found in folio.Path(room).rglob("*.txt")] == ["c.txt"]
        await path.parent.rmtree()
        assert not await path.parent.exists()
        assert os.fspath(path) == str(room / "a" / "b.txt")
        with pytest.raises(AttributeError):
            path.no_such_name

    run(main())


def test_engines_have_limits_and_figures(run, room):
    path = room / "file"
    path.write_bytes(b"text")

    async def main():
        before = folio.snapshot()
        async with folio.Engine(ops=8, workers=2) as engine:
            async with folio.open(path, "rb") as file:
                assert await file.read() == b"text"
                assert engine.snapshot().open_files == 1
            assert engine.snapshot().opened == 1
        assert folio.snapshot().opened == before.opened
        with pytest.raises(RuntimeError):
            async with engine:
                await folio.open(path, "rb")

    run(main())


def test_a_file_whose_opening_was_cancelled_is_closed(run, room):
    path = room / "file"
    path.write_text("text")
    begun, go_on, opened = threading.Event(), threading.Event(), []

    def opener(path, flags):
        begun.set()
        go_on.wait()
        opened.append(os.open(path, flags))
        return opened[-1]

    async def main():
        opening = asyncio.ensure_future(folio.open(path, opener=opener))
        while not begun.is_set():
            await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        go_on.set()
        while not opened or is_open(opened[0]):
            await asyncio.sleep(0)

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run(main())
        gc.collect()


def is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
