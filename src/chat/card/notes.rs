//! What stands below the runbook: verdicts, what people said, what somebody else did, and what a rollback cannot undo.

use super::{Drawing, standing};
use crate::chat::catalog::Prefix;
use crate::chat::reply::Text;
use crate::chat::{verdict, words};
use crate::domain::book::ServiceState;
use crate::domain::deployment::Assignment;
use crate::domain::event::{Direction, Excuse, TASKS, Task};
use crate::domain::fix::Layer2;
use crate::domain::incident::{Elsewhere, Incident, Layer1, Layer1Done};
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::domain::verification::{self, Verdict};

/// A line for each verdict, the newest last, and for the one that is on its way.
pub(super) fn verifications(incident: &Incident, now: Timestamp) -> impl Iterator<Item = Text> {
    let ended = incident.verifications.iter().map(move |one| verdict::line(one, now));
    let asked = incident.verifying.iter();
    ended.chain(asked.map(|one| verdict::under_way(&one.subject, &one.by, one.since)))
}

/// What people said of the incident itself: no flip is needed, or no fix, or no second person was to be had.
pub(super) fn statements(incident: &Incident) -> Vec<Text> {
    let mut lines = Vec::new();
    if let Some(Layer1Done::Excused { by, excuse, reason }) = &incident.layer1_done {
        let what = match excuse {
            Excuse::FlagOff => "Flag off",
            Excuse::RuledOut => "A rollback is ruled out",
        };
        let text = Text::default().strong(what).and(", says ").person(by).and(": ");
        lines.push(text.foreign(words::clipped(reason, 300)));
    }
    if let Some((by, reason)) = &incident.went_alone {
        let text = Text::default().person(by).and(" went on ").strong("alone");
        let text = text.and(", since nobody answered as the second person: ");
        lines.push(text.foreign(words::clipped(reason, 300)));
    }
    if let Some(alarm) = &incident.false_alarm {
        let text = Text::default().strong("False alarm").and(", says ").person(&alarm.by).and(": ");
        let text = text.foreign(words::clipped(&alarm.reason, 300)).and(". ");
        lines.push(match &alarm.agreed_by {
            Some(by) => text.person(by).and(" agrees."),
            None => text.and("It counts when another responder presses ").strong("Agree").and("."),
        });
    }
    lines
}

/// Why the last wish came to nothing, as long as that still holds.
pub(super) fn open_refusal(incident: &Incident) -> Option<&Refusal> {
    incident.refused.as_ref().filter(|one| !is_overtaken(incident, one))
}

/// Why the last wish came to nothing, where what was done before it holds again.
pub(super) fn refused(incident: &Incident, drawing: &Drawing<'_>) -> Option<Text> {
    let refusal = open_refusal(incident)?;
    let is_said = !matches!(incident.layer1, Layer1::Settled(_)) && incident.layer1_done.is_none();
    let service = Some(&incident.service);
    (!is_said).then(|| {
        let text = Text::default().strong("Refused").and(": ");
        text.append(words::refusal(refusal, service, drawing.prefix))
    })
}

/// What was missing then is there by now.
fn is_overtaken(incident: &Incident, refusal: &Refusal) -> bool {
    let fix = incident.fix();
    match refusal {
        Refusal::NoFixMerged => fix.is_some_and(|fix| fix.merged.is_some()),
        Refusal::NoFixBuilt => fix.is_some_and(|fix| fix.built.is_some()),
        Refusal::NotVerified { deployment, .. } => standing::own_verification(incident, deployment)
            .is_some_and(|one| one.verdict == Verdict::Passed),
        _ => false,
    }
}

pub(super) fn warnings(
    incident: &Incident,
    state: &ServiceState,
    drawing: &Drawing<'_>,
) -> Vec<Text> {
    let mut warnings = Vec::new();
    if let Some(halt) = &state.halt {
        let resume = drawing.prefix.command("incident resume");
        let text = Text::default().strong("Halted").and(" by ").person(&halt.by);
        let text =
            text.and(" at ").time(halt.since).and(": nothing is sent. A lead lifts it with ");
        warnings.push(text.code(resume));
    }
    if let Some(lost) = state.groups_lost.as_ref().filter(|_| incident.is_open()) {
        warnings.push(words::groups_lost(lost.platform, lost.read_at, lost.why.as_deref()));
    }
    if let Some(what) = &incident.trouble {
        let text = Text::default().strong("Cannot read the provider").and(": ");
        warnings.push(text.foreign(words::clipped(what, 300)).and(". I go on trying."));
    }
    if let Some(what) = &incident.forge_trouble {
        let text = Text::default().strong("Cannot read GitHub").and(": ");
        let what = what.strip_prefix("github: ").unwrap_or(what);
        warnings.push(text.foreign(words::clipped(what, 300)).and(". I go on trying."));
    }
    if let Some(elsewhere) = incident.elsewhere.as_ref().filter(|_| incident.is_open()) {
        warnings.push(moved(incident, elsewhere, drawing.prefix));
    }
    warnings.extend(main_moved(incident));
    if let Some(why) = &incident.needs_person {
        let text = Text::default().strong("A person is needed").and(": ");
        warnings.push(text.foreign(words::clipped(why, 300)).and("."));
    }
    warnings
}

/// G15: what else came to main while the bad change is there.
fn main_moved(incident: &Incident) -> Option<Text> {
    let fix = incident.fix().filter(|fix| fix.merged.is_none() && !fix.main_moved.is_empty())?;
    let count = u32::try_from(fix.main_moved.len()).unwrap_or(u32::MAX);
    Some(
        Text::default()
            .strong("Also on main meanwhile")
            .and(": ")
            .append(words::commits(&fix.main_moved, count))
            .and(". It goes live with the fix, not before."),
    )
}

/// G14: what somebody else did to production, and what that means.
pub(crate) fn moved(incident: &Incident, elsewhere: &Elsewhere, prefix: &Prefix) -> Text {
    let text = Text::default()
        .strong("Not by me")
        .and(": production points at ")
        .append(words::live(&elsewhere.live))
        .and(format!(", {} (seen ", words::assignment(elsewhere.assignment)))
        .time(elsewhere.at)
        .and("). I leave it as it is.");
    let rollback = prefix.command(&format!("rollback {}", incident.service));
    let suspect = incident.suspect.as_ref().filter(|_| !incident.is_false_alarm());
    let is_bad = suspect.is_some_and(|suspect| elsewhere.live.id() == Some(&suspect.id));
    let ours = verification::expected(incident).map(|target| &target.id);
    let is_ours = ours.is_some() && elsewhere.live.id() == ours;
    if is_bad {
        text.and(" That is the bad deployment: users get it again. Next: ").code(rollback)
    } else if elsewhere.assignment == Assignment::On {
        text.and(" Automatic assignment is on: the next merge goes live by itself, also with the bad change. Next: switch it off at the provider, or ")
            .code(rollback)
    } else if is_ours {
        text.and(" Production is where it was left again.")
    } else {
        text.and(" Next: look whether that is meant; if not, ").code(rollback)
    }
}

/// What came back with a rollback and what did not, with who looks after it. Once the fix is the matter, only the latter.
pub(super) fn boundary(incident: &Incident) -> Option<Text> {
    let Some(Layer1Done::Proven(_)) = &incident.layer1_done else { return None };
    let mut text = match incident.layer2 {
        Layer2::Idle => Text::default()
            .strong("Came back")
            .and(" with the rollback: code, server bundle, prerendered pages, values baked in at build. "),
        Layer2::Looking(_)
        | Layer2::Planned(_)
        | Layer2::Opening(_)
        | Layer2::Prepared(_)
        | Layer2::Followed(_) => Text::default(),
    };
    text = text.strong("Did not come back").and(": ");
    for (index, task) in TASKS.iter().enumerate() {
        text = if index == 0 { text } else { text.and(", ") };
        text = text.and(described(*task));
        text = match incident.tasks.get(task) {
            Some((by, at)) => text.and(" (").person(by).and(" since ").time(*at).and(")"),
            None => text,
        };
    }
    let text = text.and(".");
    let is_free = incident.is_open() && TASKS.iter().any(|task| !incident.tasks.contains_key(task));
    Some(if is_free { text.and(" Press what you look after.") } else { text })
}

fn described(task: Task) -> &'static str {
    match task {
        Task::Rows => "rows written",
        Task::Mails => "mails sent",
        Task::Charges => "charges made",
        Task::Webhooks => "webhooks sent",
        Task::Files => "files and data synced elsewhere",
        Task::Settings => "the current environment settings",
    }
}

/// What a rollback cannot touch is said each time production is about to move.
pub(super) fn small_print(incident: &Incident) -> Option<Text> {
    let is_about_a_flip = !matches!(incident.layer1, Layer1::Idle | Layer1::Resolving(_));
    let is_back = standing::direction(incident) == Some(Direction::Back);
    let is_listed = matches!(incident.layer1_done, Some(Layer1Done::Proven(_)));
    (is_about_a_flip && is_back && !is_listed).then(|| {
        Text::plain(
            "A rollback resets code, server bundle, prerendered pages and values baked in at build. It cannot touch rows written, mails, charges, webhooks, files, data synced elsewhere, or the current environment settings.",
        )
    })
}
