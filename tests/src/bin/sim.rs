//! Simulated neighbourhoods: `sim --seed N [--seeds COUNT] [--gateways N] [--steps N] [--without TROUBLE].. [--all]
//! [--calm] [--trace] [--keep-going]`. Ends with a line "N seeds passed, N failed".
//!
//! `--all`: with all that can go wrong, as without it, after any `--without` before it.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::Instant;

use commons_tests::sim::plan::{Options, Trouble};
use commons_tests::sim::report::Tally;
use commons_tests::sim::{check, command, run};

struct Job {
    seed: u64,
    seeds: u64,
    options: Options,
    trace: bool,
    keep_going: bool,
}

fn main() -> ExitCode {
    let job = match read(std::env::args().skip(1)) {
        Ok(job) => job,
        Err(why) => {
            eprintln!("sim: {why}");
            return ExitCode::from(2);
        }
    };
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
    let mut job = Job { seed: 1, seeds: 1, options: Options::default(), trace: false, keep_going: false };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        let mut number = || value()?.parse::<u64>().map_err(|why| format!("{word}: {why}"));
        match word.as_str() {
            "--seed" => job.seed = number()?,
            "--seeds" => job.seeds = number()?,
            "--gateways" => {
                let gateways = number()? as usize;
                if !(3..=1_000).contains(&gateways) {
                    return Err("--gateways takes 3 to 1000".into());
                }
                job.options.gateways = Some(gateways);
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
            "--calm" => job.options.calm = true,
            "--trace" => job.trace = true,
            "--keep-going" => job.keep_going = true,
            other => return Err(format!("{other} is not known; see the first lines of tests/src/bin/sim.rs")),
        }
    }
    Ok(job)
}
