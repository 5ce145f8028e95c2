"""Threads, each with a loop of its own, that share files: what a build of CPython without the GIL makes harder."""

import asyncio
import io
import threading

import folio
import folio.fs
import folio.threadpool
from folio.base import AsyncBase

THREADS = 6
LINES = 3000


def in_threads(program):
    """Runs a coroutine function in threads at once; returns what each gave."""
    results, failures, start = [], [], threading.Barrier(THREADS)

    def work():
        try:
            start.wait()
            results.append(asyncio.run(program()))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return results


async def opened(*args):
    return await folio.open(*args)


def test_each_line_of_a_shared_file_is_read_once(room):
    lines = [f"{number}\n" for number in range(LINES)]
    for mode, expected in ("r", lines), ("rb", [line.encode() for line in lines]):
        (room / "file").write_text("".join(lines))
        file = asyncio.run(opened(room / "file", mode))

        async def read():
            return [line async for line in file]

        assert sorted(sum(in_threads(read), [])) == sorted(expected)
        asyncio.run(file_closed(file))


async def file_closed(file):
    await file.close()


def test_records_of_threads_are_not_mixed(room):
    for mode, record in ("w", "record\n"), ("wb", b"record\n"), ("ab", b"record\n"):
        file = asyncio.run(opened(room / mode, mode))

        async def write():
            for _ in range(200):
                await file.write(record)

        in_threads(write)
        asyncio.run(file_closed(file))
        assert (room / mode).read_bytes() == b"record\n" * 200 * THREADS


def test_a_wrapped_file_is_shared():
    below = io.StringIO()
    file = folio.threadpool.wrap(below)

    async def write():
        await asyncio.gather(*(file.write("x") for _ in range(50)))

    in_threads(write)
    assert below.getvalue() == "x" * 50 * THREADS


def test_a_listing_is_shared(room):
    names = {f"file{number}" for number in range(700)}
    for name in names:
        (room / name).touch()
    entries = folio.fs.scandir(room)

    async def take():
        return [entry.name async for entry in entries]

    assert sorted(sum(in_threads(take), [])) == sorted(names)


def test_one_awaitable_is_awaited_by_one(room):
    (room / "file").write_bytes(b"bytes")
    file = asyncio.run(opened(room / "file", "rb"))
    order = AsyncBase(io.BytesIO(), None, None)

    async def read():
        for awaitable in native, wrapped:
            try:
                taken.append(await awaitable)
            except RuntimeError as error:
                assert "await" in str(error)

    for _ in range(20):
        taken = []
        native, wrapped = file.read_at(0, 5), order._call("read", (), {})
        in_threads(read)
        assert sorted(taken) == [b"", b"bytes"]
    asyncio.run(file_closed(file))
