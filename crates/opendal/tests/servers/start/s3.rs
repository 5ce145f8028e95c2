//! S3, by s3s-fs: fast, with one bucket whose objects are files in a folder and outlive the server. It takes a folder for an object
//! that cannot be read, so that what directories are is asked of [`moto`](super::moto).

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use opendal::{Operator, services::S3};

use super::Server;

pub(super) const BUCKET: &str = "bucket";

pub(crate) fn start() -> Option<Server> {
    Server::start("S3", "s3s-fs", prepare, command)
}

fn prepare(room: &Path) {
    fs::create_dir_all(room.join("root").join(BUCKET)).expect("a folder can be made");
}

fn command(program: &Path, room: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command.args(["--host", "127.0.0.1", "--access-key", "key", "--secret-key", "secret", "--port"]);
    command.arg(port.to_string()).arg(room.join("root")).env("RUST_LOG", "warn");
    command
}

/// A client of the server at this address, or of what stands before it.
pub(crate) fn operator(address: SocketAddr) -> Operator {
    opendal_http_transport_reqwest::install_default();
    let service = S3::default().bucket(BUCKET).endpoint(&format!("http://{address}")).region("us-east-1");
    let service = service.access_key_id("key").secret_access_key("secret");
    // Nothing of the user who runs the tests may come in.
    let service = service.disable_config_load().disable_ec2_metadata();
    Operator::new(service).expect("the settings are complete")
}
