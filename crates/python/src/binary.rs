//! Files of bytes.

use std::future::Future;
use std::sync::Arc;

use folio::BinaryFile;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::answer::Answer;
use crate::arguments::{all_bytes_of, buffered_size, bytes_of, fill, room, seek_from, size};
use crate::awaitable::{Operation, nothing};
use crate::errors::{CLOSED, CLOSED_DOT, Told, raised, unsupported};
use crate::limits::{CALL_COST, READ_NOW_MAX};
use crate::pending::Outcome;

/// What the classes of binary files share.
pub(crate) struct Binary {
    pub(crate) file: BinaryFile,
    /// The name as the caller gave it.
    pub(crate) name: Py<PyAny>,
}

impl Binary {
    pub(crate) fn start<W: Future<Output = Outcome> + Send + 'static>(
        &self,
        py: Python<'_>,
        closed: &'static str,
        work: impl FnOnce(BinaryFile) -> W,
    ) -> Operation {
        Operation::start(py, Told::of_file(closed), work(self.file.clone()))
    }

    /// Starts a read or a write. Of a file without a buffer, that it is closed is said before that it has another direction.
    fn start_transfer<W: Future<Output = Outcome> + Send + 'static>(
        &self,
        py: Python<'_>,
        closed: &'static str,
        work: impl FnOnce(BinaryFile) -> W,
    ) -> Operation {
        let said = if closed == CLOSED { self.if_closed(closed) } else { None };
        said.unwrap_or_else(|| self.start(py, closed, work))
    }

    /// Reads straight into Python's memory if it is little and there at once; what fails is left to be done in order.
    fn read_now(&self, py: Python<'_>, size: Option<usize>) -> Option<Operation> {
        let room = match size {
            Some(size) => size,
            None => usize::try_from(self.file.known_len().ok()?).ok()?,
        };
        if room > READ_NOW_MAX {
            return None;
        }
        let mut found = None;
        let bytes = PyBytes::new_with(py, room, |room| {
            let read = match size {
                Some(_) => self.file.readinto_now(room),
                None => self.file.readall_now(room),
            };
            found = read.ok().flatten();
            Ok(())
        });
        let bytes = match (bytes.ok()?, found?) {
            (bytes, count) if count == room => bytes,
            (bytes, count) => PyBytes::new(py, &bytes.as_bytes()[..count]),
        };
        Some(Operation::done(Ok(bytes.into_any().unbind()), CALL_COST))
    }

    /// A failed operation if its class has no reading, whether it is closed, detached or open.
    fn if_write_only(&self, py: Python<'_>) -> Option<Operation> {
        let refused = || Operation::done(Err(unsupported(py, "read".to_owned())), CALL_COST);
        (!self.reads()).then(refused)
    }

    /// The exception of what a detached file cannot say of itself.
    fn attached(&self, py: Python<'_>) -> PyResult<()> {
        match self.file.fileno() {
            Err(error) if !error.is_closed() && !error.is_unsupported() => self.know(py, Err(error)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Whether it is open for reading. Python's own files know that of closed ones too.
    fn reads(&self) -> bool {
        let mode = self.file.mode();
        mode.starts_with('r') || mode.ends_with('+')
    }

    /// A failed operation if the file is closed: for methods that look at that before the direction.
    fn if_closed(&self, words: &'static str) -> Option<Operation> {
        let closed = self.file.fileno().is_err_and(|error| error.is_closed());
        closed.then(|| Operation::done(Err(PyValueError::new_err(words)), CALL_COST))
    }

    /// What `flush` and `detach` say of a closed file: only what is open for writing flushes by itself, a reader's
    /// `flush` is that of its base class.
    fn flush_words(&self) -> &'static str {
        if self.file.mode() == "rb" { CLOSED_DOT } else { "flush of closed file" }
    }

    fn know<T>(&self, py: Python<'_>, result: folio::Result<T>) -> PyResult<T> {
        result.map_err(|error| raised(py, &error, &Told::of_file(CLOSED)))
    }

    fn reads_into(
        &self,
        py: Python<'_>,
        closed: &'static str,
        buffer: &Bound<'_, PyAny>,
    ) -> PyResult<Operation> {
        let (view, len) = room(buffer)?;
        Ok(self.start_transfer(py, closed, |file| async move {
            let bytes = file.read(Some(len)).await?;
            Ok(Answer::make(move |py| fill(py, &view, &bytes)))
        }))
    }

    /// The file below as one of Python's own, made by `open` from the descriptor.
    fn detach(&self, py: Python<'_>, buffering: i32) -> PyResult<Py<PyAny>> {
        let file = self.file.clone();
        let mode = self.file.mode();
        let detached = py.detach(|| crate::call::block_on(file.detach()));
        let descriptor = std::os::fd::IntoRawFd::into_raw_fd(
            detached.map_err(|error| raised(py, &error, &Told::of_file(self.flush_words())))?,
        );
        Ok(py.import("io")?.call_method1("open", (descriptor, mode, buffering))?.unbind())
    }
}

/// A file of bytes that is buffered in one direction or both: `open` returns it for writing, and for everything if
/// the file is wrapped.
#[pyclass(frozen, subclass, weakref, module = "folio.threadpool.binary")]
pub(crate) struct AsyncBufferedIOBase {
    pub(crate) binary: Arc<Binary>,
}

/// A file of bytes that is open for reading.
#[pyclass(frozen, extends = AsyncBufferedIOBase, weakref, module = "folio.threadpool.binary")]
pub(crate) struct AsyncBufferedReader;

/// A file of bytes without a buffer.
#[pyclass(frozen, weakref, module = "folio.threadpool.binary")]
pub(crate) struct AsyncFileIO {
    pub(crate) binary: Arc<Binary>,
}

/// The methods that all binary files have. `$words` is what each says of a closed file.
macro_rules! common_methods {
    ($class:ident, $readline:expr, $readinto:expr, $seek:expr, $truncate:expr, $write:expr) => {
        #[pymethods]
        impl $class {
            pub(crate) fn close(&self, py: Python<'_>) -> Operation {
                self.binary.start(py, CLOSED, |file| async move { nothing(file.close().await) })
            }

            #[pyo3(signature = (size=-1, /))]
            fn readline(&self, py: Python<'_>, size: Option<isize>) -> Operation {
                let limit = crate::arguments::size(size);
                if limit == Some(0) && !self.binary.reads() && $readline != CLOSED {
                    // CPython does not get as far as reading.
                    return self.binary.start(py, $readline, |file| async move {
                        file.fileno().map(|_| Answer::Bytes(bytes::Bytes::new()))
                    });
                }
                if $readline != CLOSED
                    && limit != Some(0)
                    && let Some(refused) = self.binary.if_write_only(py)
                {
                    return refused;
                }
                self.binary.start_transfer(py, $readline, |file| async move {
                    file.readline(limit).await.map(Answer::Bytes)
                })
            }

            #[pyo3(signature = (hint=-1, /))]
            fn readlines(&self, py: Python<'_>, hint: Option<isize>) -> Operation {
                let hint = size(hint);
                if let Some(closed) = self.binary.if_closed(CLOSED_DOT) {
                    return closed;
                }
                self.binary.start(py, CLOSED_DOT, |file| async move {
                    file.readlines(hint).await.map(Answer::ByteLines)
                })
            }

            fn readinto(&self, py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<Operation> {
                self.binary.reads_into(py, $readinto, buffer)
            }

            #[pyo3(signature = (offset, whence=0, /))]
            fn seek(&self, py: Python<'_>, offset: i64, whence: i32) -> PyResult<Operation> {
                let to = seek_from(py, offset, whence, $readline == CLOSED)?;
                Ok(self.binary.start(py, $seek, |file| async move { file.seek(to).await.map(Answer::Int) }))
            }

            fn tell(&self, py: Python<'_>) -> Operation {
                self.binary.start(py, CLOSED, |file| async move { file.tell().await.map(Answer::Int) })
            }

            #[pyo3(signature = (size=None, /))]
            fn truncate(&self, py: Python<'_>, size: Option<i64>) -> PyResult<Operation> {
                let size = match size.map(u64::try_from) {
                    // A file that is not open for writing says that first.
                    Some(Err(_)) if self.binary.file.mode() == "rb" => Some(0),
                    Some(Err(_)) => return Err(crate::errors::invalid_argument(py)),
                    None => None,
                    Some(Ok(size)) => Some(size),
                };
                if let Some(closed) = self.binary.if_closed($truncate) {
                    return Ok(closed);
                }
                Ok(self
                    .binary
                    .start(py, $truncate, |file| async move { file.truncate(size).await.map(Answer::Int) }))
            }

            fn write(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<Operation> {
                let bytes = bytes_of(data)?;
                Ok(self.binary.start_transfer(py, $write, |file| async move {
                    file.write(bytes).await.map(|count| Answer::Int(count as u64))
                }))
            }

            fn writelines(&self, py: Python<'_>, lines: &Bound<'_, PyAny>) -> PyResult<Operation> {
                if let Some(closed) = self.binary.if_closed(CLOSED_DOT) {
                    return Ok(closed);
                }
                let lines = all_bytes_of(lines)?;
                if lines.is_empty() {
                    // CPython does not get as far as writing.
                    return Ok(Operation::done(Ok(py.None()), CALL_COST));
                }
                Ok(self.binary.start(
                    py,
                    CLOSED_DOT,
                    |file| async move { nothing(file.writelines(lines).await) },
                ))
            }

            fn isatty(&self, py: Python<'_>) -> Operation {
                self.binary.start(py, CLOSED, |file| async move { file.isatty().map(Answer::Bool) })
            }

            fn seekable(&self, py: Python<'_>) -> Operation {
                self.binary.start(py, CLOSED, |file| async move { file.seekable().map(Answer::Bool) })
            }

            fn writable(&self, py: Python<'_>) -> Operation {
                let never = self.binary.file.mode() == "rb" && $readline != CLOSED;
                self.binary.start(py, CLOSED, move |file| async move {
                    if never { Ok(Answer::Bool(false)) } else { file.writable().map(Answer::Bool) }
                })
            }

            fn readable(&self, py: Python<'_>) -> PyResult<bool> {
                let never = !self.binary.reads() && $readline != CLOSED;
                if never { Ok(false) } else { self.binary.know(py, self.binary.file.readable()) }
            }

            fn fileno(&self, py: Python<'_>) -> PyResult<i32> {
                self.binary.know(py, self.binary.file.fileno())
            }

            #[getter]
            fn closed(&self, py: Python<'_>) -> PyResult<bool> {
                self.binary.attached(py).map(|()| self.binary.file.closed())
            }

            #[getter]
            fn name(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                self.binary.attached(py).map(|()| self.binary.name.clone_ref(py))
            }

            #[getter]
            fn mode(&self, py: Python<'_>) -> PyResult<&'static str> {
                self.binary.attached(py).map(|()| self.binary.file.mode())
            }

            /// The file itself: there is none below that Python could use beside it.
            #[getter]
            fn _file(slf: Py<Self>) -> Py<Self> {
                slf
            }

            fn __aiter__(slf: Py<Self>) -> Py<Self> {
                slf
            }

            fn __anext__(&self, py: Python<'_>) -> Operation {
                if $readline != CLOSED
                    && let Some(refused) = self.binary.if_write_only(py)
                {
                    return refused;
                }
                self.binary.start(py, $readline, |file| async move {
                    Ok(match file.readline(None).await? {
                        line if line.is_empty() => {
                            Answer::Called(Err(pyo3::exceptions::PyStopAsyncIteration::new_err(())))
                        }
                        line => Answer::Bytes(line),
                    })
                })
            }

            fn __repr__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyString>> {
                let class = slf.get_type().name()?;
                let name = slf.get().binary.name.bind(slf.py()).repr()?;
                let mode = slf.get().binary.file.mode();
                Ok(PyString::new(slf.py(), &format!("<folio.{class} name={name} mode='{mode}'>")))
            }
        }
    };
}

common_methods!(
    AsyncBufferedIOBase,
    "readline of closed file",
    "readinto of closed file",
    "seek of closed file",
    "truncate of closed file",
    "write to closed file"
);
common_methods!(AsyncFileIO, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED);

#[pymethods]
impl AsyncBufferedIOBase {
    #[pyo3(signature = (size=-1, /))]
    fn read(&self, py: Python<'_>, size: Option<isize>) -> PyResult<Operation> {
        if let Some(refused) = self.binary.if_write_only(py) {
            return Ok(refused);
        }
        let size = buffered_size(size)?;
        if let Some(read) = self.binary.read_now(py, size) {
            return Ok(read);
        }
        Ok(self
            .binary
            .start(py, "read of closed file", |file| async move { file.read(size).await.map(Answer::Bytes) }))
    }

    #[pyo3(signature = (size=-1, /))]
    fn read1(&self, py: Python<'_>, size: Option<isize>) -> Operation {
        let size = crate::arguments::size(size);
        self.binary
            .start(py, "read of closed file", |file| async move { file.read1(size).await.map(Answer::Bytes) })
    }

    fn flush(&self, py: Python<'_>) -> Operation {
        self.binary.start(py, self.binary.flush_words(), |file| async move { nothing(file.flush().await) })
    }

    fn detach(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.binary.detach(py, 0)
    }

    /// The same file without Python's buffer: it has none here.
    #[getter]
    fn raw(&self) -> AsyncFileIO {
        AsyncFileIO { binary: self.binary.clone() }
    }
}

#[pymethods]
impl AsyncBufferedReader {
    #[pyo3(signature = (size=0, /))]
    fn peek(slf: &Bound<'_, Self>, size: isize) -> Operation {
        let _ = size;
        let binary = &slf.as_super().get().binary;
        binary.start(
            slf.py(),
            "peek of closed file",
            |file| async move { file.peek().await.map(Answer::Bytes) },
        )
    }
}

#[pymethods]
impl AsyncFileIO {
    #[pyo3(signature = (size=-1, /))]
    fn read(&self, py: Python<'_>, size: Option<isize>) -> Operation {
        let size = crate::arguments::size(size);
        self.binary.start_transfer(py, CLOSED, |file| async move { file.read(size).await.map(Answer::Bytes) })
    }

    fn readall(&self, py: Python<'_>) -> Operation {
        self.binary.start_transfer(py, CLOSED, |file| async move { file.readall().await.map(Answer::Bytes) })
    }

    fn flush(&self, py: Python<'_>) -> Operation {
        self.binary.start(py, CLOSED_DOT, |file| async move { nothing(file.flush().await) })
    }
}
