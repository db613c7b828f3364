//! How many connections there are, all together and of each address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::settings::Settings;

/// Places for connections.
pub struct Places {
    free: Arc<Semaphore>,
    per_address: usize,
    exempt: Vec<IpNet>,
    held: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's place, given back when it is dropped.
pub struct Place {
    places: Arc<Places>,
    network: IpAddr,
    _free: OwnedSemaphorePermit,
}

impl Places {
    /// As many as the settings say, and one at least.
    pub fn new(settings: &Settings) -> Places {
        let most = settings.limits.connections.clamp(1, Semaphore::MAX_PERMITS);
        Places {
            free: Arc::new(Semaphore::new(most)),
            per_address: settings.limits.connections_per_address.max(1),
            exempt: settings.trusted_proxies.clone(),
            held: Mutex::default(),
        }
    }

    /// Waits until a place is free.
    pub async fn free(&self) -> Option<OwnedSemaphorePermit> {
        self.free.clone().acquire_owned().await.ok()
    }

    /// Takes a free place for an address; `None` where it holds as many as it may.
    pub fn take(self: &Arc<Places>, free: OwnedSemaphorePermit, address: IpAddr) -> Option<Place> {
        let network = network(address);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let exempt = self.exempt.iter().any(|proxies| proxies.contains(&address));
        let count = held.entry(network).or_default();
        if *count >= self.per_address && !exempt {
            return None;
        }
        *count += 1;
        Some(Place {
            places: self.clone(),
            network,
            _free: free,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self
            .places
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.network);
            }
        }
    }
}

/// Whose an address is: in IPv6 everybody has a /64 of addresses to choose from.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_has_its_share_and_gives_it_back() {
        let mut settings = Settings::new("localhost");
        settings.limits.connections_per_address = 2;
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let places = Arc::new(Places::new(&settings));
        let take = async |address: &str| {
            let free = places.free().await.unwrap();
            places.take(free, address.parse().unwrap())
        };
        let first = take("2001:db8::1").await;
        let second = take("2001:db8::2").await;
        assert!(first.is_some() && second.is_some());
        assert!(take("2001:db8::3").await.is_none());
        assert!(take("2001:db8:0:1::3").await.is_some());
        drop(first);
        assert!(take("2001:db8::3").await.is_some());
        let proxied: Vec<_> = [take("10.0.0.1").await, take("10.0.0.1").await].into();
        assert!(
            take("::ffff:10.0.0.1").await.is_none(),
            "compared as it came"
        );
        assert!(take("10.0.0.1").await.is_some());
        drop(proxied);
    }
}
