"""Writes programs.tsv.gz: programs that open and use a file, and what CPython makes of each step.

    python3 generate.py             writes the file
    python3 generate.py --check     says whether it would write the same; exits with 77 if it cannot tell
    python3 generate.py --show N    prints program N and what it did

Needs CPython 3.9 or later and nothing else. The same seed and the same minor version give the same bytes.
"""

import argparse
import gzip
import os
import platform
import shutil
import sys
import tempfile

import notation
import programs
import steps
from runner import Runner

SEED = 25_1_0
COUNT = 8000
# The exit code by which a check says that it could not run: automake's.
CANNOT_CHECK = 77
# CPython's buffers are as large as a block of the file system, and some results depend on it.
BLOCK_BYTES = 4096

HERE = os.path.dirname(os.path.abspath(__file__))
OUTPUT = os.path.join(HERE, "programs.tsv.gz")

# Not for every program: it takes time.
BAD_BYTES = "text-before-bad-bytes"
# Rewritings, the ones that claim a step first.
REWRITINGS = [
    "seekable-as-opened",
    "one-type",
    "no-read-buffer",
    "lines-together",
    "nothing-is-nothing",
    "newlines-stay",
    "marks-at-the-start",
    "reads-see-writes",
    "marks-are-optional",
    "marks-are-whole",
    "tell-while-iterating",
    "tell-is-an-offset",
    "append-where-the-cursor-is",
    "update-where-the-reader-is",
    BAD_BYTES,
]
UNSPECIFIED = "?"


class Program:
    """A program and what became of it."""

    def __init__(self, number, kind, row):
        self.dice = programs.Dice(f"{SEED}:{number}")
        self.kind = kind
        self.row = programs.spelled(self.dice, row)
        self.start = programs.start_for(self.dice, self.row["mode"], row["encoding"])
        self.encoding = row["encoding"]
        # Each with its arguments.
        self.steps = []

    def invent(self, path):
        """Runs as it is, choosing the steps on the way; returns all results."""
        place(path, self.start)
        runner = Runner(path, self.row)
        opened = runner.open()
        results = [opened]
        if runner.file and self.kind != "refused":
            chooser = steps.Chooser(self.dice, self.row, self.encoding, self.start, runner)
            for number in range(chooser.length()):
                name, args = chooser.next()
                self.steps.append((name, args))
                results.append(runner.perform(name, args))
                chooser.note(number, name, args, results[-1])
                if chooser.done:
                    break
        return results + list(runner.finish())

    def repeat(self, path, rewritings):
        """Runs the chosen steps rewritten; returns all results."""
        place(path, self.start)
        runner = Runner(path, self.row, rewritings)
        results = [runner.open()]
        if runner.file:
            results += [runner.perform(name, args) for name, args in self.steps]
        return results + list(runner.finish())

    def alternatives(self, path, results):
        """For each result the difference that another belongs to, and that other one; else None."""
        if self.kind == "refused":
            return self.refusal(results)
        if self.kind == "wrong":
            return self.checked(path, results)
        if results[0].startswith("!"):
            return [None] * len(results)
        wanted = [name for name in REWRITINGS if name != BAD_BYTES]
        other = self.repeat(path, wanted)
        if any(result.startswith(("!D", "!T", "!VUTF")) for result in results + other):
            wanted.append(BAD_BYTES)
            other = self.repeat(path, wanted)
        if other == results:
            return [None] * len(results)
        single = [(name, self.repeat(path, [name])) for name in wanted]
        found, claimed = [], None
        for at, (was, now) in enumerate(zip(results, other)):
            if at and at <= len(self.steps) and self.steps[at - 1][0] == "nl":
                # What was looked at without having been given out depends on the size of a chunk.
                refused = any(result.startswith(("!D", "!T")) for result in results[:at])
                now = UNSPECIFIED if claimed or refused else dict(single)["newlines-stay"][at]
            if was == now:
                found.append(None)
                continue
            claimed = next((name for name, alone in single if alone[at] != was), claimed) or next(
                # Some rewritings show nothing but beside others.
                name for name in wanted if self.repeat(path, [left for left in wanted if left != name])[at] != now
            )
            found.append((claimed, now))
        return found

    def checked(self, path, results):
        """Arguments that are wrong for any file are refused before this one is touched."""
        if not results[0].startswith("!"):
            return [None] * len(results)
        others = results[:]
        others[-1] = self.untouched()
        if results[0].startswith("!O"):
            # What is wrong is told by opening a file that is there.
            place(path, programs.Start(b""))
            row = {**self.row, "mode": self.row["mode"].replace("x", "r").replace("a", "r").replace("w", "r")}
            others[0] = Runner(path, row).open()
        return [None if other == result else ("arguments-first", other) for other, result in zip(others, results)]

    def untouched(self):
        return notation.result(self.start.data if not self.start.directory else False)

    def refusal(self, results):
        """Handlers that are refused when the file is opened, before it is touched."""
        name = {"nope": "unknown-handlers", "namereplace": "no-namereplace"}.get(self.row["errors"], "no-surrogates")
        return [(name, "!V")] + [None] * (len(results) - 2) + [None if results[-1] == self.untouched() else (name, self.untouched())]

    def line(self, results, alternatives):
        start = self.start
        data = "d" if start.directory else "-" if start.data is None else f"#{start.number}" if start.number is not None else "." + notation.escaped(start.data)
        fields = [data] + [notation.argument(self.row[name]) for name in ("mode", "buffering", "encoding", "errors", "newline")]
        names = ["open"] + [written(name, args) for name, args in self.steps] + ["closing", "final"]
        for name, result, other in zip(names, results, alternatives):
            fields.append(f"{name}={result}" + (f"~{other[0]}~{other[1]}" if other else ""))
        return "\t".join(fields)


def place(path, start):
    """Puts the file there as it is before the program."""
    if os.path.isdir(path):
        os.rmdir(path)
    elif os.path.exists(path):
        os.remove(path)
    if start.directory:
        os.mkdir(path)
    elif start.data is not None:
        with open(path, "wb") as file:
            file.write(start.data)


def written(name, args):
    if name == "w":
        return f"w {notation.payload(args[0])}"
    if name == "wl":
        return "wl " + "|".join(map(notation.payload, args))
    return " ".join([name] + ["N" if arg is None else str(arg) for arg in args])


def everything():
    """Yields the lines of the file."""
    yield "\t".join(["folio-oracle", f"format={notation.VERSION}", f"seed={SEED}", f"count={COUNT}", f"cpython={version()}"])
    for _, data in programs.LONG:
        yield "C\t" + notation.escaped(data)
    folder = tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    try:
        path = os.path.join(folder, "file")
        if os.statvfs(folder).f_bsize != BLOCK_BYTES:
            skip(f"blocks of {folder} have not {BLOCK_BYTES} bytes")
        for number, (kind, row) in enumerate(programs.openings(programs.Dice(SEED), COUNT)):
            program = Program(number, kind, row)
            results = program.invent(path)
            yield program.line(results, program.alternatives(path, results))
    finally:
        shutil.rmtree(folder)


def version():
    return ".".join(map(str, sys.version_info[:2]))


def skip(why):
    print(why, file=sys.stderr)
    sys.exit(CANNOT_CHECK)


def packed():
    text = "".join(line + "\n" for line in everything()).encode("ascii")
    return text, gzip.compress(text, 9, mtime=0)


def check():
    with gzip.open(OUTPUT, "rt", encoding="ascii") as file:
        committed = file.read()
    header = dict(field.split("=") for field in committed.split("\n", 1)[0].split("\t")[1:])
    if header["cpython"] != version():
        skip(f"the programs were run with CPython {header['cpython']}, this is {version()}")
    text, data = packed()
    pairs = zip(text.decode().split("\n"), committed.split("\n"))
    wrong = [number for number, (new, old) in enumerate(pairs) if new != old]
    if wrong or len(text) != len(committed):
        print(f"{len(wrong)} lines differ, the first is {wrong[:1]}", file=sys.stderr)
        sys.exit(1)
    print(f"the same {header['count']} programs")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--show", type=int, metavar="N")
    options = parser.parse_args()
    if platform.python_implementation() != "CPython":
        skip("this is not CPython")
    if options.check:
        check()
    elif options.show is not None:
        with gzip.open(OUTPUT, "rt", encoding="ascii") as file:
            lines = [line for line in file if not line.startswith(("C\t", "folio-oracle"))]
        print(lines[options.show].replace("\t", "\n"), end="")
    else:
        text, data = packed()
        with open(OUTPUT, "wb") as file:
            file.write(data)
        print(f"{COUNT} programs, {len(text)} bytes, {len(data)} packed")


if __name__ == "__main__":
    main()
