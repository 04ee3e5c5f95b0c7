//! Which builds may start beside those that run: by their number, the processor time they are expected to
//! take, and the memory they are expected to hold.
//!
//! Pure bookkeeping: who asks says how much memory the machine has free. Builds start in the order in which
//! they came; one that doesn't fit lets a few others pass, then everything waits for it, so that none starves.
//! Whatever it needs, a build starts when nothing else runs, so that there is always progress.

use crate::drv_options::structured;
use firn_formats::Derivation;
use std::collections::{BTreeMap, VecDeque};

/// How many builds may pass one that doesn't fit.
const PATIENCE: usize = 8;
/// The part of the free memory that builds may be expected to hold.
const MEMORY_PART: (u64, u64) = (7, 8);
/// Load of one processor that is always busy.
pub(super) const PROCESSOR: u64 = 100;

/// What a build is expected to take while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// Bytes of memory; 0 where nothing is known.
    pub memory: u64,
    /// Hundredths of a processor.
    pub load: u64,
}

impl Need {
    /// Reads firn's own attributes `expectedMemory` (MiB) and `expectedLoad` (hundredths of a processor).
    pub fn of(drv: &Derivation) -> Need {
        let attributes = structured(drv).ok().flatten();
        let number = |name: &str| match &attributes {
            Some(attributes) => attributes.get(name)?.as_u64(),
            None => std::str::from_utf8(drv.env(name)?).ok()?.parse().ok(),
        };
        Need {
            memory: number("expectedMemory").unwrap_or(0).saturating_mul(1 << 20),
            load: number("expectedLoad").unwrap_or(PROCESSOR),
        }
    }
}

/// What builds may take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// How many may run, whatever they need; none is without limit.
    pub jobs: Option<usize>,
    /// Hundredths of a processor; none is without limit.
    pub load: Option<u64>,
    /// Bytes; none is what the machine has free.
    pub memory: Option<u64>,
}

/// Builds that wait and builds that run.
#[derive(Debug)]
pub(super) struct Admission {
    limits: Limits,
    waiting: VecDeque<(usize, Need)>,
    running: BTreeMap<usize, Need>,
    /// How many builds have passed the first that waits.
    passed: usize,
    /// The memory that was free when nothing ran: machines take theirs only bit by bit.
    free_at_rest: u64,
}

impl Admission {
    pub fn new(limits: Limits) -> Admission {
        Admission {
            limits,
            waiting: VecDeque::new(),
            running: BTreeMap::new(),
            passed: 0,
            free_at_rest: 0,
        }
    }

    /// Lets a build wait.
    pub fn push(&mut self, job: usize, need: Need) {
        self.waiting.push_back((job, need));
    }

    /// The next build to start now, if one may; `free` is the memory that the machine has free, in bytes.
    pub fn next(&mut self, free: u64) -> Option<usize> {
        if self.running.is_empty() {
            self.free_at_rest = free;
        }
        let candidates = if self.passed < PATIENCE { self.waiting.len() } else { 1 };
        let fits = |(_, need): &(usize, Need)| self.fits(need, free);
        let at = self.waiting.iter().take(candidates).position(fits)?;
        self.passed = if at == 0 { 0 } else { self.passed + 1 };
        let (job, need) = self.waiting.remove(at)?;
        self.running.insert(job, need);
        Some(job)
    }

    /// A build that ran has ended.
    pub fn ended(&mut self, job: usize) {
        self.running.remove(&job);
    }

    fn fits(&self, need: &Need, free: u64) -> bool {
        if self.running.is_empty() {
            return true;
        }
        let used = |part: fn(&Need) -> u64| self.running.values().map(part).sum::<u64>();
        let room = |limit: Option<u64>, used: u64, wanted: u64| {
            limit.is_none_or(|limit| used.saturating_add(wanted) <= limit)
        };
        self.limits.jobs.is_none_or(|jobs| self.running.len() < jobs)
            && room(self.limits.load, used(|need| need.load), need.load)
            && (need.memory == 0
                || room(Some(self.memory(free)), used(|need| need.memory), need.memory))
    }

    /// Bytes that builds may be expected to hold together: what the user says, else the part of what was
    /// free at rest; and of what others left of it meanwhile.
    fn memory(&self, free: u64) -> u64 {
        let (part, whole) = MEMORY_PART;
        match self.limits.memory {
            Some(limit) => limit,
            None => {
                let held = self.running.values().map(|need| need.memory).sum::<u64>();
                (self.free_at_rest / whole * part).min(free.saturating_add(held))
            }
        }
    }
}

/// Bytes that the machine has free for new programs (`MemAvailable`, proc_meminfo(5)); everything where the
/// kernel doesn't say.
pub(super) fn free_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.map_or(u64::MAX, |kilobytes| kilobytes.saturating_mul(1024))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;

    fn need(memory: u64, load: u64) -> Need {
        Need { memory: memory * MIB, load }
    }

    /// All that start one after another while nothing ends.
    fn start(admission: &mut Admission, free: u64) -> Vec<usize> {
        std::iter::from_fn(|| admission.next(free * MIB)).collect()
    }

    fn filled(limits: Limits, needs: &[Need]) -> Admission {
        let mut admission = Admission::new(limits);
        for (job, need) in needs.iter().enumerate() {
            admission.push(job, *need);
        }
        admission
    }

    const AUTO: Limits = Limits { jobs: None, load: Some(200), memory: None };

    #[test]
    fn as_many_as_processors_have_time_for() {
        let builds = [need(0, 100); 4];
        assert_eq!(start(&mut filled(AUTO, &builds), 1000), [0, 1]);
        let containers = [need(100, 50); 6];
        assert_eq!(start(&mut filled(AUTO, &containers), 10_000), [0, 1, 2, 3]);
        let jobs = Limits { jobs: Some(3), load: None, memory: None };
        assert_eq!(start(&mut filled(jobs, &builds), 1000), [0, 1, 2]);
        // No jobs at all is not a matter of waiting: what needs one fails when its turn comes.
        let none = Limits { jobs: Some(0), load: None, memory: None };
        assert_eq!(start(&mut filled(none, &builds), 1000), [0]);
    }

    #[test]
    fn memory_is_promised_once() {
        let machines = [need(600, 10), need(600, 10), need(200, 10)];
        assert_eq!(start(&mut filled(AUTO, &machines), 1000), [0, 2]);
        // What a running machine holds by now is missing in what is free, and is not counted twice.
        let mut admission = filled(AUTO, &machines[..1]);
        assert_eq!(admission.next(2000 * MIB), Some(0));
        admission.push(1, machines[1]);
        assert_eq!(admission.next(1400 * MIB), Some(1));
        // Somebody else took it.
        admission.push(2, machines[2]);
        assert_eq!(admission.next(100 * MIB), None);
        let said = Limits { memory: Some(700 * MIB), ..AUTO };
        assert_eq!(start(&mut filled(said, &machines), 100_000), [0]);
    }

    #[test]
    fn what_never_fits_runs_alone() {
        let needs = [need(5000, 900), need(10, 50), need(9000, 100)];
        let mut admission = filled(AUTO, &needs);
        for job in 0..3 {
            assert_eq!(start(&mut admission, 1000), [job]);
            admission.ended(job);
        }
    }

    #[test]
    fn only_a_few_pass_one_that_waits() {
        let mut needs = vec![need(0, 100), need(0, 200)];
        needs.extend([need(0, 100); 20]);
        let mut admission = filled(AUTO, &needs);
        let mut ran = start(&mut admission, 1000);
        // One of two always runs, so the second never finds both processors idle by itself.
        while !ran.contains(&1) {
            let oldest = *admission.running.keys().next().unwrap();
            admission.ended(oldest);
            ran.extend(start(&mut admission, 1000));
        }
        assert!(ran.len() <= 2 + PATIENCE, "{ran:?}");
    }

    #[test]
    fn needs_are_read_from_derivations() {
        let drv = |env: &[(&str, &str)]| Derivation {
            env: env.iter().map(|(k, v)| (k.as_bytes().to_vec(), v.as_bytes().to_vec())).collect(),
            ..Derivation::default()
        };
        assert_eq!(Need::of(&drv(&[])), need(0, 100));
        let said = drv(&[("expectedMemory", "2048"), ("expectedLoad", "50")]);
        assert_eq!(Need::of(&said), need(2048, 50));
        let json = drv(&[("__json", r#"{"expectedMemory":3}"#)]);
        assert_eq!(Need::of(&json), need(3, 100));
        assert_eq!(Need::of(&drv(&[("expectedLoad", "much")])), need(0, 100));
    }

    fn needs() -> impl Strategy<Value = Vec<Need>> {
        prop::collection::vec((0..3000u64, 0..500u64).prop_map(|(m, l)| need(m, l)), 0..40)
    }

    fn limits() -> impl Strategy<Value = Limits> {
        let memory = prop::option::of(0..4000 * MIB);
        (prop::option::of(1..9usize), prop::option::of(0..800u64), memory)
            .prop_map(|(jobs, load, memory)| Limits { jobs, load, memory })
    }

    proptest! {
        /// Whatever ends in whatever order: no limit is exceeded by more than one build that runs alone,
        /// and every build runs exactly once.
        #[test]
        fn limits_hold_and_all_finish(
            needs in needs(),
            limits in limits(),
            free in 0..5000 * MIB,
            order in prop::collection::vec(any::<prop::sample::Index>(), 100),
        ) {
            let mut admission = filled(limits, &needs);
            let mut finished = Vec::new();
            let mut order = order.into_iter().cycle();
            loop {
                while admission.next(free).is_some() {
                    let running: Vec<&Need> = admission.running.values().collect();
                    let sum = |part: fn(&Need) -> u64| running.iter().map(|n| part(n)).sum::<u64>();
                    let alone = running.len() == 1;
                    prop_assert!(limits.jobs.is_none_or(|jobs| running.len() <= jobs));
                    prop_assert!(alone || limits.load.is_none_or(|l| sum(|n| n.load) <= l));
                    let memory = limits.memory.unwrap_or(free);
                    let holders = running.iter().filter(|n| n.memory > 0).count();
                    prop_assert!(holders <= 1 || sum(|n| n.memory) <= memory);
                }
                let running: Vec<usize> = admission.running.keys().copied().collect();
                if running.is_empty() {
                    break;
                }
                let ended = *order.next().unwrap().get(&running);
                admission.ended(ended);
                finished.push(ended);
            }
            finished.sort_unstable();
            prop_assert_eq!(finished, (0..needs.len()).collect::<Vec<_>>());
        }
    }
}
