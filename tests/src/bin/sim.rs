//! Simulated neighbourhoods, and an adversary who looks for the worst balance. `sim --help` says how to use it.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::Instant;

use commons_tests::sim::cheat::{search, Found};
use commons_tests::sim::plan::{Options, Trouble};
use commons_tests::sim::rehearsal::rehearse;
use commons_tests::sim::report::Tally;
use commons_tests::sim::{check, command, run};

const HELP: &str = "\
Whole neighbourhoods of the production core under virtual time, with everything going wrong that can.

  sim --seed N [--seeds COUNT] [--gateways N] [--steps N] [--without TROUBLE].. [--all] [--calm] [--trace] [--keep-going]

      Runs seeds N, N + 1 and so on. One seed decides everything, so the same seed gives the same trace. A failure prints its
      seed, the end of its trace and the command that shows it again. Ends with a line \"N seeds passed, N failed\".
      --gateways N     3 to 1000; otherwise 3 to 8 by the seed
      --steps N        otherwise 20 to 120 by the seed
      --without WORD   leaves out one thing that can go wrong
      --all            with all of them, as without it, after any --without before it
      --calm           nothing goes wrong
      --trace          one seed, every event in one line
      --keep-going     does not stop at the first failure

  sim --cheat [--seed N] [--schemes COUNT] [--gateways N] [--trace]

      Looks for the lowest balance that members whose keys are at several gateways at once can settle at, by greed and by
      climbing over COUNT schemes: who pays whom where, who answers first, which gateways meet when. Then plays the worst
      scheme in a whole simulated neighbourhood, which heals. For 2 to 6 gateways, or for N. Fails unless what is reached is
      exactly the bound: limit 100 and 25 % away from home give -(100 + 25 x (gateways - 1)).

";

struct Job {
    seed: u64,
    seeds: u64,
    options: Options,
    trace: bool,
    keep_going: bool,
    cheat: bool,
    schemes: u64,
    help: bool,
}

fn main() -> ExitCode {
    let job = match read(std::env::args().skip(1)) {
        Ok(job) => job,
        Err(why) => {
            eprintln!("sim: {why}");
            return ExitCode::from(2);
        }
    };
    if job.help {
        let all: Vec<String> = Trouble::ALL.iter().map(|each| each.name()).collect();
        println!("{HELP}What can go wrong: {}.", all.join(", "));
        return ExitCode::SUCCESS;
    }
    if job.cheat {
        return cheat(&job);
    }
    if job.trace {
        return show(&job);
    }
    let began = Instant::now();
    let (next, failed, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let total = Mutex::new((Tally::default(), 0u64));
    let workers = std::thread::available_parallelism().map_or(1, |count| count.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= job.seeds || stop.load(Ordering::Relaxed) {
                    return;
                }
                let result = check(job.seed.wrapping_add(turn), &job.options);
                let mut total = total.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                match result {
                    Ok(tally) => {
                        total.0.add(&tally);
                        total.1 += 1;
                    }
                    Err(failure) => {
                        failed.fetch_add(1, Ordering::Relaxed);
                        stop.store(!job.keep_going, Ordering::Relaxed);
                        println!("{failure}\n");
                    }
                }
            });
        }
    });
    let (tally, passed) = *total.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let failed = failed.into_inner();
    println!("{tally}");
    println!("{passed} seeds passed, {failed} failed, in {:.1} s", began.elapsed().as_secs_f64());
    ExitCode::from(u8::from(failed > 0))
}

/// Looks for the worst balance, and shows it in a whole world.
fn cheat(job: &Job) -> ExitCode {
    let (first, last) = job.options.gateways.map_or((2, 6), |gateways| (gateways, gateways));
    let mut fine = true;
    println!("gateways  bound  by greed  by climbing  from greed on  in a whole neighbourhood  schemes tried");
    for gateways in first..=last {
        let found = search(job.seed, gateways, job.schemes);
        let shown = rehearse(job.seed, gateways, &found.scheme, job.trace);
        print!("{}", shown.trace);
        let Found { bound, greedy, climbed, further, tried, .. } = found;
        println!(
            "{gateways:>8}  {bound:>5}  {greedy:>8}  {climbed:>11}  {further:>13}  {:>24}  {tried:>13}",
            shown.worst
        );
        if let Some(broken) = &shown.broken {
            println!("FAILED: \"{}\" does not hold: {}", broken.invariant, broken.what);
        }
        if found.worst() != bound || shown.worst != bound || shown.broken.is_some() {
            println!("the scheme: {:?}", found.scheme);
            println!("again: sim --cheat --seed {} --schemes {} --gateways {gateways} --trace", job.seed, job.schemes);
            fine = false;
        }
    }
    println!(
        "{}",
        if fine { "the bound is reached and never passed" } else { "FAILED: the bound is not what is reached" }
    );
    ExitCode::from(u8::from(!fine))
}

/// One seed, every event in one line.
fn show(job: &Job) -> ExitCode {
    let outcome = run(job.seed, &job.options, true);
    print!("{}", outcome.trace);
    match outcome.broken {
        None => {
            println!("{}\nseed {} passed", outcome.tally, job.seed);
            ExitCode::SUCCESS
        }
        Some(broken) => {
            println!("FAILED: seed {}: \"{}\" does not hold: {}", job.seed, broken.invariant, broken.what);
            println!("again: {}", command(job.seed, &job.options));
            ExitCode::FAILURE
        }
    }
}

fn read(mut words: impl Iterator<Item = String>) -> Result<Job, String> {
    let mut job = Job {
        seed: 1,
        seeds: 1,
        options: Options::default(),
        trace: false,
        keep_going: false,
        cheat: false,
        schemes: 2_000,
        help: false,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let mut number = || value()?.parse::<u64>().map_err(|why| format!("{word}: {why}"));
        match word.as_str() {
            "--seed" => job.seed = number()?,
            "--seeds" => job.seeds = number()?,
            "--gateways" => {
                job.options.gateways = Some(number()? as usize);
            }
            "--steps" => job.options.steps = Some(number()?),
            "--without" => {
                let name = value()?;
                let all: Vec<String> = Trouble::ALL.iter().map(|each| each.name()).collect();
                let trouble =
                    Trouble::parse(&name).ok_or_else(|| format!("--without takes one of {}", all.join(", ")))?;
                job.options.without.push(trouble);
            }
            "--all" => job.options.without.clear(),
            "--cheat" => job.cheat = true,
            "--schemes" => job.schemes = number()?,
            "--help" | "-h" => job.help = true,
            "--calm" => job.options.calm = true,
            "--trace" => job.trace = true,
            "--keep-going" => job.keep_going = true,
            other => return Err(format!("{other} is not known; see sim --help")),
        }
    }
    let most = if job.cheat { 2..=12 } else { 3..=1_000 };
    match job.options.gateways {
        Some(gateways) if !most.contains(&gateways) => {
            Err("--gateways takes 3 to 1000, or 2 to 12 with --cheat".into())
        }
        _ => Ok(job),
    }
}
