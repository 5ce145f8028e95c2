//! folio on servers that exist: S3, WebDAV, SFTP and Redis, each a process on the loopback; OpenDAL's memory and local
//! files beside them, for comparison. CONTRIBUTING.md says how the servers are started.

mod conformance;
mod faults;
mod many;
mod proxy;
mod start;
