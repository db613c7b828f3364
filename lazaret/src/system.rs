//! The machine's clock and random numbers, where the program is put together.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use server::{Clock, Random};

/// The machine's clock.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock that counts from now.
    pub fn start() -> SystemClock {
        let started = Instant::now();
        SystemClock { started }
    }
}

impl Clock for SystemClock {
    /// In whole microseconds, as the stores keep times: what is answered when something is made is
    /// what is answered from then on.
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The operating system's random numbers.
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            // Keys and tokens from anything else could be guessed: no server is better than that.
            eprintln!("lazaret: the operating system gives no random numbers");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_fine_as_stores_keep_them() {
        let now = SystemClock::start().now();
        assert_eq!(now.subsec_nanosecond() % 1000, 0, "{now}");
    }
}
