//! Rounds of kill -9 in a burst of 1,000 needs: `kill9 [ROUNDS [NEEDS]]`. Ends with a line "N passed, N failed".

use std::process::ExitCode;

use commons_tests::burst;
use commons_tests::seed::Dice;
use commons_tests::Gateway;

/// Rounds on one store before a fresh one: young and aged stores both.
const ROUNDS_PER_STORE: u64 = 10;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let rounds = arguments.next().unwrap_or(100);
    let needs = arguments.next().unwrap_or(1_000) as usize;
    let mut dice = Dice::throw("kill -9");
    let (mut passed, mut failed) = (0, 0);
    let mut gateway: Option<Gateway> = None;
    for round in 0..rounds {
        if round % ROUNDS_PER_STORE == 0 {
            verify(gateway.take(), &mut failed);
        }
        let running = gateway.get_or_insert_with(Gateway::start);
        match burst::round(running, round, needs, &mut dice) {
            Ok(seen) => {
                passed += 1;
                println!("round {round}: {} acknowledged, {} kept", seen.acknowledged, seen.kept);
            }
            Err(lost) => {
                failed += 1;
                println!("round {round}: FAILED: {lost}");
                gateway = None;
            }
        }
    }
    verify(gateway.take(), &mut failed);
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

/// The store must be whole after its last kill.
fn verify(gateway: Option<Gateway>, failed: &mut u64) {
    let Some(mut gateway) = gateway else { return };
    gateway.kill9();
    let output = gateway.cli(&["verify"]);
    if !output.status.success() {
        *failed += 1;
        println!("FAILED: verify: {}", String::from_utf8_lossy(&output.stdout));
    }
}
