//! A line between a client and a server that can be slow, cut, held or answer for the server; and counts what it did.

mod line;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Clients that may wait until they are taken: those of a thousand reads at once all knock together, and the kernel makes
/// those it has no place for come again a second later.
const CLIENTS_WAITING: u32 = 4096;

/// What happens on the line. By default nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plan {
    /// How much later than sent everything of the server arrives. The line stays as wide as it is.
    pub(crate) latency: Duration,
    /// The most bytes of the server that arrive together, and the pause behind them.
    pub(crate) trickle: Option<(usize, Duration)>,
    /// How many requests are answered with status 503 instead of by the server.
    pub(crate) unavailable: u64,
    /// How many connections are reset, each after so many bytes of the server have arrived by it.
    pub(crate) resets: u64,
    pub(crate) reset_after: u64,
    /// The server's answers wait until so many requests have come, all counted.
    pub(crate) together: u64,
    /// The line stands still once so many bytes of the client have passed, until it is released.
    pub(crate) hold_after: Option<u64>,
    /// Counts the plans. Resets count bytes from the plan on.
    pub(crate) generation: u64,
}

/// What has happened so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) bytes_up: AtomicU64,
    pub(crate) delayed: AtomicU64,
    pub(crate) trickled: AtomicU64,
    pub(crate) unavailable: AtomicU64,
    pub(crate) resets: AtomicU64,
    pub(crate) held: AtomicU64,
}

/// The line. It has a runtime of its own, so that the client's is not measured with it.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    plan: Mutex<Plan>,
    counts: Counts,
    /// Requests that have come.
    requests: watch::Sender<u64>,
    /// Raised to let go what is held.
    released: watch::Sender<bool>,
}

impl Proxy {
    /// Starts a line to the server at this address.
    pub(crate) fn to(server: SocketAddr) -> Proxy {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime =
            runtime.worker_threads(1).thread_name("proxy").enable_all().build().expect("a runtime starts");
        let shared = Arc::new(Shared {
            server,
            plan: Mutex::default(),
            counts: Counts::default(),
            requests: watch::Sender::new(0),
            released: watch::Sender::new(true),
        });
        let entered = runtime.enter();
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port is free");
        let listener = socket.listen(CLIENTS_WAITING).expect("it is bound");
        drop(entered);
        let address = listener.local_addr().expect("it is bound");
        runtime.spawn(accept(listener, shared.clone()));
        Proxy { address, shared, runtime: Some(runtime) }
    }

    /// Where clients connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.shared.counts
    }

    /// How many requests have come.
    pub(crate) fn requests(&self) -> u64 {
        *self.shared.requests.borrow()
    }

    /// Changes what happens from now on.
    pub(crate) fn plan(&self, plan: Plan) {
        self.shared.released.send_replace(plan.hold_after.is_none());
        let mut now = self.shared.lock();
        *now = Plan { generation: now.generation + 1, ..plan };
    }

    /// Waits until the line stands still by [`Plan::hold_after`].
    pub(crate) async fn held(&self) {
        folio_testkit::wait::eventually("the line is held", || self.counts().held.load(Relaxed) > 0).await;
    }

    /// Lets go what is held, for good.
    pub(crate) fn release(&self) {
        self.shared.lock().hold_after = None;
        self.shared.released.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A test drops it within a runtime, where waiting is refused.
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(&self) -> Plan {
        *self.lock()
    }

    /// Takes one of a limited number of faults.
    fn take(&self, which: fn(&mut Plan) -> &mut u64, count: &AtomicU64) -> bool {
        let mut plan = self.lock();
        let left = which(&mut plan);
        let some = *left > 0;
        *left -= u64::from(some);
        count.fetch_add(u64::from(some), Relaxed);
        some
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move { line::carry(&client, &shared).await });
    }
}
