//! Handing a request over within a chat platform's time. Owns the limit and the words for being late, which all
//! transports share. Slack and Discord both wait three seconds for an answer; whether a request was acted on must never
//! hang on it.

use std::time::Duration;

use tokio::time::timeout;

use crate::chat::inbound::{Answer, Inbound, Intake};
use crate::chat::reply::{Card, Part, Text};

/// Both platforms wait three seconds; the rest is for the way back.
const LIMIT: Duration = Duration::from_millis(2500);

/// Hands a request over and waits for its answer, but not too long; `Err` is what is said instead.
pub(super) async fn in_time(intake: &dyn Intake, inbound: Inbound) -> Result<Answer, Card> {
    timeout(LIMIT, intake.receive(inbound)).await.map_err(|_| {
        tracing::warn!("a request was not taken in within the platform's limit");
        late_answer()
    })
}

/// What a person is told whose request was late.
pub(super) fn late_answer() -> Card {
    let text = "Not accepted: taking it in took too long. Please try again.";
    Card { summary: Text::plain(text), parts: vec![Part::Paragraph(Text::plain(text))] }
}
