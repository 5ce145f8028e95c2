//! The native half of the Python package: folio's files as awaitables of asyncio.
//!
//! `awaitable` is what every call returns, and `end` how it ends; `driver` brings an event loop the answers that were not there at once.
//! `binary` and `text` are the files, `open` opens them, and `call` runs any other function of Python on the engine.

mod answer;
mod arguments;
mod awaitable;
mod below;
mod binary;
mod buffer;
mod call;
mod current;
mod driver;
mod end;
mod engine;
mod errors;
mod extras;
mod fs;
mod limits;
mod lines;
mod manager;
mod open;
mod pending;
#[cfg(target_os = "linux")]
mod stat;
mod text;
mod turns;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _folio {
    #[pymodule_export]
    use crate::awaitable::Operation;
    #[pymodule_export]
    use crate::binary::{AsyncBufferedIOBase, AsyncBufferedReader, AsyncFileIO};
    #[pymodule_export]
    use crate::call::{Order, finish, forked, run};
    #[pymodule_export]
    use crate::current::EngineCore;
    #[pymodule_export]
    use crate::driver::Driver;
    #[pymodule_export]
    use crate::engine::snapshot;
    #[pymodule_export]
    use crate::fs::{copytree, glob, read_bytes, replace_bytes, rmtree, sync_dir, walk, write_bytes};
    #[pymodule_export]
    use crate::manager::OpenManager;
    #[pymodule_export]
    use crate::open::open;
    #[cfg(target_os = "linux")]
    #[pymodule_export]
    use crate::stat::stat;
    #[pymodule_export]
    use crate::text::AsyncTextIOWrapper;
}
