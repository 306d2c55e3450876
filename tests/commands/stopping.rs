//! SIGTERM and Ctrl-C.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
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
    signal(&demo, "INT");
    assert_eq!(ended(&mut demo), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (second, code) in [("INT", 130), ("TERM", 143)] {
        let folder = Folder::new();
        // It cannot end in order, as nobody reads what it prints.
        let (_reader, mut full) = std::io::pipe().unwrap();
        full.write_all(&[b'\n'; 1 << 16]).unwrap();
        let mut demo = folder.command("syncline");
        demo.args(["demo", "--customers", "5"]).stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
        let mut demo = demo.spawn().unwrap();
        let mut said = BufReader::new(demo.stderr.take().unwrap()).lines().map(|line| line.unwrap());
        assert!(said.by_ref().any(|line| line.starts_with("generating")));
        signal(&demo, "TERM");
        assert!(said.by_ref().any(|line| line.contains("stopping")));
        signal(&demo, second);
        assert_eq!(ended(&mut demo), Some(code), "{second}");
    }
}

fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// The exit code of a process that ends soon.
fn ended(process: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            return status.code();
        }
        if begun.elapsed() > PATIENCE {
            process.kill().unwrap();
            panic!("it goes on");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
