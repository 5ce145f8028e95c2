//! What goes wrong between folio and a server: it dies, it is slow, it is overloaded, the line breaks, its disk is full.

mod broken;
mod full;
mod killed;
mod overloaded;
mod slow;

use std::time::Duration;

use folio::Engine;
use opendal::{Operator, layers::RetryLayer};

/// An engine on a store.
fn engine(operator: Operator) -> Engine {
    let storage = folio_opendal::storage(operator);
    Engine::builder().storage(storage).start().expect("an engine starts")
}

/// The store, with failures that pass tried again.
fn patient(operator: Operator) -> Operator {
    operator.layer(RetryLayer::new().with_max_times(5).with_min_delay(Duration::from_millis(2)))
}

/// Bytes in which each place can be told from the others.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 251 + at % 251) as u8).collect()
}
