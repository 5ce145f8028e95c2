//! The file actor: orders the operations that queue for one open file, and starts those that may run.
//!
//! The actor does no I/O. Operations of its callers are posted to the file, with their permits; messages of
//! other actors arrive in its mailbox and wait for their permits here. It moves a burst of both into the order,
//! then starts everything that may run as few jobs as possible; workers answer the callers directly.
//!
//! It can be stopped from outside at any time. All that it leaves is in the file's state, in its mailbox or in
//! its queue, and it admits that before it ends.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use kameo::Actor;
use kameo::actor::{ActorId, ActorRef, PreparedActor, Spawn, WeakActorRef};
use kameo::error::{ActorStopReason, PanicError, SendError};
use kameo::mailbox::{self, MailboxReceiver, Signal};
use kameo::message::{self, BoxMessage, BoxReply, Message};
use kameo::reply::{DelegatedReply, ReplySender};

use crate::actor::envelopes::{Envelope, MessageSender, PermitQueue};
use crate::error::{Error, Operation, Result};
use crate::exclusive::Exclusive;
use crate::file_op::{self, Answer, Offset, Op, Payload, Read, Sync};
use crate::limits::MAILBOX_MESSAGES_MAX;
use crate::open_file::OpenFile;
use crate::open_file::pending::Outcome;
use crate::stats::add;
use crate::storage;

/// The actor that owns one open file.
///
/// Handles start it when an operation has to queue; `FileHandle::actor` returns a reference for other actors,
/// which send it the public messages of this module. It lives as long as a handle or an `ActorRef` does, and
/// survives the actors that it is linked to. It stops when the file is closed, and with the [`Error`] as its
/// reason when the file is poisoned. Stopping it earlier stops no operation, and the next need starts another.
#[derive(Debug)]
pub struct FileActor {
    /// Boxed: an actor's run keeps seven places for it.
    life: Box<Life>,
}

/// What an actor knows.
#[derive(Debug)]
struct Life {
    open_file: Arc<OpenFile>,
    /// Messages that wait for their permits.
    queue: Exclusive<PermitQueue>,
    /// Messages taken since it last started operations.
    burst: usize,
    /// Whether the poison of the file has been noticed already.
    poisoned: bool,
    /// The mailbox, once it is closed. Kameo would empty it without waiting for messages that are just being
    /// sent, and those would be lost although their senders get `Ok`.
    closed_mailbox: Option<Exclusive<MailboxReceiver<FileActor>>>,
    /// The previous actor, which may still be admitting its messages.
    predecessor: Option<ActorRef<FileActor>>,
    /// Keeps the engine running while the actor lives, so that it can close the file. Dropped after the file,
    /// because the engine may end with it.
    _engine: Arc<dyn Any + Send + std::marker::Sync>,
}

impl FileActor {
    /// Starts the actor of an open file on the engine's runtime; it continues where `predecessor` ends.
    pub(crate) fn start(
        open_file: Arc<OpenFile>,
        engine: Arc<dyn Any + Send + std::marker::Sync>,
        predecessor: Option<ActorRef<FileActor>>,
    ) -> ActorRef<FileActor> {
        add(&open_file.context.stats.actors, 1);
        open_file.inbox.take();
        let runtime = open_file.context.runtime.clone();
        let _entered = runtime.enter();
        let prepared: PreparedActor<FileActor> =
            FileActor::prepare_with_mailbox(mailbox::bounded(MAILBOX_MESSAGES_MAX));
        let actor = prepared.actor_ref().clone();
        let (queue, poisoned) = (Exclusive::new(PermitQueue::default()), open_file.poison().is_some());
        let life =
            Life { open_file, queue, burst: 0, poisoned, closed_mailbox: None, predecessor, _engine: engine };
        let mut run = Box::pin(prepared.run(FileActor { life: Box::new(life) }));
        // Polled here, before any other task can send it a message or stop it: kameo may silently drop what
        // arrives before an actor first looks at its mailbox.
        if run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            drop(runtime.spawn(run));
        }
        actor
    }

    /// Queues a message's operation and answers the sender at its end.
    fn accept<R: Request>(
        &mut self,
        request: R,
        ctx: &mut message::Context<Self, DelegatedReply<Result<R::Answer>>>,
    ) -> DelegatedReply<Result<R::Answer>> {
        let (delegated, reply) = ctx.reply_sender();
        let Life { queue, open_file, .. } = &mut *self.life;
        queue.get_mut().accept(envelope(request, reply, open_file), open_file);
        delegated
    }

    /// Queues what is in the closed mailbox, and what is just being sent: those senders are between two
    /// instructions.
    async fn empty_mailbox(&mut self) {
        let Life { closed_mailbox, queue, open_file, .. } = &mut *self.life;
        let Some(mut closed_mailbox) = closed_mailbox.take() else { return };
        while let Some(signal) = closed_mailbox.get_mut().recv().await {
            if let Some(envelope) = undelivered(signal, open_file) {
                queue.get_mut().push(envelope);
            }
        }
    }
}

/// Waits until the previous actor has admitted its messages.
async fn wait_for_end(predecessor: &mut Option<ActorRef<FileActor>>) {
    if let Some(before) = predecessor {
        before.wait_for_shutdown_with_result(|_| ()).await;
        *predecessor = None;
    }
}

/// The failed sync, if it has not been noticed before.
fn new_poison(open_file: &OpenFile, poisoned: &mut bool) -> Option<Error> {
    let cause = open_file.poison().filter(|_| !*poisoned)?;
    *poisoned = true;
    Some(open_file.error(Operation::SyncAll, cause))
}

/// Returns what a stopping actor still has to admit. An `ask` is refused and its sender gets the message back.
fn undelivered(signal: Signal<FileActor>, open_file: &Arc<OpenFile>) -> Option<Envelope> {
    match signal {
        Signal::Message { message, reply: None, .. } => as_envelope(message.as_any(), open_file),
        Signal::Message { message, reply: Some(receiver), .. } => {
            // A sender that is gone has nothing to repeat.
            let _ = receiver.send(Err(SendError::ActorNotRunning(message.as_any())));
            None
        }
        Signal::StartupFinished
        | Signal::LinkDied { .. }
        | Signal::Stop
        | Signal::SupervisorRestart
        | Signal::Callback { .. } => None,
    }
}

impl Actor for FileActor {
    type Args = Self;
    type Error = Error;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self> {
        Ok(state)
    }

    /// Moves a burst into the order message by message and starts it at the end, so that neighbours merge.
    /// While a message waits for its permit, no other is taken.
    async fn next(
        &mut self,
        _: WeakActorRef<Self>,
        mailbox: &mut MailboxReceiver<Self>,
    ) -> Result<Option<Signal<Self>>> {
        let Life { open_file, queue, burst, poisoned, closed_mailbox, predecessor, .. } = &mut *self.life;
        let mut guard = MailboxGuard { mailbox, open_file, closed_mailbox, keeps_open: false };
        loop {
            wait_for_end(predecessor).await;
            queue.get_mut().admit_all(open_file).await;
            if *burst < MAILBOX_MESSAGES_MAX
                && let Some(signal) = guard.try_signal()
            {
                *burst += 1;
                return guard.return_signal(Some(signal));
            }
            *burst = 0;
            open_file.collect();
            if let Some(poison) = new_poison(open_file, poisoned) {
                // Dropping the guard closes the mailbox; its messages are admitted in `on_stop`.
                return Err(poison);
            }
            if open_file.is_closed_and_idle() {
                guard.mailbox.close();
            }
            tokio::select! {
                biased;
                () = open_file.turn.waker().notify.notified() => {}
                signal = guard.signal() => return guard.return_signal(signal),
            }
        }
    }

    /// A panicking handler costs one message. The file is intact: its state is behind the turn.
    async fn on_panic(
        &mut self,
        _: WeakActorRef<Self>,
        error: PanicError,
    ) -> Result<ControlFlow<ActorStopReason>> {
        if error.with_downcast_ref(|_: &Error| ()).is_some() {
            return Ok(ControlFlow::Break(ActorStopReason::Panicked(error)));
        }
        let open_file = &self.life.open_file;
        add(&open_file.context.stats.panics, 1);
        tracing::error!(path = %open_file.path.display(), %error, "a file actor panicked and goes on");
        Ok(ControlFlow::Continue(()))
    }

    /// Linked actors only observe the file, which has other users.
    async fn on_link_died(
        &mut self,
        _: WeakActorRef<Self>,
        _: ActorId,
        _: ActorStopReason,
    ) -> Result<ControlFlow<ActorStopReason>> {
        Ok(ControlFlow::Continue(()))
    }

    async fn on_undelivered(&mut self, _: ActorStopReason, messages: Vec<BoxMessage<Self>>) -> Result<()> {
        let Life { queue, open_file, .. } = &mut *self.life;
        for message in messages {
            if let Some(envelope) = as_envelope(message.as_any(), open_file) {
                queue.get_mut().push(envelope);
            }
        }
        Ok(())
    }

    /// Admits what is left. The mailbox is closed by now, so the next operation that is posted starts another
    /// actor.
    async fn on_stop(&mut self, _: WeakActorRef<Self>, _: ActorStopReason) -> Result<()> {
        wait_for_end(&mut self.life.predecessor).await;
        self.empty_mailbox().await;
        let Life { queue, open_file, .. } = &mut *self.life;
        queue.get_mut().admit_all(open_file).await;
        open_file.collect();
        while open_file.waits_for_readers() {
            // Leaving readers wake the actor, which may be gone.
            tokio::task::yield_now().await;
            open_file.collect();
        }
        open_file.inbox.settle();
        Ok(())
    }
}

/// The mailbox while the actor waits on it. If the actor is killed there, the mailbox is closed, so that no
/// message is sent in vain.
struct MailboxGuard<'a> {
    mailbox: &'a mut MailboxReceiver<FileActor>,
    open_file: &'a OpenFile,
    closed_mailbox: &'a mut Option<Exclusive<MailboxReceiver<FileActor>>>,
    keeps_open: bool,
}

impl MailboxGuard<'_> {
    fn try_signal(&mut self) -> Option<Signal<FileActor>> {
        self.open_file.inbox.take();
        self.mailbox.try_recv().ok()
    }

    async fn signal(&mut self) -> Option<Signal<FileActor>> {
        poll_fn(|context| {
            self.open_file.inbox.take();
            let signal = self.mailbox.poll_recv(context);
            if matches!(signal, Poll::Pending) && self.mailbox.is_empty() {
                self.open_file.inbox.settle();
            }
            signal
        })
        .await
    }

    fn return_signal(mut self, signal: Option<Signal<FileActor>>) -> Result<Option<Signal<FileActor>>> {
        // After a stop no other message is taken.
        self.keeps_open = !matches!(signal, None | Some(Signal::Stop | Signal::SupervisorRestart));
        Ok(signal)
    }
}

impl Drop for MailboxGuard<'_> {
    fn drop(&mut self) {
        if !self.keeps_open {
            self.open_file.inbox.take();
            self.mailbox.close();
            let (_, nothing) = mailbox::bounded(1);
            *self.closed_mailbox = Some(Exclusive::new(std::mem::replace(self.mailbox, nothing)));
        }
    }
}

/// A request that another actor can send.
trait Request: Send + 'static {
    type Answer: Send + 'static;

    fn into_op(self) -> Op;

    fn convert(answer: Answer) -> Self::Answer;
}

/// Makes an operation of a request. `reply` is absent if the request was sent by `tell`.
fn envelope<R: Request>(
    request: R,
    reply: Option<ReplySender<Result<R::Answer>>>,
    open_file: &Arc<OpenFile>,
) -> Envelope {
    let op = request.into_op();
    let answer = move |outcome: Outcome| match reply {
        Some(reply) => answer::<R>(reply, outcome),
        None => outcome.map(|_| ()).map_err(Err),
    };
    let reply = MessageSender::new(open_file.clone(), op.operation(), answer).into_reply();
    Envelope { op, reply, refuse: false }
}

/// Answers an `ask`; returns the failure if the sender is gone.
fn answer<R: Request>(
    reply: ReplySender<Result<R::Answer>>,
    outcome: Outcome,
) -> std::result::Result<(), Outcome> {
    let answer = outcome
        .map(|answer| Box::new(R::convert(answer)) as BoxReply)
        .map_err(|error| SendError::HandlerError(Box::new(error) as Box<dyn Any + Send>));
    let Err(Err(SendError::HandlerError(error))) = reply.boxed().send(answer) else { return Ok(()) };
    error.downcast::<Error>().map_or(Ok(()), |error| Err(Err(*error)))
}

/// Makes an operation of a message that was sent by `tell` and not delivered.
fn as_envelope(message: Box<dyn Any + Send>, open_file: &Arc<OpenFile>) -> Option<Envelope> {
    fn by<R: Request>(
        message: Box<dyn Any + Send>,
        open_file: &Arc<OpenFile>,
    ) -> std::result::Result<Envelope, Box<dyn Any + Send>> {
        message.downcast::<R>().map(|request| envelope(*request, None, open_file))
    }
    let submitted = message.downcast::<Submit>().map(|submitted| submitted.0);
    submitted
        .or_else(|message| by::<WriteAt>(message, open_file))
        .or_else(|message| by::<Append>(message, open_file))
        .or_else(|message| by::<SetLen>(message, open_file))
        .or_else(|message| by::<SyncAll>(message, open_file))
        .or_else(|message| by::<SyncData>(message, open_file))
        .or_else(|message| by::<ReadAt>(message, open_file))
        .or_else(|message| by::<Metadata>(message, open_file))
        .ok()
}

/// An operation of a handle whose caller may have sent messages before, so that it must wait for them.
struct Submit(Envelope);

/// Result of sending an operation to an actor.
pub(crate) enum Delivery {
    Delivered,
    /// The mailbox is full, and the operation may not wait for room.
    Full,
    /// The actor has ended and returns the operation.
    Ended(Envelope),
    Lost,
}

/// Sends an operation to an actor; waits for room in its mailbox unless the operation is to be refused then.
pub(crate) async fn deliver(actor: ActorRef<FileActor>, envelope: Envelope) -> Delivery {
    let sent = match envelope.refuse {
        true => actor.tell(Submit(envelope)).try_send(),
        false => actor.tell(Submit(envelope)).send().await,
    };
    match sent {
        Ok(()) => Delivery::Delivered,
        Err(SendError::MailboxFull(_)) => Delivery::Full,
        Err(SendError::ActorNotRunning(Submit(envelope))) => Delivery::Ended(envelope),
        Err(_) => Delivery::Lost,
    }
}

impl Message<Submit> for FileActor {
    type Reply = ();

    async fn handle(&mut self, Submit(envelope): Submit, _: &mut message::Context<Self, ()>) {
        let Life { queue, open_file, .. } = &mut *self.life;
        queue.get_mut().accept(envelope, open_file);
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

            async fn handle(&mut self, request: $name, ctx: &mut message::Context<Self, Self::Reply>) -> Self::Reply {
                self.accept(request, ctx)
            }
        }

        impl Request for $name {
            type Answer = $reply;

            fn into_op(self) -> Op {
                let $message = self;
                $op
            }

            fn convert(answer: Answer) -> $reply {
                let convert: fn(Answer) -> $reply = $convert;
                convert(answer)
            }
        }
    };
}

message! {
    /// Reads at most `len` bytes at `offset`; empty at the end of the file.
    ReadAt {
        /// Offset of the first byte.
        offset: u64,
        /// Maximum number of bytes.
        len: usize
    } -> Bytes, |read| Op::from(Read::once(Offset::At(read.offset), read.len)),
    |answer| match answer {
        Answer::Read(buffer, _) => buffer.into_bytes(),
        other => unreachable!("a read answers bytes, not {other:?}"),
    }
}

message! {
    /// Writes all of `bytes` at `offset`; answers the number of bytes written.
    WriteAt {
        /// The payload.
        bytes: Bytes,
        /// Offset of the first byte.
        offset: u64
    } -> usize,
    |request| Op::from(file_op::Write { offset: Offset::At(request.offset), payload: Payload::Shared(request.bytes), all: true, buffered: false }),
    |answer| match answer {
        Answer::Written(count) => count,
        other => unreachable!("a write answers a count, not {other:?}"),
    }
}

message! {
    /// Appends `bytes` contiguously; answers the offset of the first byte.
    Append {
        /// The record.
        bytes: Bytes
    } -> u64,
    |append| Op::from(file_op::Append { payload: Payload::Shared(append.bytes), moves_cursor: false, wants_offset: true, buffered: false }),
    |answer| match answer {
        Answer::Position(offset) => offset,
        other => unreachable!("an append answers an offset, not {other:?}"),
    }
}

message! {
    /// Flushes data and attributes to the device.
    SyncAll -> (), Op::from(Sync { all: true }), |_answer| ()
}

message! {
    /// Flushes the data to the device.
    SyncData -> (), Op::from(Sync { all: false }), |_answer| ()
}

message! {
    /// Truncates or extends the file.
    SetLen {
        /// The new length in bytes.
        len: u64
    } -> (), |request| Op::from(file_op::SetLen(request.len)), |_| ()
}

message! {
    /// Reads the attributes.
    Metadata -> storage::Metadata, Op::from(file_op::Metadata),
    |answer| match answer {
        Answer::Metadata(metadata) => *metadata,
        other => unreachable!("metadata answers metadata, not {other:?}"),
    }
}
