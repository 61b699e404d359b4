//! Handing a request over within Slack's time. Owns the limit and the words for being late, which both transports share.
//! Slack waits three seconds for an answer; whether a request was acted on must never hang on that answer.

use std::time::Duration;

use tokio::time::timeout;

use crate::chat::inbound::{Inbound, Intake};
use crate::chat::reply::{Card, Part, Text};

/// Slack waits three seconds; the rest is for the way back.
const LIMIT: Duration = Duration::from_millis(2500);

/// How handing a request over ended.
pub(super) enum HandOver {
    /// In time, with this to answer.
    Taken(Option<Card>),
    /// Not in time.
    Late,
}

/// Hands a request over and waits for its answer, but not too long.
pub(super) async fn hand_over(intake: &dyn Intake, inbound: Inbound) -> HandOver {
    match timeout(LIMIT, intake.receive(inbound)).await {
        Ok(answer) => HandOver::Taken(answer),
        Err(_) => {
            tracing::warn!("a request was not taken in within slack's limit");
            HandOver::Late
        }
    }
}

/// What a person is told whose request was late.
pub(super) fn late_answer() -> Card {
    let text = "Not accepted: taking it in took too long. Please try again.";
    Card { summary: Text::plain(text), parts: vec![Part::Paragraph(Text::plain(text))] }
}
