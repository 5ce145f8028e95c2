//! Whole files and trees by their paths.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use folio::fs::{Glob, Walk};
use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::answer::Answer;
use crate::arguments::{bytes_of, path_of};
use crate::awaitable::{Operation, nothing};
use crate::errors::{CLOSED, Told, raised};
use crate::turns::Turns;

/// Reads a whole file.
#[pyfunction]
pub(crate) fn read_bytes(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<Operation> {
    let (path, name) = path_of(path)?;
    Operation::start_on_current(py, Told::of_path(name), async move {
        folio::fs::read(path).await.map(|bytes| Answer::Bytes(bytes.into()))
    })
}

/// Writes a whole file, which is created or emptied first.
#[pyfunction]
pub(crate) fn write_bytes(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    data: &Bound<'_, PyAny>,
) -> PyResult<Operation> {
    let ((path, name), data) = (path_of(path)?, bytes_of(data)?);
    Operation::start_on_current(py, Told::of_path(name), async move {
        let count = data.len() as u64;
        folio::fs::write_bytes(path, data).await.map(|()| Answer::Int(count))
    })
}

/// Replaces a whole file in one step: neither a reader nor a power cut finds half of it.
#[pyfunction]
pub(crate) fn replace_bytes(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    data: &Bound<'_, PyAny>,
) -> PyResult<Operation> {
    let ((path, name), data) = (path_of(path)?, bytes_of(data)?);
    Operation::start_on_current(py, Told::of_path(name), async move {
        nothing(folio::fs::replace_bytes(path, data).await)
    })
}

/// Copies a tree of directories; returns the bytes copied.
#[pyfunction]
pub(crate) fn copytree(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    target: &Bound<'_, PyAny>,
) -> PyResult<Operation> {
    let ((source, name), (target, _)) = (path_of(source)?, path_of(target)?);
    Operation::start_on_current(py, Told::of_path(name), async move {
        folio::fs::copy_dir(source, target).await.map(Answer::Int)
    })
}

/// Removes a tree of directories.
#[pyfunction]
pub(crate) fn rmtree(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<Operation> {
    let (path, name) = path_of(path)?;
    Operation::start_on_current(py, Told::of_path(name), async move {
        nothing(folio::fs::remove_dir_all(path).await)
    })
}

/// Flushes the names in a directory to the device.
#[pyfunction]
pub(crate) fn sync_dir(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<Operation> {
    let (path, name) = path_of(path)?;
    Operation::start_on_current(
        py,
        Told::of_path(name),
        async move { nothing(folio::fs::sync_dir(path).await) },
    )
}

/// Defines an asynchronous iterator over what a walk or a search of folio's yields.
macro_rules! iterator {
    ($(#[$doc:meta])* $class:ident, $inner:ty, $item:pat => $answer:expr) => {
        $(#[$doc])*
        #[pyclass(frozen, weakref, module = "folio._folio")]
        pub(crate) struct $class {
            turns: Arc<Turns<$inner>>,
        }

        #[pymethods]
        impl $class {
            fn __aiter__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            fn __anext__(&self, py: Python<'_>) -> Operation {
                let turns = self.turns.clone();
                Operation::start(py, Told::of_file(CLOSED), async move {
                    let mut turn = turns.wait().await.expect("no one takes it for good");
                    match turn.get().next().await {
                        None => Ok(Answer::Called(Err(PyStopAsyncIteration::new_err(())))),
                        Some($item) => Ok($answer),
                        Some(Err(error)) => Err(error),
                    }
                })
            }
        }
    };
}

iterator!(
    /// The entries of a tree, one by one: path, depth, and whether it is a directory.
    WalkEntries, Walk, Ok(entry) => {
        let (depth, is_dir) = (entry.depth(), entry.file_type().is_dir());
        let path = OsString::from(entry.into_path());
        Answer::make(move |py| Ok(PyTuple::new(py, walked(py, path, depth, is_dir)?)?.into_any().unbind()))
    }
);

iterator!(
    /// The paths that match a pattern.
    GlobPaths, Glob, Ok(path) => text_of_path(path)
);

fn walked(py: Python<'_>, path: OsString, depth: usize, is_dir: bool) -> PyResult<[Py<PyAny>; 3]> {
    Ok([
        path.into_pyobject(py)?.into_any().unbind(),
        depth.into_pyobject(py)?.into_any().unbind(),
        is_dir.into_pyobject(py)?.to_owned().into_any().unbind(),
    ])
}

fn text_of_path(path: PathBuf) -> Answer {
    Answer::make(move |py| Ok(OsString::from(path).into_pyobject(py)?.into_any().unbind()))
}

/// Walks a tree of directories.
#[pyfunction]
pub(crate) fn walk(path: &Bound<'_, PyAny>) -> PyResult<WalkEntries> {
    let (path, _) = path_of(path)?;
    Ok(WalkEntries { turns: Turns::new(folio::fs::walk(path)) })
}

/// Searches for the paths that match a pattern, below `root` if it is given.
#[pyfunction]
#[pyo3(signature = (pattern, root=None))]
pub(crate) fn glob(py: Python<'_>, pattern: &str, root: Option<&Bound<'_, PyAny>>) -> PyResult<GlobPaths> {
    let found = match root {
        None => folio::fs::glob(pattern),
        Some(root) => folio::fs::glob_in(path_of(root)?.0, pattern),
    };
    let found = found.map_err(|error| raised(py, &error, &Told::of_file(CLOSED)))?;
    Ok(GlobPaths { turns: Turns::new(found) })
}
