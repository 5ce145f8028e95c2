"""The functions of the os module, asynchronous."""

import os

from . import _folio
from . import ospath as path
from .base import call, wrap

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


async def stat(path, *, dir_fd=None, follow_symlinks=True, loop=None, executor=None):
    """Returns the attributes of a path or of an open descriptor, as os.stat does."""
    if executor is None and dir_fd is None and not isinstance(path, int) and hasattr(_folio, "stat"):
        try:
            looking = _folio.stat(path, follow_symlinks)
        except (TypeError, ValueError):
            # CPython words its own refusal.
            pass
        else:
            return await looking
    kwargs = {"dir_fd": dir_fd, "follow_symlinks": follow_symlinks}
    return await call(loop, executor, None, os.stat, (path,), kwargs)


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
