//! Redis, in memory alone and with little of it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use opendal::{Operator, services::Redis};

use super::Server;

pub(crate) fn start() -> Option<Server> {
    Server::start("Redis", "redis-server", |_| (), command)
}

fn command(program: &Path, room: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command.args([
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--maxmemory",
        "160mb",
        "--maxmemory-policy",
        "noeviction",
    ]);
    command.args(["--port", &port.to_string(), "--dir"]).arg(room);
    command
}

/// A client of the server at this address, or of what stands before it.
pub(crate) fn operator(address: SocketAddr) -> Operator {
    let service = Redis::default().endpoint(&format!("redis://{address}"));
    Operator::new(service).expect("the settings are complete")
}
