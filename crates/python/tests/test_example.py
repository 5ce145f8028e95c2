"""The example, served by uvicorn and asked by httpx."""

import asyncio
import importlib
import pathlib
import sys

import pytest

httpx = pytest.importorskip("httpx")
uvicorn = pytest.importorskip("uvicorn")
pytest.importorskip("starlette")

UPLOADS = 40


async def test_uploads_come_back_and_are_logged(tmp_path, monkeypatch, unused_tcp_port):
    monkeypatch.setenv("UPLOADS", str(tmp_path / "uploads"))
    monkeypatch.syspath_prepend(str(pathlib.Path(__file__).parents[1] / "examples"))
    sys.modules.pop("uploads", None)
    app = importlib.import_module("uploads").app
    server = uvicorn.Server(uvicorn.Config(app, port=unused_tcp_port, log_level="error"))
    serving = asyncio.ensure_future(server.serve())
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    files = {f"file{number}": bytes([number]) * (number * 10_000) for number in range(UPLOADS)}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_tcp_port}", timeout=60) as client:
        stored = await asyncio.gather(
            *(client.post(f"/files/{name}", content=data) for name, data in files.items())
        )
        assert {answer.status_code for answer in stored} == {201}
        served = await asyncio.gather(*(client.get(f"/files/{name}") for name in files))
        assert [answer.content for answer in served] == list(files.values())
        assert (await client.get("/files/missing")).status_code == 404
        lines = (await client.get("/log")).text.splitlines()
    assert sorted(lines) == sorted(f"stored {name}" for name in files)
    server.should_exit = True
    await serving
    assert sorted(path.name for path in (tmp_path / "uploads").iterdir()) == sorted([*files, "log"])
