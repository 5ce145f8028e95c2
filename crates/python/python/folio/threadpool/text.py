"""Files of text: those of Python's own that are wrapped. Those that `open` opens by a path are native."""

from .. import _folio
from ..base import AsyncBase, AsyncIndirectBase
from .utils import delegate_to_executor, proxy_method_directly, proxy_property_directly

_METHODS = (
    "close",
    "flush",
    "isatty",
    "read",
    "readable",
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
_ATTRIBUTES = ("buffer", "closed", "encoding", "errors", "line_buffering", "mode", "name", "newlines")


@delegate_to_executor(*_METHODS)
@proxy_method_directly("detach", "fileno")
@proxy_property_directly(*_ATTRIBUTES)
class AsyncTextIOWrapper(AsyncBase):
    """A file of text."""


@delegate_to_executor(*_METHODS)
@proxy_method_directly("detach", "fileno")
@proxy_property_directly(*_ATTRIBUTES)
class AsyncTextIndirectIOWrapper(AsyncIndirectBase):
    """A file of text that is looked up at each call."""


AsyncTextIOWrapper.register(_folio.AsyncTextIOWrapper)
