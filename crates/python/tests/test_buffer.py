"""The file of bytes below a file of text."""

import pytest

import folio
from folio.threadpool.binary import AsyncBufferedIOBase, AsyncBufferedReader


def test_bytes_are_read_from_where_the_text_begins(run, room):
    (room / "file").write_bytes(b"\xff\xfebytes")

    async def main():
        async with folio.open(room / "file") as file:
            assert isinstance(file.buffer, AsyncBufferedReader)
            assert await file.buffer.read() == b"\xff\xfebytes"
            assert file.buffer is file.buffer
            assert (file.buffer.name, file.buffer.mode) == (str(room / "file"), "rb")
            assert file.buffer.fileno() == file.fileno()

    run(main())


@pytest.mark.parametrize("mode", ["w", "a", "x", "w+"])
def test_bytes_are_written_between_text(run, room, mode):
    async def main():
        async with folio.open(room / "file", mode) as file:
            assert isinstance(file.buffer, AsyncBufferedIOBase)
            await file.write("text\n")
            await file.buffer.write(b"\xff\xfe\n")
            await file.write("more\n")

    run(main())
    assert (room / "file").read_bytes() == b"text\n\xff\xfe\nmore\n"


def test_a_seek_puts_the_bytes_where_the_reader_is(run, room):
    (room / "file").write_bytes(b"head\nbody \xff")

    async def main():
        async with folio.open(room / "file") as file:
            assert await file.readline() == "head\n"
            await file.seek(await file.tell())
            return await file.buffer.read()

    assert run(main()) == b"body \xff"


@pytest.mark.parametrize("by_text", [True, False])
def test_both_are_closed_by_either(run, room, by_text):
    async def main():
        file = await folio.open(room / "file", "w")
        below = file.buffer
        assert not file.closed and not below.closed
        await (file if by_text else below).close()
        assert file.closed and below.closed
        for refused in file.write("text"), below.write(b"bytes"):
            with pytest.raises(ValueError, match="closed file"):
                await refused
        await file.close()
        await below.close()

    run(main())


def test_there_is_none_of_a_closed_or_detached_file(run, room):
    async def main():
        file = await folio.open(room / "file", "w")
        await file.close()
        with pytest.raises(ValueError, match="closed file"):
            file.buffer
        file = await folio.open(room / "file")
        file.detach().close()
        with pytest.raises(ValueError, match="detached"):
            file.buffer

    run(main())
