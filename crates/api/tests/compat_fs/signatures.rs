//! Every function, method and trait of `tokio::fs`, its types spelled out, compiled against both. Nothing here runs:
//! that it compiles is the proof.

/// The table. `$fs` is the module that the import names.
macro_rules! signatures {
    ($name:ident, $fs:path) => {
        #[deny(unused_must_use)]
        mod $name {
            use std::ffi::OsString;
            use std::fmt::Debug;
            use std::fs::{File as StdFile, FileType, Metadata, OpenOptions as StdOptions, Permissions};
            use std::io;
            use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
            use std::path::{Path, PathBuf};
            use std::task::{Context, Poll};
            use std::time::SystemTime;

            use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite};
            use $fs as fs;

            /// Takes a future of exactly this output, with the bounds that tokio promises.
            fn is<T>(_: impl Future<Output = T> + Send + Sync) {}

            fn any<T>() -> T {
                unreachable!("nothing here runs")
            }

            pub(super) const ALL: &[fn()] = &[names, contents, file, conversions, others];

            fn names() {
                is::<io::Result<PathBuf>>(fs::canonicalize(""));
                is::<io::Result<()>>(fs::create_dir(String::new()));
                is::<io::Result<()>>(fs::create_dir_all(Path::new("")));
                is::<io::Result<()>>(fs::hard_link("", PathBuf::new()));
                is::<io::Result<Metadata>>(fs::metadata(&OsString::new()));
                is::<io::Result<PathBuf>>(fs::read_link(""));
                is::<io::Result<()>>(fs::remove_dir(""));
                is::<io::Result<()>>(fs::remove_dir_all(""));
                is::<io::Result<()>>(fs::remove_file(""));
                is::<io::Result<()>>(fs::rename("", ""));
                is::<io::Result<()>>(fs::set_permissions("", any::<Permissions>()));
                is::<io::Result<()>>(fs::symlink("", ""));
                is::<io::Result<Metadata>>(fs::symlink_metadata(""));
                is::<io::Result<bool>>(fs::try_exists(""));
            }

            fn contents() {
                is::<io::Result<u64>>(fs::copy("", ""));
                is::<io::Result<Vec<u8>>>(fs::read(""));
                is::<io::Result<String>>(fs::read_to_string(""));
                is::<io::Result<()>>(fs::write("", ""));
                is::<io::Result<()>>(fs::write("", Vec::<u8>::new()));
                is::<io::Result<()>>(fs::write("", &[0_u8; 4][..]));
            }

            fn file() {
                is::<io::Result<fs::File>>(fs::File::open(""));
                is::<io::Result<fs::File>>(fs::File::create(""));
                is::<io::Result<fs::File>>(fs::File::create_new::<&Path>(Path::new("")));
                is::<io::Result<()>>(fs::File::sync_all(any::<&fs::File>()));
                is::<io::Result<()>>(fs::File::sync_data(any::<&fs::File>()));
                is::<io::Result<()>>(fs::File::set_len(any::<&fs::File>(), 0_u64));
                is::<io::Result<Metadata>>(fs::File::metadata(any::<&fs::File>()));
                is::<io::Result<fs::File>>(fs::File::try_clone(any::<&fs::File>()));
                is::<StdFile>(fs::File::into_std(any::<fs::File>()));
                is::<io::Result<()>>(fs::File::set_permissions(any::<&fs::File>(), any::<Permissions>()));
                is::<io::Result<()>>(fs::File::set_times(any::<&fs::File>(), any::<fs::FileTimes>()));
                is::<io::Result<()>>(fs::File::set_modified(any::<&fs::File>(), any::<SystemTime>()));
                let _: fn() -> fs::OpenOptions = fs::File::options;
                let _: fn(StdFile) -> fs::File = fs::File::from_std;
                let _: fn(fs::File) -> Result<StdFile, fs::File> = fs::File::try_into_std;
                let _: fn(&mut fs::File, usize) = fs::File::set_max_buf_size;
                let _: fn(&fs::File) -> usize = fs::File::max_buf_size;
            }

            fn conversions() {
                fn file<T: AsyncRead + AsyncWrite + AsyncSeek + AsFd + AsRawFd + Debug + Unpin>() {}
                file::<fs::File>();
                let _: fn(StdFile) -> fs::File = From::from;
                let _: fn(OwnedFd) -> fs::File = From::from;
                let _: fn(StdOptions) -> fs::OpenOptions = From::from;
                let _: for<'a> fn(&'a fs::File) -> BorrowedFd<'a> = AsFd::as_fd;
                let _: fn(&fs::File) -> RawFd = AsRawFd::as_raw_fd;
                // A second implementation for what is `Clone` makes the call ambiguous: these are not.
                trait NotClone<A> {
                    fn holds() {}
                }
                impl<T: ?Sized> NotClone<()> for T {}
                impl<T: Clone> NotClone<u8> for T {}
                <fs::File as NotClone<_>>::holds();
                <fs::DirBuilder as NotClone<_>>::holds();
                <fs::DirEntry as NotClone<_>>::holds();
                <fs::ReadDir as NotClone<_>>::holds();
            }

            type Flag = fn(&mut fs::OpenOptions, bool) -> &mut fs::OpenOptions;
            type NextEntry = fn(&mut fs::ReadDir, &mut Context<'_>) -> Poll<io::Result<Option<fs::DirEntry>>>;

            fn others() {
                fn value<T: Clone + Debug + Default + Unpin>() {}
                value::<fs::OpenOptions>();
                value::<fs::FileTimes>();
                fn shown<T: Debug + Unpin>() {}
                shown::<fs::DirBuilder>();
                shown::<fs::ReadDir>();
                shown::<fs::DirEntry>();
                let _: fn() -> fs::OpenOptions = fs::OpenOptions::new;
                let _: [Flag; 3] = [fs::OpenOptions::read, fs::OpenOptions::write, fs::OpenOptions::append];
                let _: [Flag; 3] =
                    [fs::OpenOptions::truncate, fs::OpenOptions::create, fs::OpenOptions::create_new];
                let _: fn(&mut fs::OpenOptions, u32) -> &mut fs::OpenOptions = fs::OpenOptions::mode;
                let _: fn(&mut fs::OpenOptions, i32) -> &mut fs::OpenOptions = fs::OpenOptions::custom_flags;
                is::<io::Result<fs::File>>(fs::OpenOptions::open(any::<&fs::OpenOptions>(), ""));
                let _: fn() -> fs::DirBuilder = fs::DirBuilder::new;
                let _: fn() -> fs::DirBuilder = Default::default;
                let _: fn(&mut fs::DirBuilder, bool) -> &mut fs::DirBuilder = fs::DirBuilder::recursive;
                let _: fn(&mut fs::DirBuilder, u32) -> &mut fs::DirBuilder = fs::DirBuilder::mode;
                is::<io::Result<()>>(fs::DirBuilder::create(any::<&fs::DirBuilder>(), ""));
                is::<io::Result<fs::ReadDir>>(fs::read_dir(""));
                is::<io::Result<Option<fs::DirEntry>>>(fs::ReadDir::next_entry(any::<&mut fs::ReadDir>()));
                let _: NextEntry = fs::ReadDir::poll_next_entry;
                let _: fn(&fs::DirEntry) -> PathBuf = fs::DirEntry::path;
                let _: fn(&fs::DirEntry) -> OsString = fs::DirEntry::file_name;
                let _: fn(&fs::DirEntry) -> u64 = fs::DirEntry::ino;
                is::<io::Result<Metadata>>(fs::DirEntry::metadata(any::<&fs::DirEntry>()));
                is::<io::Result<FileType>>(fs::DirEntry::file_type(any::<&fs::DirEntry>()));
                let _: fn() -> fs::FileTimes = fs::FileTimes::new;
                let _: fn(fs::FileTimes, SystemTime) -> fs::FileTimes = fs::FileTimes::set_accessed;
                let _: fn(fs::FileTimes, SystemTime) -> fs::FileTimes = fs::FileTimes::set_modified;
            }
        }
    };
}

signatures!(of_tokio, tokio::fs);
signatures!(of_folio, folio::compat::fs);

#[test]
fn both_have_every_name_with_the_same_types() {
    assert_eq!(of_tokio::ALL.len(), of_folio::ALL.len());
}
