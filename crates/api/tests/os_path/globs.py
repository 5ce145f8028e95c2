"""Asks CPython's glob what patterns find in random trees with links. Prints globs.tsv.

    python3.13 globs.py > globs.tsv

A row is "tree" and a seed, which begins one; "dir", "file" or "link" (with its target) and a path; "glob", a pattern,
and what is found, `|` between the paths.
"""

import glob
import os
import random
import tempfile

NAMES = ["a", "b", "ab", ".h", "c1", "x y"]
PARTS = ["*", "?", "a", "b", "ab", "a*", "*b", "[ab]", "[!a]*", "**", ".h", ".*", "..", ".", "c[0-9]", "[a", "[b-a]"]


def plant():
    dirs = ["."]
    for _ in range(50):
        path = os.path.normpath(os.path.join(random.choice(dirs), random.choice(NAMES)))
        if os.path.lexists(path):
            continue
        kind = random.random()
        if kind < 0.5:
            os.mkdir(path)
            dirs.append(path)
            print("dir", path, sep="\t")
        elif kind < 0.75:
            open(path, "w").close()
            print("file", path, sep="\t")
        else:
            target = random.choice(["a", "b", "ab", "nothing", "c1"])
            os.symlink(target, path)
            print("link", path, target, sep="\t")


def pattern():
    while True:
        parts = [random.choice(PARTS) for _ in range(random.randint(1, 4))]
        if stays(parts):
            return "/".join(parts) + random.choice(["", "", "", "/"])


def stays(parts):
    """Whether a pattern leads no further out than the directory that the tree is in."""
    depth = 0
    for part in parts:
        depth += {"..": -1, ".": 0, "**": 0}.get(part, 1)
        if depth < -1:
            return False
    return True


def main():
    for seed in range(12):
        random.seed(seed)
        with tempfile.TemporaryDirectory() as room:
            os.chdir(room)
            os.mkdir("room")
            os.chdir("room")
            print("tree", seed, sep="\t")
            plant()
            for text in sorted({pattern() for _ in range(60)}):
                found = {path.rstrip("/") for path in glob.glob(text, recursive=True)} - {""}
                print("glob", text, "|".join(sorted(found)), sep="\t")
            os.chdir("/")


main()
