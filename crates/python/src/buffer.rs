//! The file of bytes below a file of text.

use folio::{Buffering, OpenMode};
use pyo3::prelude::*;

use crate::binary::Binary;
use crate::open::binary;
use crate::text::{AsyncTextIOWrapper, Shared};

#[pymethods]
impl AsyncTextIOWrapper {
    /// The file of bytes below: the same file with the same cursor, which is behind the text that was read ahead.
    #[getter]
    fn buffer(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.attached()?;
        let Shared { below, attributes, .. } = self.shared();
        if let Some((_, object)) = below.asked.get() {
            return Ok(object.clone_ref(py));
        }
        let file = self.know(py, |file| file.buffer())?;
        let mode = OpenMode::parse(file.mode()).expect("it is the mode of an open file");
        let shown = Binary { file: file.clone(), name: attributes.name.clone_ref(py) };
        let object = binary(py, shown, mode, Buffering::Default)?;
        let (_, object) = below.asked.get_or_init(|| (file, object));
        Ok(object.clone_ref(py))
    }
}
