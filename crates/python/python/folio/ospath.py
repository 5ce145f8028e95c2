"""The functions of os.path that look at files, asynchronous."""

from functools import wraps
from os import path
from stat import S_ISDIR, S_ISLNK, S_ISREG

from . import _folio
from .base import call, wrap

__all__ = [
    "abspath",
    "exists",
    "getatime",
    "getctime",
    "getmtime",
    "getsize",
    "isdir",
    "isfile",
    "islink",
    "ismount",
    "samefile",
    "sameopenfile",
]

_stat = getattr(_folio, "stat", None)


def _by_stat(function, answer, follow=True):
    """Makes asynchronous what one look at the attributes answers."""
    if _stat is None:
        return wrap(function)

    @wraps(function)
    async def run(path, /, *, loop=None, executor=None):
        if executor is not None or isinstance(path, int):
            return await call(loop, executor, None, function, (path,), {})
        return answer(await _stat(path, follow))

    return run


def _test_by_stat(function, answer, follow=True):
    """The same for a question to which the answer is False if there is no such file."""
    if _stat is None:
        return wrap(function)

    @wraps(function)
    async def run(path, /, *, loop=None, executor=None):
        if executor is not None or isinstance(path, int):
            return await call(loop, executor, None, function, (path,), {})
        try:
            return answer(await _stat(path, follow))
        except (OSError, ValueError):
            return False

    return run


getatime = _by_stat(path.getatime, lambda found: found.st_atime)
getctime = _by_stat(path.getctime, lambda found: found.st_ctime)
getmtime = _by_stat(path.getmtime, lambda found: found.st_mtime)
getsize = _by_stat(path.getsize, lambda found: found.st_size)

exists = _test_by_stat(path.exists, lambda found: True)
isdir = _test_by_stat(path.isdir, lambda found: S_ISDIR(found.st_mode))
isfile = _test_by_stat(path.isfile, lambda found: S_ISREG(found.st_mode))
islink = _test_by_stat(path.islink, lambda found: S_ISLNK(found.st_mode), follow=False)

abspath = wrap(path.abspath)
ismount = wrap(path.ismount)
samefile = wrap(path.samefile)
sameopenfile = wrap(path.sameopenfile)
