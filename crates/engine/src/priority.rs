//! How urgent operations are.

/// How urgent the operations of a file or an engine handle are, where they wait for permits and workers.
///
/// A more urgent class gets eight turns for one of the next, so none is starved. What is in the background leaves a
/// quarter of the permits and half of each device's workers to the others, however much of it there is: something
/// urgent finds both at once. The class changes no order: operations on one file keep theirs.
///
/// ```
/// # async fn example(engine: folio_engine::Engine) -> folio_engine::Result<()> {
/// use folio_engine::Priority;
/// use folio_engine::storage::OpenRequest;
///
/// let scanning = engine.with_priority(Priority::Background);
/// let request = OpenRequest::default().read(true);
/// let file = scanning.open("archive", request).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Priority {
    /// Someone waits for it: a request of a user.
    Interactive,
    /// The class of everything that says nothing else.
    #[default]
    Normal,
    /// It may take long: a scan, a backup, compaction.
    Background,
}

impl Priority {
    /// All classes, the most urgent first.
    pub(crate) const ALL: [Priority; 3] = [Priority::Interactive, Priority::Normal, Priority::Background];

    /// Its place among [`ALL`](Priority::ALL).
    pub(crate) fn index(self) -> usize {
        match self {
            Priority::Interactive => 0,
            Priority::Normal => 1,
            Priority::Background => 2,
        }
    }
}
