//! How much of what was sent the other side may not have read yet.
//!
//! What a system's socket has taken is not on the wire: on a slow radio it holds half a minute, and nothing urgent can
//! overtake it there. So the other side tells how many bytes of frames it has read ([`Reads`]), and the sender keeps what is
//! on its way to about half a second beyond what the way itself takes ([`Flow`]). Both count sealed messages that carry pieces of
//! frames, nothing else. The window grows while it is what holds the sender up, and shrinks when the word comes late.
//!
//! Late is by the shortest time that the way took lately. A radio may become slower for good, so that time is measured anew
//! when it is [`LEAST_LASTS`] old, with next to nothing of ours on the way for one word: else what waits in queues because of
//! us would pass for the way itself, a little more each time. After BBR's windowed minimum and its ProbeRTT (Cardwell and others,
//! "BBR: Congestion-Based Congestion Control", ACM Queue 14:5, 2016); the drift it avoids is described for LEDBAT (RFC 6817, 4.2).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// The reader tells its count each time so many bytes have come: two in a hundred on a slow link, nothing for a single post.
const TELL_EVERY: u32 = 2 * 1024;
/// Bytes on their way at first: below two seconds of 64 kbit/s.
const WINDOW_START: u32 = 16 * 1024;
/// The least: what is not told yet, and two pieces.
const WINDOW_LEAST: u32 = 4 * 1024;
/// The least for a reader that is held up by its own work, and not by the link.
const WINDOW_BUSY: u32 = 32 * 1024;
/// The most: 20 MB a second at 200 ms.
const WINDOW_MAX: u32 = 4 * 1024 * 1024;
/// A window is so many pieces, so that something urgent waits for a part of it only.
const PIECES: u32 = 4;
/// What is on its way may wait so long in queues.
const QUEUED: Duration = Duration::from_millis(500);
/// How long the shortest time is believed. Measuring it costs a link some half a second.
const LEAST_LASTS: Duration = Duration::from_secs(60);
/// Messages of which it is remembered when they went.
const MARKS_MAX: usize = 4_096;
/// A window shrinks to this part of itself at a time.
const SHRINKS_BY_MAX: u32 = 4;

/// The sender's side. All counts are modulo 2^32.
pub struct Flow {
    state: Mutex<State>,
    /// Told when there is more room.
    pub room: Notify,
}

struct State {
    sent: u32,
    read: u32,
    window: u32,
    /// Counts as of which we know when they were sent.
    marks: VecDeque<(u32, Instant)>,
    /// The shortest time from sending to hearing that it was read, and when it took so long.
    least: Option<(Duration, Instant)>,
    /// While it is measured anew: the count then, and the window to go back to.
    probe: Option<(u32, u32)>,
    /// The sender had to wait since the last word.
    waited: bool,
    /// After it was measured: what fills the empty way at once, up to this count, waits for itself and says nothing.
    filling: Option<u32>,
    /// What was sent before the window shrank says nothing of the new one.
    shrunk_at: Option<u32>,
    /// The reader was busy with what it had read.
    busy: bool,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                sent: 0,
                read: 0,
                window: WINDOW_START,
                marks: VecDeque::new(),
                least: None,
                probe: None,
                filling: None,
                waited: false,
                shrunk_at: None,
                busy: false,
            }),
            room: Notify::new(),
        }
    }
}

impl State {
    fn under_way(&self) -> u32 {
        self.sent.wrapping_sub(self.read)
    }

    /// What was sent up to `at` took so long to be read and told of; `news` bytes more were read.
    fn measure(&mut self, at: u32, took: Duration, news: u32) {
        if let Some((from, window)) = self.probe {
            // What was sent since found the way empty but for itself.
            if (at.wrapping_sub(from) as i32) > 0 {
                (self.probe, self.window, self.least) = (None, window, Some((took, Instant::now())));
                self.filling = Some(self.sent.wrapping_add(window));
            }
            return;
        }
        if self.filling.take_if(|until| (at.wrapping_sub(*until) as i32) >= 0).is_none() && self.filling.is_some() {
            return;
        }
        let least = match self.least {
            Some((least, since)) if least < took => {
                if since.elapsed() > LEAST_LASTS {
                    (self.probe, self.window) = (Some((self.sent, self.window)), WINDOW_LEAST);
                    return;
                }
                least
            }
            _ => {
                self.least = Some((took, Instant::now()));
                took
            }
        };
        let queued = took - least;
        if queued > QUEUED {
            if self.shrunk_at.is_none() {
                let part = u64::from(self.window) * QUEUED.as_millis() as u64 / queued.as_millis().max(1) as u64;
                let least = if self.busy { WINDOW_BUSY.min(self.window) } else { WINDOW_LEAST };
                let window = (part as u32).max(self.window / SHRINKS_BY_MAX).max(least);
                (self.window, self.shrunk_at) = (window, Some(self.sent));
            }
        } else if self.waited && queued < QUEUED / 2 {
            self.window = (self.window + news).min(WINDOW_MAX);
        }
    }
}

impl Flow {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of the next piece, at most.
    pub fn piece_bytes(&self) -> usize {
        (self.state().window / PIECES) as usize
    }

    /// Whether another message may go. What is urgent may go when twice as much is on its way.
    pub fn has_room(&self, bytes: usize, urgent: bool) -> bool {
        let mut state = self.state();
        let window = if urgent { state.window * 2 } else { state.window } as usize;
        let free = state.under_way() as usize + bytes <= window.max(bytes + TELL_EVERY as usize);
        state.waited |= !free && !urgent;
        free
    }

    /// Whether it is the reader who holds us up, by its own word, and not the link.
    pub fn is_busy(&self) -> bool {
        self.state().busy
    }

    /// A message goes.
    pub fn sent(&self, bytes: usize) {
        let mut state = self.state();
        state.sent = state.sent.wrapping_add(bytes as u32);
        let sent = state.sent;
        if state.marks.len() < MARKS_MAX {
            state.marks.push_back((sent, Instant::now()));
        }
    }

    /// The other side has read so many, it says, and whether it is busy with them. False if that cannot be.
    pub fn read(&self, word: [u8; 5]) -> bool {
        let [a, b, c, d, busy] = word;
        let count = u32::from_be_bytes([a, b, c, d]);
        let mut state = self.state();
        let news = count.wrapping_sub(state.read);
        if news > state.under_way() || busy > 1 {
            return false;
        }
        (state.read, state.busy) = (count, busy == 1);
        let mut since = None;
        while let Some((at, when)) = state.marks.front().copied() {
            if state.sent.wrapping_sub(at) < state.under_way() {
                break;
            }
            since = Some((at, when));
            state.marks.pop_front();
        }
        if state.shrunk_at.is_some_and(|at| state.sent.wrapping_sub(at) >= state.under_way()) {
            state.shrunk_at = None;
        }
        if let Some((at, when)) = since {
            state.measure(at, when.elapsed(), news);
        }
        state.waited = false;
        drop(state);
        self.room.notify_one();
        true
    }
}

/// The reader's side.
pub struct Reads {
    counts: Mutex<Counts>,
    /// Told when there is something to tell.
    pub due: Notify,
}

struct Counts {
    read: u32,
    told: u32,
    told_at: Instant,
    /// How long what came had to wait for us since.
    held_up: Duration,
}

impl Default for Reads {
    fn default() -> Self {
        let counts = Counts { read: 0, told: 0, told_at: Instant::now(), held_up: Duration::ZERO };
        Self { counts: Mutex::new(counts), due: Notify::new() }
    }
}

impl Reads {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message with a piece came.
    pub fn read(&self, bytes: usize) {
        let mut counts = self.counts();
        counts.read = counts.read.wrapping_add(bytes as u32);
        if counts.read.wrapping_sub(counts.told) >= TELL_EVERY {
            self.due.notify_one();
        }
    }

    /// Nothing was read for so long, for our own work.
    pub fn held_up(&self, for_: Duration) {
        self.counts().held_up += for_;
    }

    /// What to tell now: the count, and whether our own work took most of the time since the last word.
    pub fn word(&self) -> [u8; 5] {
        let mut counts = self.counts();
        let busy = counts.held_up * 2 > counts.told_at.elapsed();
        (counts.told, counts.told_at, counts.held_up) = (counts.read, Instant::now(), Duration::ZERO);
        let [a, b, c, d] = counts.read.to_be_bytes();
        [a, b, c, d, busy.into()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link under a sender that always has more.
    struct Way {
        flow: Flow,
        reads: Reads,
        /// What leaves the link when, and words on their way back.
        wire: VecDeque<(Instant, usize)>,
        words: VecDeque<(Instant, [u8; 5])>,
        free: Instant,
    }

    impl Way {
        fn new() -> Self {
            let (wire, words) = (VecDeque::new(), VecDeque::new());
            Self { flow: Flow::default(), reads: Reads::default(), wire, words, free: Instant::now() }
        }

        /// Sends for so long over a link that carries so many bytes a second and is so far; how many went, and the longest that
        /// a byte was on its way in the last half of the time.
        async fn run(&mut self, bytes_per_s: u64, delay: Duration, seconds: u64) -> (u64, Duration) {
            let (began, lasts) = (Instant::now(), Duration::from_secs(seconds));
            let (mut total, mut late) = (0, Duration::ZERO);
            while began.elapsed() < lasts {
                let now = Instant::now();
                while self.wire.front().is_some_and(|(at, _)| *at <= now) {
                    let (_, bytes) = self.wire.pop_front().unwrap();
                    self.reads.read(bytes);
                    if futures_util::FutureExt::now_or_never(self.reads.due.notified()).is_some() {
                        self.words.push_back((now + delay, self.reads.word()));
                    }
                }
                while self.words.front().is_some_and(|(at, _)| *at <= now) {
                    assert!(self.flow.read(self.words.pop_front().unwrap().1));
                }
                let piece = self.flow.piece_bytes().min(15_000);
                while self.flow.has_room(piece, false) {
                    self.flow.sent(piece);
                    total += piece as u64;
                    self.free = self.free.max(now) + Duration::from_micros(piece as u64 * 1_000_000 / bytes_per_s);
                    self.wire.push_back((self.free + delay, piece));
                    if began.elapsed() * 2 > lasts {
                        late = late.max(self.free + delay - now);
                    }
                }
                tokio::time::advance(Duration::from_millis(1)).await;
            }
            (total, late)
        }
    }

    /// An alarm would wait for half a minute behind what a radio's buffers hold, or a good cable would stand idle.
    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_follows_the_link() {
        for (bytes_per_s, delay_ms) in [(8_000, 5), (8_000, 300), (150_000, 20), (1_000_000, 1), (1_000_000, 300)] {
            let delay = Duration::from_millis(delay_ms);
            let (sent, late) = Way::new().run(bytes_per_s, delay, 30).await;
            let part = sent as f64 / (30 * bytes_per_s) as f64;
            assert!(part > 0.9 && part < 1.1, "{bytes_per_s} B/s, {delay_ms} ms: {part:.2} of the link");
            let most = delay + Duration::from_millis(1_500);
            assert!(late < most, "{bytes_per_s} B/s, {delay_ms} ms: {late:?} on the way");
        }
    }

    /// A radio that hops over one more mast from now on would be taken for one that is choked, and carry next to nothing.
    #[tokio::test(start_paused = true)]
    async fn a_way_that_becomes_longer_for_good_is_filled_again() {
        let mut way = Way::new();
        way.run(50_000, Duration::from_millis(5), 20).await;
        let far = Duration::from_millis(900);
        way.run(50_000, far, 120).await;
        let (sent, late) = way.run(50_000, far, 60).await;
        let part = sent as f64 / (60 * 50_000) as f64;
        // It was 0.05 of it. More takes smaller pieces: one of 15 KB alone takes 0.3 s here, which looks like a queue.
        assert!(part > 0.5, "{part:.2} of the link");
        assert!(late < far + Duration::from_millis(1_500), "{late:?} on the way");
        // And back.
        way.run(50_000, Duration::from_millis(5), 30).await;
        let (_, late) = way.run(50_000, Duration::from_millis(5), 60).await;
        assert!(late < Duration::from_millis(1_500), "{late:?} on the way");
    }

    /// What waits because of us would pass for the way itself, and an alarm would wait longer each hour of a long transfer.
    #[tokio::test(start_paused = true)]
    async fn an_hour_of_sending_does_not_make_the_queue_longer() {
        let mut way = Way::new();
        let delay = Duration::from_millis(20);
        way.run(20_000, delay, 1_800).await;
        let (sent, late) = way.run(20_000, delay, 1_800).await;
        let part = sent as f64 / (1_800 * 20_000) as f64;
        assert!(part > 0.95, "{part:.2} of the link");
        assert!(late < Duration::from_millis(1_200), "{late:?} on the way");
    }

    /// A fast link to a slow board would be taken for a slow link, and all of it be compressed, which makes that board slower.
    #[tokio::test(start_paused = true)]
    async fn a_busy_reader_is_not_taken_for_a_slow_link() {
        let (flow, reads) = (Flow::default(), Reads::default());
        for busy in [true, false] {
            for _ in 0..20 {
                flow.sent(4_000);
                tokio::time::advance(Duration::from_secs(2)).await;
                reads.read(4_000);
                reads.held_up(Duration::from_secs(if busy { 2 } else { 0 }));
                assert!(flow.read(reads.word()));
                assert_eq!(flow.is_busy(), busy);
                flow.sent(4_000);
                reads.read(4_000);
                assert!(flow.read(reads.word()), "at once");
            }
            assert_eq!(flow.state().window, if busy { WINDOW_START } else { WINDOW_LEAST });
        }
    }

    /// A link would stand still for ever, or a peer that lies would get all at once.
    #[tokio::test(start_paused = true)]
    async fn words_that_cannot_be_are_none() {
        let flow = Flow::default();
        let read = |count: u32| {
            let [a, b, c, d] = count.to_be_bytes();
            flow.read([a, b, c, d, 0])
        };
        assert!(!read(1));
        flow.sent(100);
        assert!(read(100) && read(100));
        assert!(!read(99) && !read(101) && !flow.read([0, 0, 0, 100, 2]));
        // A piece larger than the least window goes when nothing else is on its way but what is not told yet.
        assert!(flow.has_room(60_000, false));
        flow.sent(60_000);
        assert!(!flow.has_room(1_000, false));
        let mut all = 100u32;
        for _ in 0..200_000 {
            // Past the end of the count.
            all = all.wrapping_add(60_000);
            assert!(read(all));
            flow.sent(60_000);
        }
    }
}
