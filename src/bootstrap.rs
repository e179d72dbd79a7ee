//! Bootstrap: a balanced, valid and mixed mapping from nothing.
//!
//! # The problem
//!
//! Every base gets its replicas, every service and domain a load in the band
//! of its share, and every base holds, in every domain of every level, `floor`
//! or `ceil` of the domain's share of a base. Beyond that, the bases of a
//! service are to be shared with as many partners as chance would give it.
//!
//! # How
//!
//! 1. *Layout.* Services lie in location order on a line, each as long as its
//!    share. The whole numbers on the line are *positions*, `B * R` in all, and
//!    belong to the service they lie on. A domain is an interval, so it has
//!    `floor` or `ceil` of its share of them.
//! 2. *Blocks.* The bases are cut into `m` blocks of `B / m`, and position `p`
//!    is dealt to block `p mod m`. An interval of `n` positions has `floor(n/m)`
//!    or `ceil(n/m)` in each block.
//! 3. *Order.* In each block, anew, the positions are put in an order in which
//!    each domain of more than `B` positions is still an interval: the children
//!    of a domain in random order, down to the *parts*, the largest domains with
//!    no more than `B` positions. Parts that follow one another in a domain make
//!    a *run*, as many as have no more than `B/m` positions in the block
//!    together, and the positions of a run are shuffled freely.
//! 4. *Sampling.* Base `t` of a block takes the positions `t`, `t + B/m`,
//!    `t + 2B/m`, …: a systematic sample.
//!
//! # Why it keeps the rules
//!
//! A systematic sample of step `B/m` meets an interval of `n` positions `floor`
//! or `ceil` of `n / (B/m)` times. An interval with `N` positions in all has
//! between `floor(N/m)` and `ceil(N/m)` in the block, so each base gets between
//! `floor(N/B)` and `ceil(N/B)` of them, which are `floor` or `ceil` of its
//! share of a base: whole bounds survive both roundings. A domain with a cap has a
//! share of at most that many replicas of a base, so no base gets more of its
//! positions. Of a run each base has one replica at most, wherever the positions
//! lie, which is enough for the domains in it: the share of each is below one
//! replica of a base, or it is the whole run.
//!
//! Steps 1 and 2 don't depend on the seed: it changes the mix and nothing else.
//!
//! # Complexity
//!
//! `O(B * R + m * services)`, with `m` no more than the mean load: linear in
//! the table. The heap holds the table and `O(services + B * R / m)` beside it.
//!
//! # What was dropped
//!
//! - One order for all bases, each base a step further: it is balanced, but the
//!   bases of a service then share it with as few as four partners.
//! - Swapping replicas of random pairs of bases: it mixes as well, at ten times
//!   the cost.
//! - A shuffle inside each part alone: where the parts are single services, the
//!   positions of a service stay side by side, and meet those of one other. On
//!   200 hosts of one volume that gave 83 % of the partners of chance.
//! - More blocks: 512 mix no better than 64.

use std::error::Error;
use std::fmt;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::check::CheckOptions;
use crate::index::Name;
use crate::location::Level;
use crate::mapping::{PrefixMapping, TABLE_LIMIT, by_width, write_too_many_replicas};
use crate::prefix::Digits;
use crate::ratio::Ratio;
use crate::rules::Rules;
use crate::service::ServiceIndex;
use crate::share::Shares;
use crate::topology::Topology;
use crate::unsatisfiable::Unsatisfiable;

/// The most blocks: with so many random orders, any two services that may meet
/// have met about as often as by chance. Each costs a pass over the services.
const MOST_BLOCKS: usize = 64;

/// How many positions of a service are dealt at once.
const STRIDE: usize = 4;

/// How to bootstrap: by which rules, and with which mix.
///
/// # Examples
///
/// ```
/// use meta0::{BootstrapOptions, Digits, PrefixMapping, Rules, Service, Topology};
///
/// let service = |n: u8| Service::new(format!("s{n}"), format!("host{n}.d0").parse().unwrap());
/// let topology = Topology::new((1..=9).map(service))?;
/// let digits = Digits::try_from(2)?;
///
/// let options = BootstrapOptions::new(Rules::new(3)?);
/// let mapping = PrefixMapping::bootstrap(&topology, digits, &options)?;
/// let other = PrefixMapping::bootstrap(&topology, digits, &options.seed(1))?;
/// assert_ne!(mapping, other);
/// // The services hold as many bases as before.
/// assert!(mapping.count_bases_by_service().eq(other.count_bases_by_service()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootstrapOptions {
    rules: Rules,
    seed: u64,
}

impl BootstrapOptions {
    /// By these rules, with the seed 0.
    #[must_use]
    pub const fn new(rules: Rules) -> Self {
        Self { rules, seed: 0 }
    }

    /// The seed of the mix: with another one, other services share bases, and nothing
    /// else changes. Defaults to 0.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

impl PrefixMapping {
    /// A balanced, valid and mixed mapping from nothing. Unavailable services
    /// get nothing.
    ///
    /// - *Valid*: every base has as many replicas as the rules want, and keeps every cap.
    /// - *Balanced*: the load of every service and of every domain is in its [`Band`](crate::Band).
    /// - *Spread*: a domain whose [share](Shares) is `f` replicas of a base holds
    ///   `floor(f)` or `ceil(f)` of each base, at every level at once.
    /// - *Mixed*: a service shares its bases with about as many others as chance would
    ///   give it, so that the loss of one loads many a little.
    ///
    /// The same topology, digits and options give the same mapping on every
    /// machine and in every version of this library that says no other.
    ///
    /// Takes `O(bases * replicas + services * log(services))`. Beside the mapping this allocates at most 100 bytes for each service, one
    /// for each 16 replicas, and 4 KiB.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] when the topology can't keep the rules, or when there
    /// are more replicas than a mapping has room for.
    ///
    /// # Examples
    ///
    /// ```
    /// use meta0::{BootstrapOptions, Digits, PrefixMapping, Rules, Service, Topology};
    ///
    /// let service = |n: u8| {
    ///     let location = format!("rack{}.host{n}.disk0", n % 3).parse()?;
    ///     Ok(Service::new(format!("10.0.0.{n}:6001"), location))
    /// };
    /// let services: Result<Vec<_>, meta0::LocationError> = (1..=6).map(service).collect();
    /// let topology = Topology::new(services?)?;
    ///
    /// let options = BootstrapOptions::new(Rules::new(3)?.min_dist("3".parse()?));
    /// let mapping = PrefixMapping::bootstrap(&topology, Digits::MAX, &options)?;
    /// assert!(mapping.count_bases_by_service().all(|(_, bases)| bases == 32_768));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bootstrap(
        topology: &Topology,
        digits: Digits,
        options: &BootstrapOptions,
    ) -> Result<Self, BootstrapError> {
        let shares =
            Shares::new(topology, digits, options.rules).map_err(BootstrapError::Unsatisfiable)?;
        let replicas = usize::from(options.rules.replicas());
        if replicas > TABLE_LIMIT / digits.count() {
            return Err(BootstrapError::TooManyReplicas { replicas, digits });
        }
        let table = Mixer::new(topology, &shares, digits.count(), replicas, options.seed).run();
        let names = topology.services().iter().map(|service| service.address().into()).collect();
        let mapping = Self::from_table(digits, names, replicas, table);
        debug_assert!(
            mapping
                .check(topology, &CheckOptions::new(options.rules))
                .is_ok_and(|report| report.is_clean()),
            "valid and balanced"
        );
        Ok(mapping)
    }
}

/// Why there is no mapping.
///
/// # Examples
///
/// ```
/// use meta0::{BootstrapError, BootstrapOptions, Digits, MinDist, PrefixMapping, Rules, Service, Topology};
///
/// let service = |n: u8| Service::new(format!("s{n}"), format!("host{n}.d0").parse().unwrap());
/// let topology = Topology::new((1..=2).map(service))?;
/// let options = BootstrapOptions::new(Rules::new(3)?.min_dist(MinDist::HOST));
/// let refused = PrefixMapping::bootstrap(&topology, Digits::MAX, &options).unwrap_err();
/// let BootstrapError::Unsatisfiable(proof) = refused else { return Err(refused.into()) };
/// assert_eq!((proof.capacity, proof.wanted), (2, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootstrapError {
    /// The topology can't keep the rules; the proof is in it.
    Unsatisfiable(Unsatisfiable),
    /// More replicas of each base than a mapping has room for.
    TooManyReplicas {
        /// How many.
        replicas: usize,
        /// The digits of the mapping.
        digits: Digits,
    },
}

impl fmt::Display for BootstrapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsatisfiable(proof) => proof.fmt(f),
            Self::TooManyReplicas { replicas, digits } => {
                write_too_many_replicas(f, *replicas, *digits)
            }
        }
    }
}

impl Error for BootstrapError {}

/// A branch of the tree whose leaves are the parts.
#[derive(Debug)]
enum Branch {
    /// A domain with more positions than bases: its children, in the order
    /// that the last block had them.
    Inner(Vec<Self>),
    /// A part: the places of its services in the layout.
    Part(std::ops::Range<usize>),
}

/// A service in the layout: the positions `start..end`.
#[derive(Debug, Clone, Copy)]
struct Segment {
    /// The name of the service: names are in the order of the services.
    name: Name,
    start: usize,
    end: usize,
}

#[derive(Debug)]
struct Mixer {
    bases: usize,
    replicas: usize,
    /// The binary logarithm of the number of blocks.
    log_blocks: u32,
    segments: Vec<Segment>,
    root: Branch,
    random: Random,
    /// The positions of the block at hand, in its order, as their services' names;
    /// room for one stride more.
    order: Vec<Name>,
    /// How much of `order` is dealt.
    dealt: usize,
    /// Where in `order` the run at hand starts.
    run_start: usize,
}

impl Mixer {
    fn new(topology: &Topology, shares: &Shares, bases: usize, replicas: usize, seed: u64) -> Self {
        let segments = lay_out(topology, shares);
        let loaded = segments.iter().filter(|segment| segment.end > segment.start).count();
        let mean = bases * replicas / loaded.max(1);
        let log_blocks = mean.clamp(1, MOST_BLOCKS.min(bases)).ilog2();
        Self {
            bases,
            replicas,
            log_blocks,
            root: grow(topology, &segments, bases, 0..segments.len(), &Level::ALL),
            segments,
            random: Random::new(seed),
            order: vec![Name::new(0); (bases >> log_blocks) * replicas + STRIDE],
            dealt: 0,
            run_start: 0,
        }
    }

    fn run(mut self) -> Vec<Name> {
        let mut table = vec![Name::new(0); self.bases * self.replicas];
        let mut root = std::mem::replace(&mut self.root, Branch::Part(0..0));
        let rows = table.chunks_exact_mut(self.block_bases() * self.replicas);
        for (block, rows) in rows.enumerate() {
            (self.dealt, self.run_start) = (0, 0);
            self.arrange(&mut root, block);
            self.end_run(self.dealt);
            self.sample(rows);
        }
        table
    }

    const fn block_bases(&self) -> usize {
        self.bases >> self.log_blocks
    }

    /// Deals the positions of a branch in this block, in an order of its own.
    fn arrange(&mut self, branch: &mut Branch, block: usize) {
        match branch {
            Branch::Inner(children) => {
                self.end_run(self.dealt);
                self.random.shuffle(children);
                for child in children {
                    self.arrange(child, block);
                }
                self.end_run(self.dealt);
            }
            Branch::Part(places) => {
                let start = self.dealt;
                self.deal(places.clone(), block);
                if self.dealt - self.run_start > self.block_bases() {
                    self.end_run(start);
                }
            }
        }
    }

    /// Deals the positions that some services have in this block.
    fn deal(&mut self, places: std::ops::Range<usize>, block: usize) {
        let before_block = (1 << self.log_blocks) - 1 - block;
        let upto = |position: usize| (position + before_block) >> self.log_blocks;
        let segments = &self.segments[places];
        let skipped = segments.first().map_or(0, |first| upto(first.start));
        let (start, mut dealt) = (self.dealt, self.dealt);
        for segment in segments {
            let end = start + upto(segment.end) - skipped;
            // A stride at a time, so that no branch tells a count rounded up
            // from one rounded down; what is too much is dealt over.
            while dealt < end {
                let order = self.order[dealt..].first_chunk_mut();
                *order.expect("room for one stride more") = [segment.name; STRIDE];
                dealt += STRIDE;
            }
            dealt = end;
        }
        self.dealt = dealt;
    }

    /// Shuffles the positions since the last run ended.
    fn end_run(&mut self, end: usize) {
        self.random.shuffle(&mut self.order[self.run_start..end]);
        self.run_start = end;
    }

    /// Gives the bases of the block their systematic samples.
    fn sample(&self, rows: &mut [Name]) {
        let bases = self.block_bases();
        let lap = |lap: usize| &self.order[lap * bases..][..bases];
        by_width!(self.replicas, REPLICAS => {
            let laps: [_; REPLICAS] = std::array::from_fn(lap);
            let rows = &mut rows.as_chunks_mut::<REPLICAS>().0[..bases];
            (0..bases).for_each(|base| rows[base] = laps.map(|lap| lap[base]));
        }, else {
            for (base, row) in rows.chunks_exact_mut(self.replicas).enumerate() {
                row.iter_mut().enumerate().for_each(|(at, cell)| *cell = lap(at)[base]);
            }
        });
    }
}

/// The positions of each service, in location order.
fn lay_out(topology: &Topology, shares: &Shares) -> Vec<Segment> {
    let mut end = Ratio::ZERO;
    let mut segments = Vec::with_capacity(topology.services().len());
    for service in topology.by_location() {
        let start = end.floor();
        end = end.plus(shares.services()[service.index()]);
        let [start, end] = [start, end.floor()]
            .map(|position| usize::try_from(position).expect("the table has a cell for each"));
        segments.push(Segment { name: Name::new(service.index()), start, end });
    }
    segments
}

/// The tree below the services at some places of the layout, which are alike
/// down to the level above `levels`.
fn grow(
    topology: &Topology,
    segments: &[Segment],
    bases: usize,
    places: std::ops::Range<usize>,
    levels: &[Level],
) -> Branch {
    let here = &segments[places.clone()];
    let positions =
        here.last().map_or(0, |last| last.end) - here.first().map_or(0, |first| first.start);
    let Some((&level, finer)) = levels.split_first().filter(|_| positions > bases) else {
        return Branch::Part(places);
    };
    let domain =
        |segment: &Segment| topology.domain_at(level, ServiceIndex::new(segment.name.index()));
    let mut start = places.start;
    let children = here.chunk_by(|a, b| domain(a) == domain(b)).map(|members| {
        start += members.len();
        grow(topology, segments, bases, start - members.len()..start, finer)
    });
    Branch::Inner(children.collect())
}

/// Random numbers that are the same on every machine.
#[derive(Debug)]
struct Random(Xoshiro256PlusPlus);

impl Random {
    fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Fisher and Yates, two steps with each draw of 64 bits.
    fn shuffle<T>(&mut self, items: &mut [T]) {
        let mut rest = items.len();
        while rest > 1 {
            let bits = self.0.next_u64();
            items.swap(rest - 1, below(bits >> 32, rest));
            rest -= 1;
            items.swap(rest - 1, below(bits & u64::from(u32::MAX), rest));
            rest -= 1;
        }
    }
}

/// A number below `bound` from 32 random bits, uniform up to a bias of
/// `bound / 2^32` (Lemire 2019, without the rejection).
fn below(bits: u64, bound: usize) -> usize {
    usize::try_from((bits * bound as u64) >> 32).expect("below bound")
}
