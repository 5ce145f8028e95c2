//! The engine that a program's files are on: the machine's own, or that of a storage far away.

use folio::Engine;

/// The engine of the storage that `uri` names, such as `s3://bucket?endpoint=http%3A%2F%2Flocalhost%3A9000`; without one,
/// the default engine. Requests that fail for a moment are made again.
///
/// # Errors
///
/// A sentence: the URI makes no sense, or the program was built without the feature `far`.
pub fn engine_on(uri: Option<&str>) -> Result<Engine, String> {
    match uri {
        None => Engine::try_global().map_err(|error| error.to_string()),
        Some(uri) => far(uri),
    }
}

#[cfg(feature = "far")]
fn far(uri: &str) -> Result<Engine, String> {
    use opendal::{Operator, layers::RetryLayer};

    let operator = Operator::from_uri(uri).map_err(|error| format!("--storage {uri}: {error}"))?;
    let storage = folio_opendal::storage(operator.layer(RetryLayer::new()));
    Engine::builder().storage(storage).start().map_err(|error| error.to_string())
}

#[cfg(not(feature = "far"))]
fn far(uri: &str) -> Result<Engine, String> {
    Err(format!("--storage {uri}: built for local files only; build it with `--features far`"))
}
