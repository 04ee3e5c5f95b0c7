//! When a transfer is tried again.
//!
//! Mirrors are busy, links go down and names are unknown for a moment: what passes by itself is waited for with
//! pauses four times as long each time, together about a minute where the file is the distribution's own and
//! twenty seconds elsewhere. Everything else that may be worth it is tried again soon.

use crate::error::FetchError;
use crate::options::FetchOptions;
use jiff::fmt::rfc2822::DateTimeParser;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime};
use url::Url;

/// No single pause is longer, whatever a server asks for.
const LONGEST: Duration = Duration::from_secs(60);

/// Whether another attempt makes sense, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// It would fail again.
    None,
    /// After a short time.
    Soon,
    /// Somebody else has to recover first.
    Long,
}

/// A failed attempt.
pub(crate) struct Attempt {
    pub error: FetchError,
    pub patience: Patience,
    host: String,
    /// How long the server wants to be left alone (`Retry-After`).
    wish: Option<Duration>,
}

impl Attempt {
    fn new(error: FetchError, patience: Patience, url: Option<&Url>) -> Attempt {
        let host = url.and_then(Url::host_str).unwrap_or_default().to_owned();
        Attempt { error, patience, host, wish: None }
    }

    /// The last one.
    pub fn last(error: FetchError) -> Attempt {
        Attempt::new(error, Patience::None, None)
    }

    /// Worth another one soon.
    pub fn soon(error: FetchError, url: &Url) -> Attempt {
        Attempt::new(error, Patience::Soon, Some(url))
    }

    /// Worth another one once the other side had time.
    pub fn patient(error: FetchError, url: &Url) -> Attempt {
        Attempt::new(error, Patience::Long, Some(url))
    }

    /// The same with what the server asked for.
    pub fn wishing(self, wish: Option<Duration>) -> Attempt {
        Attempt { wish, ..self }
    }

    /// Why, in words that are the same for all files of one host.
    pub fn why(&self) -> String {
        let message = self.error.message.as_str();
        let why = message.split_once("': ").map_or("the transfer was cut", |(_, why)| why);
        match why.starts_with("host ") {
            true => why.to_owned(),
            false => format!("host '{}': {why}", self.host),
        }
    }
}

/// The time before the next round, after this many: the longest that one of the failures asks for. For the
/// distribution's mirrors (`mirrors`) there is more of it.
pub(crate) fn pause<'a>(
    options: &FetchOptions,
    mirrors: bool,
    round: u32,
    failures: impl Iterator<Item = &'a Attempt>,
) -> Duration {
    let base = options.retry_delay.saturating_mul(if mirrors { 3 } else { 1 });
    let step = round.saturating_sub(1).min(16);
    let time = |failure: &Attempt| {
        let planned = match failure.patience {
            Patience::Long => base.saturating_mul(4_u64.saturating_pow(step)),
            _ => options.retry_delay.saturating_mul(2_u64.saturating_pow(step)),
        };
        let wish = failure.wish.unwrap_or_default();
        // Never sooner than asked for, and not all at the same moment.
        wish.min(LONGEST).max(scattered(Duration::from_millis(planned).min(LONGEST)))
    };
    failures.map(time).max().unwrap_or_default()
}

/// Between four fifths and six fifths of it.
fn scattered(time: Duration) -> Duration {
    // Each of these hashers begins with other keys.
    let random = RandomState::new().build_hasher().finish() % 401;
    time * (800 + u32::try_from(random).unwrap_or(200)) / 1000
}

/// The value of `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.
pub(crate) fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
    let rest = SystemTime::from(at).duration_since(SystemTime::now());
    Some(rest.unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::error::Reason;

    fn failure(patience: Patience, wish: Option<u64>) -> Attempt {
        let error = FetchError::new(Reason::Server, "cannot fetch 'http://h/f': HTTP error 503");
        Attempt { error, patience, host: "h".into(), wish: wish.map(Duration::from_secs) }
    }

    /// All pauses of one file that never comes, in seconds.
    fn total(mirrors: bool, patience: Patience) -> u64 {
        let options = FetchOptions::default();
        let one = [failure(patience, None)];
        (1..options.attempts)
            .map(|n| pause(&options, mirrors, n, one.iter()).as_millis() as u64)
            .sum::<u64>()
            / 1000
    }

    #[test]
    fn together_about_a_minute_for_mirrors() {
        assert!((50..78).contains(&total(true, Patience::Long)));
        assert!((16..27).contains(&total(false, Patience::Long)));
        assert!((2..6).contains(&total(true, Patience::Soon)));
    }

    #[test]
    fn what_servers_ask_for_is_heard_up_to_a_limit() {
        let options = FetchOptions { retry_delay: 1, ..FetchOptions::default() };
        let time = |wishes: &[Option<u64>]| {
            let all: Vec<_> = wishes.iter().map(|wish| failure(Patience::Long, *wish)).collect();
            pause(&options, false, 1, all.iter()).as_secs()
        };
        assert_eq!(time(&[None]), 0);
        assert_eq!(time(&[None, Some(7), Some(3)]), 7);
        assert_eq!(time(&[Some(86_400)]), 60);
    }

    #[test]
    fn waits_are_seconds_or_dates() {
        assert_eq!(retry_after(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let far = retry_after("Tue, 29 Feb 2124 23:59:59 GMT").unwrap();
        assert!(far > Duration::from_secs(86_400 * 365 * 50), "{far:?}");
        assert_eq!(retry_after("Sunday"), None);
        assert_eq!(retry_after(""), None);
    }

    #[test]
    fn reasons_name_the_host_and_no_file() {
        assert_eq!(failure(Patience::Long, None).why(), "host 'h': HTTP error 503");
    }
}
