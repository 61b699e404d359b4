//! Reads what a decision needs, all at once and bounded in time. An unreadable thing becomes a fact that is not known.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::keeper::Readings;
use super::ports::{Clock, PortError, PortErrorKind, Provider};
use crate::domain::decide::Read;
use crate::domain::fact::Fact;
use crate::domain::ids::ServiceId;

/// Whatever a provider's client does, no reading takes longer than this.
const LONGEST_READ: Duration = Duration::from_secs(8);

/// The providers of all services.
pub type Providers = BTreeMap<ServiceId, Arc<dyn Provider>>;

/// Reads for one service.
pub struct Reader<'a> {
    /// The service.
    pub service: &'a ServiceId,
    /// Its provider.
    pub provider: &'a dyn Provider,
    /// What time it is.
    pub clock: &'a dyn Clock,
}

impl Reader<'_> {
    /// Reads everything that is asked for, beside what was read before.
    pub async fn read(&self, reads: &[Read], mut known: Readings) -> Readings {
        let wants = |read: &Read| reads.contains(read);
        let named = reads.iter().find_map(|read| match read {
            Read::Named(name) => Some(name.clone()),
            Read::Pointer | Read::Deployments | Read::Plan | Read::FailedAliases => None,
        });
        let (service, provider) = (self.service, self.provider);
        let (pointer, deployments, plan, aliases, named) = tokio::join!(
            self.fact(wants(&Read::Pointer), "pointer", provider.pointer(service)),
            self.fact(wants(&Read::Deployments), "deployments", provider.deployments(service)),
            self.fact(wants(&Read::Plan), "plan", provider.plan(service)),
            self.fact(wants(&Read::FailedAliases), "names", provider.failed_aliases(service)),
            self.fact(named.is_some(), "deployment", async {
                match provider.deployment(service, named.as_deref().unwrap_or_default()).await {
                    Ok(found) => Ok(Some(found)),
                    // That there is none is an answer.
                    Err(error) if error.kind == PortErrorKind::Missing => Ok(None),
                    Err(error) => Err(error),
                }
            }),
        );
        known.pointer = pointer.or(known.pointer);
        known.deployments = deployments.or(known.deployments);
        known.plan = plan.or(known.plan);
        known.aliases = aliases.or(known.aliases);
        known.named = named.or(known.named);
        known
    }

    async fn fact<T>(
        &self,
        is_wanted: bool,
        source: &str,
        reading: impl Future<Output = Result<T, PortError>>,
    ) -> Option<Fact<T>> {
        if !is_wanted {
            return None;
        }
        let answer = tokio::time::timeout(LONGEST_READ, reading).await;
        let now = self.clock.now();
        Some(match answer {
            Ok(Ok(value)) => Fact::known(source, now, value),
            Ok(Err(error)) => Fact::unknown(source, now, error.message),
            Err(_) => Fact::unknown(source, now, "no answer in time"),
        })
    }
}
