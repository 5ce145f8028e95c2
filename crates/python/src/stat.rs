//! `os.stat`, and what `os.path` asks in the same way.

use std::os::linux::fs::MetadataExt;
use std::path::PathBuf;

use folio::Metadata;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyFloat, PyInt, PyTuple, PyType};

use crate::answer::Answer;
use crate::arguments::path_of;
use crate::awaitable::Operation;
use crate::errors::Told;

/// `os.stat` and `os.lstat`.
#[pyfunction]
pub(crate) fn stat(py: Python<'_>, path: &Bound<'_, PyAny>, follow_symlinks: bool) -> PyResult<Operation> {
    let (path, name) = path_of(path)?;
    Operation::start_on_current(py, Told::of_path(name), async move {
        let metadata = attributes(path, follow_symlinks).await?;
        Ok(Answer::make(move |py| stat_result(py, metadata)))
    })
}

async fn attributes(path: PathBuf, follow: bool) -> folio::Result<Metadata> {
    match follow {
        true => folio::fs::metadata(path).await,
        false => folio::fs::symlink_metadata(path).await,
    }
}

/// Nanoseconds in a second.
const NANOS: i64 = 1_000_000_000;

/// Fields of a `stat_result` on Linux, in the order of its constructor.
const FIELDS: usize = 19;

fn stat_result(py: Python<'_>, metadata: Metadata) -> PyResult<Py<PyAny>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let kind = TYPE.import(py, "os", "stat_result")?;
    let of = metadata.into_std().expect("the attributes are those of the system");
    let times = [
        (of.st_atime(), of.st_atime_nsec()),
        (of.st_mtime(), of.st_mtime_nsec()),
        (of.st_ctime(), of.st_ctime_nsec()),
    ];
    let mut fields = Vec::with_capacity(FIELDS);
    for value in [of.st_mode().into(), of.st_ino(), of.st_dev(), of.st_nlink(), of.st_uid().into()] {
        fields.push(PyInt::new(py, value).into_any());
    }
    for value in [of.st_gid().into(), of.st_size()] {
        fields.push(PyInt::new(py, value).into_any());
    }
    fields.extend(times.map(|(secs, _)| PyInt::new(py, secs).into_any()));
    fields.extend(times.map(|(secs, nanos)| PyFloat::new(py, secs as f64 + 1e-9 * nanos as f64).into_any()));
    fields.extend(times.map(|(secs, nanos)| PyInt::new(py, secs * NANOS + nanos).into_any()));
    fields.extend(
        [of.st_blksize(), of.st_blocks(), of.st_rdev()].map(|value| PyInt::new(py, value).into_any()),
    );
    Ok(kind.call1((PyTuple::new(py, fields)?,))?.unbind())
}
