#!/usr/bin/env python3
"""Runs aiofiles' own tests, unmodified, against folio.

    python tests/aiofiles/run.py [arguments of pytest]

The tests come from aiofiles' source distribution, which is fetched from PyPI. folio, pytest and pytest-asyncio have to
be installed in this interpreter. Ends with 77 if the tests cannot be had.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).resolve().parent
VERSION = "25.1.0"
SHA256 = "a8d728f0a29de45dc521f18f07297428d56992a742f0cd2701ba86e44d23d5b2"
CASES = 219
# The exit code by which automake's tests say that they could not run.
SKIPPED = 77
# Seconds that a fetch, and the tests, may take.
FETCH_SECONDS = 120
RUN_SECONDS = 300


def fetch(room):
    """Unpacks the source distribution; returns its folder."""
    wanted = room / "requirements.txt"
    wanted.write_text(f"aiofiles=={VERSION} --hash=sha256:{SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "aiofiles"]
    try:
        subprocess.run([*command, "--dest", room, "-r", wanted], check=True, timeout=FETCH_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"SKIPPED: aiofiles' own tests because aiofiles {VERSION} cannot be had: {error}")
        sys.exit(SKIPPED)
    with tarfile.open(room / f"aiofiles-{VERSION}.tar.gz") as archive:
        archive.extractall(room)
    return room / f"aiofiles-{VERSION}"


def without_powers():
    """What makes a root without the right to read and write everything, which the tests do not expect."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return []
    powers = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"]


def run(folder, arguments):
    """Runs the tests; returns how each case ended."""
    report = folder / "report.xml"
    environment = dict(os.environ, PYTHONPATH=str(HERE))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "folio_as_aiofiles", f"--junitxml={report}"]
    subprocess.run(
        [*without_powers(), *command, *arguments, "tests"], cwd=folder, env=environment, timeout=RUN_SECONDS
    )
    return dict(map(ended, ElementTree.parse(report).iter("testcase")))


def ended(case):
    """The name of a case and how it ended."""
    name = f"{case.get('classname')}::{case.get('name')}"
    if case.find("failure") is not None or case.find("error") is not None:
        return name, "failed"
    return name, "skipped" if case.find("skipped") is not None else "passed"


def known():
    """The cases that are listed as failing."""
    lines = (HERE / "known_failures.txt").read_text().splitlines()
    return {line.split()[0] for line in lines if line and not line.startswith("#")}


def main():
    with tempfile.TemporaryDirectory() as room:
        outcomes = run(fetch(pathlib.Path(room)), sys.argv[1:])
    failed = {name for name, outcome in outcomes.items() if outcome == "failed"}
    passed = {name for name, outcome in outcomes.items() if outcome == "passed"}
    for name in sorted(failed - known()):
        print(f"FAILED and not listed: {name}")
    for name in sorted(passed & known()):
        print(f"PASSED and listed as failing: {name}")
    skipped = len(outcomes) - len(failed) - len(passed)
    print(f"aiofiles {VERSION}: of {len(outcomes)} cases {len(passed)} passed, {skipped} are for other systems")
    if len(outcomes) != CASES:
        print(f"There should be {CASES} cases.")
    sys.exit(bool(failed - known() or passed & known() or len(outcomes) != CASES))


main()
