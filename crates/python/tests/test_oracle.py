"""Programs that open and use a file, carried out by folio and by CPython's own `open` live, step by step.

The programs are those of folio's own tests, which say of each step where folio means to differ from CPython. FOLIO_ORACLE_EACH=1
runs all 8,000, otherwise every 16th runs.
"""

import asyncio
import itertools
import os
import pathlib
import sys

import pytest

import folio
from blocking import Blocking, wait

ORACLE = pathlib.Path(__file__).resolve().parents[2] / "api" / "tests" / "oracle"
EACH = int(os.environ.get("FOLIO_ORACLE_EACH", 16))

if not ORACLE.is_dir():
    pytest.skip("the programs are in folio's repository", allow_module_level=True)
sys.path.insert(0, str(ORACLE))
generate = pytest.importorskip("generate")
notation, programs, runner = generate.notation, generate.programs, sys.modules["runner"]


class Runner(runner.Runner):
    """Carries out the steps with folio."""

    def __init__(self, loop, *arguments):
        super().__init__(*arguments)
        self.loop = loop

    def open(self):
        given = {name: value for name, value in self.arguments.items() if value is not None}
        try:
            self.file = Blocking(wait(folio.open(self.path, **given), self.loop), self.loop)
        except Exception as error:
            return notation.failure(error)
        return "N"

    def perform(self, name, args):
        self.told.append(None)
        self.look()
        try:
            return self.noted(getattr(self, "do_" + name)(*args))
        except TypeError:
            return "!T"
        except UnicodeDecodeError as error:
            return f"!D?,{error.reason}"
        except UnicodeEncodeError as error:
            text = next(line for line in map(runner.expanded, args) if error.object in (line, self.translated(line)))
            return notation.encode_error(error, runner.expanded(text), self.file.encoding)
        except Exception as error:
            return notation.failure(error)

    def translated(self, line):
        """A line as it is written: with the ends of lines that the file was opened for."""
        return line.replace("\n", self.arguments["newline"] or "\n")


def alike(ours, expected):
    """Whether two results are the same. Where bad bytes are, Python's exception does not say."""
    if ours.startswith("!D") and expected.startswith("!D"):
        return ours.partition(",")[2] == expected.partition(",")[2]
    return expected == "?" or ours == expected


class Comparison:
    """Programs that are carried out by both, step by step."""

    def __init__(self, path):
        self.path, self.loop = path, asyncio.new_event_loop()
        self.wrong, self.steps = [], 0

    def compare(self, number, kind, row, meant):
        """Carries out a program. `meant` returns for each result of CPython's what folio's may be instead, or None."""
        program = generate.Program(number, kind, row)
        theirs = program.invent(self.path)
        meant = meant(program, theirs)
        generate.place(self.path, program.start)
        ours = Runner(self.loop, self.path, program.row)
        results = [ours.open()]
        if ours.file:
            results += [ours.perform(name, args) for name, args in program.steps]
        results += ours.finish()
        self.steps += len(results)
        names = ["open", *(generate.written(name, args) for name, args in program.steps), "closing", "final"]
        for name, was, now, other in zip(names, results, theirs, meant):
            if was == "!Itelling position disabled by next() call" and now.startswith("i"):
                # `readlines` has forbidden it, and a line that is taken at the end by `readline` does not allow it again.
                break
            # Lines are taken as aiofiles takes them, so that `tell` stays allowed, also where CPython itself decodes.
            iterated = other and other[0] == "tell-while-iterating" and was.startswith("i")
            # What has no reading takes no `None` for a size from CPython 3.13 on.
            unread = (was, now) == ("!Uread", "!T")
            if not alike(was, now) and not (other and alike(was, other[1])) and not iterated and not unread:
                self.wrong.append((number, program.row, name, was, now, other))
                # What follows follows from that.
                break

    def end(self):
        self.loop.close()
        print(f"{self.steps} steps, {len(self.wrong)} programs differ")
        assert self.wrong == []


def test_folio_does_what_open_does(tmp_path):
    comparison = Comparison(str(tmp_path / "file"))
    openings = programs.openings(programs.Dice(generate.SEED), generate.COUNT)
    for number, (kind, row) in enumerate(openings):
        if number % EACH == 0:
            comparison.compare(
                number, kind, row, lambda program, theirs: program.alternatives(comparison.path, theirs)
            )
    comparison.end()


def plain(value):
    """The same without the lone surrogates, which the notation does not have."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace")
    return list(map(plain, value)) if isinstance(value, list) else value


def test_so_it_does_with_handlers_that_only_cpython_has(tmp_path, monkeypatch):
    noted = notation.result
    monkeypatch.setattr(notation, "result", lambda value: noted(plain(value)))
    comparison = Comparison(str(tmp_path / "file"))

    def while_iterating(program, theirs):
        others = program.repeat(comparison.path, ["tell-while-iterating"])
        return [("tell-while-iterating", other) if other != was else None for other, was in zip(others, theirs)]

    rows = itertools.product(
        ["surrogateescape", "surrogatepass", "namereplace"], programs.MODES_TEXT, programs.ENCODINGS, programs.NEWLINES
    )
    for number, (errors, mode, encoding, newline) in enumerate(rows):
        if number % max(EACH // 4, 1) == 0:
            row = programs.arguments(mode, None, encoding, errors, newline)
            comparison.compare(generate.COUNT + number, "text", row, while_iterating)
    comparison.end()
