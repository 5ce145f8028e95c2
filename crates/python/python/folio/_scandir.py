"""Listing a directory: os.scandir, asynchronous."""

import os
from collections import deque
from itertools import islice

from .base import AsyncBase, call
from .os import stat

__all__ = ["DirEntry", "scandir"]

# Entries that are taken from the system at a time: enough that changing threads costs little for each, few enough that a
# listing of millions takes no memory.
BATCH_ENTRIES = 256


def scandir(path="."):
    """Lists a directory: an asynchronous iterator over its entries, and a context manager that closes it.

    async with folio.fs.scandir("photos") as entries:
        async for entry in entries:
            if await entry.is_file():
                print(entry.name, (await entry.stat()).st_size)
    """
    return Scandir(path)


class Scandir:
    """What `scandir` returns. The directory is opened at the start of `async with`, or when the first entry is asked for."""

    def __init__(self, path):
        self._listing = Listing(path)
        self._calls = AsyncBase(self._listing, None, None)

    async def __aenter__(self):
        opening = self._calls._call("open", (), {})
        try:
            await opening
        except BaseException:
            # It may go on for a while.
            self._calls._call("close", (), {})
            raise
        return self

    async def __aexit__(self, exc_type, exc_val, exc_tb):
        await self.close()

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self._listing.ready:
            more = await self._calls._call("fill", (), {})
            # Another task's call may have found some meanwhile.
            if not more and not self._listing.ready:
                raise StopAsyncIteration
        return self._listing.ready.popleft()

    async def close(self):
        """Closes the directory. A second call does nothing."""
        await self._calls._call("close", (), {})


class Listing:
    """An open directory. Workers call its methods, one after another."""

    def __init__(self, path):
        self._path = path
        self._found = None
        self._closed = False
        # What was taken from the system and not yet by the caller: a cancelled call loses no entry.
        self.ready = deque()

    def open(self):
        """Opens the directory."""
        if self._found is None and not self._closed:
            self._found = os.scandir(self._path)

    def fill(self):
        """Makes more entries ready; returns whether there were any."""
        self.open()
        if self._closed:
            return False
        by_path = not isinstance(self._path, int)
        taken = [DirEntry(found, found.is_symlink(), by_path) for found in islice(self._found, BATCH_ENTRIES)]
        self.ready.extend(taken)
        if not taken:
            self._found.close()
        return bool(taken)

    def close(self):
        """Closes the directory."""
        self._closed = True
        self.ready.clear()
        if self._found is not None:
            self._found.close()


class DirEntry:
    """An entry of a directory, as os.DirEntry is; its methods that may look at the file are asynchronous.

    As there, attributes are asked for once and then remembered.
    """

    __slots__ = ("_found", "_is_symlink", "_by_path", "_stats")

    def __init__(self, found, is_symlink, by_path):
        self._found = found
        self._is_symlink = is_symlink
        self._by_path = by_path
        self._stats = {}

    @property
    def name(self):
        """The name in the directory."""
        return self._found.name

    @property
    def path(self):
        """The path: that of the directory, as it was given, and the name."""
        return self._found.path

    def inode(self):
        """Returns the number of the inode, which the directory knows."""
        return self._found.inode()

    async def is_symlink(self):
        """Returns whether it is a symbolic link."""
        return self._is_symlink

    async def is_dir(self, *, follow_symlinks=True):
        """Returns whether it is a directory."""
        return await self._asked("is_dir", follow_symlinks)

    async def is_file(self, *, follow_symlinks=True):
        """Returns whether it is a regular file."""
        return await self._asked("is_file", follow_symlinks)

    async def is_junction(self):
        """Returns whether it is a junction, which there is on Windows alone."""
        return False

    async def stat(self, *, follow_symlinks=True):
        """Returns the attributes of the file, or of a link itself."""
        followed = follow_symlinks and self._is_symlink
        if followed not in self._stats:
            self._stats[followed] = await self._ask_stat(followed)
        return self._stats[followed]

    def _ask_stat(self, followed):
        if self._by_path:
            return stat(self._found.path, follow_symlinks=followed)
        # Its path is but a name in a directory that is known by a descriptor.
        return call(None, None, None, self._found.stat, (), {"follow_symlinks": followed})

    def _asked(self, name, follow_symlinks):
        ask = getattr(self._found, name)
        if self._is_symlink and follow_symlinks:
            return call(None, None, None, ask, (), {"follow_symlinks": True})
        # The kind came with the listing: nothing is asked of the system.
        return _answered(ask(follow_symlinks=False))

    def __fspath__(self):
        return self._found.path

    def __repr__(self):
        return f"<DirEntry {self._found.name!r}>"


async def _answered(value):
    return value
