"""A web application that takes uploads, serves them, and appends to one log. It needs Starlette.

    pip install starlette uvicorn
    uvicorn --app-dir crates/python/examples uploads:app

    curl --data-binary @photo.jpg localhost:8000/files/photo.jpg
    curl localhost:8000/files/photo.jpg
    curl localhost:8000/log
"""

import contextlib
import os
import uuid

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

import folio

ROOM = folio.Path(os.environ.get("UPLOADS", "uploads"))
CHUNK_BYTES = 64 * 1024


def place(request):
    """The path of a file by its name, which leads nowhere else."""
    return ROOM / os.path.basename(request.path_params["name"])


async def upload(request):
    """Takes a file piece by piece. It has its name once it is whole."""
    path = place(request)
    draft = path.with_name(f".{uuid.uuid4().hex}")
    try:
        async with draft.open("wb") as file:
            async for piece in request.stream():
                await file.write(piece)
            await file.flush()
            await file.fdatasync()
        await draft.replace(path)
    except BaseException:
        await draft.unlink(missing_ok=True)
        raise
    # One line each, never mixed with that of another request.
    await request.app.state.log.append(f"stored {path.name}\n".encode())
    return PlainTextResponse("stored\n", status_code=201)


async def serve(request):
    """Sends a file piece by piece."""
    try:
        file = await place(request).open("rb")
    except FileNotFoundError:
        return PlainTextResponse("there is no such file\n", status_code=404)

    async def pieces():
        try:
            while piece := await file.read(CHUNK_BYTES):
                yield piece
        finally:
            await file.close()

    return StreamingResponse(pieces(), media_type="application/octet-stream")


async def log(request):
    """Sends the log."""
    return PlainTextResponse(await (ROOM / "log").read_text())


@contextlib.asynccontextmanager
async def lifespan(app):
    await ROOM.mkdir(exist_ok=True)
    # Without a buffer: a line is in the file when its request is answered.
    async with folio.open(ROOM / "log", "ab", buffering=0) as file:
        app.state.log = file
        yield


app = Starlette(
    routes=[
        Route("/files/{name}", upload, methods=["POST", "PUT"]),
        Route("/files/{name}", serve),
        Route("/log", log),
    ],
    lifespan=lifespan,
)
