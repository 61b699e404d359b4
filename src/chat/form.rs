//! The reason that something lacks, asked for by a form. Its button stores nothing: it only opens the form, for those who
//! may act. What is sent with the form is stored and answered like any press. Where no form can be opened, the same is
//! typed. What a reason does is in `domain/decide/reason.rs`.

use super::catalog::Prefix;
use super::desk::Desk;
use super::inbound::Answer;
use super::narrator::said;
use super::parse;
use super::reply::{Form, FormField, Text};
use crate::domain::action::{Action, LONGEST_REASON, Lacks};
use crate::domain::actor::Actor;
use crate::domain::decide::Request;
use crate::domain::ids::DeliveryKey;
use crate::domain::incident::Incident;
use crate::domain::refusal::Refusal;
use crate::engine::intake::Press;
use crate::engine::keeper::{self, Proposal};

/// The name of the one field.
pub const REASON: &str = "reason";

/// The form behind a button that asks for a reason.
pub fn of(lacks: &Lacks, token: String) -> Form {
    let label = match lacks {
        Lacks::Rollback(_) => "Why roll back all the same?",
        Lacks::Promote => "Why promote all the same?",
    };
    Form {
        token,
        title: "Give a reason".to_owned(),
        field: FormField {
            name: REASON.to_owned(),
            label: label.to_owned(),
            hint: "It stands on the card. A second person confirms.".to_owned(),
            max: LONGEST_REASON,
        },
        submit: "Send".to_owned(),
    }
}

/// What one types where forms do not work.
pub fn typed_instead(incident: &Incident, lacks: &Lacks, prefix: &Prefix) -> Text {
    let service = &incident.service;
    let line = match lacks {
        Lacks::Rollback(_) => {
            let target = incident.waiting().map(|question| question.to.deployment.id.as_str());
            format!("rollback {service} {} <reason>", target.unwrap_or("<target>"))
        }
        Lacks::Promote => {
            let wish = incident.promote_that_lacks_reason();
            match wish.and_then(|wish| wish.to.as_deref()) {
                Some(target) => format!("promote {service} {target} <reason>"),
                None => format!("promote {service} reason <reason>"),
            }
        }
    };
    Text::plain("Give the reason behind the command: ")
        .code(prefix.command(&line))
        .and("; then a second person confirms.")
}

impl Desk {
    /// Opens the form for whoever may act; changes and stores nothing.
    pub(super) async fn open_form(
        &self,
        key: &DeliveryKey,
        press: Press,
        lacks: &Lacks,
        token: String,
    ) -> Answer {
        if let Err(answer) = self.admit(key, &press.by, press.incident).await {
            return answer.into();
        }
        let Press { incident, action, by, pressed_at } = press;
        let request = Request::Press { incident, action, pressed_at };
        let proposal = Proposal::of(Actor::Person(by.person.clone()), vec![request]);
        match self.engine().propose(&proposal).await {
            Ok(keeper::Answer::Refused(refusal) | keeper::Answer::Done(_, Some(refusal))) => {
                self.refuse_press(key, by, &refusal).await.into()
            }
            Ok(keeper::Answer::Done(_, None) | keeper::Answer::Needs(_)) => {
                Answer::Form(of(lacks, token))
            }
            Err(error) => Answer::Card(self.not_stored(by, &error.into()).await),
        }
    }

    /// Takes a filled form in, as a press with the reason.
    pub(super) async fn take_form(&self, key: &DeliveryKey, press: Press, written: &str) -> Answer {
        let Action::GiveReason(lacks) = press.action else {
            return self.refuse_press(key, press.by, &Refusal::UnknownButton).await.into();
        };
        let reason = parse::one_line(written);
        if let Some(wrong) = wrong_with(&reason) {
            return Answer::Card(said(wrong.into()));
        }
        let press = Press { action: Action::Reasoned(lacks, reason), ..press };
        self.store_press(key, press).await.into()
    }
}

/// What is wrong with a reason, said at once while the form is still open; the domain asks again.
fn wrong_with(reason: &str) -> Option<String> {
    match reason.chars().count() {
        0 => Some("A reason is needed, for the record. Write in a few words why.".to_owned()),
        1..=LONGEST_REASON => None,
        length => Some(format!(
            "That reason has {length} characters; {LONGEST_REASON} is the most. Shorten it."
        )),
    }
}
