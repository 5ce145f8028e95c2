//! Marks a file that still has something to write after its last handle was dropped.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::at_exit::ExitGuard;
use crate::context::EngineContext;
use crate::context::inode::Inode;

/// While it lives, later requests for the file wait, and so does the end of the process: between the drop of the last
/// handle and the job that writes, no list has the file.
pub(crate) struct FinalWriteGuard {
    inode: Arc<Inode>,
    context: Arc<EngineContext>,
    _exit_guard: ExitGuard,
}

impl FinalWriteGuard {
    pub(crate) fn begin(context: &Arc<EngineContext>, inode: &Arc<Inode>) -> Self {
        context.final_writes.begin(inode.identity());
        inode.final_writes.fetch_add(1, Ordering::AcqRel);
        FinalWriteGuard {
            inode: inode.clone(),
            context: context.clone(),
            _exit_guard: ExitGuard::new(context),
        }
    }
}

impl Drop for FinalWriteGuard {
    fn drop(&mut self) {
        self.inode.final_writes.fetch_sub(1, Ordering::AcqRel);
        self.context.registry.forget(&self.inode);
        self.context.final_writes.end(self.inode.identity());
    }
}
