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
fn a_second_signal_ends_a_run_at_once() {
    for (second, code) in [("INT", 130), ("TERM", 143)] {
        let folder = Folder::new();
        // It cannot end in order, as nobody reads what it prints.
        let (_reader, mut full) = std::io::pipe().unwrap();
        full.write_all(&[b'\n'; 1 << 16]).unwrap();
        let mut run = folder.command("syncline");
        run.args(["run", "--until-caught-up"]).stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
        let mut run = run.spawn().unwrap();
        // It listens for signals before it makes its store.
        until(&mut run, |_| folder.path().join(".syncline/profiles.db").exists().then_some(()));
        signal(&run, "TERM");
        let mut said = BufReader::new(run.stderr.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().contains("stopping")));
        signal(&run, second);
        assert_eq!(ended(&mut run), Some(code), "{second}");
    }
}

fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// The exit code of a process that ends soon.
fn ended(process: &mut Child) -> Option<i32> {
    until(process, |process| process.try_wait().unwrap()).code()
}

/// Waits until there is something to find.
fn until<T>(process: &mut Child, mut find: impl FnMut(&mut Child) -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = find(process) {
            return found;
        }
        if begun.elapsed() > PATIENCE {
            process.kill().unwrap();
            panic!("it goes on");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
