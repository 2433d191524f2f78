//! The simulator: whole neighbourhoods of the production core under virtual time, with everything going wrong that can.
//!
//! Node and sync core are those of the daemon; what is simulated is the world around them: disks that keep what was
//! committed and nothing else, links that are reliable streams until they are cut, clocks, power, people and liars. One
//! seed decides everything, so the same seed gives the same trace to the byte. After TigerBeetle's VOPR and FoundationDB's
//! simulation.
//!
//! What must hold is checked at every step (`watch`) and, once everything has healed, as a whole (`heal`).

mod assembly;
mod audit;
mod carry;
pub mod cheat;
mod community;
mod deeds;
mod disk;
mod heal;
mod liar;
mod library;
mod people;
pub mod plan;
mod posts;
mod promises;
mod quota;
pub mod rehearsal;
pub mod report;
mod rescue;
pub mod scheme;
mod site;
mod starvation;
mod watch;
mod weather;
mod wire;
pub mod world;
mod writer;

use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::seed::Dice;
use plan::{Options, Plan};
use report::{Broken, Failure, Tally};
use world::World;

/// Lines of the trace that a failure shows.
const TAIL_LINES: usize = 60;

/// What one run gives.
pub struct Outcome {
    /// Counts.
    pub tally: Tally,
    /// What did not hold.
    pub broken: Option<Broken>,
    /// Every event in one line, if that was asked for.
    pub trace: String,
    /// What the seed had decided.
    pub plan: Plan,
}

/// Runs one seed.
pub fn run(seed: u64, options: &Options, traced: bool) -> Outcome {
    let mut dice = Dice::of(seed);
    let plan = Plan::of(&mut dice, options);
    let mut world = World::new(plan.clone(), dice, traced);
    world.say(|| format!("{plan:?}"));
    let ended = catch_unwind(AssertUnwindSafe(|| {
        world.build(seed);
        world.settle_in(seed);
        for at in 0..world.sites.len() {
            world.start(at);
        }
        for step in 0..plan.steps {
            if world.broken.is_some() {
                return;
            }
            world.step(step);
        }
        world.linger();
        if world.broken.is_none() {
            world.heal();
        }
    }));
    if let Err(panic) = ended {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()));
        world.fail("nothing panics", text.unwrap_or_default());
    }
    Outcome { tally: world.tally, broken: world.broken, trace: world.trace.unwrap_or_default(), plan }
}

/// Runs one seed; a failure comes with the end of its trace and the command that shows it again.
pub fn check(seed: u64, options: &Options) -> Result<Tally, Box<Failure>> {
    let outcome = run(seed, options, false);
    let Some(broken) = outcome.broken else { return Ok(outcome.tally) };
    let trace = run(seed, options, true).trace;
    let lines: Vec<&str> = trace.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
    Err(Box::new(Failure { seed, broken, command: command(seed, options), tail }))
}

/// The command that runs this seed again.
pub fn command(seed: u64, options: &Options) -> String {
    let mut text = format!("cargo run --release -p commons-tests --bin sim -- --seed {seed} --trace");
    if let Some(gateways) = options.gateways {
        text.push_str(&format!(" --gateways {gateways}"));
    }
    if let Some(steps) = options.steps {
        text.push_str(&format!(" --steps {steps}"));
    }
    for trouble in &options.without {
        text.push_str(&format!(" --without {}", trouble.name()));
    }
    if options.calm {
        text.push_str(" --calm");
    }
    text
}
