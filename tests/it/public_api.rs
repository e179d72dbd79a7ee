//! The public API as a listing, `tests/public-api.txt`, so that no change of it goes
//! unseen.
//!
//! The listing is read off `src/`: what `src/lib.rs` exports, with fields, variants,
//! functions and traits. It needs no compiler but the one that runs the tests, and says
//! nothing that differs from one compiler to the next. What it doesn't say is which
//! types are `Send`; a test of its own does.

mod item;
mod source;

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use source::Source;

/// Set, it writes the listing in place of comparing it.
const UPDATE: &str = "UPDATE_PUBLIC_API";

#[test]
fn the_public_api_is_as_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tests/public-api.txt");
    let now = Source::read(&root.join("src")).listing();
    if env::var_os(UPDATE).is_some() {
        fs::write(&path, &now).unwrap();
    }
    let listed = fs::read_to_string(&path).unwrap();
    let [gone, new] =
        [(&listed, &now), (&now, &listed)].map(|(some, others)| lacking(some, others));
    assert!(
        listed == now,
        "the public API has changed. Where that is meant, run the test with {UPDATE}=1\n\
         gone:\n{gone}\nnew:\n{new}"
    );
}

#[test]
fn what_a_newcomer_meets_has_an_example() {
    let source = Source::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert_eq!(source.without_example(), [""; 0]);
}

/// The lines that another text lacks, each with the item that it belongs to.
fn lacking(text: &str, other: &str) -> String {
    let lines = |text: &str| {
        let mut item = String::new();
        let mut named = |line: &str| {
            let is_part = line.starts_with(' ');
            if !is_part {
                line.clone_into(&mut item);
            }
            if is_part { format!("{item}:{}", &line[3..]) } else { line.to_owned() }
        };
        text.lines().map(&mut named).collect::<BTreeSet<_>>()
    };
    let lacking: Vec<_> = lines(text).difference(&lines(other)).cloned().collect();
    lacking.join("\n")
}

#[test]
fn what_a_caller_keeps_goes_from_thread_to_thread() {
    const fn is_sent<T: Send + Sync + 'static>() {}
    is_sent::<meta0::PrefixMapping>();
    is_sent::<meta0::Topology>();
    is_sent::<meta0::Shares>();
    is_sent::<meta0::Plan>();
    is_sent::<meta0::Certificate>();
    is_sent::<meta0::CheckReport>();
    is_sent::<meta0::RebalanceError>();
    is_sent::<meta0::DecommissionError>();
    is_sent::<meta0::JsonError>();
}
