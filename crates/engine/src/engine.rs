//! A stand-in for the engine: carries requests out where they are asked.

use std::sync::LazyLock;

use crate::error::{Error, Result};
use crate::op::PathRequest;
use crate::storage::os::Os;

/// One running instance.
#[derive(Debug)]
pub struct Engine {
    storage: Os,
}

impl Engine {
    /// Returns the default engine.
    pub fn global() -> &'static Engine {
        static GLOBAL: LazyLock<Engine> = LazyLock::new(|| Engine { storage: Os::new() });
        &GLOBAL
    }

    /// Carries a request out.
    ///
    /// # Errors
    ///
    /// What the storage answered.
    #[expect(clippy::unused_async, reason = "stands in for a call that waits")]
    pub async fn call<R: PathRequest>(&self, request: R) -> Result<R::Reply> {
        let operation = request.operation();
        let path = request.path().to_path_buf();
        let target = request.target().map(std::path::Path::to_path_buf);
        let result = match request.in_place(&self.storage) {
            Some(result) => result,
            None => request.execute(&self.storage),
        };
        result.map_err(|error| {
            let error = Error::io(operation, error).at_path(path);
            match target {
                Some(target) => error.with_target(target),
                None => error,
            }
        })
    }
}
