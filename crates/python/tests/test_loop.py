"""How answers reach event loops: in place, in batches, cancelled, on several loops."""

import asyncio
import gc
import os
import threading

import pytest

import folio
import folio.base


def fifo(room):
    path = room / "fifo"
    os.mkfifo(path)
    return path


def test_an_answer_in_place_takes_no_turn_of_the_loop(run, room):
    (room / "file").write_bytes(b"cached")

    async def main():
        async with folio.open(room / "file", "rb") as file:
            # Once in a while the loop gets a turn all the same, but never twice in a row.
            for _ in range(2):
                turns = []
                asyncio.get_running_loop().call_soon(turns.append, 1)
                assert await file.read() == b"cached"
                await file.seek(0)
                if turns == []:
                    return
            raise AssertionError("every answer took a turn")

    run(main())


def test_an_answer_in_place_needs_no_loop(room):
    (room / "file").write_bytes(b"cached")

    async def main():
        async with folio.open(room / "file", "rb") as file:
            return await file.read()

    coroutine = main()
    with pytest.raises(StopIteration) as end:
        # Once in a while there is a bare yield, but never twice in a row.
        coroutine.send(None)
        coroutine.send(None)
    assert end.value.value == b"cached"


def test_what_has_to_wait_comes_back_through_the_loop(run, room):
    path = fifo(room)

    async def main():
        # Both ends: opening neither waits for the other.
        end = os.open(path, os.O_RDWR)
        async with folio.open(path, "rb", buffering=0) as file:
            reading = asyncio.ensure_future(file.read(4))
            await asyncio.sleep(0)
            assert not reading.done()
            os.write(end, b"late")
            assert await reading == b"late"
        os.close(end)

    run(main())


def test_many_answers_come_back_together(run):
    async def main():
        wait = threading.Event()
        calls = [folio.base.call(None, None, None, wait.wait, (), {}) for _ in range(20)]
        gathered = asyncio.gather(*calls)
        await asyncio.sleep(0)
        wait.set()
        assert await gathered == [True] * 20

    run(main())


def test_a_cancelled_read_leaves_its_bytes_in_the_pipe(run, room):
    path = fifo(room)

    async def main():
        end = os.open(path, os.O_RDWR)
        async with folio.open(path, "rb", buffering=0) as file:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(file.read(4), 0.01)
            os.write(end, b"kept")
            assert await file.read(4) == b"kept"
        os.close(end)

    run(main())


def test_a_cancelled_open_leaves_no_descriptor(run, room):
    path = fifo(room)

    async def main():
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            with pytest.raises(asyncio.TimeoutError):
                # No one reads from it.
                await asyncio.wait_for(folio.open(path, "wb", buffering=0), 0.01)
        gc.collect()
        # What an earlier test has left to the engine may be closed meanwhile, and the last attempt by now or soon.
        async def closed():
            while len(os.listdir("/proc/self/fd")) > before:
                await asyncio.sleep(0.01)

        await asyncio.wait_for(closed(), 60)

    async def twice():
        # The loop's own descriptors are there before the count.
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(folio.open(path, "wb", buffering=0), 0.01)
        await main()

    run(twice())


def test_every_method_makes_a_task(run, room):
    (room / "file").write_text("a\nb\n")

    async def main():
        async with folio.open(room / "file") as file:
            assert await asyncio.create_task(file.readline()) == "a\n"
            assert await asyncio.wait_for(file.readline(), 5) == "b\n"
            assert await asyncio.gather(file.tell(), file.seek(0)) == [4, 0]

    run(main())


def test_an_awaitable_is_awaited_once(run, room):
    (room / "file").write_text("text")

    async def main():
        file = await folio.open(room / "file")
        reading = file.read()
        assert await reading == "text"
        with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
            await reading
        await file.close()

    run(main())


def test_an_awaitable_is_awaited_by_one_task(run):
    async def main():
        wait = threading.Event()
        waiting = folio.base.call(None, None, None, wait.wait, (), {})

        async def awaited():
            return await waiting

        first = asyncio.ensure_future(awaited())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="being awaited already"):
            await awaited()
        wait.set()
        assert await first is True

    run(main())


def test_an_answer_that_a_task_waits_for_is_given_to_no_other(run):
    async def main():
        wait = threading.Event()
        waiting = folio.base.call(None, None, None, wait.wait, (), {})

        async def awaited():
            return await waiting

        first = asyncio.ensure_future(awaited())
        await asyncio.sleep(0)
        wait.set()
        # The answer is there, and the loop has had no turn to bring it.
        while folio.snapshot().running:
            pass
        with pytest.raises(RuntimeError, match="being awaited already"):
            waiting.send(None)
        assert await first is True

    run(main())


def test_an_exception_is_raised_where_it_is_awaited(run, room):
    async def main():
        opening = folio.open(room / "missing")
        with pytest.raises(FileNotFoundError) as raised:
            await opening
        assert raised.value.filename == str(room / "missing")

    run(main())


def test_loops_come_and_go(run, room):
    async def main():
        call = folio.base.call(None, None, None, os.getpid, (), {})
        assert await call == os.getpid()

    for _ in range(20):
        run(main())


def test_each_thread_has_its_loop(run, room):
    path = room / "file"
    path.write_text("text")
    failures = []

    async def work():
        for _ in range(50):
            async with folio.open(path) as file:
                assert await file.read() == "text"
            assert await folio.base.call(None, None, None, os.getpid, (), {}) == os.getpid()

    def thread():
        try:
            asyncio.run(work())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=thread) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []


def test_a_file_outlives_its_loop(room):
    path = room / "file"
    path.write_text("a\nb\n")

    async def first():
        file = await folio.open(path)
        assert await file.readline() == "a\n"
        return file

    async def second(file):
        assert await file.readline() == "b\n"
        await file.close()

    asyncio.run(second(asyncio.run(first())))


def test_without_a_loop_the_error_says_what_to_use():
    async def main():
        wait = threading.Event()
        try:
            await folio.base.call(None, None, None, wait.wait, (), {})
        finally:
            wait.set()

    with pytest.raises(RuntimeError, match="asyncio and uvloop"):
        main().send(None)


def test_the_loop_gets_its_turns_while_answers_come_in_place(run, room):
    path = room / "file"
    path.write_text("line\n" * 10_000)

    async def main():
        turns = 0

        async def count():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.ensure_future(count())
        async with folio.open(path) as file:
            async for _ in file:
                pass
        counting.cancel()
        return turns

    # A line costs one unit of the budget of a thousand.
    assert run(main()) >= 9
