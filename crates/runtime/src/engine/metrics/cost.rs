//! The cost of requests at a price an hour.

use std::time::Duration;

use serde::Serialize;

use crate::{Error, Result};

/// The time that a price an hour is paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PricedTime {
    /// All time since the engine's start, as for a rented machine.
    #[default]
    Wall,
    /// The time in which the GPU was busy, as for a machine that has other work.
    Busy,
}

/// The price of the device, in any currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    per_hour: f64,
    time: PricedTime,
}

impl Price {
    /// A price for each hour of `time`.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] where the price is negative, infinite or not a number.
    pub fn new(per_hour: f64, time: PricedTime) -> Result<Self> {
        if per_hour.is_finite() && per_hour >= 0.0 {
            return Ok(Self { per_hour, time });
        }
        Err(Error::InvalidOption {
            option: "price an hour".to_owned(),
            value: per_hour.to_string(),
            expected: "0 or above".to_owned(),
        })
    }

    /// The price of an engine that has run for `uptime`, the GPU being busy for `busy` of it.
    pub(super) fn of(self, uptime: Duration, busy: Duration) -> f64 {
        let time = match self.time {
            PricedTime::Wall => uptime,
            PricedTime::Busy => busy,
        };
        self.per_hour * time.as_secs_f64() / 3600.0
    }
}

/// The cost of requests, in the currency of the price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify), serde(rename_all = "camelCase"))]
pub struct Cost {
    /// The cost in all: the price an hour, times the hours. A feature's is the share of it that the feature has in the GPU's busy
    /// time.
    pub total: f64,
    /// The total by the number of requests that ended and weren't refused; 0 where there were none. Those that were cancelled,
    /// late or failed count, since the GPU may have worked for them.
    pub per_request: f64,
}

impl Cost {
    pub(super) fn of(total: f64, requests: u64) -> Self {
        Self { total, per_request: ratio(total, requests as f64) }
    }
}

/// `part` by `whole`; 0 where there is nothing to divide by.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_paid_for_its_time() {
        let hours = |hours: u64| Duration::from_secs(3600 * hours);
        for (time, expected) in [(PricedTime::Wall, 12.0), (PricedTime::Busy, 3.0)] {
            let price = Price::new(1.5, time).expect("a price");
            assert_eq!(price.of(hours(8), hours(2)), expected);
            assert_eq!(price.of(Duration::ZERO, Duration::ZERO), 0.0);
        }
        assert_eq!(Cost::of(12.0, 48), Cost { total: 12.0, per_request: 0.25 });
        assert_eq!(Cost::of(12.0, 0), Cost { total: 12.0, per_request: 0.0 });
    }

    #[test]
    fn a_price_that_is_none_is_refused() {
        for per_hour in [-0.01, f64::NAN, f64::INFINITY] {
            let error = Price::new(per_hour, PricedTime::Wall).expect_err("no price");
            assert_eq!(error.code(), "invalid-option");
        }
        assert!(Price::new(0.0, PricedTime::Busy).is_ok());
    }
}
