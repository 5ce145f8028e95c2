"""The end of the process, forks and signals: each in a process of its own."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

# Seconds after which a process hangs.
HANG_SECONDS = 60


def run(program, *arguments, **options):
    program = textwrap.dedent(program)
    command = [sys.executable, "-W", "always", "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, **options)


def quiet(done):
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_buffered_bytes_are_written_at_the_end(tmp_path):
    path = tmp_path / "file"
    quiet(run("""
        import asyncio, sys, folio
        async def main():
            global file
            file = await folio.open(sys.argv[1], "w")
            await file.write("kept")
        asyncio.run(main())
    """, path))
    assert path.read_text() == "kept"


def test_the_end_waits_for_no_abandoned_call_for_ever(tmp_path):
    done = run("""
        import asyncio, time, folio.base
        async def main():
            await asyncio.wait_for(folio.base.wrap(time.sleep)(1), 0.01)
        try:
            asyncio.run(main())
        except asyncio.TimeoutError:
            print("timed out")
    """)
    assert quiet(done) == "timed out\n"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_an_engine_of_its_own(tmp_path):
    path = tmp_path / "file"
    path.write_text("text")
    done = run("""
        import asyncio, os, sys, warnings, folio, folio.os
        warnings.simplefilter("ignore", DeprecationWarning)
        async def main():
            async with folio.open(sys.argv[1]) as file:
                text = await file.read()
            assert os.path.basename(sys.argv[1]) in await folio.os.listdir(os.path.dirname(sys.argv[1]))
            return text
        assert asyncio.run(main()) == "text"
        child = os.fork()
        if child == 0:
            print(asyncio.run(main()), flush=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert asyncio.run(main()) == "text"
    """, path)
    assert quiet(done) == "text\n"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(tmp_path, method):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent("""
        import asyncio, multiprocessing, sys, warnings, folio
        warnings.simplefilter("ignore", DeprecationWarning)
        async def write(path):
            async with folio.open(path, "w") as file:
                await file.write(path)
        def work(path):
            asyncio.run(write(path))
            return len(path)
        if __name__ == "__main__":
            work(sys.argv[2])
            with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
                paths = [f"{sys.argv[2]}{i}" for i in range(8)]
                assert pool.map(work, paths) == [len(path) for path in paths]
            assert [open(path).read() for path in paths] == paths
    """))
    command = [sys.executable, program, method, tmp_path / "file"]
    quiet(subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS))


def test_an_interrupt_ends_an_await(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    program = textwrap.dedent("""
        import asyncio, os, sys, folio
        async def main():
            end = os.open(sys.argv[1], os.O_RDWR)
            async with folio.open(sys.argv[1], "rb", buffering=0) as file:
                reading = asyncio.ensure_future(file.read(1))
                await asyncio.sleep(0)
                print("reading", flush=True)
                await reading
        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted")
    """)
    command = [sys.executable, "-c", program, fifo]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "reading\n"
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=HANG_SECONDS)
    assert (out, err, child.returncode) == ("interrupted\n", "", 0)
