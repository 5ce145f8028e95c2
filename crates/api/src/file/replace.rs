//! How a file is replaced.

use std::path::Path;

use bytes::Bytes;
use folio_engine::op::At;
use folio_engine::op::replace::{Durability, Replacing};
use folio_engine::{Contents, Engine as Core};

use super::Replacement;
use crate::checked;
use crate::{Buffering, Operation, Result};

/// Options to replace a file with.
///
/// Unless set otherwise, the new file has the permissions, the owner and the extended attributes of the old one as far as
/// this user may give them, and where there is no old one, those of any new file. Set-ID bits and capabilities go with the
/// old contents, as they do when a file is written. Other names of the old file (hard links) keep the old contents.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use folio::{Durability, ReplaceOptions};
///
/// let options = ReplaceOptions::new().mode(0o600).durability(Durability::Data).clone();
/// options.replace("session.key", b"secret").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReplaceOptions {
    how: Replacing,
    buffering: Buffering,
}

impl ReplaceOptions {
    /// Returns the options that [`File::replace`](crate::File::replace) and [`fs::replace`](crate::fs::replace) use.
    pub fn new() -> Self {
        ReplaceOptions { how: Replacing::default(), buffering: Buffering::Unbuffered }
    }

    /// Sets what the new contents survive; a power cut unless set.
    pub fn durability(&mut self, durability: Durability) -> &mut Self {
        self.how.durability = durability;
        self
    }

    /// Sets the permission bits of the new file, exactly: neither the umask nor the old file changes them.
    pub fn mode(&mut self, bits: u32) -> &mut Self {
        self.how.mode = Some(bits);
        self
    }

    /// Sets whether the new file has the permissions of the old one; on unless set. Off, they are those of any new file.
    pub fn keep_mode(&mut self, keep: bool) -> &mut Self {
        self.how.keeps_mode = keep;
        self
    }

    /// Sets whether the new file has owner and group of the old one, where this user may give them; on unless set.
    pub fn keep_owner(&mut self, keep: bool) -> &mut Self {
        self.how.keeps_owner = keep;
        self
    }

    /// Sets whether the new file has the extended attributes of the old one, access lists among them; on unless set.
    pub fn keep_xattrs(&mut self, keep: bool) -> &mut Self {
        self.how.keeps_xattrs = keep;
        self
    }

    /// Sets whether a name that is taken is refused (`EEXIST`), be it by a link that leads nowhere; off unless set. Of
    /// any number of writers who ask for the same name at once, one succeeds.
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.how.refuses_taken = create_new;
        self
    }

    /// Sets whether a symbolic link in the last part of the path is replaced itself; off unless set, and then the file
    /// that it leads to is replaced, where that lies, and the link stays.
    pub fn replace_link(&mut self, replace_link: bool) -> &mut Self {
        self.how.replaces_link = replace_link;
        self
    }

    /// Sets how much of what is written to a [`Replacement`] may be buffered, to be written out together; nothing is
    /// buffered unless set.
    pub fn buffering(&mut self, buffering: impl Into<Buffering>) -> &mut Self {
        self.buffering = buffering.into();
        self
    }

    /// Does what [`fs::replace`](crate::fs::replace) does, by these options.
    ///
    /// # Errors
    ///
    /// Those of [`fs::replace`](crate::fs::replace).
    ///
    /// # Cancellation
    ///
    /// Dropped before it began, nothing happened; after that it finishes in the background, with a copy of what is left of
    /// `contents`.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// folio::ReplaceOptions::new().create_new(true).replace("id", b"7f3a").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn replace(&self, path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<()> {
        let path = checked::path(Operation::Replace, path)?;
        self.whole(&*Core::current()?, path.into(), Contents::Borrowed(contents.as_ref())).await
    }

    /// Does what [`replace`](ReplaceOptions::replace) does, without a copy of `contents`.
    ///
    /// # Errors
    ///
    /// Those of [`fs::replace`](crate::fs::replace).
    ///
    /// # Cancellation
    ///
    /// Like [`replace`](ReplaceOptions::replace).
    ///
    /// ```
    /// # async fn example(body: bytes::Bytes) -> folio::Result<()> {
    /// folio::ReplaceOptions::new().replace_bytes("page.html", body).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn replace_bytes(&self, path: impl AsRef<Path>, contents: impl Into<Bytes>) -> Result<()> {
        let path = checked::path(Operation::Replace, path)?;
        self.whole(&*Core::current()?, path.into(), Contents::Owned(contents.into())).await
    }

    /// Begins to replace a file, by these options.
    ///
    /// # Errors
    ///
    /// Those of [`File::replace`](crate::File::replace).
    ///
    /// # Cancellation
    ///
    /// Nothing is left behind.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let page = folio::ReplaceOptions::new().buffering(64 * 1024).begin("page.html").await?;
    /// page.write_all(b"<h1>new</h1>").await?;
    /// page.commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn begin(&self, path: impl AsRef<Path>) -> Result<Replacement> {
        let path = checked::path(Operation::Replace, path)?;
        self.draft(&*Core::current()?, path.into()).await
    }

    pub(crate) async fn whole(&self, engine: &Core, at: At, contents: Contents<'_>) -> Result<()> {
        engine.replace_whole(at, self.how.clone(), contents).await
    }

    pub(crate) async fn draft(&self, engine: &Core, at: At) -> Result<Replacement> {
        let (file, draft) = engine.draft(at, self.how.clone(), self.buffering.bytes()).await?;
        Ok(Replacement::new(file, draft, engine.clone()))
    }
}
