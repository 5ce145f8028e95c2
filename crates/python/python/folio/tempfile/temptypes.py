"""Spooled files and temporary directories."""

from ..base import AsyncBase, call
from ..threadpool.utils import cond_delegate_to_executor, delegate_to_executor, proxy_property_directly


@delegate_to_executor("fileno", "rollover")
@cond_delegate_to_executor(
    "close", "flush", "isatty", "read", "readline", "readlines", "seek", "tell"
)
@proxy_property_directly("closed", "encoding", "errors", "mode", "name", "newlines")
class AsyncSpooledTemporaryFile(AsyncBase):
    """A file that is in memory until it has outgrown its maximum size."""

    async def _check(self):
        if self._file._rolled:
            return
        max_size = self._file._max_size
        if max_size and self._file.tell() > max_size:
            await self.rollover()

    async def truncate(self, *args, **kwargs):
        """Cuts or extends the file, which may send it to the disk."""
        return await self._call("truncate", args, kwargs)

    async def write(self, s):
        """Writes, and sends the file to the disk if it has outgrown its maximum size."""
        if self._file._rolled:
            return await self._call("write", (s,), {})
        written = self._file._file.write(s)
        await self._check()
        return written

    async def writelines(self, iterable):
        """The same for several lines."""
        if self._file._rolled:
            return await self._call("writelines", (iterable,), {})
        self._file._file.writelines(iterable)
        await self._check()


@proxy_property_directly("name")
class AsyncTemporaryDirectory:
    """A directory that is removed with all that is in it."""

    def __init__(self, file, loop, executor):
        self._file = file
        self._loop = loop
        self._executor = executor

    async def cleanup(self):
        """Removes the directory."""
        await call(self._loop, self._executor, None, self._file.cleanup, (), {}, None, True)

    async def close(self):
        """Removes the directory."""
        await self.cleanup()
