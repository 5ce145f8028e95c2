//! The storage that talks to the operating system.
