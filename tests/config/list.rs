//! What `syncline list` and `syncline check` print.

use clap::Parser;
use syncline::cli::check::Check;
use syncline::cli::list::List;

use super::catalogue::CATALOGUE;
use super::environment::Machine;

#[derive(Parser)]
enum Command {
    Check(Check),
    List(List),
}

fn printed(arguments: &str) -> String {
    let mut out = Vec::new();
    let result = match Command::try_parse_from(format!("syncline {arguments}").split(' ')).unwrap() {
        Command::Check(check) => {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let exit = runtime.block_on(check.run(&Machine::default(), CATALOGUE, &mut out, false)).unwrap();
            format!("{exit:?}\n")
        }
        Command::List(list) => {
            let all = list.all(&Machine::default(), CATALOGUE).unwrap();
            list.print(&all, &mut out, 130).unwrap();
            String::new()
        }
    };
    format!("{}{result}", String::from_utf8(out).unwrap())
}

macro_rules! assert_printed {
    ($name:literal, $arguments:literal) => {
        insta::with_settings!({prepend_module_to_snapshot => false, snapshot_path => "snapshots", omit_expression => true}, {
            insta::assert_snapshot!($name, printed($arguments));
        })
    };
}

#[test]
fn lists_tell_options_and_defaults() {
    assert_printed!("transforms", "list transforms");
    assert_printed!("brokers", "list brokers");
    assert_printed!("sinks", "list sinks");
    assert_printed!("transforms-as-json", "list transforms --format json");
}

#[test]
fn check_says_fine_or_what_is_wrong_and_exits_accordingly() {
    assert_printed!("check-good", "check tests/config/good/orders.yaml");
    assert_printed!("check-broken", "check tests/config/broken/unknown-port.yaml");
    assert_printed!("check-broken-as-json", "check tests/config/broken/unknown-port.yaml --format json");
    assert_printed!("check-warning", "check tests/config/broken/warning-topic-for-nothing.yaml");
    assert_printed!("check-warning-strict", "check tests/config/broken/warning-topic-for-nothing.yaml --strict");
}
