//! Files to read: a list of services, a mapping.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use meta0::{Digits, JsonError, MissingLocation, Plan, PrefixMapping, ServiceListError, Topology};

use crate::failure::Failure;

/// A file, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    Stdin,
    File(PathBuf),
}

impl From<OsString> for Input {
    fn from(path: OsString) -> Self {
        if path == "-" { Self::Stdin } else { Self::File(path.into()) }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Input {
    /// The cluster that a list of services describes.
    pub(crate) fn read_topology(
        &self,
        without_location: MissingLocation,
    ) -> Result<Topology, Failure> {
        const SOURCE: &str = "`openio cluster list meta1 -f json` prints such a list";
        let mut text = Vec::new();
        self.open()
            .and_then(|mut input| input.read_to_end(&mut text))
            .map_err(|error| self.unreadable(&error, SOURCE))?;
        let services = meta0::read_services(text, without_location).map_err(|error| {
            let failure = Failure::because(self, &error);
            match error {
                ServiceListError::NotUtf8 { offset, .. } => self.no_text(offset, SOURCE),
                ServiceListError::NoLocation { .. } => failure
                    .hint("--location-from-address takes the host part of an address for its host"),
                ServiceListError::Location { .. }
                | ServiceListError::Score { .. }
                | ServiceListError::Up { .. } => failure,
                _ => failure.hint(SOURCE),
            }
        })?;
        Topology::new(services).map_err(|error| Failure::because(self, &error))
    }

    /// A mapping in the `meta0_force` format. Services that a topology knows are
    /// named by their addresses.
    pub(crate) fn read_mapping(
        &self,
        digits: Digits,
        topology: Option<&Topology>,
    ) -> Result<PrefixMapping, Failure> {
        const SOURCE: &str = "the proxy's /v3.0/NS/admin/meta0_list answers such a mapping";
        let input = self.open().map_err(|error| self.unreadable(&error, SOURCE))?;
        let read = match topology {
            Some(topology) => PrefixMapping::read_json_resolved(input, digits, topology),
            None => PrefixMapping::read_json(input, digits),
        };
        read.map_err(|error| match error {
            JsonError::Io { source } => self.unreadable(&source, SOURCE),
            JsonError::Encoding { offset } => self.no_text(offset, SOURCE),
            JsonError::Siblings { .. } => Failure::because(self, &error)
                .hint("--digits must be the namespace's (ns.meta1_digits)"),
            _ => Failure::because(self, &error).hint(SOURCE),
        })
    }

    /// A plan, as `--plan` writes it.
    pub(crate) fn read_plan(&self) -> Result<Plan, Failure> {
        const SOURCE: &str = "`meta0 rebalance --plan FILE` writes such a plan";
        let input = self.open().map_err(|error| self.unreadable(&error, SOURCE))?;
        Plan::read_json(input).map_err(|error| Failure::because(self, &error).hint(SOURCE))
    }

    fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::File(path) => Box::new(File::open(path)?),
        })
    }

    fn unreadable(&self, error: &io::Error, source: &str) -> Failure {
        let failure = Failure::because(format_args!("can't read {self}"), error);
        match error.kind() {
            io::ErrorKind::NotFound => failure.hint(source),
            _ => failure,
        }
    }

    fn no_text(&self, offset: usize, source: &str) -> Failure {
        Failure::new(format!("{self}: not a text in UTF-8 at byte {offset}")).hint(source)
    }
}
