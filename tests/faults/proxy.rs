//! A proxy before PostgreSQL that fails as it is told: it knows the protocol's frames, so that it can fail between any two of them, and
//! exactly on the answer to COMMIT.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

/// What becomes of the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// All are cut at once.
    Cut,
    /// The one that gets the n-th frame from the server from now on is cut before that.
    CutBeforeFrame(usize),
    /// The next one on which a COMMIT succeeds is cut, and its client never hears of it.
    CommitUnheard,
    /// Nothing passes for so long, and none is closed.
    Frozen(Duration),
}

/// Listens on a port of its own; dropping it cuts everything.
pub(super) struct Proxy {
    pub(super) port: u16,
    state: Arc<State>,
    accepting: tokio::task::JoinHandle<()>,
}

struct State {
    /// Raised to cut every connection.
    generation: watch::Sender<u64>,
    /// Until when nothing passes.
    frozen: watch::Sender<Option<Instant>>,
    /// How many frames pass before the next one is where its connection is cut.
    frames_left: AtomicUsize,
    /// Whether the next COMMIT is not heard of.
    unheard_commits: AtomicUsize,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.apply(Fault::Cut);
    }
}

impl Proxy {
    pub(super) async fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            generation: watch::Sender::new(0),
            frozen: watch::Sender::new(None),
            frames_left: AtomicUsize::new(usize::MAX),
            unheard_commits: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                tokio::spawn(pass(client, server_port, Arc::clone(&shared)));
            }
        });
        Self { port, state, accepting }
    }

    pub(super) fn apply(&self, fault: Fault) {
        match fault {
            Fault::Cut => self.state.generation.send_modify(|generation| *generation += 1),
            Fault::CutBeforeFrame(number) => self.state.frames_left.store(number, Ordering::SeqCst),
            Fault::CommitUnheard => self.state.unheard_commits.store(1, Ordering::SeqCst),
            Fault::Frozen(time) => drop(self.state.frozen.send_replace(Some(Instant::now() + time))),
        }
    }
}

/// One connection. It ends when one of its sides does, or when it is cut.
async fn pass(client: TcpStream, server_port: u16, state: Arc<State>) {
    let mut generation = state.generation.subscribe();
    generation.mark_unchanged();
    let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = upwards(from_client, to_server, &state) => {}
        () = downwards(from_server, to_client, &state) => {}
        _ = generation.changed() => {}
    }
}

impl State {
    /// Waits while nothing passes.
    async fn thawed(&self) {
        let until = *self.frozen.borrow();
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }

    /// Whether the connection is to be cut before this frame.
    fn cuts(&self, kind: u8, body: &[u8]) -> bool {
        let counted = self.frames_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
            usize::MAX => None,
            0 => Some(usize::MAX),
            left => Some(left - 1),
        });
        if counted == Ok(0) {
            return true;
        }
        let is_commit = kind == b'C' && body == b"COMMIT\0";
        is_commit && self.unheard_commits.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

/// From the client to the server, as it comes.
async fn upwards(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        state.thawed().await;
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// From the server to the client, frame by frame: a letter, a length that counts itself, and the rest. The very first answer, to the
/// question for TLS, is one letter alone: N.
async fn downwards(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: &State) {
    let mut first = true;
    loop {
        let Ok(kind) = from.read_u8().await else { return };
        if std::mem::take(&mut first) && kind == b'N' {
            if to.write_u8(kind).await.is_err() {
                return;
            }
            continue;
        }
        let Ok(length) = from.read_u32().await else { return };
        let mut body = vec![0; length as usize - 4];
        if from.read_exact(&mut body).await.is_err() {
            return;
        }
        state.thawed().await;
        if state.cuts(kind, &body) {
            return;
        }
        let mut frame = Vec::with_capacity(body.len() + 5);
        frame.push(kind);
        frame.extend(length.to_be_bytes());
        frame.extend(body);
        if to.write_all(&frame).await.is_err() {
            return;
        }
    }
}
