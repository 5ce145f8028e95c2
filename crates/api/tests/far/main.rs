//! A storage whose calls answer later is under the same order, permits, deadlines, cancellation and snapshot as any other.

mod at_once;
mod ends;
mod files;
mod paths;

use std::sync::Arc;

use folio::Engine;
use folio_testkit::FarStore;

/// A store, and an engine on it.
fn far() -> (FarStore, Engine) {
    let store = FarStore::new();
    let engine = Engine::builder().storage(Arc::new(store.storage())).start().expect("an engine");
    (store, engine)
}
