//! The worked instances in `tests/vectors`; its README says what they hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use meta0::{
    Band, Base, MissingLocation, PrefixMapping, Rules, RulesError, Topology, read_services,
};
use serde_json::Value;

use crate::notation;

/// One folder of `tests/vectors`.
#[derive(Debug)]
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) topology: Topology,
    pub(crate) mapping: PrefixMapping,
    pub(crate) rules: Rules,
    /// What holds of it, when the rules can be satisfied.
    pub(crate) expected: Option<Expected>,
}

#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) min_moves: u64,
    pub(crate) bands: BTreeMap<String, Band>,
    pub(crate) decommission: Option<Decommission>,
}

#[derive(Debug)]
pub(crate) struct Decommission {
    pub(crate) services: Vec<String>,
    /// All of theirs, when none are named.
    pub(crate) bases: Option<Vec<Base>>,
    /// The moves and the least distance of services to their bands, unless it
    /// is refused.
    pub(crate) cost: Option<(u64, u64)>,
}

/// Every instance, by name, but for those whose rules can't be said.
pub(crate) fn vectors() -> Vec<Vector> {
    folders().iter().filter_map(|folder| read(folder)).collect()
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let folders =
        fs::read_dir(root).expect("tests/vectors").map(|entry| entry.expect("a folder").path());
    let mut folders: Vec<_> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn read(folder: &Path) -> Option<Vector> {
    let text = |name| fs::read_to_string(folder.join(name)).expect("a file of the instance");
    let expect: Value = serde_json::from_str(&text("expect.json")).expect("JSON");
    let services = read_services(text("services.json"), MissingLocation::Refuse);
    let digits = notation::digits(u8::try_from(number(&expect["digits"])).expect("digits"));
    let rows: BTreeMap<String, Vec<String>> =
        serde_json::from_str(&text("mapping.json")).expect("lists of addresses");
    let mut mapping = PrefixMapping::new(digits);
    for (prefix, row) in &rows {
        let base = notation::base(digits, prefix);
        mapping.assign_services(base, row.iter().map(String::as_str)).expect("no repeats");
    }
    let satisfiable = expect["satisfiable"].as_bool().expect("a bool");
    let Ok(rules) = rules(&expect) else {
        assert!(!satisfiable, "{}: no base keeps the rules", folder.display());
        return None;
    };
    Some(Vector {
        name: folder.file_name().expect("a name").display().to_string(),
        topology: Topology::new(services.expect("services")).expect("a topology"),
        mapping,
        rules,
        expected: satisfiable.then(|| Expected {
            min_moves: number(&expect["min_moves"]),
            bands: bands(&expect["band"]),
            decommission: decommission(&expect["decommission"], digits),
        }),
    })
}

fn rules(expect: &Value) -> Result<Rules, RulesError> {
    let small = |name| u16::try_from(number(&expect[name])).expect("a small number");
    let level = expect["level"].as_str().expect("a level");
    let rules = Rules::new(small("replicas"))
        .expect("replicas")
        .min_dist(small("min_dist").to_string().parse().expect("a distance"))
        .level(level.parse().expect("a level"))
        .degradation(small("degradation"))?;
    let mut caps = expect["at_most"].as_object().into_iter().flatten();
    caps.try_fold(rules, |rules, (level, cap)| {
        let cap = u16::try_from(number(cap)).expect("a small number");
        rules.at_most(level.parse().expect("a level"), cap)
    })
}

fn decommission(value: &Value, digits: meta0::Digits) -> Option<Decommission> {
    let texts = |value: &Value| -> Vec<String> {
        let list = value.as_array().expect("a list").iter();
        list.map(|text| text.as_str().expect("a text").to_owned()).collect()
    };
    value.as_object()?;
    let named = Some(&value["bases"]).filter(|bases| !bases.is_null()).map(texts);
    Some(Decommission {
        services: texts(&value["services"]),
        bases: named.map(|names| names.iter().map(|n| notation::base(digits, n)).collect()),
        cost: value["moves"].as_u64().zip(value["min_outside_band"].as_u64()),
    })
}

fn bands(value: &Value) -> BTreeMap<String, Band> {
    let band = |value: &Value| Band { floor: number(&value[0]), ceil: number(&value[1]) };
    let bands = value.as_object().expect("bands by address").iter();
    bands.map(|(address, value)| (address.clone(), band(value))).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a whole number")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use meta0::Tolerance;

    use super::*;
    use crate::bands::Bands;
    use crate::oracle;

    #[test]
    fn the_table_names_each_of_them() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/README.md");
        let text = fs::read_to_string(folder).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
        let names: BTreeSet<_> =
            names.filter(|name| name.starts_with(|c: char| c.is_ascii_digit())).collect();
        let folders = folders();
        let folders = folders.iter().map(|path| path.file_name().unwrap().to_str().unwrap());
        assert_eq!(folders.collect::<BTreeSet<_>>(), names);
        let vectors = vectors();
        assert_eq!(vectors.len(), names.len() - 1);
        assert!(vectors.iter().any(|vector| vector.expected.is_none()));
        let has_cap = |vector: &Vector| {
            meta0::Level::ALL.iter().any(|&level| vector.rules.get_at_most(level).is_some())
        };
        assert!(vectors.iter().any(has_cap) && !vectors.iter().all(has_cap));
    }

    #[test]
    fn the_bands_are_reproduced() {
        for Vector { name, topology, mapping, rules, expected } in vectors() {
            let bands = Bands::new(&topology, mapping.digits(), rules, Tolerance::default());
            let of_available = bands.map(|bands| {
                let services = topology.services().iter().zip(bands.services);
                let available = services.filter(|(service, _)| service.is_available());
                available.map(|(service, band)| (service.address().to_owned(), band)).collect()
            });
            assert_eq!(of_available, expected.map(|expected| expected.bands), "{name}");
        }
    }

    #[test]
    fn the_oracle_reproduces_the_moves() {
        for Vector { name, topology, mapping, rules, expected } in vectors() {
            if let Some(expected) = expected {
                let moves = oracle::least_moves(&mapping, &topology, rules, Tolerance::default());
                assert_eq!(moves, expected.min_moves, "{name}");
            }
        }
    }

    #[test]
    fn the_oracle_reproduces_the_decommissions() {
        for Vector { name, topology, mapping, rules, expected } in vectors() {
            let Some(Decommission { services, bases, cost }) =
                expected.and_then(|expected| expected.decommission)
            else {
                continue;
            };
            let services: Vec<_> = services.iter().map(String::as_str).collect();
            let tolerance = Tolerance::default();
            let least = oracle::least_decommission(
                &mapping,
                &topology,
                rules,
                tolerance,
                &services,
                bases.as_deref(),
            );
            assert_eq!(least, cost, "{name}");
        }
    }
}
