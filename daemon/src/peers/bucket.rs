//! A link's bandwidth cap: a token bucket that may go into debt by one piece.

use std::time::Duration;

use tokio::time::Instant;

/// What may be sent at once after a pause, in seconds of the rate.
const BURST_S: f64 = 0.25;

/// So many bytes a second.
pub struct Bucket {
    bytes_per_s: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// 0 = no cap.
    pub fn new(bytes_per_s: u64) -> Self {
        let bytes_per_s = bytes_per_s as f64;
        Self { bytes_per_s, tokens: bytes_per_s * BURST_S, at: Instant::now() }
    }

    /// Takes the right to send so many bytes; gives how long to wait first.
    pub fn take(&mut self, bytes: usize) -> Duration {
        if self.bytes_per_s <= 0.0 {
            return Duration::ZERO;
        }
        let now = Instant::now();
        let passed = now.duration_since(self.at).as_secs_f64();
        self.at = now;
        self.tokens = (self.tokens + passed * self.bytes_per_s).min(self.bytes_per_s * BURST_S);
        self.tokens -= bytes as f64;
        Duration::from_secs_f64((-self.tokens / self.bytes_per_s).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link over somebody's metered radio would eat the month's volume, or a cap would halve what it promises.
    #[tokio::test(start_paused = true)]
    async fn the_cap_holds_over_time() {
        let mut bucket = Bucket::new(10_000);
        let began = Instant::now();
        for _ in 0..100 {
            tokio::time::sleep(bucket.take(1_000)).await;
        }
        let took = began.elapsed().as_secs_f64();
        assert!((9.5..=10.1).contains(&took), "{took}");
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(bucket.take(2_000), Duration::ZERO);
        assert!(bucket.take(2_000) > Duration::ZERO, "a pause saves up a quarter of a second, no more");
        assert_eq!(Bucket::new(0).take(1 << 30), Duration::ZERO);
    }
}
