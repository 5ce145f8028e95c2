//! What every call returns: an awaitable that is done already, or waits for the engine.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::answer::Answer;
use crate::current::on_current;
use crate::driver;
use crate::end;
use crate::errors::{Told, raised};
use crate::limits::{CALL_COST, TURN_BUDGET};
use crate::pending::{Outcome, Pending, Work, lock};

/// An operation: awaitable once. It has the methods of a coroutine, so that tasks can be made of it.
#[pyclass(frozen, weakref, freelist = 64, module = "folio._folio")]
pub(crate) struct Operation {
    state: Mutex<State>,
    /// Whether a task has waited for it.
    awaited: AtomicBool,
}

enum State {
    Done(PyResult<Py<PyAny>>),
    /// Done, but the loop has not had a turn for long.
    Due(PyResult<Py<PyAny>>),
    Pending(Arc<Pending>, Told),
    Over,
}

impl Operation {
    fn of(state: State) -> Operation {
        Operation { state: Mutex::new(state), awaited: AtomicBool::new(false) }
    }

    /// An operation that is done.
    pub(crate) fn done(result: PyResult<Py<PyAny>>, cost: u32) -> Operation {
        Operation::of(State::done(result, cost))
    }

    /// An operation that is done, but gives its loop a turn before it says so.
    pub(crate) fn after_a_turn(value: Py<PyAny>) -> Operation {
        Operation::of(State::Due(Ok(value)))
    }

    /// Polls `work` once. If it is not ready, the engine goes on with it.
    pub(crate) fn start(
        py: Python<'_>,
        told: Told,
        work: impl Future<Output = Outcome> + Send + 'static,
    ) -> Operation {
        Operation::poll(py, told, Box::pin(work))
    }

    /// The same for what concerns no open file: on the engine that is current for the caller.
    pub(crate) fn start_on_current(
        py: Python<'_>,
        told: Told,
        work: impl Future<Output = Outcome> + Send + 'static,
    ) -> PyResult<Operation> {
        Ok(Operation::poll(py, told, on_current(py, work)?))
    }

    fn poll(py: Python<'_>, told: Told, mut work: Work) -> Operation {
        let state = match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => State::done(finished(py, outcome, &told), CALL_COST),
            Poll::Pending => State::Pending(Pending::new(work), told),
        };
        Operation::of(state)
    }

    /// The result if it is there, `None` if a future was returned to wait for.
    pub(crate) fn step(&self, py: Python<'_>) -> PyResult<Step> {
        // Taken out: what follows runs Python, which must not be done under a lock.
        let state = std::mem::replace(&mut *lock(&self.state), State::Over);
        match state {
            State::Done(result) => result.map(Step::Done),
            State::Due(result) => {
                *lock(&self.state) = State::Done(result);
                Ok(Step::Wait(driver::turn(py)?))
            }
            State::Over => Err(PyRuntimeError::new_err("cannot reuse already awaited coroutine")),
            State::Pending(pending, told) if pending.is_awaited() => {
                *lock(&self.state) = State::Pending(pending, told);
                Err(awaited_already())
            }
            State::Pending(pending, told) => match pending.take() {
                Poll::Ready(Some(outcome)) => finished(py, outcome, &told).map(Step::Done),
                Poll::Ready(None) => Err(PyRuntimeError::new_err("cannot reuse already awaited coroutine")),
                Poll::Pending => {
                    *lock(&self.state) = State::Pending(pending.clone(), told);
                    self.awaited.store(true, Ordering::Relaxed);
                    wait(py, &pending).map(Step::Wait)
                }
            },
        }
    }

    /// The same operation, which the running loop carries out even if it is cancelled.
    pub(crate) fn going_on(self, py: Python<'_>) -> Operation {
        if let State::Pending(pending, _) = &*lock(&self.state)
            && let Ok((_, queue)) = driver::current(py)
        {
            pending.keep(&queue);
        }
        self
    }

    /// Takes what a loop sends to a task that goes on: nothing on asyncio, on trio how its wait ended.
    pub(crate) fn resumed(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if value.is_none() {
            return Ok(());
        }
        let ended = value.call_method0(pyo3::intern!(value.py(), "unwrap"));
        ended.map(drop).inspect_err(|_| self.abandon())
    }

    /// Ends it without a result.
    pub(crate) fn abandon(&self) {
        let state = std::mem::replace(&mut *lock(&self.state), State::Over);
        if let State::Pending(pending, _) = state {
            pending.cancel();
        }
    }
}

/// What answers in place have cost since a loop had a turn. Of all threads together: it is a rate, not an account.
static SPENT: AtomicU32 = AtomicU32::new(0);

impl Operation {
    /// Whether the loop should have a turn now, after an answer of this cost. Said once.
    pub(crate) fn is_due(cost: u32) -> bool {
        let spent = SPENT.load(Ordering::Relaxed) + cost;
        let due = spent >= TURN_BUDGET;
        SPENT.store(if due { 0 } else { spent }, Ordering::Relaxed);
        due
    }
}

impl State {
    fn done(result: PyResult<Py<PyAny>>, cost: u32) -> State {
        if Operation::is_due(cost) { State::Due(result) } else { State::Done(result) }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if let State::Pending(pending, _) = self.state.get_mut().unwrap_or_else(PoisonError::into_inner) {
            pending.cancel();
        }
    }
}

/// How far an operation has come.
pub(crate) enum Step {
    Done(Py<PyAny>),
    Wait(Py<PyAny>),
}

impl Step {
    /// As an iterator says it: what to wait for, or the value at its end. An end without a value is `None`.
    pub(crate) fn for_iterator(self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self {
            Step::Wait(future) => Ok(Some(future)),
            Step::Done(value) if value.is_none(py) => Ok(None),
            Step::Done(value) => Err(end::with(value.into_bound(py))),
        }
    }

    /// As `send` says it, whose callers may be written in Python and keep the exception.
    pub(crate) fn for_sender(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self {
            Step::Wait(future) => Ok(future),
            Step::Done(value) => Err(end::fresh(value.into_bound(py))),
        }
    }
}

fn wait(py: Python<'_>, pending: &Arc<Pending>) -> PyResult<Py<PyAny>> {
    let (event_loop, queue) = driver::current(py)?;
    let future = event_loop.call_method0(pyo3::intern!(py, "create_future"))?;
    future.setattr(pyo3::intern!(py, "_asyncio_future_blocking"), true)?;
    if pending.wait(&queue, future.clone().unbind()) {
        return driver::yielded(future);
    }
    Err(awaited_already())
}

fn awaited_already() -> PyErr {
    PyRuntimeError::new_err("coroutine is being awaited already")
}

fn finished(py: Python<'_>, outcome: Outcome, told: &Told) -> PyResult<Py<PyAny>> {
    match outcome {
        Ok(answer) => answer.into_object(py),
        Err(error) => Err(raised(py, &error, told)),
    }
}

#[pymethods]
impl Operation {
    fn __await__(slf: Py<Self>) -> PyResult<Py<Self>> {
        let operation = slf.get();
        if operation.awaited.load(Ordering::Relaxed) && matches!(*lock(&operation.state), State::Pending(..))
        {
            return Err(awaited_already());
        }
        Ok(slf)
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.step(py)?.for_iterator(py)
    }

    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.resumed(value)?;
        self.step(py)?.for_sender(py)
    }

    #[pyo3(signature = (kind, value=None, traceback=None))]
    fn throw(
        &self,
        kind: &Bound<'_, PyAny>,
        value: Option<&Bound<'_, PyAny>>,
        traceback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let _ = traceback;
        self.abandon();
        Err(thrown(kind, value)?)
    }

    fn close(&self) {
        self.abandon();
    }
}

/// The exception that a caller throws into an awaitable, in either of the ways that Python has.
pub(crate) fn thrown(kind: &Bound<'_, PyAny>, value: Option<&Bound<'_, PyAny>>) -> PyResult<PyErr> {
    if let Some(value) = value.filter(|value| !value.is_none()) {
        return Ok(PyErr::from_value(value.clone()));
    }
    Ok(match kind.is_callable() {
        true => PyErr::from_value(kind.call0()?),
        false => PyErr::from_value(kind.clone()),
    })
}

/// The answer of a call of no interest.
pub(crate) fn nothing(result: folio::Result<()>) -> Outcome {
    result.map(|()| Answer::None)
}
