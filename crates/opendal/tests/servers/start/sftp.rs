//! SFTP, by sshd of OpenSSH with keys made for the test.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use folio_testkit::process::{again, is_again};
use opendal::{Operator, services::Sftp};

use super::Server;
use super::program::find;

/// Runs a test, by its full name, in a process of its own, whose `ssh` keeps what it remembers in a folder of the test: OpenDAL
/// asks for `ssh` by that name alone, and the user's own would write into his home.
pub(crate) fn at_home(test: &str, body: impl AsyncFnOnce(Server)) {
    if is_again(test) {
        let server = start().expect("the first process found it");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
        return runtime.block_on(body(server));
    }
    let (Some(_), Some(ssh)) = (find("sshd"), find("ssh")) else {
        return folio_testkit::skip(test, "there is no sshd or no ssh: `.ci/run servers` installs them");
    };
    let home = tempfile::tempdir().expect("a folder can be made");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [home.path().to_owned()].into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).expect("it was a path before");
    wrap(&ssh, home.path());
    let status = again(test).env("PATH", path).env("XDG_STATE_HOME", home.path()).status();
    let status = status.expect("this very program can be run");
    assert!(status.success(), "{test} failed in a process of its own: {status}");
}

fn wrap(ssh: &Path, home: &Path) {
    let config = format!("UserKnownHostsFile {}/known_hosts\nGlobalKnownHostsFile none\n", home.display());
    fs::write(home.join("config"), config).expect("it can be written");
    let script = format!("#!/bin/sh\nexec {} -F {}/config \"$@\"\n", ssh.display(), home.display());
    let file = home.join("ssh");
    fs::write(&file, script).expect("it can be written");
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("it is ours");
}

fn start() -> Option<Server> {
    Server::start("SFTP", "sshd", prepare, command)
}

fn prepare(room: &Path) {
    fs::create_dir(room.join("root")).expect("a folder can be made");
    // Where sshd of the superuser puts its half without rights; Debian makes it when it starts the service.
    let _ = fs::create_dir("/run/sshd");
    for name in ["host", "user"] {
        let mut keygen = Command::new("ssh-keygen");
        let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(room.join(name)).status();
        assert!(made.expect("it comes with ssh").success());
    }
}

fn command(program: &Path, room: &Path, port: u16) -> Command {
    let room = room.display();
    let config = format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {room}/host\nAuthorizedKeysFile {room}/user.pub\nStrictModes no\n\
         UsePAM no\nPidFile none\nPasswordAuthentication no\nMaxStartups 128\nSubsystem sftp internal-sftp\n"
    );
    let file = format!("{room}/sshd.conf");
    fs::write(&file, config).expect("it can be written");
    let mut command = Command::new(program);
    command.args(["-D", "-e", "-f", &file]);
    command
}

/// A client of the server at this address, or of what stands before it.
pub(crate) fn operator(server: &Server, address: SocketAddr) -> Operator {
    let text = |name: &str| server.room().join(name).to_str().expect("it is text").to_owned();
    let service = Sftp::default().endpoint(&format!("ssh://{address}")).user("root");
    let service = service.root(&text("root")).key(&text("user")).known_hosts_strategy("accept");
    Operator::new(service).expect("the settings are complete")
}
