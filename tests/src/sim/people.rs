//! People: needs, offers, notices, and what is said about them, at any gateway, all the time.

use commons_core::node::{Input, Output};
use commons_core::submission::{Sender, Submission};

use super::site::Waiting;
use super::world::World;

/// Posts of one burst, at most.
const BURST_MAX: u64 = 12;
/// The shortest lifetimes, in seconds.
const SHORT_S: u64 = 3;
/// And the longest of those that are called short.
const SHORT_S_MAX: u64 = 180;
/// Everything else stands three days at least, longer than any run.
const LONG_S: u64 = 3 * 86_400;

impl World {
    /// Somebody posts something somewhere.
    pub fn post_something(&mut self) {
        let at = self.dice.below(self.sites.len() as u64) as usize;
        if self.sites[at].run.is_none() {
            return;
        }
        let count = if self.dice.once_in(5) { self.dice.below(BURST_MAX) + 1 } else { 1 };
        for _ in 0..count {
            match self.dice.below(12) {
                0..=3 if !self.posted.items.is_empty() => self.act_on_something(at),
                4 | 5 if !self.posted.claims.is_empty() => self.act_on_claim(at),
                6 => self.move_stock(at),
                _ => self.post_item(at),
            }
        }
    }

    /// A need, an offer or a notice.
    pub fn post_item(&mut self, at: usize) {
        let kind = self.dice.pick(&["need", "need", "offer", "notice"]);
        let urgency = self.dice.pick(&["now", "today", "week"]);
        let is_short = self.dice.once_in(4);
        let short_s = self.dice.between(SHORT_S, SHORT_S_MAX);
        let length = self.dice.pick(&[10, 60, 200, 900]);
        if !is_short {
            return self.post_words(at, kind, urgency, length);
        }
        let words = format!("{:0length$}", self.posted.posts);
        let slots = if kind == "notice" { "" } else { r#","slots":1"# };
        let json = format!(r#"{{"text":"{words}","urgency":"{urgency}"{slots},"expires_s":{short_s}}}"#);
        self.post(at, kind, &json, short_s);
    }

    /// Something that stands longer than the run, so long.
    pub fn post_words(&mut self, at: usize, kind: &str, urgency: &str, length: usize) {
        let words = format!("{:0length$}", self.posted.posts);
        let slots = if kind == "notice" { "" } else { r#","slots":1"# };
        let json = format!(r#"{{"text":"{words}","urgency":"{urgency}"{slots}}}"#);
        self.post(at, kind, &json, LONG_S);
    }

    fn act_on_something(&mut self, at: usize) {
        let item = self.dice.below(self.posted.items.len() as u64) as usize;
        let item = self.posted.items[item];
        let code = self.posted.entries.get(&item).and_then(|entry| entry.code.clone()).unwrap_or_default();
        let home = self.posted.entries.get(&item).map_or(at, |entry| entry.at);
        let (at, kind, json) = match self.dice.below(6) {
            0 => (home, "withdraw", format!(r#"{{"item":"{item}","code":"{code}"}}"#)),
            1 => (home, "confirm", format!(r#"{{"item":"{item}","code":"{code}"}}"#)),
            2 => (home, "reopen", format!(r#"{{"item":"{item}","code":"{code}"}}"#)),
            3 => (at, "cosign", format!(r#"{{"target":"{item}"}}"#)),
            _ => (at, "claim", format!(r#"{{"item":"{item}","message":"{}"}}"#, self.posted.posts)),
        };
        self.post(at, kind, &json, 0);
    }

    /// Helpers go on their way, say that it is done, or think better of it; requesters miss them.
    fn act_on_claim(&mut self, at: usize) {
        let claim = self.dice.below(self.posted.claims.len() as u64) as usize;
        let (claim, item, code) = self.posted.claims[claim].clone();
        let of =
            |world: &Self, id| world.posted.entries.get(&id).map_or((at, None), |entry| (entry.at, entry.code.clone()));
        let ((near, _), (home, own)) = (of(self, claim), of(self, item));
        let (code, own) = (code.unwrap_or_default(), own.unwrap_or_default());
        let (at, kind, json) = match self.dice.below(6) {
            0 | 1 => (near, "done", format!(r#"{{"item":"{item}","claim":"{claim}","code":"{code}"}}"#)),
            2 => (home, "done", format!(r#"{{"item":"{item}","claim":"{claim}","code":"{own}"}}"#)),
            3 => (near, "start", format!(r#"{{"item":"{item}","code":"{code}"}}"#)),
            4 => (home, "no_show", format!(r#"{{"item":"{item}","claim":"{claim}","code":"{own}"}}"#)),
            _ => (near, "withdraw", format!(r#"{{"item":"{item}","claim":"{claim}","code":"{code}"}}"#)),
        };
        self.post(at, kind, &json, 0);
    }

    /// Something comes into a pantry, leaves it, or is counted; somebody else vouches for a count.
    fn move_stock(&mut self, at: usize) {
        let place = self.dice.pick(&["hall", "school"]);
        let item = self.dice.pick(&["rice", "water"]);
        let (qty, posts) = (self.dice.between(1, 60), self.posted.posts);
        let json = format!(r#"{{"place":"{place}","item":"{item}","unit":"kg","qty":{qty},"ref":"{posts}"}}"#);
        let counts = self.posted.counts.len() as u64;
        match self.dice.below(8) {
            0..=2 => self.post(at, "stock_in", &json, 0),
            3 | 4 => self.post(at, "stock_out", &json, 0),
            5 => self.post(at, "stock_count", &json, 0),
            _ if counts > 0 => {
                let target = self.posted.counts[self.dice.below(counts) as usize];
                self.post(at, "cosign", &format!(r#"{{"target":"{target}"}}"#), 0);
            }
            _ => self.post(at, "stock_in", &json, 0),
        }
    }

    /// Hands a post to a machine; its answer waits for the commit.
    pub fn post(&mut self, at: usize, kind: &str, json: &str, lifetime_s: u64) {
        self.posted.posts += 1;
        let post = self.posted.posts;
        let who = format!("mqtt:{}", self.dice.below(40));
        let sender = Sender { key: who.clone(), person: who, once: post.to_string(), exempt: true };
        let Ok(submission) = Submission::parse(kind, json.as_bytes(), sender) else {
            return self.fail("the simulator's posts parse", format!("{kind} {json}"));
        };
        self.say(|| format!("post {post} at {at}: {kind}, stands {lifetime_s} s"));
        let outputs = self.input(at, Input::Submit(Box::new(submission)));
        let answers = outputs.into_iter().filter_map(|output| match output {
            Output::Answer(outcome) => Some(Waiting { post, outcome, lifetime_s }),
            _ => None,
        });
        let answers: Vec<Waiting> = answers.collect();
        if let Some(run) = &mut self.sites[at].run {
            run.answers.extend(answers);
        }
    }
}
