//! Why a run failed, as the person who ran it is told: what and where, then
//! what to do.

use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use meta0::{Level, Unsatisfiable};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// A run that ends without a result.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Wrong usage, or a file that can't be read or written.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { status: 2, message: message.into(), hint: None }
    }

    /// The same, because of an error; `what` says where.
    pub(crate) fn because(what: impl Display, error: &dyn Error) -> Self {
        Self::new(format!("{what}: {}", chain(error)))
    }

    /// Rules that can't be met, because of an error.
    pub(crate) fn unmet(what: impl Display, error: &dyn Error) -> Self {
        Self { status: 1, ..Self::because(what, error) }
    }

    /// The same failure with what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells standard error, and gives the exit status.
    pub(crate) fn print(&self) -> ExitCode {
        let mut stderr = anstream::stderr().lock();
        // There is nobody left to tell of an error here.
        let _ = writeln!(stderr, "{ERROR}error:{ERROR:#} {}", self.message);
        if let Some(hint) = &self.hint {
            let _ = writeln!(stderr, "{HINT}hint:{HINT:#} {hint}");
        }
        ExitCode::from(self.status)
    }
}

impl From<Unsatisfiable> for Failure {
    fn from(error: Unsatisfiable) -> Self {
        let failure = Self::unmet("the rules can't be met", &error);
        if error.capacity == 0 {
            return failure
                .hint("a service is available that is up, not drained, and of a score above 0");
        }
        let mut options = vec!["--replicas"];
        if error.rules.get_min_dist().get() > 1 {
            options.push("--min-dist");
        }
        if error.rules.get_degradation() > 0 {
            options.push("--degradation");
        }
        let has_cap = |&level: &Level| error.rules.get_at_most(level).is_some();
        let raise = if Level::ALL.iter().any(has_cap) { ", raise --at-most" } else { "" };
        let lower = options.join(" or ");
        failure.hint(format!("lower {lower}{raise}, or add services elsewhere"))
    }
}

/// An error and its sources, outermost first.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
