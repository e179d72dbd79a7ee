//! The arguments that make the rules.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use meta0::{Digits, Level, MinDist, Rules, RulesError};

use super::at_most::AtMost;
use crate::failure::Failure;

#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(crate) struct RuleArgs {
    /// How many services hold each base
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = replicas)]
    #[arg(allow_negative_numbers = true)]
    replicas: u16,

    /// How many leading hex digits name a base, 0 to 4 (`ns.meta1_digits`)
    #[arg(long, value_name = "N", default_value_t, allow_negative_numbers = true)]
    pub(crate) digits: Digits,

    /// The least distance between replicas of a base: 1 other volumes, 2 other
    /// hosts, 3 other racks, 4 other sites
    #[arg(long, value_name = "N", default_value_t, allow_negative_numbers = true)]
    min_dist: MinDist,

    /// The level whose domains get equal loads, and may be lost [default: that
    /// of --min-dist]
    #[arg(long, visible_alias = "balanced-level", value_name = "LEVEL", value_parser = level())]
    level: Option<Level>,

    /// How many domains of the level may be lost while every base keeps its
    /// quorum; auto is the most there can be, replicas less quorum
    #[arg(long, visible_alias = "acceptable-degradation", value_name = "N|auto")]
    #[arg(default_value_t = Degradation::Domains(0), allow_negative_numbers = true)]
    degradation: Degradation,

    /// The most replicas of a base that a domain of a level may hold:
    /// site=2,host=1, or four numbers from site to volume, 2.2.1.1
    #[arg(long, value_name = "CAPS", allow_hyphen_values = true)]
    at_most: Option<AtMost>,
}

impl RuleArgs {
    /// The rules.
    pub(crate) fn get(&self) -> Result<Rules, Failure> {
        let rules = Rules::new(self.replicas)
            .map_err(|error| Failure::because("--replicas", &error))?
            .min_dist(self.min_dist);
        let rules = self.level.map_or(rules, |level| rules.level(level));
        let capped = self.at_most.as_ref().map_or(Ok(rules), |caps| caps.apply(rules));
        let rules = capped.map_err(|error| Failure::because("--at-most", &error))?;
        rules
            .degradation(match self.degradation {
                Degradation::Auto => rules.replicas() - rules.quorum(),
                Degradation::Domains(domains) => domains,
            })
            .map_err(|error| Failure::because("--degradation", &error))
    }
}

/// How many domains may be lost.
#[derive(Debug, Clone, Copy)]
enum Degradation {
    Auto,
    Domains(u16),
}

impl FromStr for Degradation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let domains = || text.parse().map(Self::Domains);
        if text == "auto" {
            Ok(Self::Auto)
        } else {
            domains().map_err(|_| expected(0) + " or auto")
        }
    }
}

impl fmt::Display for Degradation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Domains(domains) => domains.fmt(f),
        }
    }
}

fn expected(least: u16) -> String {
    format!("expected a whole number, {least} to {}", u16::MAX)
}

fn replicas(text: &str) -> Result<u16, String> {
    let replicas = text.parse().map_err(|_| expected(1))?;
    Rules::new(replicas).map_err(|error: RulesError| error.to_string())?;
    Ok(replicas)
}

fn level() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(["site", "rack", "host", "volume"])
        .try_map(|text| text.parse::<Level>())
}
