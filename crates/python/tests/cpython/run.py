#!/usr/bin/env python3
"""Runs those of CPython's own tests that open files, with files of folio's.

    python tests/cpython/run.py [names of modules]

The tests are the interpreter's own: its `test` package has to be installed, and so has folio. Ends with 77 if there is no
such package. What fails has to be listed in known_differences.txt, with its reason, and what is listed has to fail.
"""

import collections
import importlib.util
import json
import os
import pathlib
import pkgutil
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MODULES = ["test_io", "test_fileio", "test_file", "test_bufio", "test_univnewlines", "test_tempfile"]
# Fewer cases than that open files: then the adapters have missed something.
CASES_MIN = 150
# The exit code by which automake's tests say that they could not run.
SKIPPED = 77
# Seconds that one module may take.
RUN_SECONDS = 300


def modules(names):
    """The modules of these names; of a package, those in it."""
    for name in names:
        found = importlib.util.find_spec(f"test.{name}")
        if found is None:
            continue
        if found.submodule_search_locations is None:
            yield found.name
        else:
            yield from (f"{found.name}.{inner.name}" for inner in pkgutil.iter_modules(found.submodule_search_locations))


def run(module):
    """Runs a module's tests; returns how each case ended that opens files, and with what words."""
    command = [sys.executable, str(HERE / "cases.py"), module]
    # What CPython's tests mean by warnings is not the point here.
    environment = dict(os.environ, PYTHONWARNINGS="ignore")
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=RUN_SECONDS, env=environment
        )
        output, ended = done.stdout, done.returncode and f"ended with {done.returncode}: {done.stderr}"
    except subprocess.TimeoutExpired as error:
        output, ended = (error.stdout or b"").decode(), f"was not over after {RUN_SECONDS} s"
    outcomes = {name: (how, words) for name, how, words in map(json.loads, output.splitlines())}
    if ended:
        outcomes[f"{module} as a whole"] = ("failed", ended)
    return outcomes


def known():
    """The cases that are listed, each with the pattern of its reason. A case may be of some versions alone."""
    listed = {}
    for line in (HERE / "known_differences.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, versions, _ = re.fullmatch(r"(\S+)(?: \[([\d., -]+)\])?: (.+)", line).groups()
        if is_here(versions):
            listed[name] = line
    return listed


def is_here(versions):
    """Whether this interpreter is one of `3.9-3.11, 3.13`."""
    def number(text):
        return tuple(map(int, text.split(".")))

    here = sys.version_info[:2]
    for each in (versions or "3.0-3.999").split(", "):
        first, _, last = each.partition("-")
        if number(first) <= here <= number(last or first):
            return True
    return False


def main():
    names = sys.argv[1:] or MODULES
    chosen = list(modules(names)) if importlib.util.find_spec("test") else []
    if not chosen:
        print("SKIPPED: CPython's own tests because this interpreter has no `test` package")
        sys.exit(SKIPPED)
    outcomes = {}
    for module in chosen:
        found = run(module)
        outcomes.update(found)
        print(f"{module}: {count(found)}")
    listed = {name: line for name, line in known().items() if name.split(".")[0] in names}
    failed = {name for name, (how, _) in outcomes.items() if how == "failed"}
    wrong = failed - set(listed)
    for name in sorted(wrong):
        print(f"FAILED and not listed: {name}\n{outcomes[name][1]}")
    for name in sorted(set(listed) - failed):
        print(f"Listed and not FAILED: {name}: {outcomes.get(name, ['not run'])[0]}")
    print(f"CPython {sys.version.split()[0]}'s own tests that open files: {count(outcomes)}")
    few = not sys.argv[1:] and len(outcomes) < CASES_MIN
    if few:
        print(f"There should be at least {CASES_MIN}.")
    sys.exit(bool(wrong or set(listed) - failed or few))


def count(outcomes):
    ended = collections.Counter(how for how, _ in outcomes.values())
    return f"{ended['passed']} pass, {ended['failed']} differ, {ended['skipped']} are skipped"


if __name__ == "__main__":
    main()
