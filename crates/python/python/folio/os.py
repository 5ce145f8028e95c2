"""The functions of the os module, asynchronous."""

import inspect
import os

from . import _folio
from . import ospath as path
from .base import wrap

__all__ = [
    "access",
    "getcwd",
    "listdir",
    "makedirs",
    "mkdir",
    "path",
    "readlink",
    "remove",
    "removedirs",
    "rename",
    "renames",
    "replace",
    "rmdir",
    "scandir",
    "stat",
    "symlink",
    "unlink",
    "wrap",
]


def stat(path, *, dir_fd=None, follow_symlinks=True, loop=None, executor=None):
    """Returns the attributes of a path or of an open descriptor, as os.stat does."""
    if executor is None and dir_fd is None and not isinstance(path, int) and _native_stat is not None:
        try:
            return _native_stat(path, follow_symlinks)
        except (TypeError, ValueError):
            # CPython words its own refusal.
            pass
    kwargs = {"dir_fd": dir_fd, "follow_symlinks": follow_symlinks}
    return _sync_stat(path, loop=loop, executor=executor, **kwargs)


_native_stat = getattr(_folio, "stat", None)
_sync_stat = wrap(os.stat)
if hasattr(inspect, "markcoroutinefunction"):
    inspect.markcoroutinefunction(stat)

access = wrap(os.access)
getcwd = wrap(os.getcwd)
listdir = wrap(os.listdir)
makedirs = wrap(os.makedirs)
mkdir = wrap(os.mkdir)
readlink = wrap(os.readlink)
remove = wrap(os.remove)
removedirs = wrap(os.removedirs)
rename = wrap(os.rename)
renames = wrap(os.renames)
replace = wrap(os.replace)
rmdir = wrap(os.rmdir)
scandir = wrap(os.scandir)
symlink = wrap(os.symlink)
unlink = wrap(os.unlink)

if hasattr(os, "link"):
    __all__ += ["link"]
    link = wrap(os.link)
if hasattr(os, "sendfile"):
    __all__ += ["sendfile"]
    sendfile = wrap(os.sendfile)
if hasattr(os, "statvfs"):
    __all__ += ["statvfs"]
    statvfs = wrap(os.statvfs)
