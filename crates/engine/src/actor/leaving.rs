//! Who is still to write something after its last handle has gone.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::actor::inode::Inode;
use crate::actor::services::Services;

/// A file whose last handle has gone and that has still something to write. Whoever asks for it waits.
pub(crate) struct Leaving {
    inode: Arc<Inode>,
    services: Arc<Services>,
}

impl Leaving {
    pub(crate) fn begin(services: &Arc<Services>, inode: &Arc<Inode>) -> Self {
        services.parting.begin(inode.identity());
        inode.parting.fetch_add(1, Ordering::AcqRel);
        Leaving { inode: inode.clone(), services: services.clone() }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.inode.parting.fetch_sub(1, Ordering::AcqRel);
        self.services.registry.forget(&self.inode);
        self.services.parting.end(self.inode.identity());
    }
}
