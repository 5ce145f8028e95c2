"""Runs one module of CPython's tests with files of folio's; prints how each case ended, one a line.

    python tests/cpython/cases.py test.test_io
"""

import gc
import importlib
import json
import os
import sys
import tempfile
import unittest

import adapters


class Outcomes(unittest.TestResult):
    """How those cases ended that opened a file by folio."""

    def __init__(self):
        super().__init__()
        self.ended, self.words = None, None

    def startTest(self, test):
        super().startTest(test)
        # What earlier cases have left open is not to be found during this one.
        gc.collect()
        self.ended, self.words = "passed", ""
        adapters.Opened.count = 0

    def note(self, ended, words):
        # The first failure of several subtests stands for all.
        if self.ended != "failed":
            self.ended, self.words = ended, words

    def stopTest(self, test):
        super().stopTest(test)
        if adapters.Opened.count or self.ended == "failed":
            print(json.dumps([test.id()[len("test.") :], self.ended, self.words]), flush=True)

    def addFailure(self, test, error):
        self.note("failed", self._exc_info_to_string(error, test))

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.note("failed", self._exc_info_to_string(error, test))

    def addSkip(self, test, reason):
        self.note("skipped", reason)

    def addExpectedFailure(self, test, error):
        self.note("skipped", "CPython's own fails too")


def flattened(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from flattened(each)
        else:
            yield each


def main(name):
    module = importlib.import_module(name)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    # Each class is there for the io module in C, for that in Python, or once for both.
    cases = [case for case in flattened(suite) if not type(case).__name__.startswith("Py")]
    adapters.adapt(module, {type(case) for case in cases})
    with tempfile.TemporaryDirectory() as room:
        os.chdir(room)
        unittest.TestSuite(cases).run(Outcomes())
        os.chdir("/")


main(sys.argv[1])
