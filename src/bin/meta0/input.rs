//! Files to read: a list of services, a mapping.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
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
        let text = self.read(SOURCE)?;
        let services = meta0::read_services(&text, without_location).map_err(|error| {
            let failure = Failure::because(self, &error);
            match error {
                ServiceListError::NoLocation { .. } => failure
                    .hint("--location-from-address takes the host part of an address for its host"),
                ServiceListError::Location { .. } | ServiceListError::Score { .. } => failure,
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
        let read = match (self.regular_file(), topology) {
            (Some(file), Some(topology)) => {
                PrefixMapping::read_json_resolved(file, digits, topology)
            }
            (Some(file), None) => PrefixMapping::read_json(file, digits),
            (None, Some(topology)) => {
                PrefixMapping::from_json_resolved(&self.read(SOURCE)?, digits, topology)
            }
            (None, None) => PrefixMapping::from_json(&self.read(SOURCE)?, digits),
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
        let text = self.read(SOURCE)?;
        Plan::from_json(&text).map_err(|error| Failure::because(self, &error).hint(SOURCE))
    }

    /// The file, if it can be read twice: no pipe and no device.
    fn regular_file(&self) -> Option<File> {
        match self {
            Self::File(path) if path.is_file() => File::open(path).ok(),
            _ => None,
        }
    }

    /// The whole text; where there is none, a hint says where it comes from.
    fn read(&self, source: &str) -> Result<String, Failure> {
        let bytes = match self {
            Self::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
            Self::File(path) => fs::read(path),
        };
        let bytes = bytes.map_err(|error| self.unreadable(&error, source))?;
        String::from_utf8(bytes)
            .map_err(|error| self.no_text(error.utf8_error().valid_up_to(), source))
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
