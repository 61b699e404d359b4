//! The thread's lines for the fix on its way to main and to its build.

use super::gate;
use crate::chat::card::{gate as card_gate, layer2};
use crate::chat::catalog::Prefix;
use crate::chat::reply::Text;
use crate::chat::words;
use crate::domain::change::Commit;
use crate::domain::deployment::Deployment;
use crate::domain::event::{Finding, FixEvent};
use crate::domain::fix::{
    Call, Fix, FixKind, ForgeOutcome, GateVerdict, Layer2, Opened, Outlook, Plan, Road,
    WarningOutcome, Wish, Withdrawn, g8_judge,
};
use crate::domain::incident::Incident;
use crate::domain::time::{Span, Timestamp};

/// One line for an event of the fix; `None`: the card says it, or it is no news.
pub(super) fn line(
    incident: &Incident,
    before: Option<&Incident>,
    event: &FixEvent,
    prefix: &Prefix,
    at: Timestamp,
) -> Option<Text> {
    match event {
        // Told in private to the one who asked; the card says it too.
        FixEvent::RevertRefused { .. } => None,
        FixEvent::RevertRequested { by, wish } => {
            Some(Text::default().person(by).and(" asked to take back ").append(wished(wish)))
        }
        FixEvent::RevertPlanned { plan } => Some(planned(plan)),
        FixEvent::RevertConfirmed { by, .. } => Some(
            Text::default()
                .person(by)
                .and(" pressed Open revert: asking GitHub for the pull request."),
        ),
        FixEvent::ForgeCallStarted { attempt, .. } => {
            (*attempt > 1).then(|| "Asking GitHub once more.".into())
        }
        FixEvent::ForgeCallEnded { outcome, .. } => ended(before, outcome, prefix, at),
        FixEvent::ForgeCallObserved { finding, .. } => match finding {
            Finding::Applied => Some("GitHub shows it: it did happen.".into()),
            Finding::NotAppliedOnce => None,
            Finding::NotApplied => Some("Two readings agree that it did not happen.".into()),
        },
        FixEvent::FixFollowed { .. } => incident.fix().map(|fix| followed(incident, fix)),
        FixEvent::GateSeen { gate: seen } => {
            let is_same =
                |fix: &&Fix| incident.fix().is_some_and(|now| now.pull.number == fix.pull.number);
            let fix = before.and_then(Incident::fix).filter(is_same);
            gate::line(incident, fix.and_then(|fix| fix.gate.as_ref()), seen, prefix, at)
        }
        FixEvent::FixNudged => incident.fix().map(|fix| nudge(incident, fix)),
        FixEvent::MergeConfirmed { by, head, road, .. } => {
            let text = Text::default().person(by).and(" pressed Merge for ");
            let text = text.code(words::short_id(head));
            Some(text.and(match road {
                Road::Direct => ": asking GitHub for the merge.",
                Road::Queue => ": asking GitHub to put it into the merge queue.",
                Road::Auto => {
                    ": asking GitHub to merge it by itself as soon as its own gate is green."
                }
            }))
        }
        FixEvent::MergeWithdrawn { why, .. } => Some(withdrawn(*why)),
        FixEvent::FixMerged { sha } => Some(merged(incident, before, sha)),
        FixEvent::FixBuilt { deployment } => Some(layer2::ready(incident, deployment)),
        FixEvent::FixBuildFailed { deployment } => Some(build_failed(incident, deployment, prefix)),
        FixEvent::MainMoved { commits, .. } => {
            (!commits.is_empty()).then(|| main_moved(incident, commits))
        }
        FixEvent::WarningIntended { .. } | FixEvent::WarningStarted { .. } => None,
        FixEvent::WarningEnded { outcome, .. } => warned(outcome),
        FixEvent::ForgeTroubleMet { what } => {
            let what = what.strip_prefix("github: ").unwrap_or(what);
            let text = Text::plain("Cannot read GitHub: ").foreign(words::clipped(what, 300));
            Some(text.and(". I go on trying. ").append(layer2::safe(incident)))
        }
        FixEvent::ForgeTroubleOver => Some("GitHub can be read again.".into()),
    }
}

fn wished(wish: &Wish) -> Text {
    let text = match &wish.what {
        Some(what) => Text::default().code(words::clipped(what, 80)),
        None => "what brought the bad deployment".into(),
    };
    super::with_reason(text, wish.reason.as_deref())
}

fn planned(plan: &Plan) -> Text {
    let trial = &plan.trial;
    let text = Text::plain("Tried out: taking back ").append(layer2::culprit(&trial.culprit));
    let text = match &trial.outlook {
        Outlook::Clean { files } => {
            text.and(format!(" changes {}", words::count(files.len(), "file")))
        }
        Outlook::Conflicts { files } => {
            text.and(" ").strong("conflicts").and(" in ").append(words::names(files.iter(), 5))
        }
        Outlook::AlreadyGone => text.and(" changes nothing"),
        Outlook::Unknown { .. } => return not_tried_out(plan),
    };
    let text = match trial.later_count {
        0 => text,
        later => {
            let later = words::count(later as usize, "later commit");
            text.and(format!("; {later} changed the same files"))
        }
    };
    text.and(". Nothing was sent. Next: ").strong("Open revert").and(" on the card.")
}

/// A revert that only GitHub can make: what it does is known when it is made.
fn not_tried_out(plan: &Plan) -> Text {
    Text::plain("Found what is to be taken back: ")
        .append(layer2::culprit(&plan.trial.culprit))
        .and(". It cannot be tried out here, so ")
        .strong("whether it conflicts is not known")
        .and(". Nothing was sent. Next: ")
        .strong("Open revert")
        .and(" on the card lets GitHub make it.")
}

fn ended(
    before: Option<&Incident>,
    outcome: &ForgeOutcome,
    prefix: &Prefix,
    at: Timestamp,
) -> Option<Text> {
    match outcome {
        // What follows in the same breath says it.
        ForgeOutcome::Opened(Opened::Pull(_)) => None,
        ForgeOutcome::Opened(Opened::AlreadyGone) => {
            Some("Nothing of the bad change is left on main, so there is nothing to revert.".into())
        }
        ForgeOutcome::Opened(Opened::Prepared { branch, files }) => Some(
            Text::default()
                .strong("The revert conflicts")
                .and(" in ")
                .append(words::names(files.iter(), 6))
                .and(". The branch ")
                .code(words::clipped(branch, 100))
                .and(" is prepared. Next: somebody resolves it there and opens a pull request, then ")
                .code(prefix.command("incident fix <PR>"))
                .and("."),
        ),
        ForgeOutcome::MergeTaken if is_left(before) => {
            Some("GitHub merges it by itself as soon as its own gate is green.".into())
        }
        ForgeOutcome::MergeTaken => Some("GitHub took the merge.".into()),
        ForgeOutcome::CalledOff => Some("GitHub does not merge it by itself any more.".into()),
        ForgeOutcome::NotTaken { .. } if !is_first_try(before, at) => None,
        ForgeOutcome::NotTaken { why, retry_after } => {
            let text = format!("GitHub did not take it; again in {retry_after}: ");
            Some(Text::plain(text).foreign(words::clipped(why, 300)))
        }
        ForgeOutcome::Refused { why } => {
            Some(Text::plain("It was not done: ").foreign(words::clipped(why, 300)).and("."))
        }
        ForgeOutcome::Unknown { why } => Some(
            Text::default()
                .strong("I do not know whether it happened")
                .and(": ")
                .foreign(words::clipped(why, 300))
                .and(". Reading GitHub before anything else."),
        ),
    }
}

/// A forge that goes on not taking the call is no news; the card shows it.
fn is_first_try(before: Option<&Incident>, at: Timestamp) -> bool {
    let pressed = before.and_then(|before| match &before.layer2 {
        Layer2::Opening(opening) => Some(opening.at),
        Layer2::Followed(fix) => fix.merge.as_ref().map(|merge| merge.at),
        Layer2::Idle | Layer2::Looking(_) | Layer2::Planned(_) | Layer2::Prepared(_) => None,
    });
    pressed.is_none_or(|pressed| at.since(pressed) < Span::seconds(30))
}

fn followed(incident: &Incident, fix: &Fix) -> Text {
    let text = match (fix.kind, fix.shared_from) {
        (FixKind::Revert, Some(other)) => Text::plain(format!(
            "Incident {other} of the same bad change has its revert open already, and one serves both: "
        ))
        .append(layer2::named(&fix.pull)),
        (FixKind::Revert, None) => {
            Text::plain("The revert is open: ").append(layer2::named(&fix.pull))
        }
        (FixKind::Forward, _) => Text::default()
            .person(&fix.by)
            .and(" named the fix: ")
            .append(layer2::named(&fix.pull)),
    };
    text.and(". Its checks run now. ").append(layer2::safe(incident))
}

/// The reminder, with names.
fn nudge(incident: &Incident, fix: &Fix) -> Text {
    let text = layer2::named(&fix.pull);
    let Some(seen) = &fix.gate else { return text.and(" still waits.") };
    let since = fix.gate_at.unwrap_or(fix.since);
    let text = match g8_judge(seen) {
        GateVerdict::Green => text
            .and(" is green since ")
            .time(since)
            .and(" and waits for somebody to press ")
            .strong("Merge"),
        GateVerdict::Waiting { on } => text
            .and(" has waited since ")
            .time(since)
            .and(" for ")
            .append(words::names(on.iter(), 6))
            .append(card_gate::asked(seen)),
        GateVerdict::Red { why } => {
            text.and(" is red since ").time(since).and(": ").append(words::names(why.iter(), 6))
        }
        GateVerdict::Unreadable { why } => text
            .and(" waits since ")
            .time(since)
            .and(", because what it needs cannot be read: ")
            .foreign(words::clipped(&why, 200)),
    };
    let text = text.and(". ").append(layer2::safe(incident)).and(" Opened by ");
    text.person(&fix.by).and(".")
}

/// Whether the merge that is asked for is left to GitHub.
fn is_left(before: Option<&Incident>) -> bool {
    let merge = before.and_then(Incident::fix).and_then(|fix| fix.merge.as_ref());
    merge.is_some_and(|merge| merge.road == Road::Auto)
}

/// Why GitHub is no longer to merge by itself.
fn withdrawn(why: Withdrawn) -> Text {
    let why = match why {
        Withdrawn::HeadMoved => "Its branch has changed since somebody pressed Merge",
        Withdrawn::NotGreen => "Its gate is not green here, whatever GitHub takes for green",
        Withdrawn::NotWanted => "The incident goes on without it",
    };
    Text::plain(why).and(", so GitHub is asked not to merge it by itself.")
}

fn merged(incident: &Incident, before: Option<&Incident>, sha: &str) -> Text {
    let is_ours = before
        .and_then(Incident::fix)
        .and_then(|fix| fix.merge.as_ref())
        .is_some_and(|merge| !matches!(merge.call, Call::Intended { .. } | Call::Refused { .. }));
    let text = if is_ours {
        "The fix is on main as "
    } else {
        "Somebody merged the fix; it is on main as "
    };
    Text::plain(text)
        .code(words::short_id(sha))
        .and(". Its production build follows; I say when it is ready. ")
        .append(layer2::safe(incident))
}

fn build_failed(incident: &Incident, failed: &Deployment, prefix: &Prefix) -> Text {
    Text::default()
        .strong("The production build of the fix failed")
        .and(": ")
        .append(words::short(failed))
        .and(". ")
        .append(layer2::safe(incident))
        .and(" Next: look at the build and start it again at the provider, or name another fix: ")
        .code(prefix.command("incident fix <PR>"))
        .and(".")
}

/// Whether those who brought something to main know it from their own pull requests.
fn warned(outcome: &WarningOutcome) -> Option<Text> {
    match outcome {
        WarningOutcome::Said { pulls } if !pulls.is_empty() => {
            let named: Vec<String> = pulls.iter().map(|number| format!("#{number}")).collect();
            Some(Text::plain(format!("A comment on {} says so there too.", named.join(", "))))
        }
        WarningOutcome::Said { .. } | WarningOutcome::Unsettled { .. } => None,
        WarningOutcome::NotSaid { why } => Some(
            Text::plain("I could not say so on the pull request that brought it: ")
                .foreign(words::clipped(why, 300))
                .and(". Nothing waits for that. Next: tell its author, if they are not here."),
        ),
    }
}

/// G15: something else came to main while the bad change is still there.
fn main_moved(incident: &Incident, commits: &[Commit]) -> Text {
    let count = u32::try_from(commits.len()).unwrap_or(u32::MAX);
    let text = Text::default()
        .strong("Main still holds the bad change")
        .and(", and something else came to it: ")
        .append(words::commits(commits, count))
        .and(". ");
    let text = match incident.fix() {
        Some(fix) => {
            text.and(format!("It goes live together with the fix #{}, not before", fix.pull.number))
        }
        None => text.and("It goes live together with the fix, not before"),
    };
    text.and("; whoever switches automatic assignment on before that ships the bad change again. ")
        .append(layer2::safe(incident))
}
