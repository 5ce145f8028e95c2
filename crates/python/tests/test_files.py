"""Files beyond what aiofiles' own tests look at, compared with Python's own."""

import asyncio
import io

import pytest

import folio
import folio.threadpool


def both(room, content=b""):
    """Two files alike: one for folio, one for Python's own `open`."""
    paths = room / "ours", room / "theirs"
    for path in paths:
        path.write_bytes(content)
    return paths


@pytest.mark.parametrize(
    "encoding, errors",
    [
        ("utf-8", "surrogateescape"),
        ("utf-8", "surrogatepass"),
        ("utf-8", "strict"),
        ("latin-1", "strict"),
        ("cp1252", "replace"),
        ("utf-16", "strict"),
        ("utf-8-sig", "ignore"),
        ("ascii", "backslashreplace"),
        ("idna", "strict"),
        ("unicode_escape", "strict"),
        ("punycode", "strict"),
    ],
)
@pytest.mark.parametrize("content", [b"plain\nlines\n", b"a\xffb\xe2\x82", b"\xff\xfea\x00", "né€😀\n".encode()])
def test_reading_in_every_encoding(run, room, encoding, errors, content):
    ours, theirs = both(room, content)

    async def read():
        async with folio.open(ours, encoding=encoding, errors=errors) as file:
            return file.encoding, file.errors, await file.read()

    def read_theirs():
        with open(theirs, encoding=encoding, errors=errors) as file:
            return file.encoding, file.errors, file.read()

    assert outcome(lambda: run(read())) == outcome(read_theirs)


@pytest.mark.parametrize("errors", [None, "ignore", "replace", "backslashreplace", "xmlcharrefreplace",
                                    "namereplace", "surrogateescape", "surrogatepass"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "utf-16", "cp1252"])
@pytest.mark.parametrize("text", ["plain\n", "aé€😀", "a\udcffb", "a\ud800b"])
def test_writing_in_every_encoding(run, room, encoding, errors, text):
    ours, theirs = both(room)

    async def write():
        async with folio.open(ours, "w", encoding=encoding, errors=errors) as file:
            return await file.write(text)

    def write_theirs():
        with open(theirs, "w", encoding=encoding, errors=errors) as file:
            return file.write(text)

    assert outcome(lambda: run(write())) == outcome(write_theirs)
    assert ours.read_bytes() == theirs.read_bytes()


def outcome(call):
    try:
        return call()
    except Exception as error:
        return type(error), str(error), getattr(error, "args", None)


def test_calls_on_one_file_take_effect_in_order(run, room):
    path = room / "file"

    async def main():
        async with folio.open(path, "w") as file:
            await asyncio.gather(*(file.write(f"{number}\n") for number in range(500)))
        async with folio.open(path) as file:
            return await asyncio.gather(*(file.readline() for _ in range(500)))

    assert run(main()) == [f"{number}\n" for number in range(500)]


def test_wrapped_files_take_calls_in_order(run):
    async def main():
        file = folio.threadpool.wrap(io.StringIO())
        await asyncio.gather(*(file.write(f"{number} ") for number in range(200)))
        return file._file.getvalue()

    assert run(main()) == "".join(f"{number} " for number in range(200))


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data * 2))[::2]])
def test_every_bytes_like_object_is_written(run, room, make):
    path = room / "file"

    async def main():
        async with folio.open(path, "wb") as file:
            return await file.write(make(b"bytes"))

    assert run(main()) == 5
    assert len(path.read_bytes()) == 5


def test_newlines_are_those_that_were_seen(run, room):
    path = room / "file"
    path.write_bytes(b"a\nb\r\nc\rd")

    async def main():
        async with folio.open(path) as file:
            before = file.newlines
            await file.read()
            return before, file.newlines

    assert run(main()) == (None, ("\r", "\n", "\r\n"))


def test_an_executor_of_the_user_gets_the_calls(run, room):
    from concurrent.futures import ThreadPoolExecutor

    path = room / "file"
    path.write_text("text")

    async def main():
        with ThreadPoolExecutor(1, thread_name_prefix="mine") as executor:
            submitted = []
            submit = executor.submit
            executor.submit = lambda *call: (submitted.append(call), submit(*call))[1]
            async with folio.open(path, executor=executor) as file:
                assert await file.read() == "text"
            return len(submitted)

    # Opening, reading and closing.
    assert run(main()) == 3


def test_a_descriptor_and_an_opener_are_taken(run, room):
    import os

    path = room / "file"
    path.write_text("text")

    async def main():
        async with folio.open(os.open(path, os.O_RDONLY)) as file:
            assert await file.read() == "text"
        seen = []

        def opener(path, flags):
            seen.append(path)
            return os.open(path, flags)

        async with folio.open(path, opener=opener) as file:
            assert await file.read() == "text"
        assert seen == [str(path)] or seen == [path]

    run(main())
