//! What files of bytes have beyond Python's: offsets, records, syncs, locks.

use pyo3::prelude::*;

use crate::answer::Answer;
use crate::arguments::bytes_of;
use crate::awaitable::{Operation, nothing};
use crate::binary::{AsyncBufferedIOBase, AsyncFileIO};
use crate::errors::CLOSED;

/// The methods, for each class.
macro_rules! extra_methods {
    ($class:ident) => {
        #[pymethods]
        impl $class {
            /// Reads up to `size` bytes at `offset`; the position stays where it is.
            fn read_at(&self, py: Python<'_>, offset: u64, size: usize) -> Operation {
                self.binary.start(py, CLOSED, move |file| async move {
                    file.file()?.read_bytes_at(offset, size).await.map(Answer::Bytes)
                })
            }

            /// Writes all of `data` at `offset`; the position stays where it is.
            fn write_at(&self, py: Python<'_>, offset: u64, data: &Bound<'_, PyAny>) -> PyResult<Operation> {
                let bytes = bytes_of(data)?;
                Ok(self.binary.start(py, CLOSED, move |file| async move {
                    let count = bytes.len() as u64;
                    file.file()?.write_bytes_at(bytes, offset).await?;
                    Ok(Answer::Int(count))
                }))
            }

            /// Writes a record at the end, never mixed with another; returns its offset.
            fn append(&self, py: Python<'_>, record: &Bound<'_, PyAny>) -> PyResult<Operation> {
                let bytes = bytes_of(record)?;
                Ok(self.binary.start(py, CLOSED, move |file| async move {
                    file.file()?.append_bytes(bytes).await.map(Answer::Int)
                }))
            }

            /// Returns when everything written before is on the device, with the attributes. Those who ask at the
            /// same time share one call.
            fn fsync(&self, py: Python<'_>) -> Operation {
                self.binary.start(py, CLOSED, |file| async move { nothing(file.file()?.sync_all().await) })
            }

            /// The same without attributes that no reader needs.
            fn fdatasync(&self, py: Python<'_>) -> Operation {
                self.binary.start(py, CLOSED, |file| async move { nothing(file.file()?.sync_data().await) })
            }

            /// Waits for the advisory lock of the file.
            fn lock(&self, py: Python<'_>) -> Operation {
                self.binary.start(py, CLOSED, |file| async move { nothing(file.file()?.lock().await) })
            }

            /// Waits for the advisory lock that readers share.
            fn lock_shared(&self, py: Python<'_>) -> Operation {
                self.binary.start(py, CLOSED, |file| async move { nothing(file.file()?.lock_shared().await) })
            }

            /// Takes the advisory lock if it is free; returns whether it was.
            fn try_lock(&self, py: Python<'_>) -> Operation {
                self.binary
                    .start(py, CLOSED, |file| async move { file.file()?.try_lock().await.map(Answer::Bool) })
            }

            /// Gives the advisory lock back.
            fn unlock(&self, py: Python<'_>) -> Operation {
                self.binary.start(py, CLOSED, |file| async move { nothing(file.file()?.unlock().await) })
            }
        }
    };
}

extra_methods!(AsyncBufferedIOBase);
extra_methods!(AsyncFileIO);
