//! A server that stops answering without a word, and one that is not there: what the sink says of them, and that it goes on afterwards.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use schemas::store::Written;
use schemas::{Fault, FaultKind, Reaction};
use sinks::{Settings, Sink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::contract::{Place, batch, profile, read, row, settings, write};
use super::{Database, database};

/// What becomes of the bytes on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// They arrive.
    Carry,
    /// They are lost, and with them all that the connection carries later.
    Lose,
    /// Answers are lost from the moment that these bytes are sent to the server.
    LoseAnswersAfter(&'static [u8]),
}

/// Stands between a sink and its server, on a port of its own.
struct Proxy {
    address: SocketAddr,
    password: String,
    mode: watch::Sender<Mode>,
    listening: JoinHandle<()>,
}

impl Proxy {
    async fn before(place: &Database) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (mode, watched) = watch::channel(Mode::Carry);
        let server = format!("{}:{}", place.server.get_host(), place.server.get_port());
        let address = listener.local_addr().unwrap();
        let credentials = place.url().split_once('@').unwrap().0;
        let password = credentials.rsplit_once(':').unwrap().1.to_owned();
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                carry(client, server, &watched);
            }
        });
        Self { address, password, mode, listening }
    }

    /// The database's address, by way of the proxy.
    fn url(&self, place: &Database) -> String {
        let server = place.server.clone().host("127.0.0.1").port(self.address.port()).database(&place.name);
        sqlx::ConnectOptions::to_url_lossy(&server).to_string()
    }

    /// A migrated store behind the proxy, which gives a connection two seconds, and an answer four: on a loaded machine, too, these pass
    /// only where nothing answers.
    async fn store(&self, place: &Database, connections: u32) -> Arc<dyn Sink> {
        let settings = Settings { connections, answer_timeout: Duration::from_secs(4), ..settings() };
        sinks::migrate_run(place.url(), &settings).await.unwrap();
        sinks::open(&self.url(place), &settings).await.unwrap()
    }

    /// That the fault may pass, and names the server, but not the password.
    fn told(&self, fault: &Fault, what: &str) {
        assert_eq!(fault.reaction(), Reaction::Retry, "{fault}");
        let said = fault.to_string();
        assert!(said.contains(&self.address.to_string()) && said.contains(what), "{said}");
        assert!(!said.contains("pool timed out") && !said.contains(&self.password), "{said}");
    }
}

fn carry(client: TcpStream, server: TcpStream, mode: &watch::Receiver<Mode>) {
    let lost = Arc::new(AtomicBool::new(false));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::spawn(one_way(from_client, to_server, mode.clone(), Arc::clone(&lost)));
    let mut answers = mode.clone();
    answers.mark_unchanged();
    tokio::spawn(one_way(from_server, to_client, answers, lost));
}

async fn one_way(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mode: watch::Receiver<Mode>, lost: Arc<AtomicBool>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = from.read(&mut buffer).await.unwrap_or(0);
        let bytes = &buffer[..length];
        let arrives = !lost.load(Ordering::SeqCst);
        let now = *mode.borrow();
        match now {
            Mode::Carry => {}
            Mode::Lose => lost.store(true, Ordering::SeqCst),
            Mode::LoseAnswersAfter(last) if bytes.windows(last.len()).any(|window| window == last) => {
                lost.store(true, Ordering::SeqCst);
            }
            Mode::LoseAnswersAfter(_) => {}
        }
        if length == 0 && arrives {
            return;
        }
        if length == 0 {
            // Nobody is told that the connection ended.
            std::future::pending::<()>().await;
        }
        if arrives && now != Mode::Lose && to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_and_found_again() {
    let place = database().await;
    let proxy = Proxy::before(&place).await;
    let sink = proxy.store(&place, 3).await;
    write(&sink, vec![profile("c-1")]).await;
    proxy.mode.send_replace(Mode::Lose);
    // At first a connection that is there, then one that would have to be made.
    for _ in 0..2 {
        proxy.told(&sink.ping().await.unwrap_err(), "did not answer within");
        proxy.told(&sink.write(&batch(vec![row(profile("c-2"))])).await.unwrap_err(), "did not answer within");
    }
    proxy.mode.send_replace(Mode::Carry);
    write(&sink, vec![profile("c-2"), read(&sink, "c-1").await.unwrap()]).await;
    assert_eq!(read(&sink, "c-1").await.unwrap().version, 2);
}

#[tokio::test]
async fn silence_closes_the_connections_that_lie_idle_too() {
    let place = database().await;
    let proxy = Proxy::before(&place).await;
    let sink = proxy.store(&place, 3).await;
    let (one, two, three) = tokio::join!(sink.ping(), sink.ping(), sink.ping());
    one.and(two).and(three).unwrap();
    proxy.mode.send_replace(Mode::Lose);
    sink.ping().await.unwrap_err();
    proxy.mode.send_replace(Mode::Carry);
    // One that was kept would be lent now.
    sink.ping().await.unwrap();
}

#[tokio::test]
async fn a_commit_whose_answer_never_comes_may_have_happened() {
    let place = database().await;
    let proxy = Proxy::before(&place).await;
    let sink = proxy.store(&place, 2).await;
    sink.ping().await.unwrap();
    let once = batch(vec![row(profile("c-1"))]);
    proxy.mode.send_replace(Mode::LoseAnswersAfter(b"COMMIT"));
    proxy.told(&sink.write(&once).await.unwrap_err(), "writing a batch");
    proxy.mode.send_replace(Mode::Carry);
    assert_eq!(sink.write(&once).await.unwrap(), Written::Stale(vec!["c-1".into()]), "it was durable: read again");
    assert_eq!(read(&sink, "c-1").await.unwrap().version, 1);
}

#[tokio::test]
async fn a_refused_connection_is_called_that() {
    let place = database().await;
    let mut proxy = Proxy::before(&place).await;
    let sink = proxy.store(&place, 2).await;
    proxy.listening.abort();
    let _ = (&mut proxy.listening).await;
    proxy.told(&sink.ping().await.unwrap_err(), "refused");
    let fault = sinks::open(&proxy.url(&place), &settings()).await.err().unwrap();
    proxy.told(&fault, "refused");
    assert!(sink.ping().await.is_err());
}

#[tokio::test]
async fn connections_that_are_all_in_use_are_called_that() {
    let place = database().await;
    let proxy = Proxy::before(&place).await;
    let sink = proxy.store(&place, 1).await;
    let mut holder = place.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE customer_detailed_profiles").execute(&mut holder).await.unwrap();
    let late = batch(vec![row(profile("c-1"))]);
    let (waiting, second) = tokio::join!(sink.write(&late), sink.ping());
    assert_eq!(waiting.unwrap_err().kind(), FaultKind::Overlong, "the server is there, and does not come to an end");
    proxy.told(&second.unwrap_err(), "all 1 connections to");
}
