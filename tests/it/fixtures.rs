//! The committed dumps in `fixtures/`, and the program that makes them:
//!
//! ```text
//! cargo test --test it -- --ignored make_fixtures
//! ```
//!
//! Clusters are laid out by counting, their mappings are cut from them by
//! counting: nothing here calls the library, so that no planner judges its own
//! work. The mappings are in need of work, each in another way.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// A meta1 server of a made cluster.
#[derive(Debug, Clone)]
struct Server {
    address: String,
    id: Option<String>,
    location: String,
    score: u32,
}

/// What each entry of a mapping is: a prefix and the addresses that hold it.
type Entries = Vec<(u16, Vec<String>)>;

/// How many domains of each level are in each of the level above.
struct Shape {
    sites: &'static [&'static str],
    racks: usize,
    hosts: usize,
    volumes: usize,
}

impl Shape {
    fn servers(&self) -> Vec<Server> {
        let mut servers = Vec::new();
        for (s, site) in self.sites.iter().enumerate() {
            for (r, h, v) in (0..self.racks).flat_map(|r| {
                (0..self.hosts).flat_map(move |h| (0..self.volumes).map(move |v| (r, h, v)))
            }) {
                let (rack, host, volume) = (r + 1, h + 1, v + 1);
                servers.push(Server {
                    address: format!("10.{s}.{rack}.{host}:{}", 6110 + volume),
                    id: None,
                    location: format!("{site}.r{rack:02}.h{host:02}.d{volume}"),
                    score: score(servers.len()),
                });
            }
        }
        servers
    }
}

/// Scores as a cluster under some load shows them, 55 to 99.
fn score(index: usize) -> u32 {
    55 + u32::try_from(index * 31 % 45).unwrap()
}

fn twelve() -> Vec<Server> {
    Shape { sites: &["par1"], racks: 3, hosts: 2, volumes: 2 }.servers()
}

fn twelve_one_down() -> Vec<Server> {
    let mut servers = twelve();
    servers[4].score = 0;
    servers
}

fn ninety_six() -> Vec<Server> {
    let mut servers = Shape { sites: &["par1", "rbx2"], racks: 4, hosts: 6, volumes: 2 }.servers();
    for (index, server) in servers.iter_mut().enumerate() {
        server.id = Some(format!("oio-meta1-{:03}", index + 1));
    }
    servers
}

fn thousand() -> Vec<Server> {
    let sites = &["gra1", "par1", "rbx2", "sbg3"];
    let mut servers = Shape { sites, racks: 5, hosts: 10, volumes: 5 }.servers();
    for (index, server) in servers.iter_mut().enumerate().step_by(3) {
        server.id = Some(format!("oio-meta1-{:04}", index + 1));
    }
    servers
}

/// Sites of 2, 5 and 11 hosts, one service each; no racks in the locations.
fn uneven() -> Vec<Server> {
    let hosts = [("lil1", 2), ("lyo1", 5), ("par1", 11)];
    let mut servers = Vec::new();
    for (s, (site, count)) in hosts.into_iter().enumerate() {
        for host in 1..=count {
            servers.push(Server {
                address: format!("10.{s}.0.{host}:6111"),
                id: None,
                location: format!("{site}.r01.h{host:02}.d1"),
                score: score(servers.len()),
            });
        }
    }
    servers
}

/// Services as the conscience lists them: `GET …/conscience/list?type=meta1`.
fn as_conscience(servers: &[Server]) -> String {
    let entries = servers.iter().map(|Server { address, id, location, score }| {
        let id = id.iter().fold(String::new(), |_, id| format!("\"tag.service_id\":\"{id}\","));
        let volume = location.rsplit('.').next().unwrap();
        format!(
            "{{\"addr\":\"{address}\",\"score\":{score},\
             \"scores\":{{\"score.put\":{score},\"score.get\":{score}}},\
             \"tags\":{{\"stat.cpu\":{score},\"stat.space\":{score},\"tag.loc\":\"{location}\",\
             {id}\"tag.slots\":\"meta1\",\"tag.up\":{},\"tag.vol\":\"/mnt/{volume}/meta1\"}}}}",
            *score > 0
        )
    });
    format!("[{}]\n", entries.collect::<Vec<_>>().join(",\n"))
}

/// Services as `openio cluster list meta1 -f json` prints them.
fn as_cluster_list(servers: &[Server]) -> String {
    let entries = servers.iter().map(|Server { address, id, location, score }| {
        let id = id.as_deref().unwrap_or("n/a");
        let volume = location.rsplit('.').next().unwrap();
        format!(
            "  {{\n    \"Type\": \"meta1\",\n    \"Addr\": \"{address}\",\n    \
             \"Service Id\": \"{id}\",\n    \"Volume\": \"/mnt/{volume}/meta1\",\n    \
             \"Location\": \"{location}\",\n    \"Slots\": \"meta1\",\n    \"Up\": {},\n    \
             \"Score\": {score}\n  }}",
            *score > 0
        )
    });
    format!("[\n{}\n]\n", entries.collect::<Vec<_>>().join(",\n"))
}

/// The first prefix of each base.
fn prefixes(digits: u32) -> impl Iterator<Item = u16> {
    (0..1_u32 << (4 * digits)).map(move |base| u16::try_from(base << (16 - 4 * digits)).unwrap())
}

/// Each base takes the next slice of the services in location order, which is
/// how a mapping was bootstrapped that knows no distances.
fn in_slices(servers: &[Server], digits: u32, replicas: usize) -> Entries {
    let mut next = servers.iter().map(|server| &server.address).cycle();
    let mut slice = || next.by_ref().take(replicas).cloned().collect();
    prefixes(digits).map(|prefix| (prefix, slice())).collect()
}

/// Replicas far apart, but for every 16th base, whose second one is on the host
/// of its first. Hosts have five volumes.
fn too_close(servers: &[Server], digits: u32) -> Entries {
    let at = |place: usize| servers[place % servers.len()].address.clone();
    let row = |base: usize| {
        let first = base * 7;
        let next_volume = first - first % 5 + (first + 1) % 5;
        let second = if base % 16 == 5 { next_volume } else { first + 333 };
        vec![at(first), at(second), at(first + 666)]
    };
    prefixes(digits).enumerate().map(|(base, prefix)| (prefix, row(base))).collect()
}

/// Slices of a cluster that has since lost two services and gained one that is
/// down; a few bases are short, or not there at all.
fn dead_and_unknown() -> Entries {
    let mut servers = twelve();
    servers[7].address = String::from("10.0.9.1:6111");
    servers[10].address = String::from("10.0.9.2:6112");
    let mut entries = in_slices(&servers, 2, 3);
    for (base, (_, row)) in entries.iter_mut().enumerate() {
        if base % 50 == 20 {
            row.pop();
        }
    }
    entries.retain(|(prefix, _)| prefix % 0x4000 != 0x1100);
    entries
}

/// A mapping as it is written by hand or by tools: ascending, one key a line.
fn ascending(entries: &Entries) -> String {
    let lines = entries.iter().map(|(prefix, row)| entry(*prefix, row));
    format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
}

/// A mapping as the proxy lists it: compact, keys in the order of their bytes
/// swapped.
fn as_proxy(entries: &Entries) -> String {
    let mut entries = entries.clone();
    entries.sort_by_key(|(prefix, _)| prefix.swap_bytes());
    let entries = entries.iter().map(|(prefix, row)| entry(*prefix, row));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
}

fn entry(prefix: u16, row: &[String]) -> String {
    let mut text = format!("\"{prefix:04X}\":[");
    for (place, address) in row.iter().enumerate() {
        write!(text, "{}\"{address}\"", if place == 0 { "" } else { "," }).unwrap();
    }
    text + "]"
}

/// Every file and what is in it.
fn files() -> [(&'static str, String); 10] {
    [
        ("services-12.conscience.json", as_conscience(&twelve())),
        ("services-12-one-down.conscience.json", as_conscience(&twelve_one_down())),
        ("services-18-uneven.openio.json", as_cluster_list(&uneven())),
        ("services-96-with-ids.openio.json", as_cluster_list(&ninety_six())),
        ("services-1000-some-ids.conscience.json", as_conscience(&thousand())),
        ("mapping-12-slices.digits2.json", ascending(&in_slices(&twelve(), 2, 3))),
        ("mapping-12-dead-and-unknown.digits2.json", ascending(&dead_and_unknown())),
        ("mapping-18-uneven-slices.digits2.json", ascending(&in_slices(&uneven(), 2, 3))),
        ("mapping-96-slices-proxy-order.digits4.json", as_proxy(&in_slices(&ninety_six(), 4, 3))),
        ("mapping-1000-too-close.digits3.json", ascending(&too_close(&thousand(), 3))),
    ]
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fixtures"].iter().collect()
}

/// Where a fixture is.
#[cfg(feature = "cli")]
pub(crate) fn fixture(name: &str) -> PathBuf {
    folder().join(name)
}

#[test]
#[ignore = "writes the files that the next test compares"]
fn make_fixtures() {
    fs::create_dir_all(folder()).unwrap();
    for (name, text) in files() {
        fs::write(folder().join(name), text).unwrap();
    }
}

#[test]
fn committed_fixtures_are_what_the_program_makes() {
    for (name, text) in files() {
        let committed = fs::read_to_string(folder().join(name)).unwrap();
        assert!(committed == text, "{name} differs: run the ignored test make_fixtures");
    }
}

#[test]
fn the_fixtures_are_listed_in_their_readme() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    for (name, _) in files() {
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in fixtures/README.md");
    }
}
