//! SIGTERM and Ctrl-C: the first asks the command to end in order, the second ends it at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::Failure;
use super::exit::Exit;

/// Turns true with the first SIGTERM or Ctrl-C. The second ends the process at once, as a shell reports a command that a signal ended:
/// with 128 and the signal's number, which is 143 or 130. Nothing is lost by that either.
pub(super) fn stop() -> Result<watch::Receiver<bool>, Failure> {
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping: finishing what is in hand, for 5 s at most; another signal ends it at once");
        stop.send_replace(true);
        let number = either(&mut terminate, &mut interrupt).await.as_raw_value();
        std::process::exit(128 + number);
    });
    Ok(stopped)
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::new(Exit::Stopped, format!("cannot listen for signals: {error}")))
}

/// The signal that comes next.
async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> SignalKind {
    tokio::select! {
        _ = terminate.recv() => SignalKind::terminate(),
        _ = interrupt.recv() => SignalKind::interrupt(),
    }
}
