//! Clusters and mappings beyond those of the fixture: the hard ones.

use meta0::{Digits, PrefixMapping, Service, Topology};

fn topology(locations: impl Iterator<Item = String>) -> Topology {
    let service = |(index, location): (usize, String)| {
        let address = format!("10.0.{}.{}:6001", index / 250, index % 250 + 1);
        Service::new(address, location.parse().unwrap())
    };
    Topology::new(locations.enumerate().map(service)).unwrap()
}

/// 96 services on two sites, in racks of six hosts with two volumes each.
pub(crate) fn racks_of_twelve() -> Topology {
    topology((0..96).map(|index| {
        let (site, rack, host, volume) = (index / 48, index / 12, index / 2, index % 2);
        format!("site{site}.rack{rack}.host{host}.disk{volume}")
    }))
}

/// Sites of 2, 5 and 11 hosts, with one service each.
pub(crate) fn uneven_sites() -> Topology {
    let sites = [(0, 2), (1, 5), (2, 11)];
    let hosts = |(site, hosts)| {
        (0..hosts).map(move |host| format!("site{site}.rack{site}.host{host:02}.disk0"))
    };
    topology(sites.into_iter().flat_map(hosts))
}

/// 65,536 bases whose replicas are what `row` says, by address.
fn mapping_of<'a>(mut row: impl FnMut(usize) -> Vec<&'a str>) -> PrefixMapping {
    let mut mapping = PrefixMapping::new(Digits::MAX);
    for base in Digits::MAX.bases() {
        mapping.assign_services(base, row(base.index())).unwrap();
    }
    mapping
}

/// Each base on so many services in a row, in location order, beginning `step`
/// after those of the base before: what a bootstrap gives that knows no
/// distances.
pub(crate) fn slices(topology: &Topology, replicas: usize, step: usize) -> PrefixMapping {
    let (services, places) = (topology.services(), topology.by_location());
    let address = |place: usize| services[places[place % places.len()].index()].address();
    mapping_of(|base| (0..replicas).map(|replica| address(base * step + replica)).collect())
}

/// Chains of two moves, 10,922 of them: `a0` has to give up half of what it has,
/// `d` lacks as much, and every base of `a0` is on `d` already. So a base of
/// `a0` has to go elsewhere, and another base has to come from there.
///
/// The cluster has a host `a` of four volumes, and hosts `d` and `e` of one.
pub(crate) fn short_chains() -> (Topology, PrefixMapping) {
    let names = ["a.v0", "a.v1", "a.v2", "a.v3", "d.v0", "e.v0"];
    let service = |name: &str| Service::new(name, name.parse().unwrap());
    let rows = [[0, 4], [0, 4], [4, 5], [1, 5], [2, 5], [3, 5]];
    let mapping = mapping_of(|base| rows[base % rows.len()].map(|place| names[place]).to_vec());
    (Topology::new(names.map(service).to_vec()).unwrap(), mapping)
}

/// Chains as long as a line of hosts. Each host but the last has a volume that
/// leaves (`old`) and one that stays (`new`); each base has a replica on every
/// host but one, which follows the one whose `old` volume it is on. So what
/// leaves a host can go to its `new` volume or to the next host, and nowhere
/// else without a further move. Every base has to move once: that is the least
/// there is, but only when load is passed along the whole line, host by host.
pub(crate) fn line(hosts: usize) -> (Topology, PrefixMapping, Vec<String>) {
    let name = |kind: &str, host: usize| format!("host{host:02}.{kind}");
    let old: Vec<_> = (0..hosts - 1).map(|host| name("old", host)).collect();
    let new: Vec<_> = (0..hosts).map(|host| name("new", host)).collect();
    let service = |name: &String| Service::new(name.as_str(), name.parse().unwrap());
    let topology = Topology::new(old.iter().chain(&new).map(service)).unwrap();
    let mapping = mapping_of(|base| {
        let place = base % old.len();
        let staying = (0..hosts).filter(|host| *host != place && *host != place + 1);
        staying.map(|host| &*new[host]).chain([&*old[place]]).collect()
    });
    (topology, mapping, old)
}
