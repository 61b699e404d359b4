//! Who may act, with rights that hang on a user group; what still goes while Slack cannot say who is in it; and two people.

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::slack::{Group, SlackSeed, User};
use serde_json::json;

use crate::harness::{BAD, GOOD, Settings, World, all_press};

/// Ana and eve have their rights by the group `oncall` alone; bo is listed.
pub fn by_group() -> Settings {
    Settings { workspace: Some(oncall), edit: Some(with_group), ..Settings::default() }
}

fn oncall(seed: &mut SlackSeed) {
    let users = ["U01ANA", "U01EVE"].map(str::to_owned).into();
    let (handle, name) = ("oncall".to_owned(), "On call".to_owned());
    seed.groups.push(Group { id: "S01ONCALL".to_owned(), handle, name, users });
}

fn with_group(text: String) -> String {
    let listed = "responders = [\"slack:T01DEMO/U01ANA\"";
    assert!(text.contains(listed), "{text}");
    text.replace(listed, "responders = [\"slack:T01DEMO/S01ONCALL\"")
}

fn wanting(text: &str, second_person: &str) -> String {
    let provider = "provider = \"vercel\"";
    text.replace(provider, &format!("{provider}\nsecond_person = \"{second_person}\""))
}

/// Slack says neither who is in a group nor what kind of account anybody has.
pub async fn the_groups_go_dark(w: &World) {
    for on in ["usergroups.users.list", "users.info"] {
        w.traps("slack", "status", on, json!({"status": 503}), None);
    }
    w.passes(Span::seconds(90)).await;
}

#[test]
fn who_is_taken_out_of_the_group_can_no_longer_press_a_card_that_was_shown_before() {
    World::run_with(by_group(), async |w| {
        w.asks().await;
        w.models.slack.leaves("ana", "oncall");
        w.passes(Span::seconds(60)).await;
        let said = w.user("ana").hears_on_pressing("Confirm").await;
        assert!(said.contains("You are not on this service's list"), "{said}");
        assert_eq!((w.rollbacks_sent(), w.live()), (0, BAD.to_owned()));
        let said = w.user("ana").hears_on_typing("/rollback").await;
        assert!(said.contains("You are not on this service's list"), "{said}");
        // Eve is still in it, and nobody made a list of her.
        w.user("eve").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.live(), GOOD);
    });
}

#[test]
fn while_slack_cannot_say_who_is_in_the_group_ana_still_flips_alone_and_the_card_says_so() {
    World::run_with(by_group(), async |w| {
        the_groups_go_dark(&w).await;
        w.asks().await;
        assert!(w.incidents().contains("The groups of Slack cannot be read"), "{}", w.incidents());
        let said = w.user("ana").hears_on_typing("/incident whoami").await;
        assert!(said.contains("Grace"), "{said}");
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.live(), GOOD);
        // Ten minutes after she was last seen in it nobody can tell any more. Whoever is listed by id goes on.
        w.passes(Span::minutes(10)).await;
        let said = w.user("ana").hears_on_typing("/incident note still here").await;
        assert!(said.contains("It cannot be told whether you may"), "{said}");
        let said = w.user("bo").hears_on_typing("/incident note still here").await;
        assert!(said.contains("Noted in incident #1"), "{said}");
        w.troubles_are_over();
        w.passes(Span::seconds(40)).await;
        assert!(w.incidents().contains("The groups of Slack can be read again"));
        let said = w.user("ana").hears_on_typing("/incident note here again").await;
        assert!(said.contains("Noted in incident #1"), "{said}");
    });
}

#[test]
fn a_guest_and_a_bot_in_the_group_have_none_of_its_rights() {
    World::run_with(by_group(), async |w| {
        w.models.slack.marks("ana", "is_restricted");
        w.models.slack.marks("eve", "is_bot");
        w.passes(Span::minutes(5)).await;
        for (who, why) in [("ana", "a guest"), ("eve", "a bot")] {
            let said = w.user(who).hears_on_typing("/rollback").await;
            assert!(said.contains("You are not on this service's list"), "{said}");
            let said = w.user(who).hears_on_typing("/incident whoami").await;
            assert!(said.contains(why), "{said}");
        }
        assert_eq!(w.incidents_opened(), 0);
    });
}

#[test]
fn whoami_says_which_role_by_which_grant_and_what_follows() {
    World::run_with(by_group(), async |w| {
        for (who, parts) in [
            ("ana", ["slack:T01DEMO/U01ANA", "responder, seen in the group", "S01ONCALL"]),
            ("bo", ["slack:T01DEMO/U01BO", "responder, listed by id", "You may roll back"]),
            ("lee", ["slack:T01DEMO/U01LEE", "lead, listed by id", "and lift a halt"]),
        ] {
            let said = w.user(who).hears_on_typing("/incident whoami").await;
            assert!(parts.iter().all(|part| said.contains(part)), "{who}: {said}");
        }
    });
}

#[test]
fn five_refusals_in_ten_minutes_are_told_once_in_the_channel() {
    World::run(async |w| {
        w.asks().await;
        let told = || w.times_said("Refused again and again");
        for number in 1..=7 {
            w.user("eve").presses("Confirm").await;
            w.settle().await;
            assert_eq!(told() > 0, number >= 5, "after {number}: {}", w.incidents());
        }
        let once = told();
        w.user("eve").hears_on_typing("/incident halt").await;
        assert_eq!(told(), once, "{}", w.incidents());
        assert_eq!((w.rollbacks_sent(), w.live()), (0, BAD.to_owned()));
    });
}

const CROWD: [&str; 10] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"];

fn crowd(seed: &mut SlackSeed) {
    for name in CROWD {
        let id = format!("U01{}", name.to_uppercase());
        for channel in &mut seed.channels {
            channel.members.push(id.clone());
        }
        seed.users.push(User { id, name: name.to_owned(), role: "responder".to_owned() });
    }
}

fn with_crowd(text: String) -> String {
    let people = CROWD.map(|name| format!("\"slack:T01DEMO/U01{}\", ", name.to_uppercase()));
    text.replace("responders = [", &format!("responders = [{}", people.concat()))
}

#[test]
fn of_ten_people_who_press_at_once_one_flips_and_nine_hear_who_was_first() {
    let settings =
        Settings { workspace: Some(crowd), edit: Some(with_crowd), ..Settings::default() };
    World::run_with(settings, async |w| {
        w.asks().await;
        let people: Vec<_> = CROWD.map(|name| w.user(name)).into();
        all_press(&people, "Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        w.settle().await;
        assert_eq!(w.rollbacks_sent(), 1);
        let first =
            w.book().incidents.values().find_map(|one| Some(one.flip()?.confirmed_by.user.clone()));
        let first = format!("Already confirmed: <@{}> was first", first.expect("a flip"));
        let told: Vec<_> = people.iter().map(|person| person.was_told()).collect();
        assert_eq!(told.iter().filter(|told| told.contains(&first)).count(), 9, "{told:#?}");
        assert_eq!(told.iter().filter(|told| told.is_empty()).count(), 1, "{told:#?}");
    });
}

#[test]
fn where_two_people_are_required_the_second_press_flips() {
    let edit = |text: String| wanting(&text, "required");
    World::run_with(Settings { edit: Some(edit), ..Settings::default() }, async |w| {
        w.asks().await;
        assert!(w.incidents().contains("*Two people*"), "{}", w.incidents());
        let said = w.user("ana").hears_on_pressing("Confirm").await;
        assert!(said.contains("Your yes counts"), "{said}");
        let said = w.user("ana").hears_on_pressing("Confirm").await;
        assert!(said.contains("a second person has to press Confirm"), "{said}");
        assert!(w.incidents().contains("said yes. *A second person is needed*"));
        // The first yes outlives the bot.
        w.bot_dies();
        w.bot_starts().await;
        assert_eq!((w.rollbacks_sent(), w.live()), (0, BAD.to_owned()));
        w.user("bo").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live()), (1, GOOD.to_owned()));
    });
}

#[test]
fn when_nobody_answers_for_five_minutes_one_goes_on_alone_by_name_and_with_a_reason() {
    let edit = |text: String| wanting(&text, "after 5 min");
    World::run_with(Settings { edit: Some(edit), ..Settings::default() }, async |w| {
        w.asks().await;
        w.user("ana").presses("Confirm").await;
        w.settle().await;
        assert!(w.incidents().contains("one responder may go on alone"), "{}", w.incidents());
        let alone = "/incident alone shop they all sleep";
        let said = w.user("ana").hears_on_typing(alone).await;
        assert!(said.contains("The others still have time to answer"), "{said}");
        w.passes(Span::minutes(5)).await;
        let said = w.user("ana").hears_on_typing("/incident alone they all sleep").await;
        assert!(!said.contains("You go on alone"), "{said}");
        let said = w.user("ana").hears_on_typing(alone).await;
        assert!(said.contains("You go on alone"), "{said}");
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert!(w.incidents().contains("goes on *alone*, since nobody else answered"));
        assert!(w.incidents().contains("they all sleep"));
        assert_eq!((w.rollbacks_sent(), w.live()), (1, GOOD.to_owned()));
    });
}

/// Every call that is made because of a group, for the list of samples.
pub async fn every_call(w: &Arc<World>) {
    w.user("ana").types("/incident whoami").await;
    w.settle().await;
}
