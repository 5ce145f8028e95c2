"""The functions of os.path that look at files, asynchronous."""

from functools import wraps
from os import path
from stat import S_ISDIR, S_ISLNK, S_ISREG

from . import _folio
from .base import call, signed, wrap

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


def _by_stat(function, answer, follow=True, absent=None):
    """Makes asynchronous what one look at the attributes answers: `absent`, if it is given, where there is no such file."""
    if _stat is None:
        return wrap(function)

    @wraps(function)
    async def run(*args, loop=None, executor=None, **kwargs):
        if executor is not None or kwargs or len(args) != 1 or isinstance(args[0], int):
            # Also what CPython refuses, in its own words.
            return await call(loop, executor, None, function, args, kwargs)
        try:
            return answer(await _stat(args[0], follow))
        except (OSError, ValueError):
            if absent is None:
                raise
            return absent

    return signed(run, function)


getatime = _by_stat(path.getatime, lambda found: found.st_atime)
getctime = _by_stat(path.getctime, lambda found: found.st_ctime)
getmtime = _by_stat(path.getmtime, lambda found: found.st_mtime)
getsize = _by_stat(path.getsize, lambda found: found.st_size)

exists = _by_stat(path.exists, lambda found: True, absent=False)
isdir = _by_stat(path.isdir, lambda found: S_ISDIR(found.st_mode), absent=False)
isfile = _by_stat(path.isfile, lambda found: S_ISREG(found.st_mode), absent=False)
islink = _by_stat(path.islink, lambda found: S_ISLNK(found.st_mode), follow=False, absent=False)

abspath = wrap(path.abspath)
ismount = wrap(path.ismount)
samefile = wrap(path.samefile)
sameopenfile = wrap(path.sameopenfile)
