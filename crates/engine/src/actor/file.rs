//! The file actor: it puts in order what queues for one open file, and starts what may run.
//!
//! The actor does no I/O. Its callers' operations come by the post of the file, permits in hand; messages of other
//! actors come by its mailbox and wait for their permits here. It moves a burst of both into the order, then starts
//! everything that may run as few jobs as possible; workers answer the callers directly.
//!
//! It can be ended from outside at any time. All that it leaves is in the file's state, in its mailbox or in its
//! line, and it lets that in before it is gone.

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

use crate::actor::envelopes::{Envelope, Line, Sender};
use crate::error::{Error, Operation, Result};
use crate::exclusive::Exclusive;
use crate::file_op::{self, Answer, Offset, Op, Payload, Read, Sync};
use crate::limits::MAILBOX_MESSAGES_MAX;
use crate::open_file::OpenFile;
use crate::open_file::pending::Outcome;
use crate::stats::add;

/// The actor that owns one open file.
///
/// Handles start it when an operation has to queue; `FileHandle::actor` hands it out for use by other actors,
/// which ask it with the public messages of this module. It lives as long as a handle or an `ActorRef` does, and
/// outlives the actors it is linked to. It stops when the file is closed, and with the [`Error`] as its reason when
/// the file is poisoned; whoever ends it earlier ends no operation, and the next need starts another.
#[derive(Debug)]
pub struct FileActor {
    open_file: Arc<OpenFile>,
    /// Messages that wait for their permits.
    line: Exclusive<Line>,
    /// Messages taken since the file was last looked at.
    burst: usize,
    /// Whether the file was poisoned before, so that this is no news.
    poisoned: bool,
    /// The mailbox, once it has been shut. Kameo empties one without waiting for those who are just sending, and
    /// what they then send is lost though they are told `Ok`.
    shut: Option<Exclusive<MailboxReceiver<FileActor>>>,
    /// The actor before this one, which may still be at what it was sent.
    predecessor: Option<ActorRef<FileActor>>,
    /// Keeps the engine running as long as the actor is there, so that it can close the file. After the file: the
    /// engine may go with it.
    _engine: Arc<dyn Any + Send + std::marker::Sync>,
}

impl FileActor {
    /// Starts the actor of an open file on the engine's runtime, to go on where `predecessor` ends.
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
        let (line, poisoned) = (Exclusive::new(Line::default()), open_file.poison().is_some());
        let state =
            FileActor { open_file, line, burst: 0, poisoned, shut: None, predecessor, _engine: engine };
        let mut life = Box::pin(prepared.run(state));
        // Started here, before anyone can send it a message or its end: what reaches an actor that has not come to
        // its mailbox by then, kameo may drop in silence.
        if life.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            drop(runtime.spawn(life));
        }
        actor
    }

    /// Lets a message's operation take its place and answer the asker when it is done.
    fn take_in<R: Request>(
        &mut self,
        request: R,
        ctx: &mut message::Context<Self, DelegatedReply<Result<R::Answer>>>,
    ) -> DelegatedReply<Result<R::Answer>> {
        let (delegated, reply) = ctx.reply_sender();
        self.line.get_mut().take_in(envelope(request, reply, &self.open_file), &self.open_file);
        delegated
    }

    /// Puts in line what stands in the mailbox that was shut, and what comes from those who were just sending: they are
    /// between two instructions.
    async fn empty_mailbox(&mut self) {
        let Some(mut shut) = self.shut.take() else { return };
        while let Some(signal) = shut.get_mut().recv().await {
            if let Some(envelope) = undelivered(signal, &self.open_file) {
                self.line.get_mut().put(envelope);
            }
        }
    }
}

/// Waits until the actor before this one has let in what it was sent.
async fn wait_for(predecessor: &mut Option<ActorRef<FileActor>>) {
    if let Some(before) = predecessor {
        before.wait_for_shutdown_with_result(|_| ()).await;
        *predecessor = None;
    }
}

/// The failed sync, if it is news.
fn fresh_poison(open_file: &OpenFile, poisoned: &mut bool) -> Option<Error> {
    let cause = open_file.poison().filter(|_| !*poisoned)?;
    *poisoned = true;
    Some(open_file.error(Operation::SyncAll, cause))
}

/// What an actor that ends has still to let in. An asker is told that there is none, and has the message back.
fn undelivered(signal: Signal<FileActor>, open_file: &Arc<OpenFile>) -> Option<Envelope> {
    match signal {
        Signal::Message { message, reply: None, .. } => told(message.as_any(), open_file),
        Signal::Message { message, reply: Some(receiver), .. } => {
            // An asker that is gone has nothing to do again.
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

    /// A burst is moved into the order message by message and started at its end, so that neighbours merge. While
    /// a message waits for its permit, no other is taken.
    async fn next(
        &mut self,
        _: WeakActorRef<Self>,
        mailbox: &mut MailboxReceiver<Self>,
    ) -> Result<Option<Signal<Self>>> {
        let open_file = self.open_file.clone();
        let mut door = Door { mailbox, open_file: &open_file, shut: &mut self.shut, is_left: false };
        loop {
            wait_for(&mut self.predecessor).await;
            self.line.get_mut().empty(&open_file).await;
            if self.burst < MAILBOX_MESSAGES_MAX
                && let Some(signal) = door.signal_at_hand()
            {
                self.burst += 1;
                return door.leave_with(Some(signal));
            }
            self.burst = 0;
            open_file.collect();
            if let Some(poison) = fresh_poison(&open_file, &mut self.poisoned) {
                // Dropped like this, the door is shut, and what is behind it is let in at the end.
                return Err(poison);
            }
            if open_file.is_over() {
                door.mailbox.close();
            }
            tokio::select! {
                biased;
                () = open_file.turn.waker().notify.notified() => {}
                signal = door.signal() => return door.leave_with(signal),
            }
        }
    }

    /// A handler's bug costs the message that met it. The file stays: its state is behind the turn.
    async fn on_panic(
        &mut self,
        _: WeakActorRef<Self>,
        error: PanicError,
    ) -> Result<ControlFlow<ActorStopReason>> {
        if error.with_downcast_ref(|_: &Error| ()).is_some() {
            return Ok(ControlFlow::Break(ActorStopReason::Panicked(error)));
        }
        add(&self.open_file.context.stats.panics, 1);
        tracing::error!(path = %self.open_file.path.display(), %error, "a file actor panicked and goes on");
        Ok(ControlFlow::Continue(()))
    }

    /// Whoever watches a file has no part in it, and the file has other users.
    async fn on_link_died(
        &mut self,
        _: WeakActorRef<Self>,
        _: ActorId,
        _: ActorStopReason,
    ) -> Result<ControlFlow<ActorStopReason>> {
        Ok(ControlFlow::Continue(()))
    }

    async fn on_undelivered(&mut self, _: ActorStopReason, messages: Vec<BoxMessage<Self>>) -> Result<()> {
        for message in messages {
            if let Some(envelope) = told(message.as_any(), &self.open_file) {
                self.line.get_mut().put(envelope);
            }
        }
        Ok(())
    }

    /// Lets in what it leaves. By now the mailbox is gone, so whoever posts anything after this starts another.
    async fn on_stop(&mut self, _: WeakActorRef<Self>, _: ActorStopReason) -> Result<()> {
        wait_for(&mut self.predecessor).await;
        self.empty_mailbox().await;
        self.line.get_mut().empty(&self.open_file).await;
        self.open_file.collect();
        while self.open_file.waits_for_readers() {
            // They ring for an actor; there may be none.
            tokio::task::yield_now().await;
            self.open_file.collect();
        }
        self.open_file.inbox.settle();
        Ok(())
    }
}

/// The mailbox while the actor is at it. An actor that is killed there shuts it, so that nothing is sent in vain.
struct Door<'a> {
    mailbox: &'a mut MailboxReceiver<FileActor>,
    open_file: &'a OpenFile,
    shut: &'a mut Option<Exclusive<MailboxReceiver<FileActor>>>,
    is_left: bool,
}

impl Door<'_> {
    fn signal_at_hand(&mut self) -> Option<Signal<FileActor>> {
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

    fn leave_with(mut self, signal: Option<Signal<FileActor>>) -> Result<Option<Signal<FileActor>>> {
        // After a stop nothing more is taken.
        self.is_left = !matches!(signal, None | Some(Signal::Stop | Signal::SupervisorRestart));
        Ok(signal)
    }
}

impl Drop for Door<'_> {
    fn drop(&mut self) {
        if !self.is_left {
            self.open_file.inbox.take();
            self.mailbox.close();
            let (_, nothing) = mailbox::bounded(1);
            *self.shut = Some(Exclusive::new(std::mem::replace(self.mailbox, nothing)));
        }
    }
}

/// What another actor may ask for by a message.
trait Request: Send + 'static {
    type Answer: Send + 'static;

    fn into_op(self) -> Op;

    fn convert(answer: Answer) -> Self::Answer;
}

/// A request on its way, with whoever hears of it: the asker, or nobody if it was told.
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
    let reply = Sender::new(open_file.clone(), op.operation(), answer).into_reply();
    Envelope { op, reply, refuse: false }
}

/// Answers an asker; a failure comes back if the asker is gone.
fn answer<R: Request>(
    reply: ReplySender<Result<R::Answer>>,
    outcome: Outcome,
) -> std::result::Result<(), Outcome> {
    let answer = outcome
        .map(|answer| Box::new(R::convert(answer)) as BoxReply)
        .map_err(|error| SendError::HandlerError(Box::new(error) as Box<dyn Any + Send>));
    match reply.boxed().send(answer) {
        Err(Err(SendError::HandlerError(error))) => {
            error.downcast::<Error>().map_or(Ok(()), |error| Err(Err(*error)))
        }
        _ => Ok(()),
    }
}

/// What was told and not delivered, as an operation.
fn told(message: Box<dyn Any + Send>, open_file: &Arc<OpenFile>) -> Option<Envelope> {
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

/// An operation of a handle whose caller may have sent messages before, and so waits behind them.
struct Submit(Envelope);

/// What became of an operation that was sent to an actor.
pub(crate) enum Delivery {
    Delivered,
    /// The mailbox is full, and the operation may not wait for room.
    Full,
    /// The actor has ended. The operation comes back.
    Ended(Envelope),
    Lost,
}

/// Sends an operation to an actor; waits for room in its mailbox unless the operation refuses to.
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
        self.line.get_mut().take_in(envelope, &self.open_file);
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
                self.take_in(request, ctx)
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
    /// Asks for at most `len` bytes at `offset`; empty at the end of the file.
    ReadAt {
        /// Bytes at the most.
        len: usize,
        /// Where they begin, in bytes.
        offset: u64
    } -> Bytes, |read| Op::from(Read::once(Offset::At(read.offset), read.len)),
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
    |request| Op::from(file_op::Write { offset: Offset::At(request.offset), payload: Payload::Shared(request.bytes), all: true, buffered: false }),
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
    |append| Op::from(file_op::Append { payload: Payload::Shared(append.bytes), moves_cursor: false, wants_offset: true, buffered: false }),
    |answer| match answer {
        Answer::Position(offset) => offset,
        other => unreachable!("an append answers an offset, not {other:?}"),
    }
}

message! {
    /// Asks to flush data and attributes to the device.
    SyncAll -> (), Op::from(Sync { all: true }), |_answer| ()
}

message! {
    /// Asks to flush the data to the device.
    SyncData -> (), Op::from(Sync { all: false }), |_answer| ()
}

message! {
    /// Asks to cut or extend the file.
    SetLen {
        /// The new length in bytes.
        len: u64
    } -> (), |request| Op::from(file_op::SetLen(request.len)), |_| ()
}

message! {
    /// Asks for the attributes.
    Metadata -> std::fs::Metadata, Op::from(file_op::Metadata),
    |answer| match answer {
        Answer::Metadata(metadata) => *metadata,
        other => unreachable!("metadata answers metadata, not {other:?}"),
    }
}
