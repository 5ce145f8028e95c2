"""Chooses the next step of a program, knowing what the file can do and what became of the steps before."""

import programs

COUNTS = [0, 1, 1, 2, 2, 3, 4, 5, 7, 8, 16, 30, 100, -1]
BIG_COUNTS = [4096, 8191, 8192, 8193, 10000, 20000]
OFFSETS = [0, 1, 2, 3, 4, 5, 8, 9, 10, 20, 100]
# What can be asked of a file that is closed or detached.
AFTERWARDS = "r l ls n w wl s t tr fl tty sk rd wr mo na fn cl c d".split()
AFTERWARDS_MAX = 3
READING = "r r1 ra ri p l ls n".split()


class Chooser:
    """Knows one program so far."""

    def __init__(self, dice, row, encoding, start, runner):
        self.dice = dice
        self.binary = runner.binary
        self.runner = runner
        self.encoding = encoding or "utf-8"
        mode = row["mode"]
        self.reads = "r" in mode or "+" in mode
        self.writes = "r" not in mode or "+" in mode
        self.updates = "+" in mode
        self.raw = row["buffering"] == 0
        self.by_line = row["buffering"] == 1 and not self.binary
        self.large = bool(start.data) and len(start.data) > programs.CHUNK
        # Steps whose result was a position.
        self.told = []
        # Bytes that are left out make it a matter of taste where a reader stands that met them.
        self.tolerates = row["errors"] in ("ignore", "backslashreplace")
        self.vague = runner.file and row["errors"] in ("ignore", "backslashreplace") and not self.is_valid(start.data)
        # The file on the disk has just become what it must be, whatever the sizes of buffers are.
        self.settled = True
        # A seek failed that the kernel had been asked for.
        self.surprised = False
        # The last read found nothing.
        self.at_end = False
        self.since_read = False
        # So much is asked of a file that is gone, and no more.
        self.after = 0
        self.done = False

    def is_valid(self, data):
        try:
            (data or b"").decode(self.encoding)
            return True
        except UnicodeDecodeError:
            return False

    def length(self):
        """How many steps the program has at most."""
        return programs.STEPS_MAX if self.dice.chance(40) else 1 + self.dice.below(programs.STEPS_MAX)

    def next(self):
        """A step and its arguments."""
        if self.runner.file.closed if not self.runner.detached else True:
            return self.afterwards()
        dice = self.dice
        kinds = [(3, self.describing), (18 if self.at_end else 6, self.moving), (0.6, self.ending)]
        if self.surprised:
            return "sk", ()
        if self.settled:
            kinds.append((10, lambda: ("k", ())))
        kinds.append((14 if self.reads else 0.7, self.reading))
        kinds.append((8 if self.writes else 0.7, self.writing))
        if self.runner.refused:
            kinds = [(5, self.reading), (5, self.moving), (1, self.describing), (1, self.ending)]
        return dice.weighted(*kinds)()

    def note(self, number, name, args, outcome):
        """Learns from what happened."""
        self.done = self.after >= AFTERWARDS_MAX
        self.settled = name in ("fl", "c", "d") or name in ("w", "wl") and bool(args) and self.written_through(args)
        self.at_end = outcome in ("s", "b", "[s", "X")
        self.surprised = self.raw and name == "s" and outcome.startswith("!O") and self.dice.chance(60)
        if name == "t" and self.runner.told[-1] is not None:
            self.told.append(number)
        if name in READING:
            self.since_read = True
        elif name in ("s", "w", "wl"):
            self.since_read = False

    def written_through(self, args):
        """Whether what was written is in the file, without a look at the sizes of buffers."""
        last = args[-1][0] if isinstance(args[-1], tuple) else args[-1]
        return self.raw or self.by_line and ("\n" in last or "\r" in last)

    def count(self):
        return self.dice.pick(BIG_COUNTS) if self.large and self.dice.chance(40) else self.dice.pick(COUNTS)

    def reading(self):
        dice = self.dice
        name = dice.weighted((6, "r"), (6, "l"), (2, "ls"), (4, "n")) if not self.binary else self.binary_reading()
        if name in ("n", "ra"):
            return name, ()
        if name == "ri":
            return name, (abs(self.count()),)
        if name == "p":
            return name, dice.pick([(), (1,), (4,)])
        if name == "r" and dice.chance(3):
            return name, dice.pick([(None,), (-2,), (-100,)])
        if name == "l" and dice.chance(65) or name != "l" and dice.chance(25):
            return name, ()
        return name, (self.count(),)

    def binary_reading(self):
        buffered = [(2, "r1"), (1.5, "p"), (0.1, "ra")]
        raw = [(3, "ra"), (0.1, "r1"), (0.1, "p")]
        return self.dice.weighted((6, "r"), (5, "l"), (2, "ls"), (3, "n"), (3, "ri"), *(raw if self.raw else buffered))

    def data(self):
        dice = self.dice
        if dice.chance(4):
            unit = programs.some_text(dice, self.encoding, 4) or "0123456789"
            return (unit.encode() if self.binary else unit, dice.pick([100, 900, 2000]))
        if dice.chance(3):
            return b"" if self.binary else ""
        text = programs.some_text(dice, self.encoding, 1 + dice.below(4))
        if not self.binary and dice.chance(20 if self.encoding in programs.BEYOND else 5):
            text += dice.pick(["é", "€", "😀x", "\x81"]) + "z"
        return text.encode() if self.binary else text

    def writing(self):
        # Without this most programs would show one and the same difference.
        if self.since_read and self.updates and not self.binary and (self.vague or self.dice.chance(75)):
            return self.turning()
        name = self.dice.weighted((8, "w"), (2, "wl"), (3, "tr"))
        if name == "w":
            return name, (self.data(),)
        if name == "wl":
            return name, tuple(self.data() for _ in range(self.dice.below(4)))
        sizes = [0] if self.tolerates and not self.binary else OFFSETS
        return name, self.dice.weighted((5, ()), (3, (self.dice.pick(sizes),)), (0.3, (None,)), (0.3, (-1,)))

    def turning(self):
        """A seek, which makes a reader a writer."""
        if self.vague:
            return "s", self.dice.pick([(0,), (0, 2)])
        if self.told and self.dice.chance(50):
            return "s", (f"@{self.dice.pick(self.told)}",)
        return "s", self.dice.weighted((4, (0, 1)), (3, (0, 2)), (2, (0,)))

    def moving(self):
        dice = self.dice
        name = dice.weighted((5, "s"), (5, "t"), (2, "fl") if self.writes else (0.5, "fl"))
        if self.vague and name != "fl":
            return "s", dice.pick([(0,), (0, 2)])
        if name != "s":
            return name, ()
        if self.told and dice.chance(45):
            return self.turning()
        if dice.chance(4):
            return name, dice.pick([(-1,), (0, 5), (3, 9), (1, 1), (-1, 2), (-100, 2), (2, -1), (-1000, 1)])
        if dice.chance(45):
            return name, (0,)
        if self.binary:
            offset, whence = dice.pick(OFFSETS), dice.pick([None, 0, 0, 1, 1, 2])
            return name, (offset,) if whence is None else (-offset if whence == 2 else offset - 3 * (whence == 1), whence)
        # Amid a character there are bytes that mean nothing.
        if self.encoding in ("utf-16", "utf-32") or self.tolerates:
            return self.turning()
        return name, dice.weighted((3, (dice.pick(OFFSETS),)), (1, (0, 1)), (2, (0, 2)))

    def describing(self):
        names = "mo na cl tty sk rd wr fn".split()
        if not self.binary:
            names += "nl nl nl nl en er lb".split()
        name = self.dice.pick(names)
        # How much of a long file was looked at differs with the size of a chunk.
        return (name, ()) if name != "nl" or not self.large else ("cl", ())

    def ending(self):
        # A FileIO has nothing to detach.
        return self.dice.weighted((6, "c"), (0 if self.raw else 2.5, "d")), ()

    def afterwards(self):
        self.after += 1
        name = self.dice.pick(AFTERWARDS[:-1] if self.raw else AFTERWARDS)
        if name == "w":
            return name, (b"x" if self.binary else "x",)
        if name == "wl":
            return name, (b"x" if self.binary else "x",)
        return name, (0,) if name == "s" else (1,) if name == "tr" else ()
