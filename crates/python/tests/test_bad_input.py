"""Wrong calls: the same exceptions as aiofiles', which is asked at the same time."""

import socket
import sys

import pytest

import folio
import folio.os

aiofiles = pytest.importorskip("aiofiles")
import aiofiles.os  # noqa: E402

OPENINGS = [
    ("missing", "r", {}),
    ("missing", "rb", {}),
    ("missing", "r+b", {}),
    ("folder", "r", {}),
    ("folder", "rb", {}),
    ("folder", "wb", {}),
    ("file/below", "r", {}),
    ("socket", "rb", {}),
    ("socket", "wb", {}),
    ("socket", "w", {}),
    ("socket", "ab", {"buffering": 0}),
    ("/dev/no_such_device", "w", {}),
    ("file", "x", {}),
    ("file", "xb", {}),
    ("", "r", {}),
    ("n" * 300, "r", {}),
    ("a\0b", "r", {}),
    ("file", "", {}),
    ("file", "b", {}),
    ("file", "+", {}),
    ("file", "rw", {}),
    ("file", "rr", {}),
    ("file", "z", {}),
    ("file", "rU", {}),
    ("file", "rbt", {}),
    ("file", None, {}),
    ("file", 5, {}),
    ("file", "r", {"buffering": 0}),
    ("file", "r", {"buffering": None}),
    ("file", "r", {"buffering": "1"}),
    ("file", "rb", {"encoding": "utf-8"}),
    ("file", "rb", {"errors": "strict"}),
    ("file", "rb", {"newline": "\n"}),
    ("file", "r", {"encoding": "nope"}),
    ("file", "r", {"encoding": "hex"}),
    ("file", "r", {"encoding": 5}),
    ("file", "r", {"errors": 5}),
    ("file", "r", {"newline": "x"}),
    ("file", "r", {"newline": b"\n"}),
    ("file", "r", {"closefd": False}),
    ("file", "r", {"opener": 5}),
    ("file", "r", {"opener": lambda path, flags: -1}),
    (None, "r", {}),
    (1.5, "r", {}),
    (-1, "r", {}),
]

CALLS = [
    ("r", "read", ("a",)),
    ("r", "read", (1.5,)),
    ("r", "write", ("text",)),
    ("r", "writelines", (["text"],)),
    ("r", "truncate", ()),
    ("r", "readline", (None,)),
    ("r", "seek", (-1,)),
    ("r", "seek", (1, 1)),
    ("r", "seek", (1, 2)),
    ("r", "seek", (0, 5)),
    ("r", "seek", ("0",)),
    ("w", "read", ()),
    ("w", "readline", ()),
    ("w", "readlines", ()),
    ("w", "write", (b"bytes",)),
    ("w", "write", (5,)),
    ("w", "write", (None,)),
    ("w", "writelines", ([b"bytes"],)),
    ("w", "writelines", (5,)),
    ("w", "truncate", (-1,)),
    ("rb", "read", ("a",)),
    ("rb", "read", (-2,)),
    ("rb", "readinto", (b"bytes",)),
    ("rb", "readinto", ("text",)),
    ("rb", "readinto", (5,)),
    ("rb", "write", (b"bytes",)),
    ("rb", "truncate", ()),
    ("rb", "seek", (-1,)),
    ("rb", "seek", (0, 5)),
    ("wb", "read", ()),
    ("wb", "read1", ()),
    ("wb", "readline", ()),
    ("wb", "peek", ()),
    ("wb", "write", ("text",)),
    ("wb", "write", (5,)),
    ("wb", "writelines", (["text"],)),
]

CLOSED = [
    *[(mode, name, ()) for mode in ("r", "w", "rb", "wb", "r+b") for name in
      ("read", "readline", "readlines", "flush", "tell", "isatty", "seekable", "readable", "writable", "fileno",
       "truncate", "detach", "close")],
    *[(mode, name, (0,)) for mode in ("r", "w", "rb", "wb", "r+b") for name in ("seek",)],
    *[(mode, "write", ("",)) for mode in ("r", "w")],
    *[(mode, "write", (b"",)) for mode in ("rb", "wb", "r+b")],
]


@pytest.fixture
def ground(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("text")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        # A path of few letters: the system takes no long ones.
        listener.bind("socket")


def outcome(run, coroutine):
    try:
        return run(coroutine)
    except Exception as error:
        return type(error)


def alike(run, work):
    ours, theirs = outcome(run, work(folio)), outcome(run, work(aiofiles))
    assert ours == theirs
    return theirs


@pytest.mark.parametrize("path, mode, options", OPENINGS)
def test_opening(run, ground, path, mode, options):
    async def work(library):
        async with library.open(path, mode, **options) as file:
            return await file.read()

    outcome = alike(run, work)
    if mode != "rU" or sys.version_info >= (3, 11):
        assert isinstance(outcome, type)


async def called(file, name, arguments):
    result = getattr(file, name)(*arguments)
    return await result if hasattr(result, "__await__") else result


@pytest.mark.parametrize("mode, name, arguments", CALLS)
def test_calling(run, ground, mode, name, arguments):
    async def work(library):
        async with library.open("file", mode) as file:
            return await called(file, name, arguments)

    assert isinstance(alike(run, work), type)


@pytest.mark.parametrize("mode, name, arguments", CLOSED)
def test_calling_a_closed_file(run, ground, mode, name, arguments):
    async def work(library):
        file = await library.open("file", mode)
        await file.close()
        try:
            return await called(file, name, arguments)
        except Exception as error:
            return type(error), str(error)

    alike(run, work)


@pytest.mark.parametrize("path", ["missing", "file/below", "a\0b", None, 1.5, -1, "n" * 300])
@pytest.mark.parametrize("name", ["stat", "remove", "listdir", "mkdir", "rmdir", "readlink"])
def test_paths(run, ground, name, path):
    if (name, path) == ("mkdir", "missing"):
        pytest.skip("that is no wrong call")

    async def work(library):
        try:
            await getattr(library.os, name)(path)
        except Exception as error:
            return type(error), str(error), getattr(error, "filename", None)

    alike(run, work)
