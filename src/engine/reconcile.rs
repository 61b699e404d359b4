//! The periodic look at the real world. What a lost message would have told costs a minute, not the truth.

use super::keeper::{Proposal, Readings};
use super::motor::Engine;
use crate::domain::decide::{Read, Request};
use crate::domain::ids::ServiceId;
use crate::domain::time::Span;

/// Time between two looks.
pub const PERIOD: Span = Span::seconds(60);

/// Old deliveries and buttons are removed once in so many looks.
const PRUNE_EVERY: u64 = 60;

/// Deliveries are known for a day, buttons for ninety.
const DELIVERIES_KEPT: Span = Span::minutes(24 * 60);
const TOKENS_KEPT: Span = Span::minutes(90 * 24 * 60);

/// Looks at every service once a minute until the engine stops.
pub async fn watch(engine: Engine) {
    let clock = engine.keeper().tools().clock.clone();
    let mut count = 0_u64;
    loop {
        let at_work = engine.activity().begin();
        let book = engine.keeper().book();
        for service in book.services.keys() {
            look(&engine, service).await;
        }
        // A ring that got lost costs a minute.
        for incident in book.incidents.values().filter(|one| one.is_open()) {
            engine.ring_incident(incident.id);
        }
        if count.is_multiple_of(PRUNE_EVERY) {
            prune(&engine).await;
        }
        count += 1;
        let next = clock.now() + PERIOD;
        drop(at_work);
        tokio::select! {
            biased;
            () = engine.stopped() => return,
            () = clock.sleep_until(next) => {}
        }
    }
}

async fn look(engine: &Engine, service: &ServiceId) {
    let Some(reader) = engine.reader(service) else { return };
    let readings = reader.read(&[Read::Pointer], Readings::default()).await;
    let proposal = Proposal::of_bot(Request::Look(service.clone()), readings);
    if let Err(error) = engine.propose(&proposal).await {
        tracing::error!(%service, %error, "a look could not be recorded");
    }
}

async fn prune(engine: &Engine) {
    let tools = engine.keeper().tools();
    let now = tools.clock.now();
    if let Err(error) = tools.journal.prune(now - DELIVERIES_KEPT, now - TOKENS_KEPT).await {
        tracing::warn!(%error, "old deliveries could not be removed");
    }
}
