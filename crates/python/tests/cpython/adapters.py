"""folio under the names by which CPython's tests open files."""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import folio  # noqa: E402
import folio.tempfile  # noqa: E402
from blocking import Blocking, wait  # noqa: E402


class Opened:
    """How many files have been opened through folio."""

    count = 0


class File(Blocking):
    """What a manager of folio's opens, with the size of CPython's chunks, which its tests change."""

    def __init__(self, manager):
        Opened.count += 1
        super().__init__(wait(manager), manager=manager)

    @property
    def _CHUNK_SIZE(self):
        return 8192

    def __setattr__(self, name, value):
        if name != "_CHUNK_SIZE":
            super().__setattr__(name, value)


def open(*args, **kwargs):
    """The builtin `open`."""
    return File(folio.open(*args, **kwargs))


def FileIO(name, mode="r", closefd=True, opener=None):
    """io.FileIO: a file without a buffer, whose mode does not have to say that it is of bytes."""
    mode = mode + "b" if isinstance(mode, str) and "b" not in mode else mode
    return open(name, mode, 0, closefd=closefd, opener=opener)


class Tempfile:
    """The tempfile module, with the factories of folio.tempfile."""

    def __getattr__(self, name):
        return getattr(tempfile, name)

    def __setattr__(self, name, value):
        setattr(tempfile, name, value)

    def __delattr__(self, name):
        delattr(tempfile, name)

    @staticmethod
    def TemporaryFile(*args, **kwargs):
        return File(folio.tempfile.TemporaryFile(*args, **kwargs))

    @staticmethod
    def NamedTemporaryFile(*args, **kwargs):
        return File(folio.tempfile.NamedTemporaryFile(*args, **kwargs))

    @staticmethod
    def SpooledTemporaryFile(*args, **kwargs):
        return File(folio.tempfile.SpooledTemporaryFile(*args, **kwargs))

    @staticmethod
    def TemporaryDirectory(*args, **kwargs):
        return Directory(folio.tempfile.TemporaryDirectory(*args, **kwargs))


class Directory(Blocking):
    """A temporary directory, whose name `with` gives."""

    def __init__(self, manager):
        Opened.count += 1
        super().__init__(wait(manager), manager=manager)

    def __enter__(self):
        return self.name


def adapt(module, cases):
    """Makes the test cases of a module open their files by folio."""
    name = module.__name__.rpartition(".")[2]
    if name == "test_tempfile":
        module.tempfile = Tempfile()
        return
    for case in cases:
        if name == "test_fileio":
            case.FileIO = staticmethod(FileIO)
        else:
            case.open = staticmethod(open)
    if name == "test_bufio":
        module.open = open
