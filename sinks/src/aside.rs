//! Work that keeps the processor busy, kept off the runtime's threads: profiles as JSON, of which a batch has megabytes.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs work over borrowed values. The thread leaves the runtime for as long, and another takes over the tasks that waited for it; those
/// of the caller wait. A runtime of one thread has no other: there the work just runs.
pub(crate) fn run<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn other_tasks_go_on_beside_it() {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let (done, waiting) = std::sync::mpsc::channel();
        let busy = runtime.spawn(async move {
            // Answered by another task of the only worker.
            tokio::spawn(async move { done.send(()) });
            run(|| waiting.recv_timeout(Duration::from_secs(20)))
        });
        assert_eq!(runtime.block_on(busy).expect("it does not panic"), Ok(()));
    }

    #[tokio::test]
    async fn a_runtime_of_one_thread_waits_for_it() {
        assert_eq!(run(|| 7), 7);
    }
}
