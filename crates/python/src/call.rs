//! Functions of Python on the engine's workers.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::answer::Answer;
use crate::awaitable::Operation;
use crate::errors::{CLOSED, Told};
use crate::limits::FINISH_MAX;
use crate::pending::lock;

/// Calls that share it run one after another, in the order in which they were made.
#[pyclass(frozen, module = "folio._folio")]
#[derive(Default)]
pub(crate) struct Order {
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[pymethods]
impl Order {
    #[new]
    fn new() -> Order {
        Order::default()
    }
}

/// Calls a function on a worker of the engine, after earlier calls of the same order.
///
/// If it is cancelled while it runs, the method `if_lost` of what it returns is called. With `goes_on` it is called in any
/// case.
#[pyfunction]
#[pyo3(signature = (order, function, args, kwargs=None, if_lost=None, goes_on=false))]
pub(crate) fn run(
    py: Python<'_>,
    order: Option<&Bound<'_, Order>>,
    function: Py<PyAny>,
    args: Py<PyTuple>,
    kwargs: Option<Py<PyDict>>,
    if_lost: Option<String>,
    goes_on: bool,
) -> PyResult<Operation> {
    let turn = order.map(|order| order.get().turn.clone());
    let started = Operation::start_on_current(py, Told::of_file(CLOSED), async move {
        let turn = match turn {
            Some(turn) => Some(turn.lock_owned().await),
            None => None,
        };
        let called = folio::run(move || {
            let _running = Running::new();
            let called = call(function, args, kwargs);
            // An abandoned call keeps its turn until it has ended.
            drop(turn);
            Returned { called: Some(called), if_lost }
        });
        called.await.map(|returned| Answer::make(|_| returned.claim()))
    })?;
    Ok(if goes_on { started.going_on(py) } else { started })
}

/// What a function has returned. If no one claims it, a file that was opened is closed at once.
struct Returned {
    called: Option<PyResult<Py<PyAny>>>,
    /// The method that closes it.
    if_lost: Option<String>,
}

impl Returned {
    fn claim(mut self) -> PyResult<Py<PyAny>> {
        self.called.take().expect("it is claimed once")
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        if let (Some(Ok(lost)), Some(close)) = (self.called.take(), &self.if_lost) {
            let closed = Python::try_attach(|py| lost.call_method0(py, close.as_str()));
            // Its own failure is as lost as the file.
            drop(closed);
        }
    }
}

fn call(function: Py<PyAny>, args: Py<PyTuple>, kwargs: Option<Py<PyDict>>) -> PyResult<Py<PyAny>> {
    let called = Python::try_attach(move |py| {
        let kwargs = kwargs.as_ref().map(|kwargs| kwargs.bind(py));
        function.bind(py).call(args.bind(py), kwargs).map(Bound::unbind)
    });
    called.unwrap_or_else(|| Err(PyRuntimeError::new_err("the interpreter has ended")))
}

/// How many functions of Python are running on workers.
static RUNNING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

struct Running;

impl Running {
    fn new() -> Running {
        *lock(&RUNNING.0) += 1;
        Running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *lock(&RUNNING.0) -= 1;
        RUNNING.1.notify_all();
    }
}

/// Waits for running functions: the interpreter is about to end, and they need it.
#[pyfunction]
pub(crate) fn finish(py: Python<'_>) {
    py.detach(|| {
        let running = RUNNING.1.wait_timeout_while(lock(&RUNNING.0), FINISH_MAX, |running| *running > 0);
        drop(running);
    });
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future on this thread, which must not hold the interpreter.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// Forgets the parent's functions: their threads are not in this process.
#[pyfunction]
pub(crate) fn forked() {
    *lock(&RUNNING.0) = 0;
}
