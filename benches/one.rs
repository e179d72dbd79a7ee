//! Runs one operation once, for callgrind to count: `cargo bench --bench one --
//! rebalance-join-1000x3`, with any number of services and replicas. Without a
//! name it prints those that the benches time.
#![expect(clippy::unwrap_used, reason = "a bench that can't go on fails")]
#![expect(clippy::print_stdout, reason = "the names are what it is asked for")]

mod case;
#[expect(dead_code, reason = "the cases choose their sizes themselves")]
mod fixture;

use std::any::Any;
use std::error::Error;
use std::hint::black_box;

use case::{Case, Size};

fn main() -> Result<(), Box<dyn Error>> {
    let mut names = std::env::args().skip(1).filter(|name| !name.starts_with('-')).peekable();
    if names.peek().is_none() {
        for (name, _) in case::all().into_iter().flat_map(Case::inputs) {
            println!("{name}");
        }
    }
    for name in names {
        let (case, size) = find(&name).ok_or_else(|| format!("no operation is called {name}"))?;
        black_box(counted(&(case.make)(size)));
    }
    Ok(())
}

/// What callgrind counts, by its name: the input is made by then.
#[inline(never)]
fn counted(run: &case::Run) -> Box<dyn Any> {
    black_box(run)()
}

fn find(name: &str) -> Option<(Case, Size)> {
    let (name, size) = name.rsplit_once('-')?;
    let (services, replicas) = size.split_once('x')?;
    let case = case::all().into_iter().find(|case| case.name == name)?;
    Some((case, Size::new(services.parse().ok()?, replicas.parse().ok()?)))
}
