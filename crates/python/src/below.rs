//! What a file of text knows of the file of bytes below it.

use std::sync::OnceLock;

use folio::BinaryFile;
use pyo3::prelude::*;

/// The file of bytes, once it was asked for, and its object.
#[derive(Default)]
pub(crate) struct Below {
    pub(crate) asked: OnceLock<(BinaryFile, Py<PyAny>)>,
}

impl Below {
    /// Whether the file was closed by its bytes.
    pub(crate) fn is_closed(&self) -> bool {
        self.asked.get().is_some_and(|(file, _)| file.closed())
    }

    /// Closes it after the file of text, which has written out its bytes.
    pub(crate) async fn close(&self) {
        if let Some((file, _)) = self.asked.get() {
            // It fails if it finds the file closed, which is what is wanted.
            let _ = file.close().await;
        }
    }
}
