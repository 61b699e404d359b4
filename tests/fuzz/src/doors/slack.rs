//! The routes that Slack calls.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, header};
use hmac::{Hmac, KeyInit, Mac};
use repoint::adapters::secret::Secret;
use repoint::adapters::slack::client::{SlackApi, SlackApiConfig};
use repoint::adapters::slack::forms::Forms;
use repoint::adapters::slack::receive::{BODY_LIMIT, SlackHttp, routes};
use repoint::adapters::slack::response_url::ResponseUrls;
use repoint::adapters::slack::verify::{SIGNATURE_HEADER, TIMESTAMP_HEADER, Verifier};
use repoint::chat::inbound::Inbound;
use repoint::chat::reply::Card;
use serde_json::Value;
use sha2::Sha256;

use super::super::mrkdwn::{self, Alive};
use super::{Desk, LONGEST_FOREIGN, NOW, StillClock, assert_understood, card, is_in_time, parts};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const TEAM: &str = "T01DEMO";

/// One request at the real routes: the status, the body, and what the intake was given.
fn knock(request: Request<Body>, card: Card) -> (u16, Vec<u8>, Vec<Inbound>) {
    let desk = Desk::with(card);
    let verifier = Verifier::new(vec![Secret::new(SECRET)]).expect("a secret");
    let router = routes(SlackHttp {
        verifier: Arc::new(verifier),
        team: TEAM.to_owned(),
        intake: desk.clone(),
        forms: forms(),
        clock: Arc::new(StillClock),
        body_limit: BODY_LIMIT,
    });
    let (status, body) = super::knock(router, request);
    (status, body, desk.taken())
}

/// Nothing is asked for by a form here.
fn forms() -> Arc<Forms> {
    let config = SlackApiConfig {
        api_url: "http://127.0.0.1:1/api".to_owned(),
        bot_token: Secret::new("xoxb-1"),
        team: TEAM.to_owned(),
    };
    let api = SlackApi::new(&config).expect("an address");
    Arc::new(Forms::new(Arc::new(api), ResponseUrls::default()))
}

fn signature(stamp: &[u8], body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    for part in [b"v0:", stamp, b":", body] {
        mac.update(part);
    }
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

/// A request: a byte of choices, then time stamp, signature and body, each ended by a line break. The choices: the route, and
/// whether time and signature are the right ones instead, so that the search gets past the door as well.
///
/// # Panics
/// When somebody is believed who must not be, or the other way round; when an answer or what is understood has no good form.
pub fn slack_request(data: &[u8]) {
    let Some((choices, [mut stamp, mut claimed, body])) = parts(data) else { return };
    if choices & 2 != 0 {
        stamp = NOW.to_string().into_bytes();
    }
    if choices & 4 != 0 {
        claimed = signature(&stamp, &body).into_bytes();
    }
    let path = if choices & 1 == 0 { "/slack/commands" } else { "/slack/interactions" };
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(TIMESTAMP_HEADER, stamp.clone())
        .header(SIGNATURE_HEADER, claimed.clone())
        .body(Body::from(body.clone()));
    // Not every byte can stand in a header at all.
    let Ok(request) = request else { return };
    let (status, answer, taken) = knock(request, card("words"));
    if !is_in_time(&stamp) || claimed != signature(&stamp, &body).as_bytes() {
        assert!([401, 413].contains(&status), "answered {status}");
        assert!(taken.is_empty() && answer.is_empty(), "believed: {taken:?}");
        return;
    }
    assert!([200, 400, 413].contains(&status), "answered {status}");
    assert_eq!(status == 200, taken.len() == 1, "{status}: {taken:?}");
    assert!(status == 200 || answer.is_empty(), "a refusal repeats something");
    taken.iter().for_each(|one| assert_understood(one, TEAM, is_id));
}

fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Foreign text in every place of a card: nothing of it may come to life.
///
/// # Panics
/// When something does.
pub fn slack_reply(data: &[u8]) {
    if data.len() > LONGEST_FOREIGN {
        return;
    }
    let foreign = String::from_utf8_lossy(data).into_owned();
    let (hostile, tame) = (drawn(&foreign), drawn("words"));
    assert_eq!(hostile.len(), tame.len(), "{foreign:?} changes the blocks");
    for ((shown, alive), (_, expected)) in hostile.iter().zip(&tame) {
        // Code and links hold what they are given. Words that are not to be seen make no mark.
        let same = Alive { code: Vec::new(), tokens: Vec::new(), ..alive.clone() };
        let wanted = Alive { code: Vec::new(), tokens: Vec::new(), ..expected.clone() };
        assert_eq!(same, wanted, "{foreign:?} became {shown:?}");
        assert!(alive.code.len() <= expected.code.len(), "{foreign:?} became {shown:?}");
        assert_eq!(alive.tokens.len(), expected.tokens.len(), "{foreign:?} became {shown:?}");
        for token in &alive.tokens {
            assert!(token.starts_with("https://good.example/|"), "{foreign:?} became {shown:?}");
        }
    }
}

/// The texts of the message that a card with foreign words becomes, and what is alive in each.
fn drawn(foreign: &str) -> Vec<(String, Alive)> {
    let form = format!("team_id={TEAM}&channel_id=C1&user_id=U1&command=%2Fx&trigger_id=1");
    let stamp = NOW.to_string();
    let request = Request::post("/slack/commands")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(SIGNATURE_HEADER, signature(stamp.as_bytes(), form.as_bytes()))
        .header(TIMESTAMP_HEADER, stamp)
        .body(Body::from(form))
        .expect("a request");
    let (status, answer, _) = knock(request, card(foreign));
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    let mut texts = Vec::new();
    mrkdwn::gather(&answer["blocks"], &mut texts);
    let summary = answer["text"].as_str().expect("a summary");
    texts.push((summary.to_owned(), mrkdwn::read(summary)));
    texts
}
