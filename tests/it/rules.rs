//! Rules that are equal mean the same to every operation.

use meta0::{
    BootstrapOptions, CheckOptions, Level, PrefixMapping, RebalanceOptions, Rules, Shares,
};

use crate::instance::{Instance, Size};

/// The same in more words: the level is said, the caps that can't bind are, and of the
/// degradations with one cap the largest is.
fn in_more_words(rules: Rules) -> Rules {
    let mut wordy = rules.level(rules.get_level());
    for level in Level::ALL.into_iter().filter(|&level| rules.at_most_cap(level).is_none()) {
        let cap = rules.replicas() + u16::from(level == Level::Rack);
        wordy = wordy.at_most(level, cap).unwrap();
    }
    let mut degradations = (1..=rules.replicas()).filter_map(|n| wordy.degradation(n).ok());
    let is_alike = |other: &Rules| other.degradation_cap() == rules.degradation_cap();
    degradations.rfind(is_alike).unwrap_or(wordy)
}

#[test]
fn equal_rules_are_planned_and_judged_alike() {
    for seed in 0..600 {
        let instance = Instance::satisfiable(seed, Size::SMALL);
        let _context = instance.context();
        let Instance { topology, mapping, rules, .. } = instance;
        let wordy = in_more_words(rules);
        assert_eq!(rules, wordy);
        let digits = mapping.digits();
        let both = [rules, wordy];
        let [one, other] = both.map(|rules| Shares::new(&topology, digits, rules).unwrap());
        assert_eq!(one, other);
        let [one, other] = both.map(|rules| {
            let report = mapping.check(&topology, &CheckOptions::new(rules)).unwrap();
            (report.to_string(), report)
        });
        assert_eq!(one, other);
        let [one, other] = both.map(|rules| {
            PrefixMapping::bootstrap(&topology, digits, &BootstrapOptions::new(rules)).unwrap()
        });
        assert_eq!(one, other);
        let [one, other] =
            both.map(|rules| mapping.rebalance(&topology, &RebalanceOptions::new(rules)).unwrap());
        assert_eq!(one, other);
    }
}
