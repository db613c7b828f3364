//! What the operator chose about telling others.

use std::time::Duration;

use jiff::SignedDuration;

/// How events are told.
#[derive(Clone, Debug)]
pub struct EventSettings {
    /// Whether anything is sent over the network at all.
    pub webhooks: bool,
    /// How long events are kept, delivered or not.
    pub kept: SignedDuration,
    /// How long a receiver may take to answer, from the search for its address on.
    pub timeout: Duration,
    /// The most bytes of a receiver's answer that are read.
    pub answer_bytes: usize,
    /// The wait after the first failure; it doubles with each further one.
    pub first_wait: SignedDuration,
    /// The longest wait.
    pub longest_wait: SignedDuration,
    /// How many subscriptions are served at one time.
    pub at_once: usize,
    /// How many clients may listen at one time.
    pub streams: usize,
    /// How many of them may be of one user.
    pub streams_each: usize,
    /// How many subscriptions there may be.
    pub subscriptions: usize,
}

impl Default for EventSettings {
    fn default() -> EventSettings {
        EventSettings {
            webhooks: true,
            kept: SignedDuration::from_hours(30 * 24),
            timeout: Duration::from_secs(20),
            answer_bytes: 16 * 1024,
            first_wait: SignedDuration::from_secs(2),
            longest_wait: SignedDuration::from_hours(1),
            at_once: 32,
            streams: 256,
            streams_each: 64,
            subscriptions: 100,
        }
    }
}

impl EventSettings {
    /// How long to wait after so many failures, the last one included.
    pub fn wait(&self, failures: u32) -> SignedDuration {
        let doubled = 1i32.checked_shl(failures.saturating_sub(1).min(30));
        let wait = self.first_wait.saturating_mul(doubled.unwrap_or(i32::MAX));
        wait.min(self.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let settings = EventSettings::default();
        let waits = [1, 2, 3, 11, 12, 13, u32::MAX].map(|failures| settings.wait(failures));
        assert_eq!(
            waits.map(|wait| wait.as_secs()),
            [2, 4, 8, 2048, 3600, 3600, 3600]
        );
    }
}
