//! Forms as Slack's modals. Owns how a form is drawn and what Slack keeps of it for us; a form is opened by the trigger of
//! the press that asked for it, which lives three seconds. It comes back as a submission (`wire/submission.rs`). Where Slack
//! does not open it, its person is told what to do instead.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::SlackApi;
use super::escape;
use super::notifier::SlackNotifier;
use super::response_url::ResponseUrls;
use crate::chat::inbound::Inbound;
use crate::chat::reply::{Card, Form, Part, Text};
use crate::domain::actor::Person;
use crate::domain::service::Channel;
use crate::engine::ports::{Manner, Notifier, NotifyError, Outbound};

/// What our modals are called.
pub(super) const CALLBACK: &str = "form";

/// Slack's limits for a modal.
const LONGEST_TITLE: usize = 24;
const LONGEST_LABEL: usize = 2000;
const LONGEST_HINT: usize = 2000;
/// Slack keeps 3000 characters for a form; without the address, its person is answered by token.
const LONGEST_ADDRESS: usize = 1000;

/// What Slack keeps of a form until it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// The value of the button that opened it.
    pub(super) token: String,
    /// The id of the channel in which it was pressed.
    pub(super) channel: String,
    /// Where its person is answered.
    pub(super) response_url: Option<String>,
}

/// Opens forms in one workspace.
pub struct Forms {
    api: Arc<SlackApi>,
    notifier: SlackNotifier,
}

/// What must be remembered of a press so that a form can follow it.
pub(super) struct Opener {
    person: Person,
    channel: Channel,
    trigger: Option<String>,
    response_url: Option<String>,
}

/// An answer of which nothing is needed.
#[derive(Deserialize)]
struct Opened {}

impl Forms {
    /// For the client's workspace. Those whose form does not open are told so, by their response address if it is admitted.
    pub fn new(api: Arc<SlackApi>, response_urls: ResponseUrls) -> Self {
        let notifier = SlackNotifier::new(api.clone(), response_urls);
        Self { api, notifier }
    }

    /// Opens a form while the press that asked for it is being acknowledged.
    pub(super) fn open(self: &Arc<Self>, opener: Opener, form: Form) {
        let forms = self.clone();
        tokio::spawn(async move {
            if let Err(error) = forms.try_open(&opener, &form).await {
                tracing::warn!(%error, "a form could not be opened");
                forms.say_so(opener).await;
            }
        });
    }

    async fn try_open(&self, opener: &Opener, form: &Form) -> Result<(), NotifyError> {
        let refused = |why: &str| NotifyError::MessageRefused(why.to_owned());
        let trigger = opener.trigger.as_deref().ok_or_else(|| refused("slack sent no trigger"))?;
        let memory = Memory {
            token: form.token.clone(),
            channel: opener.channel.id.clone(),
            response_url: opener.response_url.clone().filter(|it| it.len() <= LONGEST_ADDRESS),
        };
        let body = json!({"trigger_id": trigger, "view": view(form, &memory)});
        let Opened {} = self.api.call("views.open", &body).await?;
        Ok(())
    }

    async fn say_so(&self, opener: Opener) {
        let text = Text::plain(
            "The form did not open in time. Next: press once more, or type the line that the card shows, with your reason.",
        );
        let card = Card { summary: text.clone(), parts: vec![Part::Paragraph(text)] };
        let Opener { person: to, channel, response_url, .. } = opener;
        let message = Outbound {
            id: 0,
            channel,
            manner: Manner::Whisper { to, response_url },
            body: serde_json::to_value(&card).expect("cards are plain data"),
        };
        if let Err(error) = self.notifier.notify(&message).await {
            tracing::warn!(%error, "nor could its person be told");
        }
    }
}

impl Opener {
    /// `None`: only a press can be followed by a form.
    pub(super) fn of(inbound: &Inbound) -> Option<Self> {
        let Inbound::Press { person, channel, trigger, response_url, .. } = inbound else {
            return None;
        };
        Some(Self {
            person: person.clone(),
            channel: channel.clone(),
            trigger: trigger.clone(),
            response_url: response_url.clone(),
        })
    }
}

/// The modal of a form.
fn view(form: &Form, memory: &Memory) -> Value {
    let field = &form.field;
    let text = |text: &str, longest: usize| {
        let text: String = text.chars().take(longest).collect();
        json!({"type": "plain_text", "text": text, "emoji": false})
    };
    json!({
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": serde_json::to_string(memory).expect("text is plain data"),
        "title": text(&form.title, LONGEST_TITLE),
        "submit": text(&form.submit, LONGEST_TITLE),
        "close": text("Cancel", LONGEST_TITLE),
        "blocks": [{
            "type": "input",
            "block_id": field.name,
            "label": text(&field.label, LONGEST_LABEL),
            "hint": text(&field.hint, LONGEST_HINT),
            "element": {
                "type": "plain_text_input",
                "action_id": field.name,
                "min_length": 1,
                "max_length": field.max,
                "focus_on_load": true,
            },
        }],
    })
}

/// The answer to a submission that was not taken: the form stays open and says why.
pub(super) fn errors(field: &str, card: &Card) -> Value {
    json!({"response_action": "errors", "errors": {field: escape::plain(&card.summary, LONGEST_HINT)}})
}
