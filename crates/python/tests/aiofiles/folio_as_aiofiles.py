"""A plugin of pytest under which `import aiofiles` imports folio."""

import sys

import folio
import folio.base
import folio.os
import folio.ospath
import folio.tempfile.temptypes
import folio.threadpool.binary
import folio.threadpool.text
import folio.threadpool.utils

for name, module in list(sys.modules.items()):
    if name == "folio" or name.startswith("folio."):
        sys.modules["aiofiles" + name[len("folio") :]] = module
