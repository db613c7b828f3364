//! How often somebody may ask, and how often somebody may be wrong.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::app::Clock;
use crate::limits::Limits;
use crate::serve::network;

/// Checks between two looks for principals that need not be remembered any more.
const SWEEP: u32 = 1024;
/// Addresses of failed logins that are remembered at most.
const MAX_ADDRESSES: usize = 16 * 1024;

/// The application's clock, as governor asks for one.
#[derive(Clone)]
struct Elapsed(Arc<dyn Clock>);

impl governor::clock::Clock for Elapsed {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Keyed = RateLimiter<String, DefaultKeyedStateStore<String>, Elapsed, NoOpMiddleware<Duration>>;

/// Requests per second of each principal.
pub struct PrincipalRate {
    clock: Elapsed,
    limiter: Option<Keyed>,
    checks: AtomicU32,
}

impl PrincipalRate {
    /// As the limits say; any number where they say none.
    pub fn new(limits: &Limits, clock: Arc<dyn Clock>) -> PrincipalRate {
        let clock = Elapsed(clock);
        let quota = limits
            .rate
            .map(|rate| Quota::per_second(rate).allow_burst(limits.burst));
        let limiter = quota.map(|quota| RateLimiter::new(quota, Default::default(), clock.clone()));
        PrincipalRate {
            clock,
            limiter,
            checks: AtomicU32::new(0),
        }
    }

    /// Counts one request of a principal.
    ///
    /// # Errors
    ///
    /// How long to wait, where it is one too many.
    pub fn check(&self, principal: &str) -> Result<(), Duration> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter
            .check_key(&principal.to_owned())
            .map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

/// Wrong credentials of each address: a bucket that each of them fills by one, and each second
/// empties by one. While it is full, nobody is let in from there.
///
/// governor takes before the deed; here what counts is known after it, and requests that were
/// wrong at the same time must all be paid for.
pub struct FailedLogins {
    clock: Arc<dyn Clock>,
    allowed: Duration,
    /// When each bucket will be empty.
    empty_at: Mutex<HashMap<IpAddr, Duration>>,
}

/// What a bucket empties by in a second, and each failure fills it by.
const FAILURE: Duration = Duration::from_secs(1);

impl FailedLogins {
    /// As many at once as the limits say.
    pub fn new(limits: &Limits, clock: Arc<dyn Clock>) -> FailedLogins {
        FailedLogins {
            clock,
            allowed: FAILURE * limits.failed_logins,
            empty_at: Mutex::default(),
        }
    }

    /// Whether credentials from that address are looked at now.
    ///
    /// # Errors
    ///
    /// How long to wait, where they are not.
    pub fn check(&self, address: IpAddr) -> Result<(), Duration> {
        let now = self.clock.elapsed();
        let empty_at = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        let left = empty_at
            .get(&network(address))
            .map_or(Duration::ZERO, |at| at.saturating_sub(now));
        match left + FAILURE > self.allowed {
            true => Err((left + FAILURE).saturating_sub(self.allowed)),
            false => Ok(()),
        }
    }

    /// Counts wrong credentials.
    pub fn failed(&self, address: IpAddr) {
        let now = self.clock.elapsed();
        let mut empty_at = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        if empty_at.len() >= MAX_ADDRESSES {
            empty_at.retain(|_, at| *at > now);
        }
        if empty_at.len() >= MAX_ADDRESSES {
            // So many addresses at once are not held up by counting each of them.
            tracing::warn!("wrong credentials come from very many addresses");
            empty_at.clear();
        }
        let at = empty_at.entry(network(address)).or_insert(now);
        *at = (*at).max(now) + FAILURE;
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::atomic::AtomicU64;

    use jiff::Timestamp;

    use super::*;

    #[derive(Default)]
    struct Hand(AtomicU64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            // Set back all the time; nothing here may look at it.
            Timestamp::UNIX_EPOCH
        }

        fn elapsed(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn each_principal_has_a_rate_of_its_own() {
        let clock = Arc::new(Hand::default());
        let limits = Limits {
            rate: NonZeroU32::new(2),
            burst: NonZeroU32::new(3).unwrap(),
            ..Limits::default()
        };
        let rate = PrincipalRate::new(&limits, clock.clone());
        for _ in 0..3 {
            assert_eq!(rate.check("a"), Ok(()));
        }
        assert_eq!(rate.check("a"), Err(Duration::from_millis(500)));
        assert_eq!(rate.check("b"), Ok(()));
        clock.0.store(500, Ordering::Relaxed);
        assert_eq!(rate.check("a"), Ok(()));
        assert!(rate.check("a").is_err());
        clock.0.store(60_000, Ordering::Relaxed);
        for _ in 0..SWEEP {
            rate.check("c").ok();
        }
        assert_eq!(rate.limiter.unwrap().len(), 1);
    }

    #[test]
    fn failures_of_one_address_hold_up_that_address_only() {
        let clock = Arc::new(Hand::default());
        let logins = FailedLogins::new(&Limits::default(), clock.clone());
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..10 {
            assert_eq!(logins.check(one), Ok(()));
            logins.failed(one);
        }
        assert_eq!(logins.check(one), Err(Duration::from_secs(1)));
        assert_eq!(logins.check(other), Ok(()));
        clock.0.store(1_000, Ordering::Relaxed);
        assert_eq!(logins.check(one), Ok(()));
        // Wrong all at the same time: each is paid for.
        for _ in 0..100 {
            logins.failed(one);
        }
        assert_eq!(logins.check(one), Err(Duration::from_secs(100)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let clock = Arc::new(Hand::default());
        let logins = FailedLogins::new(&Limits::default(), clock.clone());
        for number in 0..3 * MAX_ADDRESSES {
            logins.failed(IpAddr::V4(u32::try_from(number).unwrap().into()));
        }
        assert!(logins.empty_at.lock().unwrap().len() <= MAX_ADDRESSES);
    }
}
