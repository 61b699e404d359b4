//! Reads what a decision needs, all at once and bounded in time. An unreadable thing becomes a fact that is not known.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::keeper::Readings;
use super::ports::{Clock, Code, Forge, PortError, PortErrorKind, Provider};
use crate::domain::change::{Changes, Evidence, Range};
use crate::domain::decide::Read;
use crate::domain::fact::Fact;
use crate::domain::fix::{self, Lineage, Subject, Trial};
use crate::domain::ids::{DeploymentId, ServiceId};
use crate::domain::log::{ErrorLog, Traffic, Window};

/// Whatever a provider's client does, no reading takes longer than this.
const LONGEST_READ: Duration = Duration::from_secs(8);

/// What only informs has this long; then it is "not known", and the way back goes on without it.
const LONGEST_EVIDENCE: Duration = Duration::from_secs(2);

/// The providers of all services.
pub type Providers = BTreeMap<ServiceId, Arc<dyn Provider>>;

/// Where the code of services is kept.
pub type Codes = BTreeMap<ServiceId, Arc<dyn Code>>;

/// Where changes of services go through a gate.
pub type Forges = BTreeMap<ServiceId, Arc<dyn Forge>>;

/// A repository may have to be fetched first. Nobody at production waits for it.
const LONGEST_TRIAL: Duration = Duration::from_secs(60);

/// A request log is read page by page; a verdict waits this long for it and no longer.
const LONGEST_LOG: Duration = Duration::from_secs(6);

/// The source of everything that is told of the code.
const CODE: &str = "github";

/// Reads for one service.
pub struct Reader<'a> {
    /// The service.
    pub service: &'a ServiceId,
    /// Its provider.
    pub provider: &'a dyn Provider,
    /// Where its code is kept, if that is configured.
    pub code: Option<&'a dyn Code>,
    /// Where its changes go through a gate, if that is configured.
    pub forge: Option<&'a dyn Forge>,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// No reading takes longer than this, whatever it may take.
    pub longest: Duration,
}

impl<'a> Reader<'a> {
    /// Reads for a service, each thing within its own limit.
    pub fn new(
        service: &'a ServiceId,
        provider: &'a dyn Provider,
        (code, forge): (Option<&'a dyn Code>, Option<&'a dyn Forge>),
        clock: &'a dyn Clock,
    ) -> Self {
        Self { service, provider, code, forge, clock, longest: LONGEST_TRIAL }
    }

    /// Reads for somebody who waits: nothing takes longer than this.
    pub fn at_most(self, longest: Duration) -> Self {
        Self { longest, ..self }
    }

    /// Reads everything that is asked for, beside what was read before.
    pub async fn read(&self, reads: &[Read], mut known: Readings) -> Readings {
        let wants = |read: &Read| reads.contains(read);
        let named = reads.iter().find_map(|read| match read {
            Read::Named(name) => Some(name.clone()),
            _ => None,
        });
        let range = reads.iter().find_map(|read| match read {
            Read::Changes(range) => Some(range),
            _ => None,
        });
        let (service, provider) = (self.service, self.provider);
        let asked = |read: &Read, limit| wants(read).then_some(limit);
        let must = LONGEST_READ;
        let may = LONGEST_EVIDENCE;
        let (pointer, deployments, plan, aliases, named, changes, forge) = tokio::join!(
            self.fact(asked(&Read::Pointer, must), "pointer", provider.pointer(service)),
            self.fact(
                asked(&Read::Deployments, must),
                "deployments",
                provider.deployments(service)
            ),
            self.fact(asked(&Read::Plan, may), "plan", provider.plan(service)),
            self.fact(asked(&Read::FailedAliases, may), "names", provider.failed_aliases(service)),
            self.fact(named.is_some().then_some(must), "deployment", async {
                match provider.deployment(service, named.as_deref().unwrap_or_default()).await {
                    Ok(found) => Ok(Some(found)),
                    // That there is none is an answer.
                    Err(error) if error.kind == PortErrorKind::Missing => Ok(None),
                    Err(error) => Err(error),
                }
            }),
            self.changes(range),
            self.of_forge(reads, std::mem::take(&mut known.forge)),
        );
        known.forge = forge;
        known.pointer = pointer.or(known.pointer);
        known.deployments = deployments.or(known.deployments);
        known.plan = plan.or(known.plan);
        known.aliases = aliases.or(known.aliases);
        known.named = named.or(known.named);
        known.changes = changes.or(known.changes);
        known
    }

    /// What lies between two commits. Whatever fails here is not known, and nothing waits longer than for other evidence.
    async fn changes(&self, range: Option<&Range>) -> Option<Evidence> {
        let range = range?.clone();
        let Some(code) = self.code else {
            let now = self.clock.now();
            let why = "no GitHub repository is configured for this service";
            return Some(Evidence {
                range,
                between: Fact::unknown(CODE, now, why),
                brought_by: Fact::unknown(CODE, now, why),
            });
        };
        let between = async { code.changes(self.service, &range).await.map(Changes::judged) };
        let (between, brought_by) = tokio::join!(
            self.within(LONGEST_EVIDENCE, CODE, between),
            self.within(LONGEST_EVIDENCE, CODE, code.brought_by(self.service, &range.head)),
        );
        Some(Evidence { range, between, brought_by })
    }

    /// What the forge is asked: one thing after another, beside what was read before.
    async fn of_forge(&self, reads: &[Read], mut known: fix::Readings) -> fix::Readings {
        let service = self.service;
        for read in reads {
            match read {
                Read::Trial(subject) => {
                    known.trial = Some((subject.clone(), self.trial(subject).await))
                }
                Read::PullOf(branch) => {
                    let read = async { self.forge()?.pull_of(service, branch).await };
                    known.pull = Some(self.within(LONGEST_READ, CODE, read).await);
                }
                Read::Gate(number) => {
                    let read = async { self.forge()?.gate(service, *number).await };
                    known.gate = Some((*number, self.within(LONGEST_READ, CODE, read).await));
                }
                Read::Main(since) => {
                    let read = async { self.forge()?.main(service, since).await };
                    known.main = Some(self.within(LONGEST_READ, CODE, read).await);
                }
                Read::Ancestry { commit, ancestor } => {
                    let read = async { self.forge()?.ancestry(service, commit, ancestor).await };
                    let found = self.within(LONGEST_READ, CODE, read).await;
                    let (commit, ancestor) = (commit.clone(), ancestor.clone());
                    known.ancestry = Some(Lineage { commit, ancestor, found });
                }
                Read::Pointer
                | Read::Deployments
                | Read::Named(_)
                | Read::Plan
                | Read::FailedAliases
                | Read::Changes(_) => {}
            }
        }
        known
    }

    /// What the request log says of a deployment.
    pub async fn error_log(&self, deployment: &DeploymentId) -> Fact<ErrorLog> {
        let read = self.provider.error_log(self.service, deployment);
        self.within(LONGEST_LOG, "request log", read).await
    }

    /// What production was asked in a window.
    pub async fn traffic(&self, window: Window) -> Fact<Traffic> {
        let read = self.provider.traffic(self.service, window);
        self.within(LONGEST_LOG, "request log", read).await
    }

    fn forge(&self) -> Result<&dyn Forge, PortError> {
        let message = "no GitHub repository is configured for this service";
        let kind = PortErrorKind::Missing;
        self.forge.ok_or_else(|| PortError { kind, message: message.to_owned() })
    }

    /// A revert that is tried out. That the forge says no is an answer; that it says nothing is none.
    async fn trial(&self, subject: &Subject) -> Fact<Result<Trial, String>> {
        let tried = async {
            match self.forge()?.try_revert(self.service, subject).await {
                Ok(trial) => Ok(Ok(trial)),
                Err(error)
                    if matches!(error.kind, PortErrorKind::Rejected | PortErrorKind::Missing) =>
                {
                    Ok(Err(error.message))
                }
                Err(error) => Err(error),
            }
        };
        self.within(LONGEST_TRIAL, CODE, tried).await
    }

    /// Reads one thing within a limit; without a limit it is not wanted.
    async fn fact<T>(
        &self,
        limit: Option<Duration>,
        source: &str,
        reading: impl Future<Output = Result<T, PortError>>,
    ) -> Option<Fact<T>> {
        Some(self.within(limit?, source, reading).await)
    }

    async fn within<T>(
        &self,
        limit: Duration,
        source: &str,
        reading: impl Future<Output = Result<T, PortError>>,
    ) -> Fact<T> {
        let answer = tokio::time::timeout(limit.min(self.longest), reading).await;
        let now = self.clock.now();
        match answer {
            Ok(Ok(value)) => Fact::known(source, now, value),
            Ok(Err(error)) => Fact::unknown(source, now, error.message),
            Err(_) => Fact::unknown(source, now, "no answer in time"),
        }
    }
}
