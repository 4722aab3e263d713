//! Specs that fail only sometimes. Each must be understood, or fixed, by a date.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use toml::value::Date;

/// How often a spec may fail, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaky {
    /// How often.
    pub rate: Rate,
    /// The last day on which that is accepted.
    pub expires: Date,
}

/// Failures per attempts: `1/20`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    failures: u32,
    attempts: u32,
}

impl Flaky {
    /// Whether it has expired for a run that started at this time, in seconds since the epoch.
    pub fn has_expired(&self, started: u64) -> bool {
        self.expires < day(started)
    }
}

/// The day in UTC; for a time beyond the calendar, its last day.
fn day(started: u64) -> Date {
    let time = i64::try_from(started).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let day = time.unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).date();
    Date { year: day.year().unsigned_abs(), month: day.month().unsigned_abs(), day: day.day().unsigned_abs() }
}

impl Rate {
    /// How many of these attempts may fail. Rounded up: a single attempt may be the one that fails.
    pub fn allows(self, attempts: usize) -> usize {
        let allowed = (attempts as u128 * u128::from(self.failures)).div_ceil(u128::from(self.attempts));
        usize::try_from(allowed).unwrap_or(usize::MAX)
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(m, n)| Some((m.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((failures, attempts)) if 0 < failures && failures < attempts => Ok(Self { failures, attempts }),
            _ => Err("invalid rate: write \"m/n\", m failures in n attempts with 0 < m < n, such as \"1/20\"".into()),
        }
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.failures, self.attempts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_allows_its_share_rounded_up() {
        let rate = Rate::try_from("1/20".to_owned()).unwrap();
        assert_eq!([0, 1, 20, 21, 40].map(|attempts| rate.allows(attempts)), [0, 1, 1, 2, 2]);
        for wrong in ["", "1", "0/20", "20/20", "21/20", "-1/20", "a/b", "1/0"] {
            assert!(Rate::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_day_has_not_expired() {
        let expires = Date { year: 2026, month: 11, day: 25 };
        let flaky = Flaky { rate: Rate { failures: 1, attempts: 2 }, expires };
        // 2026-11-25 23:59:59 UTC.
        let evening = 1_795_651_199;
        assert_eq!(day(evening), expires);
        assert!(!flaky.has_expired(evening));
        assert!(flaky.has_expired(evening + 1));
        assert!(flaky.has_expired(u64::MAX));
    }
}
