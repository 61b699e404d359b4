//! What the card says of the fix: from what would be taken back to its build, ready and not live.

use super::standing::{self, Standing};
use super::{Drawing, gate};
use crate::chat::reply::Text;
use crate::chat::words;
use crate::domain::book::ServiceState;
use crate::domain::deployment::Deployment;
use crate::domain::event::Excuse;
use crate::domain::fix::{
    Call, Culprit, Fix, FixKind, Layer2, Merge, Opening, Outlook, Plan, PullRef,
};
use crate::domain::incident::{Incident, Layer1Done};
use crate::domain::time::Timestamp;
use crate::domain::verification::{FRESH, Verification};

/// Where the fix is and what is next, in a few sentences.
pub(super) fn situation(incident: &Incident, drawing: &Drawing<'_>) -> Text {
    match &incident.layer2 {
        Layer2::Idle => idle(incident, drawing),
        Layer2::Looking(looking) => Text::default()
            .person(&looking.by)
            .and(" asked at ")
            .time(looking.since)
            .and(" what taking it back would do. Trying it out…"),
        Layer2::Planned(plan) => planned(plan),
        Layer2::Opening(opening) => opening_line(opening, drawing.now),
        Layer2::Prepared(prepared) => Text::default()
            .strong("The revert conflicts")
            .and(" in ")
            .append(words::names(prepared.files.iter(), 6))
            .and(". ")
            .append(safe(incident))
            .and(" A branch is prepared: ")
            .code(words::clipped(&prepared.branch, 100))
            .and(". Next: somebody resolves it there and opens a pull request, then ")
            .code(command(drawing, "incident fix <PR>"))
            .and("."),
        Layer2::Followed(fix) => followed(incident, fix, drawing),
    }
}

fn command(drawing: &Drawing<'_>, line: &str) -> String {
    drawing.prefix.command(line)
}

/// Nobody asked for a fix yet.
fn idle(incident: &Incident, drawing: &Drawing<'_>) -> Text {
    let service = &incident.service;
    let has_repository =
        drawing.book.services.get(service).is_some_and(|one| one.repository.is_some());
    if incident.is_false_alarm() {
        return false_alarm(incident, drawing);
    }
    if let Some(refusal) = &incident.revert_refused {
        return words::refusal(refusal, Some(service), drawing.prefix);
    }
    if !has_repository {
        return Text::plain("Main still holds the bad commit. Next: revert it there through the usual pull request; nothing goes live by itself meanwhile. When it is over: ")
            .code(command(drawing, "incident close <reason>"));
    }
    let start = match &incident.layer1_done {
        Some(Layer1Done::Excused { excuse: Excuse::FlagOff, .. }) => {
            "The flag is off, and main still holds the bad commit."
        }
        Some(Layer1Done::Excused { excuse: Excuse::RuledOut, .. }) => {
            "A rollback is ruled out, so the fix comes first."
        }
        Some(Layer1Done::Proven(_)) | None => {
            "Main still holds the bad commit; nothing goes live by itself meanwhile."
        }
    };
    Text::plain(start)
        .and(" Next: ")
        .code(command(drawing, &format!("revert {service}")))
        .and(" shows what would be taken back; or name the pull request that mends it: ")
        .code(command(drawing, "incident fix <PR>"))
        .and(".")
}

fn false_alarm(incident: &Incident, drawing: &Drawing<'_>) -> Text {
    let text = Text::plain("The code was fine, so no fix is needed.");
    let Some(suspect) = &incident.suspect else {
        let close = command(drawing, "incident close <reason>");
        return text.and(" Next: ").code(close);
    };
    let (service, id) = (&incident.service, &suspect.id);
    text.and(" Next: verify ")
        .append(words::short(suspect))
        .and(" again, ")
        .code(command(drawing, &format!("verify {service} {id}")))
        .and(", then let it go live: ")
        .code(command(drawing, &format!("promote {service} {id}")))
        .and(".")
}

/// What production answers from while the fix takes its time.
pub(crate) fn safe(incident: &Incident) -> Text {
    match (standing::safe_on(incident), &incident.layer1_done) {
        (Some(target), _) => {
            Text::plain("Production is safe on ").append(words::short(target)).and(".")
        }
        (None, Some(Layer1Done::Excused { excuse: Excuse::FlagOff, .. })) => {
            "Production goes on with the flag off.".into()
        }
        (None, Some(Layer1Done::Excused { excuse: Excuse::RuledOut, .. })) => {
            "Production was not rolled back.".into()
        }
        (None, Some(Layer1Done::Proven(_)) | None) => {
            "Look at production: it is not where the rollback left it.".into()
        }
    }
}

fn planned(plan: &Plan) -> Text {
    let text = Text::plain("This would take back ").append(culprit(&plan.trial.culprit)).and(". ");
    match &plan.trial.outlook {
        Outlook::Conflicts { .. } => text
            .strong("It conflicts")
            .and(": Open revert prepares a branch for a person to go on with. Main and production are not touched."),
        Outlook::Unknown { .. } => text
            .strong("Whether it conflicts is not known")
            .and(": press ")
            .strong("Open revert")
            .and(" and GitHub makes the revert itself, or says that it cannot. Nothing goes live by it."),
        Outlook::Clean { .. } | Outlook::AlreadyGone => text
            .and("Press ")
            .strong("Open revert")
            .and(" to open the pull request; then its checks run. Nothing goes live by it."),
    }
}

/// What would be taken back, in few words.
pub(crate) fn culprit(culprit: &Culprit) -> Text {
    let commits = words::count(culprit.commits as usize, "commit");
    match &culprit.pull {
        Some(pull) => Text::plain(format!("#{} ", pull.number))
            .foreign(words::clipped(&pull.title, 100))
            .and(format!(" ({commits})")),
        None => Text::plain(format!("{commits}, the newest "))
            .code(words::short_id(&culprit.head.sha))
            .and(" ")
            .foreign(words::clipped(&culprit.head.subject, 80)),
    }
}

/// What is to be known before a revert is opened (G9).
pub(super) fn preview(incident: &Incident) -> Vec<Text> {
    let Layer2::Planned(plan) = &incident.layer2 else { return Vec::new() };
    let trial = &plan.trial;
    let mut lines = Vec::new();
    match &trial.outlook {
        Outlook::Clean { files } => lines.push(
            Text::plain(format!("{}: ", words::count(files.len(), "file")))
                .append(words::names(files.iter(), 8))
                .and("."),
        ),
        Outlook::Conflicts { files } => lines.push(
            Text::default()
                .strong("Conflicts")
                .and(" in ")
                .append(words::names(files.iter(), 8))
                .and("."),
        ),
        Outlook::Unknown { why } => lines.push(
            Text::default()
                .strong("Not tried out")
                .and(": ")
                .foreign(words::clipped(why, 200))
                .and(". Conflicts, later changes to the same files and files beyond the bad change are not known before it is made."),
        ),
        Outlook::AlreadyGone => {}
    }
    if trial.later_count > 0 {
        let many = words::count(trial.later_count as usize, "later commit");
        lines.push(
            Text::default()
                .strong("Changed since")
                .and(format!(" by {many} to the same files: "))
                .append(words::commits(&trial.later, trial.later_count))
                .and(". Look whether they need what goes."),
        );
    }
    if let Some(back) = &trial.brings_back {
        lines.push(
            Text::default()
                .strong("It is itself a revert")
                .and(": taking it back brings ")
                .append(words::commits(std::slice::from_ref(back), 1))
                .and(" again."),
        );
    }
    if !trial.beyond.is_empty() {
        lines.push(
            Text::default()
                .strong("Beyond the bad change")
                .and(" it touches ")
                .append(words::names(trial.beyond.iter(), 8))
                .and("."),
        );
    }
    lines
}

fn opening_line(opening: &Opening, now: Timestamp) -> Text {
    let text = Text::default()
        .strong("Open revert")
        .and(", pressed by ")
        .person(&opening.by)
        .and(" at ")
        .time(opening.at)
        .and(". ");
    text.append(under_way(&opening.call, "Asking GitHub for the pull request.", now))
}

/// Where a call to GitHub is.
fn under_way(call: &Call, sending: &str, now: Timestamp) -> Text {
    match call {
        Call::Intended { not_before, .. } if *not_before <= now => "Not sent yet.".into(),
        Call::Intended { not_before, .. } => {
            Text::plain("GitHub did not take it so far; asked again at ").time(*not_before).and(".")
        }
        Call::Sending { .. } => sending.into(),
        Call::Taken => "GitHub took it; it is a matter of moments.".into(),
        Call::Unknown { why, .. } => Text::plain("I do not know whether it happened: ")
            .foreign(words::clipped(why, 200))
            .and(". I read GitHub before anything else is done."),
        Call::Refused { why } => {
            Text::plain("It was not done: ").foreign(words::clipped(why, 300)).and(".")
        }
    }
}

fn followed(incident: &Incident, fix: &Fix, drawing: &Drawing<'_>) -> Text {
    let unknown = ServiceState::default();
    let state = drawing.book.state(&incident.service).unwrap_or(&unknown);
    let name = || Text::plain(format!("#{}", fix.pull.number));
    match standing::of_fix(incident, fix, state) {
        Standing::Closed => name()
            .and(" was closed without being merged. ")
            .append(safe(incident))
            .and(" Next: open it again, ask for a new one, ")
            .code(command(drawing, &format!("revert {}", incident.service)))
            .and(", or name another: ")
            .code(command(drawing, "incident fix <PR>"))
            .and("."),
        Standing::NotSeen => {
            name().and(" is open; reading what it needs. ").append(safe(incident))
        }
        Standing::AtGate(seen, verdict) => safe(incident)
            .and(" ")
            .append(gate::situation(fix, seen, &verdict, drawing))
            .append(refused_merge(fix)),
        Standing::Merging(merge) => merging(merge, drawing.now),
        Standing::Queued => safe(incident)
            .and(" ")
            .append(name())
            .and(" is taken for the merge; GitHub puts it on main when its queue lets it."),
        Standing::Merged(merged) => Text::plain("The fix is on main as ")
            .code(words::short_id(&merged.sha))
            .and(" since ")
            .time(merged.at)
            .and(". ")
            .append(safe(incident))
            .and(" Next: its production build; I wait for it."),
        Standing::BuildFailed(failed) => Text::plain("The production build of the fix failed: ")
            .append(words::short(failed))
            .and(". ")
            .append(safe(incident))
            .and(" Next: look at the build and start it again at the provider, or name another fix: ")
            .code(command(drawing, "incident fix <PR>"))
            .and("."),
        Standing::Ready(built) => ready(incident, built),
        Standing::Verified(built, verification) => verified(built, verification),
        Standing::Live(built) => Text::plain("The fix is live: ").append(words::short(built)).and("."),
        Standing::Bad(built) => Text::plain("The fix ")
            .append(words::short(built))
            .and(" broke production again and is marked bad. Next: name another one, ")
            .code(command(drawing, "incident fix <PR>"))
            .and("."),
    }
}

fn merging(merge: &Merge, now: Timestamp) -> Text {
    Text::default()
        .strong("Merge")
        .and(", pressed by ")
        .person(&merge.by)
        .and(" at ")
        .time(merge.at)
        .and(", of ")
        .code(words::short_id(&merge.head))
        .and(". ")
        .append(under_way(&merge.call, "Asking GitHub for the merge.", now))
}

fn refused_merge(fix: &Fix) -> Text {
    match fix.merge.as_ref().map(|merge| &merge.call) {
        Some(Call::Refused { why }) => {
            Text::plain(" The last merge was not made: ").foreign(words::clipped(why, 300)).and(".")
        }
        Some(_) | None => Text::default(),
    }
}

/// Why nobody sees the fix although it is built, and what is next.
pub(crate) fn ready(incident: &Incident, built: &Deployment) -> Text {
    let text = Text::default()
        .strong("ready, not live")
        .and(": the fix is built as ")
        .append(words::short(built))
        .and(". ");
    let text = match standing::safe_on(incident) {
        Some(target) if standing::is_pinned(incident) => text
            .and("Users do not see it, because production is pinned to ")
            .append(words::short(target))
            .and(" since the rollback: that is meant."),
        Some(_) | None => text
            .and("Production was not pinned by a rollback, so look whether users see it already."),
    };
    text.and(" Next: ")
        .strong("Verify")
        .and(" it on its own address, then ")
        .strong("Promote")
        .and(".")
}

fn verified(built: &Deployment, verification: &Verification) -> Text {
    Text::default()
        .strong("verified")
        .and(", not live: ")
        .append(words::short(built))
        .and(" passed on its own address at ")
        .time(verification.at)
        .and(", which counts until ")
        .time(verification.at + FRESH)
        .and("; an older one is made again by the same press. Next: ")
        .strong("Promote")
        .and(". It asks first, and says what then ships.")
}

/// The fix's pull request.
pub(super) fn fix_field(fix: &Fix) -> Text {
    let text = named(&fix.pull);
    let text = match fix.kind {
        FixKind::Revert => text.and(" · revert, by "),
        FixKind::Forward => text.and(" · forward fix, named by "),
    };
    let text = text.person(&fix.by);
    match fix.shared_from {
        Some(other) => text.and(format!(" · the one of incident {other}")),
        None => text,
    }
}

/// A pull request as people find it.
pub(crate) fn named(pull: &PullRef) -> Text {
    let number = format!("#{}", pull.number);
    let is_address = pull.url.starts_with("https://") || pull.url.starts_with("http://");
    let text = match is_address {
        true => Text::default().link(pull.url.clone(), number),
        false => Text::plain(number),
    };
    text.and(" ").foreign(words::clipped(&pull.title, 100))
}
