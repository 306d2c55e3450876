//! Measures the whole pipeline as its users run it: real processes, a real PostgreSQL, files on a real disk.
//!
//! Run by `make bench`, which brings the server (with `fsync = on`). Every figure is a ratio against something measured in the same run
//! on the same machine. The runs that are compared take turns, so that what else the machine does hits both; medians are compared.
//! Prints the table and writes it to `docs/benchmarks.md`.

mod bare;
mod intake;
mod machine;
mod process;
mod report;
mod runs;
mod server;
mod workload;

use std::error::Error;
use std::path::Path;

use clap::Parser;

use crate::report::Report;
use crate::runs::Runs;
use crate::server::Server;
use crate::workload::Workload;

/// The bare client allocates as the program does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Why a measurement could not be made. There is nobody to tell kinds apart: the message is for the person at the terminal.
type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug, Parser)]
struct Settings {
    /// How many customers' events the large workload holds; the small one a tenth
    #[arg(long, default_value_t = 100_000)]
    customers: u64,
    /// How often each measurement is made; medians are compared
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    repeat: u8,
    /// What `cargo bench` says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let settings = Settings::parse();
    let server = Server::from_environment().await?;
    let large = Workload::prepare(settings.customers, "large")?;
    let small = Workload::prepare((settings.customers / 10).max(1), "small")?;

    let recorded = server.fresh_database().await?;
    let plan = small.plan(&recorded, 2)?;
    let ready_made = small.record(&recorded, 2).await?;
    server.drop_database(&recorded).await?;

    let mut runs = Runs::default();
    for round in 1..=settings.repeat {
        eprintln!("round {round} of {}", settings.repeat);
        runs.intake.push(intake::measure(&plan, &small.sample)?);

        let two = server.fresh_database().await?;
        runs.two_lanes.push(large.run(&two, 2)?);
        runs.caught_up.push(large.run(&two, 2)?);
        server.drop_database(&two).await?;

        let one = server.fresh_database().await?;
        runs.one_lane.push(large.run(&one, 1)?);
        server.drop_database(&one).await?;

        let few = server.fresh_database().await?;
        runs.few_customers.push(small.run(&few, 2)?);
        server.drop_database(&few).await?;

        let bare = server.fresh_database().await?;
        runs.bare.push(ready_made.write(&bare).await?);
        server.drop_database(&bare).await?;

        runs.embedded.push(large.run(&large.embedded_store(round), 2)?);
    }

    let report = Report { settings: &settings, events: large.events, event_bytes: large.bytes, server: &server, runs: &runs };
    let text = report.markdown();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
    std::fs::write(&file, &text).map_err(|error| format!("{}: {error}", file.display()))?;
    println!("{text}");
    Ok(())
}
