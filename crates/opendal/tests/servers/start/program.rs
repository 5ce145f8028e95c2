//! One server: its process, its folder, its port, and what it says.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use folio_testkit::wait::eventually_blocking;
use tempfile::TempDir;

/// How often a server is started anew because another process took its port first.
const STARTS_MAX: usize = 5;

/// A server that runs until it is dropped, even if that is by a panic.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    room: TempDir,
    port: u16,
    command: fn(&Path, &Path, u16) -> Command,
    program: PathBuf,
}

impl Server {
    /// Starts a program and waits until it takes connections. `None`, said aloud, if this machine does not have it.
    pub(super) fn start(
        name: &'static str,
        program: &str,
        prepare: fn(&Path),
        command: fn(&Path, &Path, u16) -> Command,
    ) -> Option<Server> {
        let Some(program) = find(program) else {
            folio_testkit::skip(name, &format!("there is no {program}: `.ci/run servers` installs it"));
            return None;
        };
        let room = tempfile::tempdir().expect("a folder can be made");
        prepare(room.path());
        for _ in 0..STARTS_MAX {
            let port = free_port();
            let mut child = run(&program, room.path(), port, command);
            if takes_connections(&mut child, port) {
                return Some(Server { name, child, room, port, command, program });
            }
        }
        panic!("{name} does not start: {}", said(room.path()));
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Its folder.
    pub(crate) fn room(&self) -> &Path {
        self.room.path()
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        said(self.room())
    }

    /// Ends it as a power cut would: it cannot answer, flush or say goodbye.
    pub(crate) fn kill(&mut self) {
        // A server may serve each connection by a process of its own, which would outlive it.
        let all = family(self.child.id());
        for id in all.iter().rev() {
            let _ = Command::new("kill").args(["-KILL", &id.to_string()]).stderr(Stdio::null()).status();
        }
        let _ = self.child.wait();
    }

    /// Starts it again after [`kill`](Self::kill), with the same folder and port.
    pub(crate) fn revive(&mut self) {
        self.child = run(&self.program, self.room.path(), self.port, self.command);
        assert!(
            takes_connections(&mut self.child, self.port),
            "{} does not come back: {}",
            self.name,
            self.said()
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            println!("{} said:\n{}", self.name, self.said());
        }
    }
}

/// Where programs are that are not on a user's search path, or were installed for these tests alone.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/servers");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [own.join("bin"), own.join("venv/bin")].into_iter().chain(std::env::split_paths(&path));
    let folders = folders.chain(["/usr/sbin".into()]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

fn run(program: &Path, room: &Path, port: u16, command: fn(&Path, &Path, u16) -> Command) -> Child {
    let output =
        File::options().create(true).append(true).open(room.join("output")).expect("it can be written");
    let copy = output.try_clone().expect("it can be shared");
    let mut command = command(program, room, port);
    command.stdin(Stdio::null()).stdout(output).stderr(copy).spawn().expect("the program runs")
}

/// `false` if the server ends instead.
fn takes_connections(child: &mut Child, port: u16) -> bool {
    let mut ended = false;
    eventually_blocking("the server takes connections", || {
        ended = child.try_wait().expect("it is ours").is_some();
        ended || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
    });
    !ended
}

fn said(room: &Path) -> String {
    String::from_utf8_lossy(&fs::read(room.join("output")).unwrap_or_default()).into_owned()
}

/// The process and everything that comes from it, parents first.
fn family(id: u32) -> Vec<u32> {
    let mut all = vec![id];
    let parents = parents();
    let mut next = 0;
    while next < all.len() {
        let of = all[next];
        all.extend(parents.iter().filter(|(_, parent)| *parent == of).map(|(id, _)| *id));
        next += 1;
    }
    all
}

/// Each process of this machine with the one that it comes from.
fn parents() -> Vec<(u32, u32)> {
    let processes = fs::read_dir("/proc").expect("Linux lists processes").flatten();
    let parent = |id: &u32| -> Option<(u32, u32)> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name before it may contain anything, in parentheses.
        let rest = stat.rsplit_once(") ")?.1;
        Some((*id, rest.split(' ').nth(1)?.parse().ok()?))
    };
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|id| parent(&id))
        .collect()
}
