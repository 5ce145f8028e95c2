//! The file actor: what queues for one open file passes through its mailbox, in order.
//!
//! The actor does no I/O and awaits nothing but its mailbox and the bell. It moves a burst of messages into
//! the order, then starts everything that may run as few jobs as possible; workers answer the callers
//! directly.

use std::any::Any;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use kameo::Actor;
use kameo::actor::{ActorRef, PreparedActor, Spawn, WeakActorRef};
use kameo::error::{ActorStopReason, PanicError};
use kameo::mailbox::{self, MailboxReceiver, Signal};
use kameo::message::{Context, Message};
use kameo::reply::DelegatedReply;

use crate::actor::opening::Opening;
use crate::actor::queued::{Mail, Queued, Reply};
use crate::error::Result;
use crate::limits::MAILBOX_MESSAGES_MAX;
use crate::op::{Answer, Op, Place, describe::Describe, read::Read, sync::Sync, write, write::Payload};
use crate::stats::add;

/// The actor that owns one open file.
///
/// Handles start it when an operation has to queue; `FileHandle::actor` hands it out for use by other actors,
/// which ask it with the public messages of this module. It lives as long as a handle or an `ActorRef` does.
#[derive(Debug)]
pub struct FileActor {
    opening: Arc<Opening>,
    /// Keeps the engine running as long as the actor is there, so that it can close the file. After the file: the
    /// engine may go with it.
    _engine: Arc<dyn Any + Send + std::marker::Sync>,
}

impl FileActor {
    /// Starts the actor of an open file on the engine's runtime.
    pub(crate) fn start(
        opening: Arc<Opening>,
        engine: Arc<dyn Any + Send + std::marker::Sync>,
    ) -> ActorRef<FileActor> {
        add(&opening.services.stats.actors, 1);
        let runtime = opening.services.runtime.clone();
        let _entered = runtime.enter();
        let prepared: PreparedActor<FileActor> =
            FileActor::prepare_with_mailbox(mailbox::bounded(MAILBOX_MESSAGES_MAX));
        let actor = prepared.actor_ref().clone();
        drop(prepared.spawn(FileActor { opening, _engine: engine }));
        actor
    }

    /// Lets a message's operation take its place and answer the asker when it is done.
    fn enqueue<T: Send + 'static>(
        &self,
        op: Op,
        ctx: &mut Context<Self, DelegatedReply<Result<T>>>,
        convert: impl FnOnce(Answer) -> T + Send + 'static,
    ) -> DelegatedReply<Result<T>> {
        let (delegated, sender) = ctx.reply_sender();
        let answer = move |outcome: Result<Answer>| {
            if let Some(sender) = sender {
                sender.send(outcome.map(convert));
            }
        };
        match self.opening.device.admission.admit_or_refuse(op.weight()) {
            Ok(permit) => {
                let reply = Reply::Ask(Box::new(answer));
                let alone = self.opening.access.alone;
                self.opening.push(Queued { op, reply, permit, arrived: Instant::now(), alone });
            }
            Err(cause) => answer(Err(self.opening.error(op.operation(), cause))),
        }
        delegated
    }
}

impl Actor for FileActor {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> std::result::Result<Self, Infallible> {
        Ok(state)
    }

    /// A burst is moved into the order message by message and pumped once at its end, so that neighbours merge.
    async fn next(
        &mut self,
        _: WeakActorRef<Self>,
        mailbox: &mut MailboxReceiver<Self>,
    ) -> std::result::Result<Option<Signal<Self>>, Infallible> {
        if let Ok(signal) = mailbox.try_recv() {
            return Ok(Some(signal));
        }
        loop {
            self.opening.pump();
            tokio::select! {
                biased;
                signal = mailbox.recv() => return Ok(signal),
                () = self.opening.turn.bell().notify.notified() => {}
            }
        }
    }

    /// A handler's bug costs the message that met it. The file stays: its state is behind the turn.
    async fn on_panic(
        &mut self,
        _: WeakActorRef<Self>,
        error: PanicError,
    ) -> std::result::Result<ControlFlow<ActorStopReason>, Infallible> {
        add(&self.opening.services.stats.panics, 1);
        tracing::error!(path = %self.opening.path.display(), %error, "a file actor panicked and goes on");
        Ok(ControlFlow::Continue(()))
    }
}

/// An operation from a handle, permit and answer included.
pub(crate) struct Submit(pub(crate) Mail);

impl Message<Submit> for FileActor {
    type Reply = ();

    async fn handle(&mut self, Submit(mail): Submit, _: &mut Context<Self, ()>) {
        mail.deliver();
    }
}

macro_rules! message {
    ($(#[$doc:meta])* $name:ident -> $reply:ty, $op:expr, $convert:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        message!(@handle $name -> $reply, |_message| $op, $convert);
    };
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* } -> $reply:ty, |$message:ident| $op:expr, $convert:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }
        message!(@handle $name -> $reply, |$message| $op, $convert);
    };
    (@handle $name:ident -> $reply:ty, |$message:ident| $op:expr, $convert:expr) => {
        impl Message<$name> for FileActor {
            type Reply = DelegatedReply<Result<$reply>>;

            async fn handle(&mut self, $message: $name, ctx: &mut Context<Self, Self::Reply>) -> Self::Reply {
                let op = $op;
                self.enqueue(op, ctx, $convert)
            }
        }
    };
}

message! {
    /// Asks for at most `len` bytes at `offset`; empty at the end of the file.
    ReadAt {
        /// Bytes at the most.
        len: usize,
        /// Where they begin, in bytes.
        offset: u64
    } -> Bytes, |read| Op::Read(Read::once(Place::At(read.offset), read.len)),
    |answer| match answer {
        Answer::Read(buffer, _) => buffer.into_bytes(),
        other => unreachable!("a read answers bytes, not {other:?}"),
    }
}

message! {
    /// Asks to write all of `bytes` at `offset`; answers how many were written.
    WriteAt {
        /// The payload.
        bytes: Bytes,
        /// Where it goes, in bytes.
        offset: u64
    } -> usize,
    |request| Op::Write(write::Write { place: Place::At(request.offset), payload: Payload::Shared(request.bytes), all: true, kept: false }),
    |answer| match answer {
        Answer::Written(count) => count,
        other => unreachable!("a write answers a count, not {other:?}"),
    }
}

message! {
    /// Asks to add `bytes` at the end in one piece; answers the offset where they begin.
    Append {
        /// The record.
        bytes: Bytes
    } -> u64,
    |append| Op::Append(write::Append { payload: Payload::Shared(append.bytes), moves_cursor: false, wants_offset: true, kept: false }),
    |answer| match answer {
        Answer::Position(offset) => offset,
        other => unreachable!("an append answers an offset, not {other:?}"),
    }
}

message! {
    /// Asks to flush data and attributes to the device.
    SyncAll -> (), Op::Sync(Sync { all: true }), |_answer| ()
}

message! {
    /// Asks to flush the data to the device.
    SyncData -> (), Op::Sync(Sync { all: false }), |_answer| ()
}

message! {
    /// Asks to cut or extend the file.
    SetLen {
        /// The new length in bytes.
        len: u64
    } -> (), |request| Op::Describe(Describe::SetLen(request.len)), |_| ()
}

message! {
    /// Asks for the attributes.
    Metadata -> std::fs::Metadata, Op::Describe(Describe::Metadata),
    |answer| match answer {
        Answer::Metadata(metadata) => *metadata,
        other => unreachable!("metadata answers metadata, not {other:?}"),
    }
}
