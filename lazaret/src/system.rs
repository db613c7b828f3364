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
    fn now(&self) -> Timestamp {
        Timestamp::now()
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
