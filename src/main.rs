//! The `syncline` command.

use std::process::ExitCode;

/// Batches are parsed, merged and rendered by several threads, and their pieces freed by others: with glibc's allocator the same load
/// (40,000 customers into PostgreSQL) took 18 % more of the processor.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    syncline::cli::main()
}
