//! The futures, one line each. Nothing here runs: that it compiles is the proof.

use std::os::fd::OwnedFd;
use std::time::SystemTime;

use folio::compat::fs as compat;
use folio::dir::{Dir, Entries};
use folio::fs::{
    self, DirBuilder, DirEntry, Fwalk, Glob, ReadDir, RemoveOptions, RenameOptions, Walk, WalkEntry,
};
use folio::stdio::{Input, InputBytes, Output, OutputBytes};
use folio::tempfile::{
    NamedTemporaryFile, NamedTemporaryFileBuilder, SpooledTemporaryFile, TempPath, TemporaryDirectory,
    TemporaryDirectoryBuilder, TemporaryFile, TemporaryFileBuilder,
};
use folio::text::{self, Options, TextFile};
use folio::wrap::{self, Wrap};
use folio::{
    BinaryFile, BinaryLines, Engine, File, OpenOptions, Opened, Reader, ReplaceOptions, Replacement, os, path,
};
use folio_engine::Engine as Core;
use folio_engine::op::closure;
use folio_engine::storage::wrapped::Wrapped;

/// A value that is never made; only its type is asked for.
fn any<T>() -> T {
    unreachable!("nothing here runs")
}

/// Most bytes that a future may take: what awaits it has room for it, and a task for all that it awaits.
const FUTURE_BYTES_MAX: usize = 1024;

/// Takes a small future that a task may carry from thread to thread, and that several threads may look at.
fn both<F: Future + Send + Sync>(_: F) {
    const { assert!(size_of::<F>() <= FUTURE_BYTES_MAX, "this future is too big: box what it seldom needs") }
}

/// Takes the future of an operation that programs do by the million.
fn frequent<F: Future + Send + Sync>(future: F) {
    const { assert!(size_of::<F>() <= FUTURE_BYTES_MAX * 3 / 4) }
    both(future);
}

/// Names every line, so that the compiler takes none for dead.
pub(crate) const ALL: &[fn()] = &[
    engine,
    compat_files,
    compat_names,
    python_files,
    dirs,
    files,
    names,
    replacing,
    open_walks,
    globs,
    opened,
    system,
    paths,
    closures,
    standard,
    temporary,
    texts,
    walks,
    wrapped,
];

fn engine() {
    both(Engine::open(any(), ""));
    both(Engine::run(any(), || ()));
    both(Engine::shutdown(any(), any()));
    both(Engine::scope(any(), async {}));
    both(Core::open(any(), "", any()));
    both(Core::open_below(any(), any(), "", any()));
    both(Core::open_by(any(), "", any(), |_, _| any()));
    both(Core::open_by_std(any(), "", any()));
    both(Core::wrap(any(), any::<Wrapped<Vec<u8>>>(), ""));
    both(Core::call(any(), closure::run(any::<fn()>())));
    both(Core::run(any(), || ()));
    both(Core::shutdown(any(), any()));
}

fn compat_files() {
    both(compat::File::open(""));
    both(compat::File::create(""));
    both(compat::File::create_new(""));
    both(compat::File::sync_all(any()));
    both(compat::File::sync_data(any()));
    both(compat::File::set_len(any(), any()));
    both(compat::File::metadata(any()));
    both(compat::File::try_clone(any()));
    both(compat::File::into_std(any()));
    both(compat::File::set_permissions(any(), any()));
    both(compat::File::set_times(any(), any()));
    both(compat::File::set_modified(any(), any()));
    both(compat::OpenOptions::open(any(), ""));
    both(compat::DirBuilder::create(any(), ""));
    both(compat::ReadDir::next_entry(any()));
    both(compat::DirEntry::metadata(any()));
    both(compat::DirEntry::file_type(any()));
}

fn compat_names() {
    both(compat::canonicalize(""));
    both(compat::copy("", ""));
    both(compat::create_dir(""));
    both(compat::create_dir_all(""));
    both(compat::hard_link("", ""));
    both(compat::metadata(""));
    both(compat::read(""));
    both(compat::read_dir(""));
    both(compat::read_link(""));
    both(compat::read_to_string(""));
    both(compat::remove_dir(""));
    both(compat::remove_dir_all(""));
    both(compat::remove_file(""));
    both(compat::rename("", ""));
    both(compat::set_permissions("", any()));
    both(compat::symlink("", ""));
    both(compat::symlink_metadata(""));
    both(compat::try_exists(""));
    both(compat::write("", ""));
}

fn python_files() {
    both(BinaryLines::next(any()));
    both(BinaryLines::next_line(any()));
    both(BinaryFile::close(any()));
    both(BinaryFile::detach(any()));
    both(OpenOptions::open_binary(any(), ""));
    both(OpenOptions::open_binary_on(any(), any(), ""));
    both(OpenOptions::open_fd(any(), any()));
    both(OpenOptions::open_fd_on(any(), any(), any()));
    both(OpenOptions::open_borrowed(any(), any::<&OwnedFd>()));
    both(OpenOptions::open_borrowed_on(any(), any(), any::<&OwnedFd>()));
    both(BinaryFile::seek(any(), any()));
    both(BinaryFile::tell(any()));
    both(BinaryFile::truncate(any(), any()));
    both(BinaryFile::read(any(), any()));
    both(BinaryFile::read1(any(), any()));
    both(BinaryFile::readall(any()));
    both(BinaryFile::readinto(any(), any()));
    both(BinaryFile::peek(any()));
    both(BinaryFile::readline(any(), any()));
    both(BinaryFile::readlines(any(), any()));
    both(BinaryFile::write(any(), ""));
    both(BinaryFile::writelines(any(), [""]));
    both(BinaryFile::flush(any()));
}

fn dirs() {
    both(Entries::next(any()));
    both(Dir::open(""));
    both(Dir::open_dir(any(), ""));
    both(Dir::open_file(any(), ""));
    both(Dir::create(any(), ""));
    both(Dir::open_with(any(), "", any()));
    both(Dir::metadata(any(), ""));
    both(Dir::symlink_metadata(any(), ""));
    both(Dir::try_exists(any(), ""));
    both(Dir::access(any(), "", any()));
    both(Dir::sync(any()));
    both(Dir::create_dir(any(), ""));
    both(Dir::create_dir_all(any(), ""));
    both(Dir::remove_file(any(), ""));
    both(Dir::remove_dir(any(), ""));
    both(Dir::remove_dir_all(any(), ""));
    both(Dir::rename(any(), "", any(), ""));
    both(Dir::hard_link(any(), "", any(), ""));
    both(Dir::symlink(any(), "", ""));
    both(Dir::read_link(any(), ""));
    both(Dir::set_permissions(any(), "", any()));
    both(Dir::set_times(any(), "", SystemTime::now(), SystemTime::now()));
    both(Dir::set_symlink_times(any(), "", SystemTime::now(), SystemTime::now()));
    both(Dir::mkfifo(any(), "", any()));
    both(Dir::read(any(), ""));
    both(Dir::read_to_string(any(), ""));
    both(Dir::write(any(), "", ""));
    both(Dir::write_bytes(any(), "", ""));
    both(Dir::open_dir_nofollow(any(), ""));
    both(Dir::read_dir(any(), ""));
    both(Dir::create_dir_with(any(), "", any()));
    both(Dir::from_std_file(any::<OwnedFd>()));
    both(Dir::into_std_file(any()));
    both(Dir::copy(any(), "", any(), ""));
    both(Dir::canonicalize(any(), ""));
}

fn files() {
    both(File::close_all(any()));
    both(File::read_exact_bytes_at(any(), any(), any()));
    frequent(File::seek(any(), any()));
    both(File::rewind(any()));
    both(File::stream_position(any()));
    both(File::set_len(any(), any()));
    frequent(File::sync_all(any()));
    frequent(File::sync_data(any()));
    frequent(File::metadata(any()));
    both(File::set_permissions(any(), any()));
    both(File::set_times(any(), any()));
    both(File::fallocate(any(), any(), any(), any()));
    both(File::fadvise(any(), any(), any(), any()));
    both(File::run(any(), |_| ()));
    both(File::lock(any()));
    both(File::lock_shared(any()));
    both(File::try_lock(any()));
    both(File::try_lock_shared(any()));
    both(File::unlock(any()));
    both(File::open(""));
    both(File::create(""));
    both(File::create_new(""));
    both(File::into_std(any()));
    both(File::try_clone(any()));
    both(File::close(any()));
    both(OpenOptions::open(any(), ""));
    both(OpenOptions::open_on(any(), any(), ""));
    frequent(File::read(any(), any()));
    frequent(File::read_at(any(), any(), any()));
    both(File::read_exact(any(), any()));
    both(File::read_exact_at(any(), any(), any()));
    frequent(File::read_bytes(any(), any()));
    frequent(File::read_bytes_at(any(), any(), any()));
    both(File::read_until(any(), any(), any()));
    both(File::read_line(any(), any()));
    both(File::read_full(any(), any()));
    both(File::peek(any(), any()));
    both(File::read_vectored(any(), any()));
    both(File::read_vectored_at(any(), any(), any()));
    both(File::read_to_end_limited(any(), any()));
    both(Reader::read(any(), any()));
    frequent(File::write(any(), any()));
    frequent(File::write_all(any(), any()));
    frequent(File::write_at(any(), any(), any()));
    frequent(File::write_all_at(any(), any(), any()));
    frequent(File::write_vectored(any(), any()));
    frequent(File::write_vectored_at(any(), any(), any()));
    frequent(File::write_bytes(any(), ""));
    frequent(File::write_bytes_at(any(), "", any()));
    frequent(File::append(any(), any()));
    frequent(File::copy_range(any(), any(), any(), any()));
    frequent(File::append_bytes(any(), ""));
    frequent(File::try_append(any(), any()));
    both(File::try_append_bytes(any(), ""));
    both(File::try_write_bytes_at(any(), "", any()));
    both(File::flush(any()));
}

fn names() {
    both(fs::set_times("", any()));
    both(fs::set_times_nofollow("", any()));
    both(WalkEntry::metadata(any()));
    frequent(fs::metadata(""));
    both(fs::symlink_metadata(""));
    both(fs::set_permissions("", any()));
    both(fs::try_exists(""));
    both(fs::canonicalize(""));
    both(fs::hard_link("", ""));
    both(fs::read_link(""));
    both(fs::remove_file(""));
    both(fs::rename("", ""));
    both(fs::symlink("", ""));
    both(fs::read_dir(""));
    both(ReadDir::next_entry(any()));
    both(DirEntry::metadata(any()));
    both(DirEntry::file_type(any()));
    both(fs::copy_dir("", ""));
    both(fs::move_path("", ""));
    both(fs::create_dir(""));
    both(fs::create_dir_all(""));
    both(fs::remove_dir(""));
    both(fs::remove_dir_all(""));
    both(DirBuilder::create(any(), ""));
    both(fs::copy("", ""));
    frequent(fs::read(""));
    both(fs::read_limited("", any()));
    both(fs::read_to_string(""));
    frequent(fs::write("", ""));
    both(fs::write_bytes("", ""));
}

fn replacing() {
    frequent(fs::replace("", ""));
    both(fs::replace_bytes("", ""));
    both(fs::sweep_replacements(""));
    both(fs::sync_dir(""));
    both(File::replace(""));
    both(ReplaceOptions::replace(any(), "", ""));
    both(ReplaceOptions::replace_bytes(any(), "", ""));
    both(ReplaceOptions::begin(any(), ""));
    both(Replacement::commit(any()));
    both(Replacement::discard(any()));
    both(RenameOptions::rename(any(), "", ""));
    both(RemoveOptions::remove_file(any(), ""));
    both(Dir::replace(any(), "", ""));
    both(Dir::replace_with(any(), "", "", any()));
    both(Dir::begin_replace(any(), "", any()));
    both(Dir::sweep_replacements(any()));
    both(Dir::rename_with(any(), "", any(), "", any()));
    both(Dir::remove_file_with(any(), "", any()));
}

fn open_walks() {
    both(Fwalk::next(any()));
}

fn globs() {
    both(Glob::next(any()));
}

fn opened() {
    both(folio::open("", any()));
    both(Opened::close(any()));
    both(Opened::flush(any()));
}

fn system() {
    both(os::chmod("", any()));
    both(os::chown("", any(), any()));
    both(os::lchown("", any(), any()));
    both(os::utime("", SystemTime::now(), SystemTime::now()));
    both(os::lutime("", SystemTime::now(), SystemTime::now()));
    both(os::access("", any()));
    both(os::statvfs(""));
    both(os::disk_usage(""));
    both(os::sendfile(any(), any(), any(), any()));
    both(os::renames("", ""));
    both(os::removedirs(""));
    both(os::mkfifo("", any()));
    both(os::listdir(""));
    both(os::getxattr("", ""));
    both(os::lgetxattr("", ""));
    both(os::setxattr("", "", "", any()));
    both(os::lsetxattr("", "", "", any()));
    both(os::listxattr(""));
    both(os::llistxattr(""));
    both(os::removexattr("", ""));
    both(os::lremovexattr("", ""));
}

fn paths() {
    both(path::exists(""));
    both(path::lexists(""));
    both(path::is_file(""));
    both(path::is_dir(""));
    both(path::is_symlink(""));
    both(path::is_mount(""));
    both(path::len(""));
    both(path::accessed(""));
    both(path::modified(""));
    both(path::changed(""));
    both(path::is_same_file("", ""));
    both(path::is_same_open_file(any(), any()));
    both(path::realpath(""));
    both(path::expanduser(""));
}

fn closures() {
    both(folio::run(|| ()));
}

fn standard() {
    both(Input::next_line(any()));
    both(Input::read_to_string(any()));
    both(InputBytes::read(any(), any()));
    both(InputBytes::read_bytes(any(), any()));
    both(InputBytes::read_line(any()));
    both(InputBytes::read_to_end(any()));
    both(Output::write(any(), any()));
    both(Output::write_line(any(), any()));
    both(Output::flush(any()));
    both(OutputBytes::write_all(any(), any()));
    both(OutputBytes::write_bytes(any(), ""));
    both(OutputBytes::flush(any()));
}

fn temporary() {
    both(TemporaryDirectory::new());
    both(TemporaryDirectory::keep(any()));
    both(TemporaryDirectory::cleanup(any()));
    both(TemporaryDirectoryBuilder::create(any()));
    both(TemporaryDirectoryBuilder::create_on(any(), any()));
    both(NamedTemporaryFile::new());
    both(NamedTemporaryFile::persist(any(), ""));
    both(NamedTemporaryFile::keep(any()));
    both(NamedTemporaryFile::close(any()));
    both(NamedTemporaryFile::reopen(any()));
    both(NamedTemporaryFile::persist_noclobber(any(), ""));
    both(NamedTemporaryFileBuilder::make(any(), |_| any::<std::io::Result<()>>()));
    both(TempPath::close(any()));
    both(TempPath::persist(any(), ""));
    both(TempPath::persist_noclobber(any(), ""));
    both(TempPath::keep(any()));
    both(NamedTemporaryFileBuilder::create_text(any(), any()));
    both(NamedTemporaryFileBuilder::create(any()));
    both(NamedTemporaryFileBuilder::create_on(any(), any()));
    both(SpooledTemporaryFile::readline(any(), any()));
    both(SpooledTemporaryFile::readlines(any(), any()));
    both(SpooledTemporaryFile::writelines(any(), [""]));
    both(SpooledTemporaryFile::rollover(any()));
    both(SpooledTemporaryFile::fileno(any()));
    both(SpooledTemporaryFile::flush(any()));
    both(SpooledTemporaryFile::close(any()));
    both(SpooledTemporaryFile::read(any(), any()));
    both(SpooledTemporaryFile::read_to_end(any()));
    both(SpooledTemporaryFile::write(any(), any()));
    both(SpooledTemporaryFile::write_all(any(), any()));
    both(SpooledTemporaryFile::seek(any(), any()));
    both(SpooledTemporaryFile::stream_position(any()));
    both(SpooledTemporaryFile::set_len(any(), any()));
    both(TextFile::<SpooledTemporaryFile>::rollover(any()));
    both(TextFile::<SpooledTemporaryFile>::fileno(any()));
    both(TemporaryFile::new());
    both(TemporaryFile::close(any()));
    both(TemporaryFile::persist(any(), ""));
    both(TemporaryFile::persist_noclobber(any(), ""));
    both(TemporaryFileBuilder::create_text(any(), any()));
    both(TemporaryFileBuilder::create(any()));
    both(TemporaryFileBuilder::create_on(any(), any()));
}

fn texts() {
    both(text::Lines::next(any()));
    both(text::Lines::next_line(any()));
    both(TextFile::close(any::<&mut TextFile>()));
    both(TextFile::detach(any::<TextFile>()));
    both(text::open(""));
    both(Options::open(any(), ""));
    both(Options::open_on(any(), any(), ""));
    both(TextFile::next_line(any::<&mut TextFile>()));
    both(TextFile::readline(any::<&mut TextFile>(), any()));
    both(TextFile::readlines(any::<&mut TextFile>(), any()));
    both(TextFile::read_to_string(any::<&mut TextFile>()));
    both(TextFile::read(any::<&mut TextFile>(), any()));
    both(TextFile::tell(any::<&TextFile>()));
    both(TextFile::seek(any::<&mut TextFile>(), any()));
    both(TextFile::truncate(any::<&mut TextFile>(), any()));
    both(TextFile::write(any::<&mut TextFile>(), any()));
    both(TextFile::write_line(any::<&mut TextFile>(), any()));
    both(TextFile::writelines(any::<&mut TextFile>(), [""]));
    both(TextFile::flush(any::<&TextFile>()));
    both(TextFile::sync_all(any::<&TextFile>()));
    both(TextFile::sync_data(any::<&TextFile>()));
}

fn walks() {
    both(Walk::next(any()));
}

fn wrapped() {
    both(wrap::into_inner::<Vec<u8>>(any()));
    both(Wrap::open(any::<Wrap<Vec<u8>>>()));
    both(Wrap::open_on(any::<Wrap<Vec<u8>>>(), any()));
}
