//! How long a gateway takes to start with a large ledger: from the one that was saved, and folding it from the whole journal.
//!
//! `cargo run --release -p commons-tests --bin start -- 200000 5` starts the real daemon with so many records (5,000 at least), so many times each way,
//! in turns, after a clean stop and after kill -9. The store is made through `commonsd restore`, from a copy with batches of eight
//! records, signed as they must be. Told is the processor's time until the banner, so that a busy machine counts as an idle one, and
//! the time on the clock; the middle one of all, and the ratio.

use std::time::{Duration, Instant};

use commons_tests::{trades, wait_for, Gateway};

/// One start: on the processor, on the clock, resident KiB.
#[derive(Clone, Copy)]
struct Took {
    spent: Duration,
    clock: Duration,
    rss_kib: u64,
}

fn start(gateway: &mut Gateway, saved: bool) -> Took {
    let file = gateway.data().join("store").join("ledger");
    if !saved {
        let _ = std::fs::remove_file(&file);
    }
    assert_eq!(file.exists(), saved, "the saved ledger");
    let began = Instant::now();
    gateway.again();
    let clock = began.elapsed();
    assert_eq!(gateway.log().contains("goes on from the one that was saved"), saved, "{}", gateway.log());
    let took = Took { spent: spent(gateway.pid()), clock, rss_kib: gateway.rss_kib() };
    // What is not there is saved while it runs, if it is large enough.
    wait_for("the ledger saved", || file.exists().then_some(()));
    took
}

/// A process's time on the processor so far, all its threads' together, and of the index helper it waited for.
fn spent(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("its times");
    // After the name in brackets: state, then 10 more, then user, system, and both of children that ended.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(4);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    // USER_HZ is 100 on every Linux that matters.
    Duration::from_millis(ticks * 10)
}

fn middle(took: &mut [Took]) -> Took {
    took.sort_by_key(|took| took.spent);
    took[took.len() / 2]
}

fn tell(what: &str, full: &mut [Took], saved: &mut [Took]) {
    let (full, saved) = (middle(full), middle(saved));
    let ratio = full.spent.as_secs_f64() / saved.spent.as_secs_f64();
    println!(
        "{what}: whole journal {:.2} s ({:.2} s on the clock, {} MB), saved {:.2} s ({:.2} s, {} MB): {ratio:.1} times",
        full.spent.as_secs_f64(),
        full.clock.as_secs_f64(),
        full.rss_kib / 1_000,
        saved.spent.as_secs_f64(),
        saved.clock.as_secs_f64(),
        saved.rss_kib / 1_000,
    );
}

fn main() {
    let number = |place, usual| std::env::args().nth(place).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (records, times): (usize, usize) = (number(1, 200_000), number(2, 5));
    let mut gateway = trades::restored(records);
    // Once for all, so that a clean stop has left its index.
    start(&mut gateway, false);
    gateway.terminate();
    let size = |name: &str| std::fs::metadata(gateway.data().join("store").join(name)).map_or(0, |meta| meta.len());
    println!("{records} records; saved in {} KB", size("ledger") / 1_000);
    let (mut full, mut saved) = (Vec::new(), Vec::new());
    for _ in 0..times {
        full.push(start(&mut gateway, false));
        gateway.terminate();
        saved.push(start(&mut gateway, true));
        gateway.terminate();
    }
    tell("after a clean stop", &mut full, &mut saved);
    let (mut full, mut saved) = (Vec::new(), Vec::new());
    // The first of these finds no clean stop either.
    gateway.again();
    gateway.kill9();
    for _ in 0..times {
        full.push(start(&mut gateway, false));
        gateway.kill9();
        saved.push(start(&mut gateway, true));
        gateway.kill9();
    }
    tell("after kill -9", &mut full, &mut saved);
}
