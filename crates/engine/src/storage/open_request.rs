//! The options for opening a file.

/// The options for opening a file: the union of std's and tokio's options on Unix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenRequest {
    /// Open for reading.
    pub read: bool,
    /// Open for writing.
    pub write: bool,
    /// Append every write at the end.
    pub append: bool,
    /// Cut the file to length 0.
    pub truncate: bool,
    /// Create the file if it is missing.
    pub create: bool,
    /// Create the file and fail if it exists.
    pub create_new: bool,
    /// Permission bits of a file that is created; `None` means `0o666` before the umask.
    pub mode: Option<u32>,
    /// Further `O_*` flags, as in `std::os::unix::fs::OpenOptionsExt::custom_flags`.
    pub custom_flags: i32,
    /// The size of the engine's write buffer for writes at the cursor, in bytes; 0 for none. Storages ignore it.
    pub buffer_bytes: usize,
}

macro_rules! setters {
    ($($name:ident: $type:ty),* $(,)?) => {
        $(#[doc = concat!("Sets [`", stringify!($name), "`](OpenRequest#structfield.", stringify!($name), ").")]
        #[must_use]
        pub fn $name(self, $name: $type) -> Self {
            OpenRequest { $name, ..self }
        })*
    };
}

impl OpenRequest {
    setters! {
        read: bool,
        write: bool,
        append: bool,
        truncate: bool,
        create: bool,
        create_new: bool,
        mode: Option<u32>,
        custom_flags: i32,
        buffer_bytes: usize,
    }
}
