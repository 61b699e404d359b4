//! How requests come in over HTTP: from Slack's own servers, and from whoever else finds the address.

use repoint::domain::time::Span;
use serde_json::{Value, json};

use crate::harness::{GOOD, Settings, World, command_form};

const COMMANDS: &str = "/slack/commands";
const INTERACTIONS: &str = "/slack/interactions";

/// An address that no request may make us call.
const NOWHERE: &str = "https://hooks.example.invalid/commands/1";

/// How much the journal holds: events and deliveries.
async fn traces(w: &World) -> (u32, u32) {
    w.settle().await;
    (w.rows("SELECT count(*) FROM events"), w.rows("SELECT count(*) FROM deliveries"))
}

#[test]
fn a_signed_post_from_an_outside_program_opens_the_same_card() {
    World::run(async |w| {
        let form = command_form("/rollback", "1.1.outside", NOWHERE);
        let (status, answer) = w.outsider().posts(COMMANDS, &form).await;
        assert_eq!(status, 200);
        let answer: Value = serde_json::from_str(&answer).expect("an answer in JSON");
        assert_eq!(answer["response_type"], "ephemeral");
        assert!(answer.to_string().contains("Incident #1 for shop"), "{answer}");
        assert!(answer.to_string().contains("\"actions\""), "{answer}");
        assert!(w.card_says("roll back?"));
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.live(), GOOD);
    });
}

#[test]
fn a_request_that_is_not_rightly_signed_gets_401_and_leaves_no_trace() {
    World::run(async |w| {
        let before = traces(&w).await;
        let form = command_form("/rollback", "1.2.outside", NOWHERE);
        let late = Span::seconds(301);
        let doubtful = [
            ("wrong secret", w.outsider().with_secret("not the secret")),
            ("too old", w.outsider().signing_ago(late)),
            ("in the future", w.outsider().signing_ago(Span(-late.0))),
        ];
        for path in [COMMANDS, INTERACTIONS] {
            for (what, outsider) in &doubtful {
                assert_eq!(outsider.posts(path, &form).await, (401, String::new()), "{what}");
            }
            let stamp = ("x-slack-request-timestamp", "1795226820".to_owned());
            for headers in [vec![], vec![stamp]] {
                let answer = w.outsider().posts_with(path, &form, &headers).await;
                assert_eq!(answer, (401, String::new()), "missing: {headers:?}");
            }
        }
        assert_eq!(traces(&w).await, before);
        assert_eq!(w.incidents(), "");
    });
}

#[test]
fn a_signature_for_another_body_is_refused() {
    World::run(async |w| {
        let before = traces(&w).await;
        let (good, bad) = ("/incident list", "/incident halt");
        let [good, bad] = [good, bad].map(|line| command_form(line, "1.3.outside", NOWHERE));
        let outsider = w.outsider();
        let headers = outsider.signs(&good);
        assert_eq!(outsider.posts_with(COMMANDS, &bad, &headers).await.0, 401);
        assert_eq!(traces(&w).await, before);
        assert_eq!(outsider.posts_with(COMMANDS, &good, &headers).await.0, 200);
    });
}

#[test]
fn the_same_delivery_twice_makes_one_incident_and_one_answer() {
    World::run(async |w| {
        let form = command_form("/rollback", "1.4.outside", NOWHERE);
        let outsider = w.outsider();
        let ((first, _), (second, _)) =
            tokio::join!(outsider.posts(COMMANDS, &form), outsider.posts(COMMANDS, &form));
        let (third, answer) = outsider.posts(COMMANDS, &form).await;
        assert_eq!((first, second, third), (200, 200, 200));
        assert!(answer.contains("#1 shop"), "{answer}");
        assert_eq!(w.incidents_opened(), 1);
        let asked = w.incidents().matches("asked to roll back").count();
        assert_eq!(asked, 1, "{}", w.incidents());
    });
}

#[test]
fn a_press_that_is_replayed_changes_nothing_and_is_not_believed_for_long() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        let (told, before) = (w.user("ana").was_told(), traces(&w).await);
        assert_eq!(w.models.slack.redeliver_last().await, Ok(200));
        w.settle().await;
        assert_eq!((w.user("ana").was_told(), traces(&w).await), (told, before));
        w.passes(Span::minutes(6)).await;
        assert_eq!(w.models.slack.redeliver_last().await, Ok(401));
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

#[test]
fn a_body_that_is_too_large_is_not_even_read() {
    World::run(async |w| {
        let before = traces(&w).await;
        let form = command_form("/rollback", "1.5.outside", NOWHERE) + &"x".repeat(300 * 1024);
        let (status, _) = w.outsider().posts(COMMANDS, &form).await;
        assert_eq!((status, traces(&w).await), (413, before));
    });
}

#[test]
fn slacks_certificate_check_is_answered_and_leaves_no_trace() {
    World::run(async |w| {
        let before = traces(&w).await;
        for path in [COMMANDS, INTERACTIONS] {
            let answer = w.outsider().posts(path, "token=deprecated&ssl_check=1").await;
            assert_eq!((answer, traces(&w).await), ((200, String::new()), before));
        }
    });
}

#[test]
fn a_request_of_another_workspace_is_refused_and_leaves_no_trace() {
    World::run(async |w| {
        let before = traces(&w).await;
        let form = command_form("/rollback", "1.6.outside", NOWHERE).replace("T01DEMO", "T0OTHER");
        let (status, answer) = w.outsider().posts(COMMANDS, &form).await;
        assert!(status == 200 && answer.contains("another workspace"), "{answer}");
        assert_eq!(traces(&w).await, before);
    });
}

/// What Slack posts when somebody presses the card's Confirm.
pub fn press_form(w: &World, user: &str, trigger: &str, response_url: &str) -> String {
    let slack = &w.models.slack;
    let messages = slack.messages("C01INC");
    let card = messages.iter().find(|one| one.ephemeral_for.is_none()).expect("a card");
    let row = card.blocks.iter().find(|one| one["type"] == "actions").expect("buttons");
    let button = &row["elements"][0];
    let payload = json!({
        "type": "block_actions",
        "user": {"id": user, "team_id": "T01DEMO"},
        "team": {"id": "T01DEMO", "domain": "demo"},
        "channel": {"id": "C01INC", "name": "incidents"},
        "container": {"type": "message", "message_ts": card.ts, "is_ephemeral": false},
        "trigger_id": trigger,
        "response_url": response_url,
        "actions": [{"type": "button", "action_id": button["action_id"], "value": button["value"]}],
    });
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("payload", &payload.to_string()).finish()
}

#[test]
fn a_foreign_address_for_answers_is_never_called_and_is_no_reason_to_refuse() {
    World::run(async |w| {
        let trap = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        trap.set_nonblocking(true).expect("a setting");
        let foreign = format!("http://{}/response/1", trap.local_addr().expect("an address"));
        let form = command_form("/rollback", "1.8.outside", &foreign);
        assert_eq!(w.outsider().posts(COMMANDS, &form).await.0, 200);
        assert!(w.card_says("roll back?"));
        // Eve presses ana's button.
        let form = press_form(&w, "U01EVE", "1.7.outside", &foreign);
        let (status, _) = w.outsider().posts(INTERACTIONS, &form).await;
        assert_eq!(status, 200);
        // The refusal reaches eve all the same, by token.
        assert!(w.user("eve").was_told().contains("not on this service's list"));
        assert_eq!(w.calls("chat.postEphemeral").len(), 1);
        let called = trap.accept();
        assert!(called.is_err(), "somebody called {foreign}");
    });
}

#[test]
fn commands_can_have_a_prefix_which_every_answer_uses() {
    let edit = |text: String| text.replace("[slack]\n", "[slack]\ncommand_prefix = \"rp-\"\n");
    let settings = Settings { edit: Some(edit), ..Settings::default() };
    World::run_with(settings, async |w| {
        let asks = async |line: &str, trigger: &str| {
            let form = command_form(line, trigger, NOWHERE);
            let (status, answer) = w.outsider().posts(COMMANDS, &form).await;
            assert_eq!(status, 200);
            answer
        };
        let answer = asks("/rp-rollback", "1.9.outside").await;
        assert!(
            answer.contains("Incident #1") && answer.contains("/rp-incident press"),
            "{answer}"
        );
        assert!(w.card_says("roll back?"));
        let answer = asks("/rollback", "1.10.outside").await;
        assert!(answer.contains("does not know `/rollback`"), "{answer}");
        let answer = asks("/rp-incident help", "1.11.outside").await;
        assert!(!answer.contains("`/rollback") && !answer.contains("`/incident"), "{answer}");
    });
}

#[test]
fn every_line_that_the_readme_shows_is_understood() {
    let readme = include_str!("../../README.md");
    let block = readme.split("its name may be left out:\n\n").nth(1).expect("the block");
    let block = block.split("\n\n").next().expect("its end");
    let lines: Vec<String> = block.lines().map(|line| line.trim().to_owned()).collect();
    assert!(lines.len() >= 6, "{lines:?}");
    World::run(async |w| {
        for line in &lines {
            let said = w.user("ana").hears_on_typing(line).await;
            assert!(!said.is_empty() && !said.contains("Usage: "), "{line}: {said}");
        }
    });
}
