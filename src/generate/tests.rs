#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use super::*;

#[test]
fn dump() {
    use std::io::Write;
    let mut out = std::io::BufWriter::new(std::fs::File::create("/tmp/gen.jsonl").unwrap());
    let begun = std::time::Instant::now();
    for line in Generator::new(7, 3000, 0) {
        serde_json::to_writer(&mut out, &line).unwrap();
        out.write_all(b"\n").unwrap();
    }
    println!("{:?}", begun.elapsed());
    let _: BTreeMap<u8, u8> = BTreeMap::new();
}
