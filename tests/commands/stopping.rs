//! Ctrl-C.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Folder;

/// Much more than a test may take.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_demo_ends_with_ctrl_c_while_it_produces() {
    let folder = Folder::new();
    let mut demo = folder.command("syncline");
    demo.args(["demo", "--customers", "100000000"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut demo = demo.spawn().unwrap();
    let mut said = BufReader::new(demo.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().starts_with("generating the events of 100 000 000 customers"));
    let interrupted = Command::new("kill").args(["-INT", &demo.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = demo.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            demo.kill().unwrap();
            panic!("it goes on");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
}
