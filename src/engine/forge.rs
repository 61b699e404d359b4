//! Calls to the forge, and what their answers mean for the engine. Makes each call once and judges nothing.

use std::time::Duration;

use super::motor::Engine;
use super::ports::{PortError, PortErrorKind};
use crate::domain::fix::{Comment, ForgeCall, ForgeOutcome, WarningOutcome};
use crate::domain::ids::ServiceId;
use crate::domain::time::Span;

/// A revert is fetched, made and pushed: whatever the forge's client does, nobody waits longer than this.
const LONGEST_CALL: Duration = Duration::from_secs(60);

/// A comment is worth less than the next look at the gate, which waits for it.
const LONGEST_WARNING: Duration = Duration::from_secs(20);

/// Pause after "surely not done" where the forge did not say how long to wait.
const SHORT_PAUSE: Span = Span::seconds(5);

/// Makes a call whose start is durable.
pub(super) async fn make(engine: &Engine, service: &ServiceId, call: &ForgeCall) -> ForgeOutcome {
    let Some(forge) = engine.hands().forges.get(service) else {
        return ForgeOutcome::Refused { why: "the service has no repository".to_owned() };
    };
    let made = async {
        match call {
            ForgeCall::OpenRevert(order) => {
                forge.open_revert(service, order).await.map(ForgeOutcome::Opened)
            }
            ForgeCall::Merge { number, head, road } => {
                let merged = forge.merge(service, *number, head, *road).await;
                merged.map(|()| ForgeOutcome::MergeTaken)
            }
            ForgeCall::CallOff { number } => {
                forge.call_off(service, *number).await.map(|()| ForgeOutcome::CalledOff)
            }
        }
    };
    match tokio::time::timeout(LONGEST_CALL, made).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => outcome_of(error),
        Err(_) => ForgeOutcome::Unknown { why: "no answer in time".to_owned() },
    }
}

/// Says on pull requests what came to main. Its start is durable.
pub(super) async fn warn(
    engine: &Engine,
    service: &ServiceId,
    comment: &Comment,
) -> WarningOutcome {
    let Some(forge) = engine.hands().forges.get(service) else {
        return WarningOutcome::NotSaid { why: "the service has no repository".to_owned() };
    };
    match tokio::time::timeout(LONGEST_WARNING, forge.warn(service, comment)).await {
        Ok(Ok(pulls)) => WarningOutcome::Said { pulls },
        Ok(Err(PortError { kind, message: why })) => match kind {
            PortErrorKind::Transient { .. } | PortErrorKind::Ambiguous => {
                WarningOutcome::Unsettled { why }
            }
            PortErrorKind::Rejected | PortErrorKind::Missing | PortErrorKind::Unauthorised => {
                WarningOutcome::NotSaid { why }
            }
        },
        Err(_) => WarningOutcome::Unsettled { why: "no answer in time".to_owned() },
    }
}

fn outcome_of(error: PortError) -> ForgeOutcome {
    let why = error.message;
    match error.kind {
        PortErrorKind::Transient { retry_after } => {
            ForgeOutcome::NotTaken { why, retry_after: retry_after.max(SHORT_PAUSE) }
        }
        PortErrorKind::Rejected | PortErrorKind::Missing | PortErrorKind::Unauthorised => {
            ForgeOutcome::Refused { why }
        }
        PortErrorKind::Ambiguous => ForgeOutcome::Unknown { why },
    }
}
