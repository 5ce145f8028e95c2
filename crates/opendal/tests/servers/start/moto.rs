//! S3, by moto: keys are keys as at AWS, and the objects are gone with the server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use super::Server;
use super::s3::BUCKET;

/// Starts it with the bucket of [`s3::operator`](super::s3::operator).
pub(crate) fn start() -> Option<Server> {
    let server = Server::start("S3 (moto)", "moto_server", |_| (), command)?;
    let mut line = TcpStream::connect(server.address()).expect("it takes connections");
    let request = format!(
        "PUT /{BUCKET} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    line.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    line.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    Some(server)
}

fn command(program: &Path, _: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    command
}
