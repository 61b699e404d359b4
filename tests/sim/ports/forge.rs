//! The forge over the truth of a night, and what lies between two of its commits.

use std::sync::Arc;

use async_trait::async_trait;
use repoint::domain::change::{self, Changes, PullRequest, Range};
use repoint::domain::fix::{
    Ancestry, Comment, ForgeCall, Gate, Main, Opened, Order, PullRef, Road, Subject, Trial,
};
use repoint::domain::ids::ServiceId;
use repoint::domain::migration::{self, Migration};
use repoint::domain::time::{Span, Timestamp};
use repoint::engine::ports::{Code, Forge, PortError, PortErrorKind};

use super::super::fault::{Fault, Op};
use super::super::forge::Late;
use super::super::truth::{Night, Truth};
use super::{Ports, error, lost, refused, throttled};

/// A reading that is old is so old.
const STALE: Span = Span(15_000);

/// When what is read was true.
fn true_at(truth: &Truth, fault: Option<Fault>) -> Timestamp {
    let now = truth.true_now();
    if fault == Some(Fault::ReadStale) { now - STALE } else { now }
}

fn missing(what: &str) -> PortError {
    error(PortErrorKind::Missing, what)
}

/// A call that is being made.
struct Calling {
    night: Arc<Night>,
    service: ServiceId,
}

impl Drop for Calling {
    fn drop(&mut self) {
        self.night.truth().promises.forge_called(&self.service);
    }
}

impl Ports {
    /// One call to the forge.
    async fn asking<T>(
        &self,
        service: &ServiceId,
        (op, call): (Op, ForgeCall),
        late: Late,
        carry_out: impl FnOnce(&mut Truth) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        if self.0.truth().dead {
            return std::future::pending().await;
        }
        {
            let mut truth = self.0.truth();
            let now = truth.events;
            truth.promises.forge_calls(service, now, &call);
            truth.tell(|| format!("call to the forge for {service}: {call:?}"));
        }
        // A caller that gives up ends the call as well.
        let _calling = Calling { night: self.0.clone(), service: service.clone() };
        let fault = self.0.begin(op, Some(service)).await;
        let answer = self.ask_with(fault, late, carry_out).await;
        if !matches!(&answer, Err(error) if error.kind == PortErrorKind::Ambiguous) {
            self.0.truth().promises.fix.answered(service);
        }
        self.0.end(fault).await;
        answer
    }

    async fn ask_with<T>(
        &self,
        fault: Option<Fault>,
        late: Late,
        carry_out: impl FnOnce(&mut Truth) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        match fault {
            Some(Fault::LostBefore) => return Err(lost()),
            Some(Fault::Throttled) => return Err(throttled(&mut self.0.truth())),
            Some(Fault::Refused) => return Err(refused(&mut self.0.truth())),
            Some(Fault::LateEffect) => {
                let mut truth = self.0.truth();
                let at = truth.true_now() + Span(truth.chance.ms(200, 1_900));
                truth.repo().later(at, late);
                return Err(lost());
            }
            Some(Fault::CallHangs) => {
                let takes = Span(self.0.truth().chance.ms(0, 66_000));
                self.0.wait(takes).await;
            }
            _ => {}
        }
        let answer = carry_out(&mut self.0.truth());
        match fault {
            Some(Fault::LostAfter) => Err(lost()),
            Some(Fault::CallHangs) => std::future::pending().await,
            _ => answer,
        }
    }
}

#[async_trait]
impl Forge for Ports {
    async fn try_revert(&self, service: &ServiceId, subject: &Subject) -> Result<Trial, PortError> {
        self.reading(Op::Try, service, |truth, _| {
            truth.promises.fix.tried(service, subject);
            let no = || error(PortErrorKind::Rejected, "there is no such change on main");
            truth.repo().try_revert(subject).ok_or_else(no)
        })
        .await
    }

    async fn open_revert(&self, service: &ServiceId, order: &Order) -> Result<Opened, PortError> {
        let call = ForgeCall::OpenRevert(order.clone());
        self.asking(service, (Op::OpenRevert, call), Late::Open(order.clone()), |truth| {
            let now = truth.true_now();
            let opened = truth.repo().open(order, now);
            truth.did(format!("{service}: {}", order.branch));
            truth.tell(|| format!("the forge: {opened:?}"));
            opened.ok_or_else(|| error(PortErrorKind::Rejected, "there is no such change on main"))
        })
        .await
    }

    async fn pull_of(
        &self,
        service: &ServiceId,
        branch: &str,
    ) -> Result<Option<PullRef>, PortError> {
        self.reading(Op::ForgeRead, service, |truth, fault| {
            let at = true_at(truth, fault);
            let now = truth.events;
            truth.promises.fix.read_pull(service, now);
            Ok(truth.repo().pull_of(branch, at))
        })
        .await
    }

    async fn gate(&self, service: &ServiceId, number: u64) -> Result<Gate, PortError> {
        self.reading(Op::ForgeRead, service, |truth, fault| {
            let at = true_at(truth, fault);
            let now = truth.events;
            let mut gate = truth.repo().gate(number, at).ok_or_else(|| missing("no such pull"))?;
            if fault == Some(Fault::RulesUnreadable) {
                gate.unreadable = Some("the rules cannot be read".to_owned());
            }
            truth.tell(|| format!("gate of #{number}: {gate:?}"));
            truth.promises.fix.read_gate(service, now, number, &gate);
            Ok(gate)
        })
        .await
    }

    async fn merge(
        &self,
        service: &ServiceId,
        number: u64,
        head: &str,
        road: Road,
    ) -> Result<(), PortError> {
        let call = ForgeCall::Merge { number, head: head.to_owned(), road };
        let late = Late::Merge(number, head.to_owned(), road);
        self.asking(service, (Op::Merge, call), late, |truth| {
            let now = truth.true_now();
            let merged = truth.repo().merge(number, head, road, now);
            truth.did(format!("{service}: merge of #{number}"));
            truth.tell(|| format!("the forge: {merged:?}"));
            merged.map_err(|why| error(PortErrorKind::Rejected, why))
        })
        .await
    }

    async fn call_off(&self, service: &ServiceId, number: u64) -> Result<(), PortError> {
        let call = ForgeCall::CallOff { number };
        self.asking(service, (Op::Merge, call), Late::CallOff(number), |truth| {
            truth.repo().call_off(number);
            Ok(())
        })
        .await
    }

    async fn warn(&self, service: &ServiceId, _: &Comment) -> Result<Vec<u64>, PortError> {
        self.reading(Op::ForgeRead, service, |_, _| {
            Err(error(PortErrorKind::Rejected, "nobody switched comments on"))
        })
        .await
    }

    async fn main(&self, service: &ServiceId, since: &str) -> Result<Main, PortError> {
        self.reading(Op::ForgeRead, service, |truth, _| Ok(truth.repo().main(since))).await
    }

    async fn ancestry(
        &self,
        service: &ServiceId,
        commit: &str,
        ancestor: &str,
    ) -> Result<Ancestry, PortError> {
        self.reading(Op::ForgeRead, service, |truth, _| {
            let found = truth.repo().contains(commit, ancestor);
            let contains = found.ok_or_else(|| missing("no such commit"))?;
            Ok(if contains { Ancestry::Contains } else { Ancestry::Lacks })
        })
        .await
    }
}

#[async_trait]
impl Code for Ports {
    async fn changes(&self, service: &ServiceId, range: &Range) -> Result<Changes, PortError> {
        self.reading(Op::Read, service, |_, _| Ok(changes(range))).await
    }

    async fn brought_by(
        &self,
        service: &ServiceId,
        sha: &str,
    ) -> Result<Option<PullRequest>, PortError> {
        let title = format!("the change {sha} <!channel>");
        self.reading(Op::Read, service, |_, _| Ok(Some(PullRequest { number: 7, title }))).await
    }
}

/// What lies between two commits is the same whenever it is asked: mostly harmless, sometimes a trap.
fn changes(range: &Range) -> Changes {
    let sum = range.base.bytes().chain(range.head.bytes()).map(u32::from).sum::<u32>();
    let text = match sum % 5 {
        0 => Ok("ALTER TABLE orders DROP COLUMN coupon;"),
        1 => Ok("ALTER TABLE orders OWNER TO somebody;"),
        2 => Err("no answer"),
        _ => Ok("CREATE TABLE baskets (id int);"),
    };
    let migration = Migration {
        path: "drizzle/0001_change.sql".to_owned(),
        fate: migration::Fate::Added,
        text: text.map(str::to_owned).map_err(str::to_owned),
    };
    let newest = vec![change::Commit { sha: range.head.clone(), subject: "a change".to_owned() }];
    Changes { commits: 1, newest, files: 2, unlisted: None, migrations: vec![migration] }
}
