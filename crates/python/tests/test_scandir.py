"""`folio.fs.scandir` beside os.scandir."""

import asyncio
import os
import warnings

import pytest

import folio
import folio.fs
import folio.os
from folio import _scandir


@pytest.fixture
def full(room):
    """A folder with an entry of each kind."""
    (room / "folder").mkdir()
    (room / "file").write_text("text")
    (room / "to_folder").symlink_to("folder")
    (room / "to_file").symlink_to("file")
    (room / "to_nothing").symlink_to("missing")
    os.mkfifo(room / "fifo")
    return room


async def seen(entry):
    kinds = [await ask(follow_symlinks=follow) for ask in (entry.is_dir, entry.is_file) for follow in (True, False)]
    attributes = [await entry.stat(follow_symlinks=False)]
    if entry.name not in ("to_nothing", b"to_nothing"):
        attributes.append(await entry.stat())
    return entry.name, entry.path, entry.inode(), os.fspath(entry), await entry.is_symlink(), kinds, attributes


def seen_by_os(entry):
    kinds = [ask(follow_symlinks=follow) for ask in (entry.is_dir, entry.is_file) for follow in (True, False)]
    attributes = [entry.stat(follow_symlinks=False)]
    if entry.name not in ("to_nothing", b"to_nothing"):
        attributes.append(entry.stat())
    return entry.name, entry.path, entry.inode(), os.fspath(entry), entry.is_symlink(), kinds, attributes


@pytest.mark.parametrize("given", [str, os.fsencode, lambda path: path, lambda path: os.open(path, os.O_RDONLY)])
def test_entries_are_those_of_os_scandir(run, full, given):
    path = given(full)

    async def main():
        async with folio.fs.scandir(path) as entries:
            return [await seen(entry) async for entry in entries]

    ours = run(main())
    with os.scandir(path) as entries:
        theirs = [seen_by_os(entry) for entry in entries]
    if isinstance(path, int):
        os.close(path)
    assert sorted(ours) == sorted(theirs)


def test_it_lists_the_current_directory_by_default(run, full, monkeypatch):
    monkeypatch.chdir(full)

    async def main():
        return sorted([entry.name async for entry in folio.fs.scandir()])

    assert run(main()) == sorted(os.listdir(full))


def test_the_attributes_of_a_broken_link_are_an_error(run, full):
    async def main():
        async for entry in folio.fs.scandir(full):
            if entry.name == "to_nothing":
                with pytest.raises(FileNotFoundError) as raised:
                    await entry.stat()
                return raised.value.filename

    assert run(main()) == str(full / "to_nothing")


def test_attributes_are_remembered(run, full):
    async def main():
        async with folio.fs.scandir(full) as entries:
            found = [entry async for entry in entries if entry.name == "file"]
        assert (await found[0].stat()).st_size == 4
        (full / "file").unlink()
        return (await found[0].stat()).st_size, await found[0].is_file()

    assert run(main()) == (4, True)


@pytest.mark.parametrize("path, error", [("missing", FileNotFoundError), ("file", NotADirectoryError), (1.5, TypeError)])
def test_what_cannot_be_listed_is_an_error(run, full, monkeypatch, path, error):
    monkeypatch.chdir(full)

    async def entered():
        async with folio.fs.scandir(path):
            pass

    async def iterated():
        async for _ in folio.fs.scandir(path):
            pass

    for attempt in entered, iterated:
        with pytest.raises(error):
            run(attempt())


def test_a_listing_that_is_left_early_leaves_nothing_open(run, room):
    for number in range(_scandir.BATCH_ENTRIES + 10):
        (room / f"file{number}").touch()

    async def main():
        async with folio.fs.scandir(room) as entries:
            async for _ in entries:
                break
        assert [entry async for entry in entries] == []
        await entries.close()

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run(main())


def test_tasks_share_a_listing_and_a_cancelled_one_loses_no_entry(run, room):
    names = {f"file{number}" for number in range(3 * _scandir.BATCH_ENTRIES)}
    for name in names:
        (room / name).touch()

    async def main():
        found = []
        entries = folio.fs.scandir(room)

        async def take():
            async for entry in entries:
                found.append(entry.name)
                await asyncio.sleep(0)

        takers = [asyncio.ensure_future(take()) for _ in range(8)]
        await asyncio.sleep(0)
        takers[0].cancel()
        await asyncio.gather(*takers, return_exceptions=True)
        assert sorted(found) == sorted(names)

    run(main())


def test_aiofiles_scandir_is_that_of_os(run, full):
    async def main():
        with await folio.os.scandir(full) as entries:
            return sorted(entry.name for entry in entries)

    assert run(main()) == sorted(os.listdir(full))
