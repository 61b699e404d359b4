//! After a start: check the journal, look again at what was stored and not answered, follow what is open. Nothing is
//! repeated here; the executor observes before it repeats anything.

use std::sync::Arc;

use tokio::sync::watch;

use super::intake::{self, Press};
use super::motor::Engine;
use super::ports::{Journal, JournalError, VerifyReport, VerifyScope};

/// What is known of the journal's soundness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Soundness {
    /// The open incidents and the heads are sound; the rest is being checked.
    Checking,
    /// Everything is sound.
    Sound(VerifyReport),
    /// Something is wrong.
    Damaged(VerifyReport),
    /// It could not be checked.
    NotChecked(String),
}

/// Checks what the bot is about to rely on.
///
/// # Errors
/// When an open incident, a service or a head is not as it was written: the bot must not act on it.
pub async fn check(journal: &dyn Journal) -> Result<(), JournalError> {
    let report = journal.verify(VerifyScope::Open).await?;
    match report.faults.first() {
        None => Ok(()),
        Some(fault) => Err(JournalError::Corrupt(fault.clone())),
    }
}

/// Checks the rest in the background; the result can be watched.
pub fn check_all(journal: Arc<dyn Journal>) -> watch::Receiver<Soundness> {
    let (sender, receiver) = watch::channel(Soundness::Checking);
    tokio::spawn(async move {
        let found = match journal.verify(VerifyScope::All).await {
            Ok(report) if report.faults.is_empty() => Soundness::Sound(report),
            Ok(report) => {
                tracing::error!(faults = report.faults.len(), first = %report.faults[0], "the journal is damaged");
                Soundness::Damaged(report)
            }
            Err(error) => {
                tracing::error!(%error, "the journal could not be checked");
                Soundness::NotChecked(error.to_string())
            }
        };
        sender.send_replace(found);
    });
    receiver
}

/// Sets the engine in motion: presses that were stored and not answered, posts that were not sent, incidents that are open.
///
/// # Errors
/// When the journal cannot be read.
pub async fn recover(engine: &Engine) -> Result<(), JournalError> {
    let journal = &engine.keeper().tools().journal;
    for channel in journal.talking_channels().await? {
        engine.ring_channel(&channel);
    }
    for delivery in journal.pending_deliveries().await? {
        match serde_json::from_str::<Press>(&delivery.body) {
            Ok(press) => {
                let (engine, at_work) = (engine.clone(), engine.activity().begin());
                tokio::spawn(async move {
                    intake::answer(&engine, &delivery.key, press, intake::Taken::InTime).await;
                    drop(at_work);
                });
            }
            Err(error) => {
                tracing::error!(delivery = %delivery.key, %error, "a stored delivery cannot be read");
            }
        }
    }
    for incident in engine.keeper().book().incidents.keys() {
        engine.ring_incident(*incident);
    }
    Ok(())
}
