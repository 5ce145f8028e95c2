//! A file system in this process that takes every byte and says only at the close that there was no room, as NFS and
//! FUSE may: what was written is then gone. It speaks the kernel's own protocol for file systems in user space.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use folio_testkit::skip;

/// Over the quota.
pub(crate) const EDQUOT: i32 = 122;

const ENOENT: i32 = 2;
const ENOSYS: i32 = 38;
const ENOTEMPTY: i32 = 39;

/// Bytes of the header of every request, and of every reply.
const HEADER: usize = 40;
const REPLY_HEADER: u32 = 16;

/// Bytes that one write may bring, and room for any request.
const WRITE_MAX: u32 = 128 * 1024;
const REQUEST_MAX: usize = 1024 * 1024;

/// The request for a file that has no name yet.
const UNNAMED: u32 = 51;

const ROOT: u64 = 1;
const DIR: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const KIND: u32 = 0o170_000;

/// The file system, mounted as long as this lives.
pub(crate) struct Late {
    dir: tempfile::TempDir,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    nodes: Mutex<Nodes>,
    refused: AtomicU64,
}

#[derive(Default)]
struct Nodes {
    by_number: BTreeMap<u64, Node>,
    names: BTreeMap<(u64, Vec<u8>), u64>,
}

#[derive(Clone, Default)]
struct Node {
    mode: u32,
    owner: (u32, u32),
    times: [(u64, u32); 2],
    bytes: Vec<u8>,
    written: bool,
}

impl Late {
    /// `None`, loudly, where this process may not mount.
    #[expect(
        clippy::disallowed_methods,
        reason = "the server ends with the mount, which no scope in an asynchronous test can hold"
    )]
    pub(crate) fn mount() -> Option<Late> {
        let device = match OpenOptions::new().read(true).write(true).open("/dev/fuse") {
            Ok(device) => device,
            Err(error) => {
                skip("a file system that answers late", &format!("/dev/fuse cannot be opened: {error}"));
                return None;
            }
        };
        let dir = tempfile::tempdir().expect("the system has room for temporary files");
        let options = "fd=0,rootmode=40000,user_id=0,group_id=0";
        let handed = device.try_clone().expect("a descriptor is free");
        let mut mount = Command::new("mount");
        mount.args(["-i", "-t", "fuse", "-o", options, "late"]).arg(dir.path()).stdin(Stdio::from(handed));
        match mount.status() {
            Ok(status) if status.success() => {}
            outcome => {
                skip("a file system that answers late", &format!("this process may not mount: {outcome:?}"));
                return None;
            }
        }
        let shared = Arc::new(Shared::default());
        let root = Node { mode: DIR | 0o755, ..Node::default() };
        shared.nodes.lock().expect("nobody panics").by_number.insert(ROOT, root);
        let server = Server { device, shared: shared.clone() };
        std::thread::spawn(move || server.serve());
        Some(Late { dir, shared })
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// How often a close was refused.
    pub(crate) fn refused(&self) -> u64 {
        self.shared.refused.load(Ordering::SeqCst)
    }

    /// Every name below the root.
    pub(crate) fn names(&self) -> Vec<OsString> {
        let nodes = self.shared.nodes.lock().expect("nobody panics");
        nodes.names.keys().map(|(_, name)| OsString::from_vec(name.clone())).collect()
    }
}

impl Drop for Late {
    fn drop(&mut self) {
        // Lazily, since an engine may not have closed everything yet. The server ends with the mount.
        drop(Command::new("umount").arg("-l").arg(self.path()).status());
    }
}

struct Server {
    device: File,
    shared: Arc<Shared>,
}

/// One request of the kernel's.
struct Asked<'a> {
    code: u32,
    node: u64,
    owner: (u32, u32),
    body: &'a [u8],
}

impl Asked<'_> {
    fn u32(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.body[at..at + 4].try_into().expect("four bytes"))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.body[at..at + 8].try_into().expect("eight bytes"))
    }

    /// The names that begin at this byte.
    fn names(&self, at: usize) -> Vec<Vec<u8>> {
        self.body[at..].split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
    }
}

impl Server {
    fn serve(mut self) {
        let mut room = vec![0; REQUEST_MAX];
        // Until it is not mounted any more.
        while let Ok(len) = self.device.read(&mut room) {
            let header = Asked { code: 0, node: 0, owner: (0, 0), body: &room[..HEADER] };
            let (code, unique, node) = (header.u32(4), header.u64(8), header.u64(16));
            let owner = (header.u32(24), header.u32(28));
            let asked = Asked { code, node, owner, body: &room[HEADER..len] };
            let Some(answer) = self.answer(&asked) else { continue };
            let (error, body) = match answer {
                Ok(body) => (0, body),
                Err(errno) => (-errno, Vec::new()),
            };
            let mut reply = Vec::new();
            reply.extend((REPLY_HEADER + body.len() as u32).to_ne_bytes());
            reply.extend(error.to_ne_bytes());
            reply.extend(unique.to_ne_bytes());
            reply.extend(body);
            if self.device.write_all(&reply).is_err() {
                // Its caller was interrupted.
                continue;
            }
        }
    }

    /// `None` where the kernel wants no answer.
    fn answer(&self, asked: &Asked<'_>) -> Option<Result<Vec<u8>, i32>> {
        let mut nodes = self.shared.nodes.lock().expect("nobody panics");
        Some(match asked.code {
            2 | 36 | 42 => return None,
            26 => Ok(greeting()),
            1 => nodes.find(asked.node, &asked.names(0)[0]),
            3 => nodes.attributes(asked.node),
            4 => nodes.change(asked),
            8 => nodes.make(asked, asked.u32(0), 16),
            9 => nodes.make(asked, asked.u32(0) & 0o7777 | DIR, 8),
            10 | 11 => nodes.remove(asked.node, &asked.names(0)[0]),
            12 => nodes.rename(asked, 8),
            45 => nodes.rename(asked, 16),
            13 => nodes.link(asked),
            14 | 27 => Ok(vec![0; 16]),
            15 => Ok(nodes.read(asked)),
            16 => Ok(nodes.write(asked)),
            17 => Ok(room()),
            18 => Ok(nodes.let_go(asked.node)),
            20 | 29 | 30 | 34 | 38 => Ok(Vec::new()),
            25 => self.flush(nodes.node(asked.node)),
            28 => Ok(nodes.list(asked)),
            35 | UNNAMED => nodes.make(asked, asked.u32(4) & 0o7777 | REGULAR, 16).map(|mut entry| {
                entry.extend([0; 16]);
                entry
            }),
            _ => Err(ENOSYS),
        })
    }

    /// At every close, not at the first alone: a process that another test starts closes what it got of ours as well.
    fn flush(&self, node: &Node) -> Result<Vec<u8>, i32> {
        if !node.written {
            return Ok(Vec::new());
        }
        self.shared.refused.fetch_add(1, Ordering::SeqCst);
        Err(EDQUOT)
    }
}

impl Nodes {
    fn node(&mut self, number: u64) -> &mut Node {
        self.by_number.entry(number).or_default()
    }

    /// What was written is gone with the last who has it open.
    fn let_go(&mut self, number: u64) -> Vec<u8> {
        let node = self.node(number);
        if node.written {
            node.bytes.clear();
        }
        Vec::new()
    }

    fn entry(&mut self, number: u64) -> Vec<u8> {
        let mut entry = Vec::new();
        for field in [number, 0, 0, 0, 0] {
            entry.extend(field.to_ne_bytes());
        }
        entry.extend(self.described(number));
        entry
    }

    fn described(&mut self, number: u64) -> Vec<u8> {
        let Node { mode, owner, times, bytes, .. } = self.node(number).clone();
        let len = bytes.len() as u64;
        let mut described = Vec::new();
        for field in [number, len, len.div_ceil(512), times[0].0, times[1].0, times[1].0] {
            described.extend(field.to_ne_bytes());
        }
        for field in [times[0].1, times[1].1, times[1].1, mode, 1, owner.0, owner.1, 0, 4096, 0] {
            described.extend(field.to_ne_bytes());
        }
        described
    }

    fn attributes(&mut self, number: u64) -> Result<Vec<u8>, i32> {
        let mut attributes = vec![0; 16];
        attributes.extend(self.described(number));
        Ok(attributes)
    }

    fn find(&mut self, dir: u64, name: &[u8]) -> Result<Vec<u8>, i32> {
        let number = *self.names.get(&(dir, name.to_vec())).ok_or(ENOENT)?;
        Ok(self.entry(number))
    }

    fn make(&mut self, asked: &Asked<'_>, mode: u32, names_at: usize) -> Result<Vec<u8>, i32> {
        let number = self.by_number.last_key_value().map_or(ROOT, |(last, _)| last + 1);
        self.by_number.insert(number, Node { mode, owner: asked.owner, ..Node::default() });
        if asked.code != UNNAMED {
            self.names.insert((asked.node, asked.names(names_at).swap_remove(0)), number);
        }
        Ok(self.entry(number))
    }

    fn link(&mut self, asked: &Asked<'_>) -> Result<Vec<u8>, i32> {
        self.names.insert((asked.node, asked.names(8).swap_remove(0)), asked.u64(0));
        Ok(self.entry(asked.u64(0)))
    }

    fn remove(&mut self, dir: u64, name: &[u8]) -> Result<Vec<u8>, i32> {
        let number = *self.names.get(&(dir, name.to_vec())).ok_or(ENOENT)?;
        if self.names.keys().any(|(above, _)| *above == number) {
            return Err(ENOTEMPTY);
        }
        self.names.remove(&(dir, name.to_vec()));
        Ok(Vec::new())
    }

    fn rename(&mut self, asked: &Asked<'_>, names_at: usize) -> Result<Vec<u8>, i32> {
        let names = asked.names(names_at);
        let number = self.names.remove(&(asked.node, names[0].clone())).ok_or(ENOENT)?;
        self.names.insert((asked.u64(0), names[1].clone()), number);
        Ok(Vec::new())
    }

    fn change(&mut self, asked: &Asked<'_>) -> Result<Vec<u8>, i32> {
        let node = self.node(asked.node);
        let wanted = |bit: u32| asked.u32(0) & bit != 0;
        if wanted(1) {
            node.mode = node.mode & KIND | asked.u32(68) & 0o7777;
        }
        if wanted(2) {
            node.owner.0 = asked.u32(76);
        }
        if wanted(4) {
            node.owner.1 = asked.u32(80);
        }
        if wanted(8) {
            node.bytes.resize(asked.u64(16) as usize, 0);
        }
        for (which, _) in [16, 32].into_iter().enumerate().filter(|(_, bit)| wanted(*bit)) {
            node.times[which] = (asked.u64(32 + 8 * which), asked.u32(56 + 4 * which));
        }
        self.attributes(asked.node)
    }

    fn read(&mut self, asked: &Asked<'_>) -> Vec<u8> {
        let bytes = &self.node(asked.node).bytes;
        let start = bytes.len().min(asked.u64(8) as usize);
        let end = bytes.len().min(start + asked.u32(16) as usize);
        bytes[start..end].to_vec()
    }

    fn write(&mut self, asked: &Asked<'_>) -> Vec<u8> {
        let (start, len) = (asked.u64(8) as usize, asked.u32(16));
        let node = self.node(asked.node);
        let end = start + len as usize;
        node.bytes.resize(node.bytes.len().max(end), 0);
        node.bytes[start..end].copy_from_slice(&asked.body[40..40 + len as usize]);
        node.written = true;
        [len.to_ne_bytes(), [0; 4]].concat()
    }

    /// Everything in one reply: the directories here are small.
    fn list(&mut self, asked: &Asked<'_>) -> Vec<u8> {
        let mut listed = Vec::new();
        if asked.u64(8) > 0 {
            return listed;
        }
        for ((_, name), number) in self.names.iter().filter(|((dir, _), _)| *dir == asked.node) {
            let kind = self.by_number.get(number).map_or(0, |node| node.mode >> 12);
            listed.extend(number.to_ne_bytes());
            listed.extend(1_u64.to_ne_bytes());
            listed.extend((name.len() as u32).to_ne_bytes());
            listed.extend(kind.to_ne_bytes());
            listed.extend(name);
            listed.resize(listed.len().next_multiple_of(8), 0);
        }
        listed
    }
}

/// The version spoken, and how much a write may bring.
fn greeting() -> Vec<u8> {
    let mut greeting = Vec::new();
    for field in [7, 31, 0, 0, 0, WRITE_MAX, 1_u32] {
        greeting.extend(field.to_ne_bytes());
    }
    greeting.resize(64, 0);
    greeting
}

/// Plenty of it.
fn room() -> Vec<u8> {
    let mut room = [1_u64 << 20; 5].map(u64::to_ne_bytes).concat();
    room.extend([4096_u32, 255, 4096, 0].map(u32::to_ne_bytes).concat());
    room.resize(80, 0);
    room
}

/// Paths of things to be made there.
pub(crate) fn at(late: &Late, name: &str) -> PathBuf {
    late.path().join(name)
}
