//! WebDAV, by lighttpd.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use opendal::{Operator, services::Webdav};

use super::Server;

pub(crate) fn start() -> Option<Server> {
    Server::start("WebDAV", "lighttpd", prepare, command)
}

fn prepare(room: &Path) {
    for name in ["root", "uploads"] {
        fs::create_dir(room.join(name)).expect("a folder can be made");
    }
}

fn command(program: &Path, room: &Path, port: u16) -> Command {
    let config = format!(
        r#"server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{room}/root"
server.upload-dirs = ("{room}/uploads")
server.modules = ("mod_webdav")
server.max-connections = 2048
server.max-fds = 4096
webdav.activate = "enable"
"#,
        room = room.display()
    );
    let file = room.join("lighttpd.conf");
    fs::write(&file, config).expect("it can be written");
    let mut command = Command::new(program);
    command.arg("-D").arg("-f").arg(file);
    command
}

/// A client of the server at this address, or of what stands before it.
pub(crate) fn operator(address: SocketAddr) -> Operator {
    opendal_http_transport_reqwest::install_default();
    let service = Webdav::default().endpoint(&format!("http://{address}"));
    Operator::new(service).expect("the settings are complete")
}
