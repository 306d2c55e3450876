//! The commands that README and guide show work as they are written.

use super::Folder;
use crate::harness::root;

/// What needs more than a folder: the toolchain, a database server, a cluster.
const ELSEWHERE: [&str; 6] = ["make ", "cargo ", "postgres://", "BROKER=kafka", "BROKER=fluvio", "mirror kafka"];

/// The blocks of a document that are marked as shell.
fn shell_blocks(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while lines.any(|line| line == "```sh") {
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(block.join("\n"));
    }
    blocks
}

/// Runs the blocks of a document one after the other in one folder; returns what each printed.
fn run(document: &str) -> Vec<String> {
    let folder = Folder::new();
    let blocks = shell_blocks(document).into_iter().filter(|block| ELSEWHERE.iter().all(|needed| !block.contains(needed)));
    let ran = blocks.map(|block| {
        // The database's own shell is not on every machine.
        let ended = folder.shell(&format!("set -eu\ncommand -v sqlite3 >/dev/null || sqlite3() {{ :; }}\n{block}"));
        assert_eq!(ended.code, Some(0), "{document}:\n{block}\n{ended:?}");
        ended.out
    });
    ran.collect()
}

#[test]
fn the_commands_of_the_readme_work_and_show_what_it_says() {
    let printed = run("README.md");
    let [produced, ran, looked, more, checked] = &printed[..] else { panic!("{} blocks", printed.len()) };
    assert_eq!(produced, "records written: 2 (topics: 1)\n");
    assert!(ran.contains("profiles created                 ┆            1 │"), "{ran}");
    assert!(looked.contains("\"topic\":\"admin.alerts.stock.low\"") && looked.contains("1 of 1 shown"), "{looked}");
    assert!(more.contains("dead letters"), "{more}");
    assert!(checked.contains("pipeline.yaml: fine."), "{checked}");
}

#[test]
fn the_commands_of_the_guide_work() {
    assert!(!run("docs/guide.md").is_empty());
}

#[test]
fn the_commands_of_the_four_phases_work() {
    let printed = run("docs/rollout.md");
    let [judged, consumed, activated, migrated] = &printed[..] else { panic!("{} blocks", printed.len()) };
    assert!(judged.contains("profiles created"), "{judged}");
    assert!(consumed.contains("pipeline.yaml: fine."), "{consumed}");
    assert!(activated.contains("pipeline.yaml: fine.") && activated.contains("\npending|"), "{activated}");
    assert!(migrated.contains("would ask for") && migrated.contains("asked for"), "{migrated}");
}

#[test]
fn the_readme_names_every_command() {
    let help = Folder::new().shell("syncline --help").out;
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, table) = readme.split_once("## Commands").unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    for command in commands.filter_map(|line| line.split_whitespace().next()).filter(|command| *command != "help") {
        assert!(table.contains(&format!("`{command}")), "the README does not name `{command}`");
    }
}
