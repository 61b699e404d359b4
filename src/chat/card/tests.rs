use super::*;
use crate::chat::drawn;
use crate::chat::narrator::Herald;
use crate::domain::actor::Actor;
use crate::domain::decide::{Look, Request};
use crate::domain::deployment::{Assignment, Live};
use crate::domain::event::{Excuse, Outcome, Wish};
use crate::domain::fix::{
    Check, CheckState, ForgeOutcome, Need, Opened, Outlook, PullState, Reviews,
};
use crate::domain::fixture::forge::{MERGED, commit, gate, pull_ref};
use crate::domain::fixture::repair::fix_build;
use crate::domain::fixture::{FIRST, Reply, SERVING, Story, id_of};
use crate::domain::plan::{self, Looks};
use crate::domain::refusal::Refusal;
use crate::domain::verification::Found;
use crate::engine::ports::{Change, Narrator, Placement};

/// A story with everything that people read of it, written down step by step.
struct Read {
    story: Story,
    sealer: Sealer,
    page: String,
}

impl Read {
    fn of(story: Story) -> Self {
        Self { story, sealer: Sealer::new(&[7; 32]), page: String::new() }
    }

    /// Takes one step, half a minute after the one before.
    fn step(&mut self, what: &str, step: impl FnOnce(&mut Story) -> Reply) -> &mut Self {
        self.story.passes(30);
        let before = self.story.book.clone();
        let reply = step(&mut self.story);
        self.page.push_str(&format!("\n==== {what}\n"));
        if let Some(refusal) = &reply.refusal {
            let said = words::refusal(refusal, Some(&"web".into()), &Prefix::default());
            self.page.push_str(&format!("(private) {}\n", drawn::text(&said)));
        }
        self.page.push_str(&self.told(&before, &reply));
        self.page.push_str(&format!("{}\n", self.card()));
        self
    }

    fn told(&self, before: &Book, reply: &Reply) -> String {
        let change = Change {
            before,
            after: &self.story.book,
            emitted: &reply.events,
            actor: &Actor::Bot,
            at: self.story.now,
            sealer: &self.sealer,
        };
        let mut lines = String::new();
        for post in Herald::default().narrate(&change).posts {
            let place = match post.placement {
                Placement::Upsert(_) => continue,
                Placement::Thread(_) => "thread",
                Placement::Post if post.channel.id == "C2" => "stakeholders",
                Placement::Post => "channel",
                Placement::Whisper { .. } => "private",
            };
            let card: Card = serde_json::from_value(post.body).unwrap();
            lines.push_str(&format!("({place}) {}\n", drawn::text(&card.summary)));
        }
        lines
    }

    fn card(&self) -> String {
        let prefix = Prefix::default();
        let drawing = Drawing {
            book: &self.story.book,
            sealer: &self.sealer,
            prefix: &prefix,
            now: self.story.now,
        };
        drawn::card(&draw(self.story.incident(), &drawing))
    }

    fn buttons(&self) -> Vec<&'static str> {
        actions(self.story.incident(), &self.story.book).iter().map(label).collect()
    }
}

fn verify() -> Request {
    Request::Verify { service: "web".into(), deployment: None }
}

/// A gate of two checks and a review that is asked for.
fn long_gate(build: CheckState, test: CheckState, approved: u32) -> crate::domain::fix::Gate {
    let check = |name: &str, state| Check { name: name.to_owned(), state, need: Need::Required };
    let asked = if approved == 0 { vec!["lee-at-github".to_owned()] } else { Vec::new() };
    crate::domain::fix::Gate {
        checks: vec![check("build", build), check("test", test)],
        reviews: Reviews { needed: 1, approved, against: Vec::new(), asked },
        ..gate(CheckState::Passed)
    }
}

fn to_the_gate(read: &mut Read) {
    read.step("ana asks for the revert", |s| s.reverts("ana"))
        .step("it is tried out", Story::plans_the_revert)
        .step("bo opens it", |s| s.opens_the_revert("bo"))
        .step("GitHub is asked", Story::starts_the_forge_call)
        .step("it is open", |s| {
            s.forge_call_ends(ForgeOutcome::Opened(Opened::Pull(pull_ref(126))))
        });
}

#[test]
fn the_whole_runbook_can_be_read_from_the_rollback_to_resolved() {
    let mut read = Read::of(Story::new());
    for (deployment, start) in
        read.story.web().deployments.iter_mut().zip(["bad42", "b0041", "0ld40"])
    {
        deployment.sha = Some(format!("{start:0<40}"));
    }
    read.step("ana types /rollback", |s| s.rollback("ana", None))
        .step("the target is known", Story::resolves)
        .step("ana types /revert too early", |s| s.reverts("ana"))
        .step("bo confirms", |s| s.confirms("bo"))
        .step("the call is made", Story::starts_the_call)
        .step("the provider took it", |s| s.call_ends(Outcome::Accepted))
        .step("its job is done", |s| {
            s.provider_is_done();
            s.observes()
        })
        .step("production answers from the target", |s| s.judges(SERVING))
        .step("the flag is read", Story::reads_the_flag)
        .step("bo looks after the mails", |s| s.presses("bo", Action::TakeTask(Task::Mails)));
    to_the_gate(&mut read);
    through_the_gate(&mut read);
    to_resolved(&mut read);
    insta::assert_snapshot!("the_whole_runbook", read.page);
}

fn through_the_gate(read: &mut Read) {
    use CheckState::{Missing, Passed, Queued, Running};
    read.step("the checks begin", |s| {
        s.web().forge.gate = long_gate(Queued, Missing, 0);
        s.sees_the_gate()
    })
    .step("one passed, one runs", |s| {
        s.web().forge.gate = long_gate(Passed, Running, 0);
        s.sees_the_gate()
    })
    .step("nothing moves for five minutes", |s| {
        s.passes(300);
        s.sees_the_gate()
    })
    .step("everything is green", |s| {
        s.web().forge.gate = long_gate(Passed, Passed, 1);
        s.sees_the_gate()
    })
    .step("bo merges", |s| s.merges("bo"))
    .step("GitHub is asked for the merge", Story::starts_the_forge_call)
    .step("GitHub took it", |s| s.forge_call_ends(ForgeOutcome::MergeTaken))
    .step("it is on main", |s| {
        s.web().forge.gate.state = PullState::Merged { sha: MERGED.to_owned() };
        s.sees_the_gate()
    })
    .step("its build is ready", |s| {
        let build = fix_build(s.now);
        s.web().deployments.insert(0, build);
        s.web().pointer.assignment = Assignment::Off;
        s.sees_the_build()
    });
}

fn to_resolved(read: &mut Read) {
    read.step("ana promotes too early", |s| s.promotes("ana"))
        .step("it is refused", Story::resolves)
        .step("ana verifies", |s| s.asks("ana", &verify()))
        .step("it passed", |s| s.walk_ends(Found::Expected))
        .step("ana promotes", |s| s.presses("ana", Action::Promote))
        .step("the question is put", |s| {
            s.web().forge.main.since = vec![commit("0ddb", "Bigger buttons")];
            s.web().forge.main.since_count = 1;
            s.resolves()
        })
        .step("bo confirms the promote", |s| s.confirms("bo"))
        .step("the promote is sent", Story::starts_the_call)
        .step("the provider took the promote", |s| s.call_ends(Outcome::Accepted))
        .step("it is done", |s| {
            s.promote_takes_effect();
            s.observes()
        })
        .step("production answers from the fix", |s| s.judges(SERVING))
        .step("the flag is as before", Story::reads_the_flag)
        .step("one look is bad", |s| s.watches(Look::Ill { why: "found status 500".to_owned() }))
        .step("the next one is good", |s| s.watches(Look::Well))
        .step("five minutes later", |s| {
            s.passes(300);
            s.watches(Look::Well)
        });
}

#[test]
fn a_fix_that_breaks_production_again_is_brought_back_on_the_same_card() {
    let mut read = Read::of(Story::promoted());
    read.step("production is ill", |s| s.watches(Look::Ill { why: "found status 500".to_owned() }))
        .step("it still is", |s| s.watches(Look::Ill { why: "found status 500".to_owned() }))
        .step("the way back is put", Story::resolves);
    assert_eq!(read.buttons()[0], "Confirm");
    read.step("bo brings it back", |s| s.confirms("bo"));
    insta::assert_snapshot!("the_way_back", read.page);
}

#[test]
fn everything_that_can_go_wrong_at_the_gate_is_told_with_what_is_next() {
    use CheckState::{Failed, Passed, Running, Skipped};
    let mut read = Read::of(Story::pinned());
    read.story.web().forge.trial.as_mut().unwrap().later = vec![commit("5eed", "Later change")];
    read.story.web().forge.trial.as_mut().unwrap().later_count = 7;
    read.story.web().forge.trial.as_mut().unwrap().beyond = vec!["README.md".to_owned()];
    to_the_gate(&mut read);
    read.step("it runs", |s| {
        s.web().forge.gate = long_gate(Passed, Running, 1);
        s.sees_the_gate()
    })
    .step("a check is red, another was skipped", |s| {
        s.web().forge.gate = long_gate(Skipped, Failed, 1);
        s.sees_the_gate()
    })
    .step("bo presses an old Merge", |s| s.merges("bo"))
    .step("somebody pushes, and a check is renamed", |s| {
        s.web().forge.gate = long_gate(Passed, Running, 1);
        s.web().forge.gate.head = format!("{:0<40}", "9e4");
        s.web().forge.gate.checks[1].name = "test (18)".to_owned();
        s.sees_the_gate()
    })
    .step("something else comes to main", |s| {
        s.web().forge.main.head = commit("0ddb", "Bigger buttons");
        s.web().forge.main.since = vec![commit("0ddb", "Bigger buttons")];
        let next = plan::fix::next(&s.book, FIRST, &Looks::default(), s.now);
        s.bot_reading(&Request::SeeGate(FIRST), next)
    })
    .step("GitHub is down", |s| {
        s.web().forge.dark = Some("502");
        s.sees_the_gate()
    })
    .step("it is back, and the pull request was closed", |s| {
        s.web().forge.dark = None;
        s.web().forge.gate.state = PullState::Closed;
        s.sees_the_gate()
    })
    .step("lee names another fix", |s| {
        s.web().forge.gate = gate(Running);
        s.names_the_fix("lee", 131)
    });
    insta::assert_snapshot!("at_the_gate", read.page);
}

#[test]
fn a_revert_that_conflicts_leaves_a_branch_and_the_way_on() {
    let mut read = Read::of(Story::pinned());
    let files = vec!["src/checkout.ts".to_owned()];
    read.story.web().forge.trial.as_mut().unwrap().outlook =
        Outlook::Conflicts { files: files.clone() };
    read.step("ana asks for the revert", |s| s.reverts("ana"))
        .step("it is tried out", Story::plans_the_revert)
        .step("bo opens it", |s| s.opens_the_revert("bo"))
        .step("GitHub is asked", Story::starts_the_forge_call)
        .step("it conflicts", |s| {
            let branch = "repoint/incident-1-revert-c0ffee42".to_owned();
            s.forge_call_ends(ForgeOutcome::Opened(Opened::Prepared { branch, files }))
        });
    assert!(!read.buttons().contains(&"Revert"));
    insta::assert_snapshot!("a_conflict", read.page);
}

#[test]
fn the_other_exits_stand_on_the_card_with_who_and_why() {
    let mut read = Read::of(Story::waiting());
    read.step("ana rules a rollback out", |s| {
        s.excuses("ana", Excuse::RuledOut, Some("the column is gone"))
    })
    .step("ana cancels the question", |s| s.presses("ana", Action::Cancel));
    let mut alarm = Read::of(Story::pinned());
    alarm
        .step("ana says it was a false alarm", |s| {
            s.raises_a_false_alarm("ana", Some("the payment provider was down"))
        })
        .step("ana agrees with herself", |s| s.presses("ana", Action::Agree))
        .step("bo agrees", |s| s.presses("bo", Action::Agree));
    let mut undone = Read::of(Story::pinned());
    undone.step("somebody undoes the rollback elsewhere", |s| {
        s.web().pointer.live = Live::At(id_of("v42"));
        s.web().pointer.assignment = Assignment::On;
        s.bot(&Request::Look("web".into()))
    });
    let pages = [read.page, alarm.page, undone.page];
    insta::assert_snapshot!("other_exits", pages.join("\n"));
}

#[test]
fn an_override_is_said_with_what_speaks_against_it_and_needs_another_person() {
    let mut read = Read::of(Story::built());
    read.step("ana promotes unverified, with a reason", |s| {
        s.promotes_what("ana", None, Some("the journey is wrong"))
    })
    .step("the question is put", Story::resolves)
    .step("ana confirms herself", |s| s.confirms("ana"))
    .step("bo confirms", |s| s.confirms("bo"));
    insta::assert_snapshot!("an_override", read.page);
}

#[test]
fn every_button_that_is_drawn_does_something() {
    for (mut story, who) in [
        (Story::pinned(), "ana"),
        (Story::planned(), "ana"),
        (Story::green(), "bo"),
        (Story::built(), "ana"),
        (Story::fix_verified(), "ana"),
        (Story::promote_asked(), "bo"),
        (Story::promoted(), "ana"),
    ] {
        story.passes(1);
        let mut drawn = actions(story.incident(), &story.book);
        drawn.extend(tasks(story.incident()));
        assert!(drawn.len() <= 25);
        for action in drawn {
            let mut copy = story.clone();
            let reply = copy.presses(who, action.clone());
            assert_eq!(reply.refusal, None, "{action:?}");
            assert!(!reply.kinds.is_empty(), "{action:?} does nothing");
        }
    }
}

#[test]
fn a_card_has_at_most_ten_fields_at_every_step_of_the_loop() {
    let sealer = Sealer::new(&[7; 32]);
    let prefix = Prefix::default();
    for story in [Story::green(), Story::merged(), Story::promote_asked(), Story::promoted()] {
        let drawing =
            Drawing { book: &story.book, sealer: &sealer, prefix: &prefix, now: story.now };
        let card = draw(&story.book.incidents[&FIRST], &drawing);
        let fields = card.parts.iter().find_map(|part| match part {
            Part::Fields(fields) => Some(fields.len()),
            _ => None,
        });
        assert!(fields.is_some_and(|fields| fields <= 10), "{fields:?}");
    }
}

#[test]
fn a_promote_without_a_fix_names_the_command_that_is_missing() {
    let said = words::refusal(&Refusal::NoFixMerged, Some(&"web".into()), &Prefix::default());
    assert!(drawn::text(&said).contains("`/revert web`"));
    let wish = Wish::default();
    let mut story = Story::waiting();
    let request = Request::StartPromote { service: "web".into(), wish };
    assert_eq!(story.asks("ana", &request).refusal, Some(Refusal::FlipFirst));
}
