"""What is answered in place: by the exception that is used again, and in Python's own memory."""

import asyncio
import sys

import pytest

import folio

BLOCK = 4096
# Far more than is kept from one answer to the next.
LARGE = 1024 * 1024


def ended(step, operation):
    """The exception that ends an awaitable, kept as a driver written in Python would keep it."""
    for _ in range(2):
        # The first step may give the loop a turn.
        try:
            step(operation)
        except StopIteration as end:
            return end
    raise AssertionError("it has not ended")


@pytest.mark.parametrize("step", [next, lambda operation: operation.send(None)])
async def test_an_exception_that_someone_keeps_is_not_used_again(tmp_path, step):
    (tmp_path / "file").write_bytes(bytes(range(8)))
    async with folio.open(tmp_path / "file", "rb") as file:
        kept = [ended(step, file.read(1)) for _ in range(8)]
    assert [end.value for end in kept] == [bytes([at]) for at in range(8)]
    assert len({id(end) for end in kept}) == 8


async def test_an_exception_that_was_seen_by_python_carries_no_frame_into_the_next_await(tmp_path):
    (tmp_path / "file").write_bytes(bytes(3))
    async with folio.open(tmp_path / "file", "rb") as file:
        lengths = []
        for _ in range(3):
            traceback, length = ended(next, file.read(1)).__traceback__, 0
            while traceback is not None:
                traceback, length = traceback.tb_next, length + 1
            lengths.append(length)
    assert lengths == [1, 1, 1]


async def test_a_large_answer_is_not_kept_after_its_caller_has_dropped_it(tmp_path):
    (tmp_path / "file").write_bytes(bytes(LARGE))
    async with folio.open(tmp_path / "file", "rb") as file:
        large = await file.read()
        await file.seek(0)
        also = await file.read(LARGE)
    own = bytearray(1)
    assert sys.getrefcount(large) == sys.getrefcount(also) == sys.getrefcount(own)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, LARGE])
async def test_a_file_is_read_whole_whatever_became_of_it_since_it_was_opened(tmp_path, size):
    path, contents = tmp_path / "file", bytes(at % 251 for at in range(size))
    for grown in [b"", b"more", bytes(2 * BLOCK), bytes(100_000)]:
        path.write_bytes(contents)
        async with folio.open(path, "rb") as file:
            with open(path, "ab") as other:
                other.write(grown)
            head = await file.read(3)
            assert head + await file.read() == contents + grown
            assert await file.read() == b""
            await file.seek(0)
            path.write_bytes(contents[: size // 2])
            assert await file.read() == contents[: size // 2]


async def test_a_read_to_the_end_comes_after_a_write_behind_what_it_knows_of(tmp_path):
    (tmp_path / "file").write_bytes(bytes(BLOCK))
    async with folio.open(tmp_path / "file", "r+b", buffering=-1) as file:
        for count in range(200):
            writing = file.write_at(BLOCK + count, b"x")
            await file.seek(0)
            assert await file.read() == bytes(BLOCK) + b"x" * (count + 1)
            await writing


async def test_a_read_of_a_size_comes_after_the_write_that_was_called_before_it(tmp_path):
    (tmp_path / "file").write_bytes(bytes(BLOCK))
    async with folio.open(tmp_path / "file", "r+b") as file:
        for count in range(1, 100):
            await file.seek(0)
            writing = file.write_at(0, bytes([count]) * BLOCK)
            assert await file.read(BLOCK) == bytes([count]) * BLOCK
            await writing


async def test_reads_in_place_share_a_file_among_tasks(tmp_path):
    (tmp_path / "file").write_bytes(b"".join(at.to_bytes(4, "big") for at in range(2000)))
    async with folio.open(tmp_path / "file", "rb") as file:

        async def reader():
            found = []
            while piece := await file.read(4):
                found.append(int.from_bytes(piece, "big"))
                await asyncio.sleep(0)
            return found

        found = await asyncio.gather(*(reader() for _ in range(8)))
    assert all(part == sorted(part) for part in found)
    assert sorted(sum(found, [])) == list(range(2000))


async def test_a_write_only_file_and_a_closed_one_refuse_reads_of_every_size(tmp_path):
    async with folio.open(tmp_path / "file", "wb") as file:
        for size in (-1, 1):
            with pytest.raises(OSError, match="read"):
                await file.read(size)
    async with folio.open(tmp_path / "file", "rb") as file:
        pass
    for size in (-1, 1):
        with pytest.raises(ValueError, match="read of closed file"):
            await file.read(size)
