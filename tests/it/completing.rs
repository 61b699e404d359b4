//! What is offered while somebody types an option: of their services, read briefly, and nothing to anybody else.

use std::sync::Arc;
use std::time::Duration;

use repoint::chat::catalog::{Catalog, Prefix};
use repoint::chat::desk::Desk;
use repoint::chat::inbound::{Choice, Completing, Intake};
use repoint::domain::actor::Platform;
use repoint::domain::service::Channel;
use repoint::domain::time::Span;
use repoint::world::github::is_possible;
use serde_json::json;

use crate::harness::{BAD, GOOD, OLDER, World};

/// A desk on the running bot's engine.
fn desk(w: &World) -> Desk {
    let engine = w.bot(|bot| bot.app().engine().clone());
    Desk::new(engine, Arc::new(Catalog::load().expect("commands")), Prefix::default(), 600)
}

/// Somebody types an option in a channel.
fn typing(w: &World, who: &str, channel: &str, option: &str, typed: &str) -> Completing {
    let slack = &w.models.slack;
    let team = slack.team_id();
    let (command, rest) = option.split_once(' ').expect("a command and an option");
    let (subcommand, option) = match rest.split_once(' ') {
        Some((subcommand, option)) => (Some(subcommand.to_owned()), option),
        None => (None, rest),
    };
    Completing {
        person: format!("slack:{team}/{}", slack.user_id(who)).parse().expect("a person"),
        channel: Channel {
            platform: Platform::Slack,
            tenant: team.to_owned(),
            id: slack.channel_id(channel).to_owned(),
        },
        command: command.to_owned(),
        subcommand,
        option: option.to_owned(),
        typed: typed.to_owned(),
        others: Vec::new(),
    }
}

async fn offered(w: &World, who: &str, option: &str, typed: &str) -> Vec<Choice> {
    desk(w).complete(typing(w, who, "incidents", option, typed)).await
}

fn names(choices: &[Choice]) -> Vec<&str> {
    choices.iter().map(|choice| choice.name.as_str()).collect()
}

#[test]
fn targets_are_offered_with_number_commit_age_and_how_long_they_served() {
    World::run(async |w| {
        let all = offered(&w, "ana", "rollback to", "").await;
        assert!(all[0].name.starts_with(&format!("#1 {GOOD} ")), "{all:?}");
        assert!(all[1].name.starts_with(&format!("#2 {OLDER} ")), "{all:?}");
        assert!(all[0].name.contains(" · built ") && all[0].name.contains(" · served "), "{all:?}");
        assert_eq!(all[0].value, w.id_of(GOOD));
        assert!(!names(&all).concat().contains(BAD), "what is live is no target: {all:?}");
        // What is chosen is taken.
        w.user("ana").types(&format!("/rollback shop {}", all[1].value)).await;
        w.settle().await;
        assert!(w.card_says("roll back?"), "{}", w.incidents());
    });
}

#[test]
fn what_was_typed_narrows_the_list() {
    World::run(async |w| {
        let all = offered(&w, "ana", "rollback to", &GOOD.to_uppercase()).await;
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(offered(&w, "ana", "rollback to", "no-such").await.is_empty());
        let builds = offered(&w, "ana", "verify deployment", BAD).await;
        assert!(builds[0].name.ends_with(" · live"), "{builds:?}");
        let services = offered(&w, "ana", "promote service", "SH").await;
        assert_eq!(names(&services), ["shop"]);
    });
}

#[test]
fn nobody_without_a_role_and_no_other_channel_is_shown_anything() {
    World::run(async |w| {
        w.asks().await;
        for option in ["rollback to", "rollback service", "incident status incident"] {
            assert!(!offered(&w, "ana", option, "").await.is_empty(), "{option}");
            assert_eq!(offered(&w, "eve", option, "").await, [], "{option}");
            let elsewhere = typing(&w, "ana", "stakeholders", option, "");
            assert_eq!(desk(&w).complete(elsewhere).await, [], "{option}");
        }
        assert!(!offered(&w, "eve", "incident help topic", "").await.is_empty());
    });
}

#[test]
fn open_incidents_and_the_pull_request_that_brought_the_suspect_are_offered() {
    if !is_possible() {
        return;
    }
    World::run(async |w| {
        assert!(offered(&w, "ana", "revert what", "").await.is_empty());
        w.asks().await;
        let incidents = offered(&w, "ana", "incident note incident", "#1").await;
        assert_eq!(incidents[0].value, "1");
        assert!(incidents[0].name.starts_with("#1 shop: "), "{incidents:?}");
        let pulls = offered(&w, "ana", "revert what", "12").await;
        assert_eq!(pulls[0].value, "#124");
        assert!(pulls[0].name.starts_with("#124 Rework checkout totals"), "{pulls:?}");
        // What brought the outage is not offered as its own fix.
        assert!(offered(&w, "ana", "incident fix pull", "").await.is_empty());
    });
}

#[test]
fn a_provider_that_is_down_costs_the_list_and_nothing_else() {
    World::run(async |w| {
        w.vercel_cannot_be_read(503);
        assert_eq!(offered(&w, "ana", "rollback to", "").await, []);
        assert_eq!(names(&offered(&w, "ana", "rollback service", "").await), ["shop"]);
        w.troubles_are_over();
    });
}

#[test]
fn every_letter_asks_and_the_provider_is_read_once_in_three_seconds() {
    World::run(async |w| {
        let desk = desk(&w);
        let reads = || w.calls("/v7/deployments").len();
        let before = reads();
        for typed in ["", "8", "84", "840"] {
            desk.complete(typing(&w, "ana", "incidents", "rollback to", typed)).await;
        }
        assert_eq!(reads(), before + 1);
        w.clock_moves(Span::seconds(3));
        desk.complete(typing(&w, "ana", "incidents", "rollback to", "8400")).await;
        assert_eq!(reads(), before + 2);
    });
}

#[test]
fn a_hanging_provider_is_waited_for_briefly() {
    World::run(async |w| {
        w.traps("vercel", "hang", "GET ", json!(null), None);
        let briefly = Duration::from_secs(3);
        let answer = tokio::time::timeout(briefly, offered(&w, "ana", "rollback to", "")).await;
        assert_eq!(answer.expect("an answer in time"), []);
        w.troubles_are_over();
    });
}

#[test]
fn what_this_bot_does_not_know_is_offered_nothing() {
    World::run(async |w| {
        for option in ["deploy to", "rollback colour", "incident dance topic", "rollback reason"] {
            assert_eq!(offered(&w, "ana", option, "").await, [], "{option}");
        }
    });
}
