"""An asynchronous pathlib.Path: its names are those of anyio.Path."""

import os
import pathlib
from functools import wraps

from . import fs
from . import os as aio_os
from . import ospath
from .base import call
from .threadpool import open as aio_open

__all__ = ["Path"]


def _wrapped(value):
    if isinstance(value, tuple):
        return tuple(map(_wrapped, value))
    return Path(value) if isinstance(value, pathlib.PurePath) else value


def _on_a_worker(name):
    function = getattr(pathlib.Path, name)

    @wraps(function)
    async def method(self, *args, **kwargs):
        return _wrapped(await call(None, None, None, getattr(self._path, name), args, kwargs))

    return method


def _listed(name):
    function = getattr(pathlib.Path, name)

    @wraps(function)
    async def method(self, *args, **kwargs):
        for found in await call(None, None, None, _list, (function, self._path, args, kwargs), {}):
            yield _wrapped(found)

    return method


def _list(function, path, args, kwargs):
    return list(function(path, *args, **kwargs))


class Path:
    """A path whose methods that look at files are asynchronous; all others are those of pathlib.Path."""

    __slots__ = ("_path",)

    def __init__(self, *parts):
        self._path = pathlib.Path(*parts)

    def __fspath__(self):
        return str(self._path)

    def __str__(self):
        return str(self._path)

    def __repr__(self):
        return f"Path({str(self._path)!r})"

    def __bytes__(self):
        return bytes(self._path)

    def __hash__(self):
        return hash(self._path)

    def __eq__(self, other):
        return self._path == getattr(other, "_path", other)

    def __lt__(self, other):
        return self._path < getattr(other, "_path", other)

    def __le__(self, other):
        return self._path <= getattr(other, "_path", other)

    def __gt__(self, other):
        return self._path > getattr(other, "_path", other)

    def __ge__(self, other):
        return self._path >= getattr(other, "_path", other)

    def __truediv__(self, other):
        return Path(self._path / os.fspath(other))

    def __rtruediv__(self, other):
        return Path(os.fspath(other) / self._path)

    def __getattr__(self, name):
        # What only looks at the name. What looks at files is defined below.
        if name not in _PURE:
            raise AttributeError(f"'Path' object has no attribute {name!r}")
        found = getattr(self._path, name)
        if not callable(found):
            return _wrapped(tuple(found)) if name == "parents" else _wrapped(found)
        return lambda *args, **kwargs: _wrapped(found(*args, **kwargs))

    def open(self, mode="r", buffering=-1, encoding=None, errors=None, newline=None):
        """Opens the file, as `folio.open` does."""
        return aio_open(self._path, mode, buffering, encoding, errors, newline)

    def stat(self, *, follow_symlinks=True):
        """Returns the attributes."""
        return aio_os.stat(self._path, follow_symlinks=follow_symlinks)

    def lstat(self):
        """Returns the attributes of a link itself."""
        return aio_os.stat(self._path, follow_symlinks=False)

    async def exists(self):
        """Returns whether there is such a file."""
        return await ospath.exists(self._path)

    async def is_file(self):
        """Returns whether it is a regular file."""
        return await ospath.isfile(self._path)

    async def is_dir(self):
        """Returns whether it is a directory."""
        return await ospath.isdir(self._path)

    async def is_symlink(self):
        """Returns whether it is a symbolic link."""
        return await ospath.islink(self._path)

    def read_bytes(self):
        """Returns the whole contents."""
        return fs.read_bytes(self._path)

    def write_bytes(self, data):
        """Writes the whole contents; returns their length."""
        return fs.write_bytes(self._path, data)

    def rmtree(self):
        """Removes the directory with all that is in it."""
        return fs.rmtree(self._path)

    def replace_bytes(self, data):
        """Replaces the whole contents in one step."""
        return fs.replace_bytes(self._path, data)


_ON_A_WORKER = (
    "absolute chmod expanduser group hardlink_to is_block_device is_char_device is_fifo is_mount is_socket lchmod "
    "link_to mkdir owner read_text readlink rename replace resolve rmdir samefile symlink_to touch unlink write_text"
)
_LISTED = "iterdir glob rglob walk"
_PURE = set(dir(pathlib.PurePath)) - set(dir(object))

for _name in _ON_A_WORKER.split():
    if hasattr(pathlib.Path, _name):
        setattr(Path, _name, _on_a_worker(_name))
for _name in _LISTED.split():
    if hasattr(pathlib.Path, _name):
        setattr(Path, _name, _listed(_name))
