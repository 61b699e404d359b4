//! The routes that Slack calls, with an intake that only notes: who is believed, what is understood, how an answer is drawn.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use hmac::{Hmac, KeyInit, Mac};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use repoint::adapters::secret::Secret;
use repoint::adapters::slack::receive::{BODY_LIMIT, SlackHttp, routes};
use repoint::adapters::slack::verify::{SIGNATURE_HEADER, TIMESTAMP_HEADER, Verifier};
use repoint::chat::inbound::{Inbound, Intake};
use repoint::chat::reply::{Card, Field, Item, ItemState, Part, Text};
use repoint::domain::time::Timestamp;
use repoint::engine::ports::Clock;
use serde_json::Value;
use sha2::Sha256;

use super::mrkdwn::{self, Alive};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const TEAM: &str = "T01DEMO";
const NOW: i64 = 1_795_200_000;
const LONGEST_FOREIGN: usize = 120;

struct StillClock;

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp(NOW * 1000)
    }

    async fn sleep_until(&self, _at: Timestamp) {
        std::future::pending().await
    }
}

/// Notes what it is given, and answers with a card; a press that was taken is answered elsewhere.
struct Desk {
    taken: Mutex<Vec<Inbound>>,
    card: Card,
}

#[async_trait]
impl Intake for Desk {
    async fn receive(&self, inbound: Inbound) -> Option<Card> {
        let is_press = matches!(inbound, Inbound::Press { .. });
        self.taken.lock().expect("one at a time").push(inbound);
        (!is_press).then(|| self.card.clone())
    }
}

/// One request at the real routes: the status, the body, and what the intake was given.
fn knock(request: Request<Body>, card: Card) -> (u16, Vec<u8>, Vec<Inbound>) {
    let desk = Arc::new(Desk { taken: Mutex::default(), card });
    let verifier = Verifier::new(vec![Secret::new(SECRET)]).expect("a secret");
    let router = routes(SlackHttp {
        verifier: Arc::new(verifier),
        team: TEAM.to_owned(),
        intake: desk.clone(),
        clock: Arc::new(StillClock),
        body_limit: BODY_LIMIT,
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let (status, body) = runtime.expect("a runtime").block_on(async {
        let answer = TowerToHyperService::new(router).call(request).await.expect("an answer");
        let status = answer.status().as_u16();
        (status, to_bytes(answer.into_body(), usize::MAX).await.expect("a body").to_vec())
    });
    let taken = desk.taken.lock().expect("one at a time").clone();
    (status, body, taken)
}

fn signature(stamp: &[u8], body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    for part in [b"v0:", stamp, b":", body] {
        mac.update(part);
    }
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

/// Whether Slack could have sent this, by its own description.
fn is_right(stamp: &[u8], claimed: &[u8], body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(stamp) else { return false };
    // Seconds have ten digits until the year 2286; nobody pads them beyond twelve.
    let is_plain = text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let in_time = text.parse::<i64>().is_ok_and(|at| at.abs_diff(NOW) <= 300);
    is_plain && in_time && claimed == signature(stamp, body).as_bytes()
}

/// A request: a byte of choices, then time stamp, signature and body, each ended by a line break. The choices: the route, and
/// whether time and signature are the right ones instead, so that the search gets past the door as well.
///
/// # Panics
/// When somebody is believed who must not be, or the other way round; when an answer or what is understood has no good form.
pub fn slack_request(data: &[u8]) {
    let Some((&choices, rest)) = data.split_first() else { return };
    let mut lines = rest.splitn(3, |&byte| byte == b'\n');
    let mut stamp = lines.next().unwrap_or_default().to_vec();
    let mut claimed = lines.next().unwrap_or_default().to_vec();
    let body = lines.next().unwrap_or_default().to_vec();
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
    if !is_right(&stamp, &claimed, &body) {
        assert!([401, 413].contains(&status), "answered {status}");
        assert!(taken.is_empty() && answer.is_empty(), "believed: {taken:?}");
        return;
    }
    assert!([200, 400, 413].contains(&status), "answered {status}");
    assert_eq!(status == 200, taken.len() == 1, "{status}: {taken:?}");
    assert!(status == 200 || answer.is_empty(), "a refusal repeats something");
    taken.iter().for_each(assert_understood);
}

/// What the adapter promises of everything that it hands on.
fn assert_understood(inbound: &Inbound) {
    let is_id = |id: &str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let (key, person, channel, texts) = match inbound {
        Inbound::Command { key, person, channel, command, text, response_url } => {
            assert!(command.starts_with('/') && command.len() <= 64, "{command:?}");
            (key, person, channel, [Some(text), response_url.as_ref()])
        }
        Inbound::Press { key, person, channel, token, response_url, .. } => {
            (key, person, channel, [Some(token), response_url.as_ref()])
        }
        Inbound::Probe | Inbound::ForeignTenant { .. } | Inbound::Unsupported { .. } => return,
    };
    assert!(key.0.starts_with("slack:") && key.0.len() <= 160, "{key:?}");
    assert!(key.0.bytes().all(|byte| byte.is_ascii_graphic()), "{key:?}");
    assert!(is_id(&person.user) && is_id(&person.tenant), "{person:?}");
    assert!(is_id(&channel.id) && channel.tenant == TEAM, "{channel:?}");
    assert!(texts.into_iter().flatten().all(|text| !text.contains('\0')), "{inbound:?}");
}

/// Foreign text in every place of a card: nothing of it may come to life.
///
/// # Panics
/// When something does.
pub fn slack_reply(data: &[u8]) {
    // Longer words are cut, and the blocks then hold less of everything.
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
    gather(&answer["blocks"], &mut texts);
    let summary = answer["text"].as_str().expect("a summary");
    texts.push((summary.to_owned(), mrkdwn::read(summary)));
    texts
}

/// Every way in which a card shows foreign words.
fn card(foreign: &str) -> Card {
    let mixed = || {
        Text::plain("by ")
            .foreign(foreign)
            .and(": done ")
            .code(foreign)
            .and(" and ")
            .foreign(foreign)
    };
    let link = Text::plain("see ").link("https://good.example/", format!("x {foreign}"));
    Card {
        summary: mixed(),
        parts: vec![
            Part::Title(Text::plain("Title ").foreign(foreign)),
            Part::Paragraph(mixed()),
            Part::Paragraph(Text::plain("line\n").foreign(foreign)),
            Part::Paragraph(link),
            Part::Paragraph(Text::plain("see ").link(format!("javascript:{foreign}"), foreign)),
            Part::Fields(vec![Field { name: "From".to_owned(), value: mixed() }]),
            Part::Checklist(vec![Item {
                state: ItemState::Done,
                label: Text::plain("Step"),
                note: Some(mixed()),
            }]),
            Part::Note(Text::plain("x ").foreign(foreign).foreign(foreign)),
        ],
    }
}

fn gather(value: &Value, texts: &mut Vec<(String, Alive)>) {
    match (value["type"].as_str(), value["text"].as_str()) {
        (Some("mrkdwn"), Some(text)) => {
            // Else Slack makes links and mentions of bare words.
            assert_eq!(value["verbatim"], true, "{text:?} is not verbatim");
            texts.push((text.to_owned(), mrkdwn::read(text)));
        }
        (Some("plain_text"), Some(text)) => texts.push((text.to_owned(), mrkdwn::read_plain(text))),
        _ => match value {
            Value::Array(all) => all.iter().for_each(|one| gather(one, texts)),
            Value::Object(all) => all.values().for_each(|one| gather(one, texts)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        },
    }
}
