"""Files of bytes: those of Python's own that are wrapped. Those that `open` opens by a path are native."""

from .. import _folio
from ..base import AsyncBase, AsyncIndirectBase
from .utils import delegate_to_executor, proxy_method_directly, proxy_property_directly

_COMMON = (
    "close",
    "flush",
    "isatty",
    "read",
    "readinto",
    "readline",
    "readlines",
    "seek",
    "seekable",
    "tell",
    "truncate",
    "writable",
    "write",
    "writelines",
)


@delegate_to_executor(*_COMMON, "read1")
@proxy_method_directly("detach", "fileno", "readable")
@proxy_property_directly("closed", "raw", "name", "mode")
class AsyncBufferedIOBase(AsyncBase):
    """A file of bytes with a buffer."""


@delegate_to_executor("peek")
class AsyncBufferedReader(AsyncBufferedIOBase):
    """A file of bytes with a buffer that is open for reading."""


@delegate_to_executor(*_COMMON, "readall")
@proxy_method_directly("fileno", "readable")
@proxy_property_directly("closed", "name", "mode")
class AsyncFileIO(AsyncBase):
    """A file of bytes without a buffer."""


@delegate_to_executor(*_COMMON, "read1")
@proxy_method_directly("detach", "fileno", "readable")
@proxy_property_directly("closed", "raw", "name", "mode")
class AsyncIndirectBufferedIOBase(AsyncIndirectBase):
    """A file of bytes with a buffer that is looked up at each call."""


@delegate_to_executor("peek")
class AsyncIndirectBufferedReader(AsyncIndirectBufferedIOBase):
    """The same, open for reading."""


@delegate_to_executor(*_COMMON, "readall")
@proxy_method_directly("fileno", "readable")
@proxy_property_directly("closed", "name", "mode")
class AsyncIndirectFileIO(AsyncIndirectBase):
    """A file of bytes without a buffer that is looked up at each call."""


AsyncBufferedIOBase.register(_folio.AsyncBufferedIOBase)
AsyncBufferedReader.register(_folio.AsyncBufferedReader)
AsyncFileIO.register(_folio.AsyncFileIO)
