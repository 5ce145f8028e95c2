//! One value that asynchronous calls use in turn, in the order in which they were made, and that a call without a future
//! may use at once while there is no other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::OwnedMutexGuard;

use crate::pending::lock;

/// The value and its queue.
pub(crate) struct Turns<T> {
    /// Calls that have a turn or wait for one.
    calls: AtomicUsize,
    queue: Arc<tokio::sync::Mutex<()>>,
    /// Not here during a turn, and after it was taken for good. Boxed: each turn moves it.
    value: Mutex<Option<Box<T>>>,
}

/// The right to use the value, until it is dropped.
pub(crate) struct Turn<T> {
    value: Option<Box<T>>,
    call: Call<T>,
    _place: OwnedMutexGuard<()>,
}

/// A call is counted from its first poll until its end.
struct Call<T>(Arc<Turns<T>>);

impl<T> Turns<T> {
    pub(crate) fn new(value: T) -> Arc<Turns<T>> {
        Arc::new(Turns {
            calls: AtomicUsize::new(0),
            queue: Arc::default(),
            value: Mutex::new(Some(Box::new(value))),
        })
    }

    /// Waits for a turn. `None` if the value was taken for good.
    pub(crate) async fn wait(self: Arc<Self>) -> Option<Turn<T>> {
        self.calls.fetch_add(1, Ordering::AcqRel);
        let call = Call(self);
        let place = call.0.queue.clone().lock_owned().await;
        let value = lock(&call.0.value).take()?;
        Some(Turn { value: Some(value), call, _place: place })
    }

    /// Uses the value at once. `None` if there are other calls, or if it was taken for good.
    pub(crate) fn at_once<R>(&self, use_it: impl FnOnce(&mut T) -> R) -> Option<R> {
        if self.calls.load(Ordering::Acquire) > 0 {
            return None;
        }
        lock(&self.value).as_deref_mut().map(use_it)
    }
}

impl<T> Turn<T> {
    pub(crate) fn get(&mut self) -> &mut T {
        self.value.as_deref_mut().expect("a turn has the value until it ends")
    }

    /// Takes the value for good.
    pub(crate) fn take(mut self) -> T {
        *self.value.take().expect("a turn has the value until it ends")
    }
}

impl<T> Drop for Turn<T> {
    fn drop(&mut self) {
        if let Some(value) = self.value.take() {
            *lock(&self.call.0.value) = Some(value);
        }
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::AcqRel);
    }
}
