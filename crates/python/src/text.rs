//! Files of text.

use std::future::Future;
use std::io::SeekFrom;
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use folio::text::{DecodeError, EncodeError, Seen, TextFile};
use pyo3::exceptions::{PyStopAsyncIteration, PyUnicodeDecodeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::answer::Answer;
use crate::arguments::{size, wrong_type};
use crate::awaitable::{Operation, nothing};
use crate::below::Below;
use crate::errors::{CLOSED, CLOSED_DOT, Told, met, raised, unsupported};
use crate::limits::{CHUNK_BYTES, LINE_COST};
use crate::lines::{Lines, line_ahead};
use crate::pending::Outcome;
use crate::turns::{Turn, Turns};

/// A file of text.
#[pyclass(frozen, weakref, module = "folio.threadpool.text")]
pub(crate) struct AsyncTextIOWrapper {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    /// Taken for good once it is detached.
    turns: Arc<Turns<TextFile>>,
    closed: AtomicBool,
    detached: AtomicBool,
    pub(crate) below: Below,
    pub(crate) attributes: Attributes,
}

/// What an open file of text is known by; it does not change.
pub(crate) struct Attributes {
    /// The name, the encoding and the handler as the caller gave them.
    pub(crate) name: Py<PyAny>,
    pub(crate) encoding: String,
    pub(crate) errors: String,
    pub(crate) mode: String,
    pub(crate) line_buffering: bool,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

impl AsyncTextIOWrapper {
    pub(crate) fn new(file: TextFile, attributes: Attributes) -> AsyncTextIOWrapper {
        let turns = Turns::new(file);
        AsyncTextIOWrapper {
            shared: Arc::new(Shared {
                turns,
                closed: AtomicBool::new(false),
                detached: AtomicBool::new(false),
                below: Below::default(),
                attributes,
            }),
        }
    }

    /// Starts an operation on the file, after those that were called before.
    fn start<W: Future<Output = Outcome> + Send + 'static>(
        &self,
        py: Python<'_>,
        closed: &'static str,
        work: impl FnOnce(Turn<TextFile>) -> W + Send + 'static,
    ) -> Operation {
        let shared = self.shared.clone();
        Operation::start(py, Told::of_file(closed), async move {
            let Some(turn) = shared.turns.clone().wait().await else {
                return Ok(Answer::Called(Err(detached())));
            };
            match work(turn).await {
                Err(error) => shared.explained(error).await,
                answer @ Ok(_) => answer,
            }
        })
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The exception of what a detached file cannot say of itself.
    pub(crate) fn attached(&self) -> PyResult<()> {
        if self.shared.detached.load(Ordering::Acquire) { Err(detached()) } else { Ok(()) }
    }

    /// Asks for a direction. One that the file never had is known of a closed file too.
    fn asks(&self, py: Python<'_>, ever: bool, ask: fn(&TextFile) -> folio::Result<bool>) -> Operation {
        self.start(py, CLOSED, move |mut turn| async move {
            if ever { ask(turn.get()).map(Answer::Bool) } else { Ok(Answer::Bool(false)) }
        })
    }

    /// Asks something of the file at once, if no operation is under way.
    pub(crate) fn know<T>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&TextFile) -> folio::Result<T> + Send,
    ) -> PyResult<T>
    where
        T: Send,
    {
        let turns = &self.shared.turns;
        let mut ask = Some(ask);
        let mut ask = |file: &mut TextFile| ask.take().expect("it is asked once")(file);
        let known = match turns.at_once(&mut ask) {
            Some(known) => known,
            None => py
                .detach(|| crate::call::block_on(turns.clone().wait()).map(|mut turn| ask(turn.get())))
                .ok_or_else(detached)?,
        };
        known.map_err(|error| raised(py, &error, &Told::of_file(CLOSED)))
    }
}

fn detached() -> PyErr {
    PyValueError::new_err("underlying buffer has been detached")
}

impl Shared {
    /// A failure to decode with the bytes around it, which Python's exception shows; any other as it is.
    async fn explained(&self, error: folio::Error) -> Outcome {
        let Some(failed) = met::<DecodeError>(&error).cloned() else { return Err(error) };
        let base = failed.offset() - failed.offset() % CHUNK_BYTES;
        let len = CHUNK_BYTES as usize + failed.len();
        let Some(mut turn) = self.turns.clone().wait().await else { return Err(error) };
        let around = turn.get().file().read_bytes_at(base, len).await.unwrap_or_default();
        Ok(Answer::make(move |py| Err(undecodable(py, &failed, base, &around)?)))
    }
}

fn undecodable(py: Python<'_>, failed: &DecodeError, base: u64, around: &[u8]) -> PyResult<PyErr> {
    let words = failed.to_string();
    // CPython's name of the codec: the words are CPython's.
    let codec = words.split('\'').nth(1).unwrap_or_default();
    let start = usize::try_from(failed.offset() - base)?;
    let around = PyBytes::new(
        py,
        &around[..around.len().min(CHUNK_BYTES as usize).max(start + failed.len()).min(around.len())],
    );
    Ok(PyUnicodeDecodeError::new_err((
        codec.to_owned(),
        around.unbind(),
        start,
        start + failed.len(),
        failed.reason(),
    )))
}

/// The text of a string. Lone surrogates, which Rust's text cannot have, are handled as the file's encoding would.
fn text_of(data: &Bound<'_, PyAny>, attributes: &Attributes) -> PyResult<String> {
    let text = data.cast::<PyString>().map_err(|_| wrong_type(data, "write() argument must be str, not "))?;
    match text.to_cow() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) if attributes.errors == "strict" => {
            let encoded = text.call_method1("encode", (&attributes.encoding, "strict"))?;
            encoded.call_method1("decode", (&attributes.encoding,))?.extract()
        }
        Err(_) => {
            let handled = text.call_method1("encode", ("utf-8", &attributes.errors))?;
            handled.call_method1("decode", ("utf-8",))?.extract()
        }
    }
}

/// CPython's own exception for text that cannot be encoded.
fn unencodable(py: Python<'_>, text: &Py<PyAny>, attributes: &Attributes) -> PyResult<Py<PyAny>> {
    text.bind(py).call_method1("encode", (&attributes.encoding, &attributes.errors)).map(Bound::unbind)
}

#[pymethods]
impl AsyncTextIOWrapper {
    fn close(&self, py: Python<'_>) -> Operation {
        let shared = self.shared.clone();
        self.start(py, CLOSED_DOT, |mut turn| async move {
            shared.closed.store(true, Ordering::Release);
            let before = shared.below.is_closed();
            let closed = turn.get().close().await;
            shared.below.close().await;
            nothing(if before { Ok(()) } else { closed })
        })
        .going_on(py)
    }

    #[pyo3(signature = (size=-1, /))]
    fn read(&self, py: Python<'_>, size: Option<isize>) -> Operation {
        let size = crate::arguments::size(size);
        self.start(py, CLOSED_DOT, move |mut turn| async move {
            let file = turn.get();
            match size {
                Some(size) => file.read(size).await.map(Answer::Str),
                None => file.read_to_string().await.map(Answer::Str),
            }
        })
    }

    #[pyo3(signature = (size=-1, /))]
    fn readline(&self, py: Python<'_>, size: isize) -> Operation {
        let limit = usize::try_from(size).ok();
        if limit.is_none()
            && let Some(line) = self.line_ahead(py)
        {
            return line;
        }
        self.start(py, CLOSED_DOT, move |mut turn| async move {
            turn.get().readline(limit).await.map(Answer::Str)
        })
    }

    #[pyo3(signature = (hint=-1, /))]
    fn readlines(&self, py: Python<'_>, hint: Option<isize>) -> Operation {
        let hint = size(hint);
        self.start(py, CLOSED_DOT, move |mut turn| async move {
            turn.get().readlines(hint).await.map(Answer::Lines)
        })
    }

    fn write(&self, py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<Operation> {
        let (given, owned) = (text.clone().unbind(), text_of(text, &self.shared.attributes)?);
        let (shared, count) = (self.shared.clone(), text.len()? as u64);
        Ok(self.start(py, CLOSED_DOT, move |mut turn| async move {
            match turn.get().write(&owned).await {
                Ok(_) => Ok(Answer::Int(count)),
                Err(error) if met::<EncodeError>(&error).is_some() => {
                    Ok(Answer::make(move |py| unencodable(py, &given, &shared.attributes)))
                }
                Err(error) => Err(error),
            }
        }))
    }

    fn writelines(&self, py: Python<'_>, lines: &Bound<'_, PyAny>) -> PyResult<Operation> {
        let lines = strings(lines)?;
        let mut owned = Vec::with_capacity(lines.len());
        for line in &lines {
            owned.push(text_of(line, &self.shared.attributes)?);
        }
        let given: Vec<Py<PyAny>> = lines.into_iter().map(Bound::unbind).collect();
        let shared = self.shared.clone();
        Ok(self.start(py, CLOSED_DOT, move |mut turn| async move {
            if owned.is_empty() {
                // CPython does not get as far as writing.
                return turn.get().isatty().map(|_| Answer::None);
            }
            match turn.get().writelines(owned).await {
                Err(error) if met::<EncodeError>(&error).is_some() => Ok(Answer::make(move |py| {
                    let encoded = |line| unencodable(py, line, &shared.attributes);
                    given.iter().map(encoded).find(Result::is_err).unwrap_or_else(|| Ok(py.None()))
                })),
                written => nothing(written),
            }
        }))
    }

    #[pyo3(signature = (cookie, whence=0, /))]
    fn seek(&self, py: Python<'_>, cookie: i64, whence: i32) -> PyResult<Operation> {
        let to = match (whence, u64::try_from(cookie)) {
            (0, Ok(cookie)) => SeekFrom::Start(cookie),
            (0, Err(_)) => return Err(PyValueError::new_err(format!("negative seek position {cookie}"))),
            (1, _) => SeekFrom::Current(cookie),
            (2, _) => SeekFrom::End(cookie),
            _ => {
                let words = format!("invalid whence ({whence}, should be 0, 1 or 2)");
                return Err(PyValueError::new_err(words));
            }
        };
        Ok(self.start(
            py,
            CLOSED_DOT,
            move |mut turn| async move { turn.get().seek(to).await.map(Answer::Int) },
        ))
    }

    fn tell(&self, py: Python<'_>) -> Operation {
        self.start(py, CLOSED_DOT, |mut turn| async move { turn.get().tell().await.map(Answer::Int) })
    }

    #[pyo3(signature = (size=None, /))]
    fn truncate(&self, py: Python<'_>, size: Option<i64>) -> PyResult<Operation> {
        let size = match size.map(u64::try_from).transpose() {
            Ok(size) => size,
            // A file that is not open for writing says that first.
            Err(_) if !self.shared.attributes.writes => Some(0),
            Err(_) => return Err(crate::errors::invalid_argument(py)),
        };
        let writes = self.shared.attributes.writes;
        Ok(self.start(py, CLOSED_DOT, move |mut turn| async move {
            if !writes && !turn.get().closed() {
                return Ok(Answer::make(|py| Err(unsupported(py, "truncate".to_owned()))));
            }
            turn.get().truncate(size).await.map(Answer::Int)
        }))
    }

    fn flush(&self, py: Python<'_>) -> Operation {
        self.start(py, CLOSED_DOT, |mut turn| async move { nothing(turn.get().flush().await) })
    }

    fn isatty(&self, py: Python<'_>) -> Operation {
        self.start(py, CLOSED, |mut turn| async move { turn.get().isatty().map(Answer::Bool) })
    }

    fn seekable(&self, py: Python<'_>) -> Operation {
        self.start(py, CLOSED, |mut turn| async move { turn.get().seekable().map(Answer::Bool) })
    }

    fn readable(&self, py: Python<'_>) -> Operation {
        self.asks(py, self.shared.attributes.reads, TextFile::readable)
    }

    fn writable(&self, py: Python<'_>) -> Operation {
        self.asks(py, self.shared.attributes.writes, TextFile::writable)
    }

    fn fileno(&self, py: Python<'_>) -> PyResult<i32> {
        self.know(py, |file| file.fileno())
    }

    /// Writes out what is buffered and hands over the file of bytes below, one of Python's own.
    fn detach(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let shared = self.shared.clone();
        let mode = format!("{}b", self.shared.attributes.mode.replace('t', ""));
        let taken = py.detach(|| {
            crate::call::block_on(async move {
                let Some(mut turn) = shared.turns.clone().wait().await else { return Ok(None) };
                if turn.get().closed() {
                    return Err(None);
                }
                shared.detached.store(true, Ordering::Release);
                let below = turn.take().detach().await.map_err(Some)?;
                below.into_std().await.map(Some).map_err(Some)
            })
        });
        match taken {
            Ok(Some(file)) => Ok(py.import("io")?.call_method1("open", (file.into_raw_fd(), mode))?.unbind()),
            Ok(None) => Err(detached()),
            Err(None) => Err(PyValueError::new_err(CLOSED_DOT)),
            Err(Some(error)) => Err(raised(py, &error, &Told::of_file(CLOSED_DOT))),
        }
    }

    #[getter]
    fn closed(&self) -> PyResult<bool> {
        self.attached().map(|()| self.shared.closed.load(Ordering::Acquire) || self.shared.below.is_closed())
    }

    #[getter]
    fn name(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.attached().map(|()| self.shared.attributes.name.clone_ref(py))
    }

    #[getter]
    fn mode(&self) -> &str {
        &self.shared.attributes.mode
    }

    #[getter]
    fn encoding(&self) -> &str {
        &self.shared.attributes.encoding
    }

    #[getter]
    fn errors(&self) -> &str {
        &self.shared.attributes.errors
    }

    #[getter]
    fn line_buffering(&self) -> bool {
        self.shared.attributes.line_buffering
    }

    #[getter]
    fn newlines<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let Seen { lf, cr, crlf } = self.know(py, |file| Ok(file.newlines()))?;
        let seen: Vec<&str> = [(cr, "\r"), (lf, "\n"), (crlf, "\r\n")]
            .into_iter()
            .filter_map(|(is, end)| is.then_some(end))
            .collect();
        Ok(match seen.as_slice() {
            [] => py.None().into_bound(py),
            [one] => PyString::new(py, one).into_any(),
            several => PyTuple::new(py, several)?.into_any(),
        })
    }

    /// The file itself: there is none below that Python could use beside it.
    #[getter]
    fn _file(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __aiter__(slf: &Bound<'_, Self>) -> Lines {
        Lines::new(slf.clone().into_any().unbind(), slf.get().shared.turns.clone())
    }

    fn __anext__(&self, py: Python<'_>) -> Operation {
        self.line_ahead(py).unwrap_or_else(|| self.next_line(py))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let Attributes { name, encoding, mode, .. } = &self.shared.attributes;
        let name = name.bind(py).repr()?;
        Ok(format!("<folio.AsyncTextIOWrapper name={name} mode='{mode}' encoding='{encoding}'>"))
    }
}

impl AsyncTextIOWrapper {
    fn line_ahead(&self, py: Python<'_>) -> Option<Operation> {
        line_ahead(&self.shared.turns, py).map(|line| Operation::done(Ok(line), LINE_COST))
    }

    /// The next line as `async for` takes it.
    fn next_line(&self, py: Python<'_>) -> Operation {
        self.start(py, CLOSED_DOT, |mut turn| async move {
            Ok(match turn.get().readline(None).await? {
                line if line.is_empty() => Answer::Called(Err(PyStopAsyncIteration::new_err(()))),
                line => Answer::Str(line),
            })
        })
    }
}

/// The strings that an iterable yields.
fn strings<'py>(lines: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let words = "write() argument must be str, not ";
    let string = |line: PyResult<Bound<'py, PyAny>>| {
        line.and_then(|line| match line.is_instance_of::<PyString>() {
            true => Ok(line),
            false => Err(wrong_type(&line, words)),
        })
    };
    lines.try_iter()?.map(string).collect()
}
