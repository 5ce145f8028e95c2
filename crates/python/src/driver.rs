//! How answers come to an event loop: a queue, and a socket that the loop watches. One byte wakes it for all that
//! the queue holds by then.

use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyAny;

use crate::limits::RINGS_BYTES;
use crate::pending::Queue;

/// What one event loop watches.
#[pyclass(frozen, weakref, module = "folio._folio")]
pub(crate) struct Driver {
    queue: Arc<Queue>,
    socket: UnixStream,
}

#[pymethods]
impl Driver {
    /// Goes on with all operations that can, and resolves the futures of those that are finished.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        let _ = (&self.socket).read(&mut [0; RINGS_BYTES]);
        for pending in self.queue.take() {
            if let Some(future) = pending.resume() {
                resolve(future.bind(py))?;
            }
        }
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // What waits in the queue holds the queue.
        let lost = self.queue.take();
        drop(lost);
    }
}

fn resolve(future: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = future.py();
    if !future.call_method0(pyo3::intern!(py, "done"))?.is_truthy()? {
        future.call_method1(pyo3::intern!(py, "set_result"), (py.None(),))?;
    }
    Ok(())
}

/// Whether there was a loop that is not asyncio's.
static FOREIGN: AtomicBool = AtomicBool::new(false);

/// What a task yields to wait for `future`: on asyncio the future itself, on trio what trio understands.
pub(crate) fn yielded(future: Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    if FOREIGN.load(Ordering::Relaxed)
        && let Some(yielded) = future.getattr_opt(pyo3::intern!(future.py(), "yielded"))?
    {
        return yielded.call0().map(Bound::unbind);
    }
    Ok(future.unbind())
}

/// What a task yields so that its loop has a turn.
pub(crate) fn turn(py: Python<'_>) -> PyResult<Py<PyAny>> {
    static TURN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    Ok(TURN.import(py, "folio._loop", "turn")?.call0()?.unbind())
}

/// The running loop and its driver.
pub(crate) fn current(py: Python<'_>) -> PyResult<(Bound<'_, PyAny>, Arc<Queue>)> {
    static RUNNING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static DRIVERS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let running = RUNNING.import(py, "folio._loop", "running")?;
    let drivers = DRIVERS.import(py, "folio._loop", "drivers")?;
    let event_loop = running.call0()?;
    if let Ok(driver) = drivers.get_item(&event_loop) {
        return Ok((event_loop, driver.cast_into::<Driver>()?.get().queue.clone()));
    }
    let driver = Driver::start(py, &event_loop)?;
    drivers.set_item(&event_loop, &driver)?;
    Ok((event_loop, driver.get().queue.clone()))
}

impl Driver {
    fn start<'py>(py: Python<'py>, event_loop: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Driver>> {
        let (socket, bell) = pair()?;
        let number = socket.as_raw_fd();
        let queue = Arc::new(Queue::new(bell));
        let driver = Bound::new(py, Driver { queue, socket })?;
        event_loop.call_method1("add_reader", (number, driver.getattr("drain")?))?;
        if event_loop.hasattr("is_foreign")? {
            FOREIGN.store(true, Ordering::Relaxed);
        }
        Ok(driver)
    }
}

fn pair() -> io::Result<(UnixStream, UnixStream)> {
    let (socket, bell) = UnixStream::pair()?;
    socket.set_nonblocking(true)?;
    bell.set_nonblocking(true)?;
    Ok((socket, bell))
}
