"""folio on trio, and on anyio over both."""

import asyncio
import io
import os
import threading

import pytest

import folio
import folio.base
import folio.fs
import folio.os
import folio.tempfile
import folio.threadpool

trio = pytest.importorskip("trio")
anyio = pytest.importorskip("anyio")

# Seconds after which something hangs.
HANG_SECONDS = 60


def on_trio(program):
    async def limited():
        with trio.fail_after(HANG_SECONDS):
            return await program()

    return trio.run(limited)


def test_files(room):
    async def main():
        async with folio.open(room / "file", "w") as file:
            await file.writelines(f"line {number}\n" for number in range(5000))
        async with folio.open(room / "file") as file:
            lines = [line async for line in file]
        assert lines == [f"line {number}\n" for number in range(5000)]
        async with folio.open(room / "file", "rb") as file:
            for _ in range(3000):
                await file.seek(0)
                assert await file.read(4) == b"line"

    on_trio(main)


def test_what_runs_on_workers(room):
    async def main():
        async with folio.tempfile.NamedTemporaryFile("w+") as file:
            await file.write("text")
            await file.seek(0)
            assert await file.read() == "text"
        async with folio.tempfile.TemporaryDirectory() as directory:
            assert await folio.os.listdir(directory) == []
        file = folio.threadpool.wrap(io.StringIO())
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(file.write, "x")
        assert file._file.getvalue() == "x" * 50
        await folio.fs.write_bytes(room / "file", b"bytes")
        assert [entry.name async for entry in folio.fs.scandir(room)] == ["file"]

    on_trio(main)


def test_a_wait_is_cancelled_and_leaves_its_bytes_in_the_pipe(room):
    os.mkfifo(room / "fifo")

    async def main():
        end = os.open(room / "fifo", os.O_RDWR)
        async with folio.open(room / "fifo", "rb", buffering=0) as file:
            with trio.move_on_after(0.01) as scope:
                await file.read(4)
            assert scope.cancelled_caught
            os.write(end, b"kept")
            assert await file.read(4) == b"kept"
        os.close(end)

    on_trio(main)


def test_an_open_is_cancelled(room):
    os.mkfifo(room / "fifo")

    async def main():
        for _ in range(5):
            with trio.move_on_after(0.01) as scope:
                # No one reads from it.
                await folio.open(room / "fifo", "wb", buffering=0)
            assert scope.cancelled_caught

    on_trio(main)


def test_other_tasks_get_their_turns_while_answers_come_in_place(room):
    (room / "file").write_text("line\n" * 10_000)

    async def main():
        turns = 0

        async def count():
            nonlocal turns
            while True:
                turns += 1
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(count)
            async with folio.open(room / "file") as file:
                async for _ in file:
                    pass
            nursery.cancel_scope.cancel()
        return turns

    # A line costs one unit of the budget of a thousand, and trio runs tasks of one turn in any order.
    assert on_trio(main) >= 5


def test_answers_in_place_can_be_cancelled(room):
    (room / "file").write_bytes(b"cached")

    async def main():
        with trio.CancelScope() as scope:
            async with folio.open(room / "file", "rb") as file:
                scope.cancel()
                while True:
                    await file.seek(0)
        assert scope.cancelled_caught

    on_trio(main)


def test_runs_come_and_go_beside_asyncio():
    async def main():
        assert await folio.base.call(None, None, None, os.getpid, (), {}) == os.getpid()

    for _ in range(5):
        on_trio(main)
        asyncio.run(main())


def test_trio_as_the_guest_of_asyncio(room):
    os.mkfifo(room / "fifo")

    async def guest():
        end = os.open(room / "fifo", os.O_RDWR)
        async with folio.open(room / "fifo", "rb", buffering=0) as file, trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, os.write, end, b"late")
            read = await file.read(4)
        os.close(end)
        return read

    async def host():
        done = asyncio.get_running_loop().create_future()
        trio.lowlevel.start_guest_run(
            guest,
            run_sync_soon_threadsafe=asyncio.get_running_loop().call_soon_threadsafe,
            done_callback=done.set_result,
        )
        # The host's own calls are asyncio's meanwhile.
        assert await folio.base.call(None, None, None, os.getpid, (), {}) == os.getpid()
        return (await done).unwrap()

    assert asyncio.run(asyncio.wait_for(host(), HANG_SECONDS)) == b"late"


def test_an_executor_is_refused(room):
    from concurrent.futures import ThreadPoolExecutor

    async def main():
        with ThreadPoolExecutor(1) as executor:
            with pytest.raises(RuntimeError, match="leave `executor` out"):
                await folio.os.listdir(room, executor=executor)

    on_trio(main)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio(room, backend):
    os.mkfifo(room / "fifo")

    async def main():
        with anyio.fail_after(HANG_SECONDS):
            async with folio.open(room / "file", "w") as file, anyio.create_task_group() as group:
                for _ in range(50):
                    group.start_soon(file.write, "line\n")
            async with folio.open(room / "file") as file:
                assert [line async for line in file] == ["line\n"] * 50
            waiting = threading.Event()
            async with anyio.create_task_group() as group:
                group.start_soon(folio.base.wrap(waiting.wait))
                await anyio.sleep(0)
                waiting.set()
            end = os.open(room / "fifo", os.O_RDWR)
            async with folio.open(room / "fifo", "rb", buffering=0) as file:
                with anyio.move_on_after(0.01) as scope:
                    await file.read(1)
                assert scope.cancel_called
            os.close(end)

    anyio.run(main, backend=backend)
