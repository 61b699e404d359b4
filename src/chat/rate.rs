//! How many commands one person may type: a bucket each, so that one who mashes does not slow the others. Pure.

use std::collections::BTreeMap;

use crate::domain::actor::Person;
use crate::domain::time::{Span, Timestamp};

/// A bucket per person.
#[derive(Clone, Debug)]
pub struct Buckets {
    per_minute: u32,
    spent: BTreeMap<Person, (f64, Timestamp)>,
}

/// Buckets are forgotten when this many are known; a full bucket is as good as none.
const MOST_KNOWN: usize = 10_000;

impl Buckets {
    /// Buckets that hold so many commands and fill up again within a minute.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, spent: BTreeMap::new() }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long until there is one again.
    pub fn take(&mut self, person: &Person, now: Timestamp) -> Result<(), Span> {
        let limit = f64::from(self.per_minute);
        let refill_per_ms = limit / 60_000.0;
        if self.spent.len() >= MOST_KNOWN {
            self.spent.retain(|_, (_, at)| now.since(*at) < Span::minutes(1));
        }
        let (spent, at) = self.spent.entry(person.clone()).or_insert((0.0, now));
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of minutes fit")]
        let elapsed = now.since(*at).0 as f64;
        *spent = (*spent - elapsed * refill_per_ms).max(0.0);
        *at = now;
        if *spent + 1.0 > limit {
            #[expect(clippy::cast_possible_truncation, reason = "at most a minute")]
            let wait = ((*spent + 1.0 - limit) / refill_per_ms).ceil() as i64;
            return Err(Span(wait));
        }
        *spent += 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::actor::Platform;

    fn person(user: &str) -> Person {
        Person { platform: Platform::Slack, tenant: "T1".into(), user: user.into() }
    }

    #[test]
    fn a_bucket_empties_and_fills_again_and_nobody_else_notices() {
        let mut buckets = Buckets::new(2);
        let now = Timestamp(1_000_000);
        assert_eq!(buckets.take(&person("U1"), now), Ok(()));
        assert_eq!(buckets.take(&person("U1"), now), Ok(()));
        assert_eq!(buckets.take(&person("U1"), now), Err(Span::seconds(30)));
        assert_eq!(buckets.take(&person("U2"), now), Ok(()));
        assert_eq!(buckets.take(&person("U1"), now + Span::seconds(30)), Ok(()));
    }
}
