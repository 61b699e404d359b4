//! The route that Discord calls.

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::{Request, header};
use ed25519_dalek::{Signer, SigningKey};
use repoint::adapters::discord::answer::Answers;
use repoint::adapters::discord::client::{DiscordApi, DiscordApiConfig};
use repoint::adapters::discord::receive::{BODY_LIMIT, DiscordHttp, routes};
use repoint::adapters::discord::verify::{SIGNATURE_HEADER, TIMESTAMP_HEADER, Verifier};
use repoint::adapters::secret::Secret;
use repoint::chat::inbound::Inbound;
use repoint::chat::reply::Card;
use serde_json::{Value, json};

use super::super::discord_markdown::{self, Alive};
use super::{Desk, LONGEST_FOREIGN, NOW, StillClock, assert_understood, card, is_in_time, parts};

const APPLICATION: &str = "4001";
const GUILD: &str = "77";

/// One request at the real route: the status, the body, and what the intake was given.
fn knock(request: Request<Body>, card: Card) -> (u16, Vec<u8>, Vec<Inbound>) {
    let desk = Desk::with(card);
    let router = routes(DiscordHttp {
        verifier: verifier(),
        answers: Answers::new(api(), desk.clone()),
        clock: Arc::new(StillClock),
        body_limit: BODY_LIMIT,
    });
    let (status, body) = super::knock(router, request);
    (status, body, desk.taken())
}

/// Made once: whether a key is sound takes a while to find out.
fn verifier() -> Verifier {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    let made = || {
        let public_key = hex::encode(key().verifying_key().to_bytes());
        Verifier::new(&public_key).expect("a key")
    };
    VERIFIER.get_or_init(made).clone()
}

/// Nobody answers here: what is looked at are first answers, which need no call.
fn api() -> Arc<DiscordApi> {
    static API: OnceLock<Arc<DiscordApi>> = OnceLock::new();
    let made = || {
        // The only one in a process; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = DiscordApiConfig {
            api_url: "http://127.0.0.1:1".to_owned(),
            bot_token: Secret::new("bot-1"),
            application: APPLICATION.to_owned(),
            guild: GUILD.to_owned(),
        };
        Arc::new(DiscordApi::new(&config, Arc::new(StillClock)).expect("an address"))
    };
    API.get_or_init(made).clone()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn signature(stamp: &[u8], body: &[u8]) -> String {
    hex::encode(key().sign(&[stamp, body].concat()).to_bytes())
}

/// A request: a byte of choices, then time stamp, signature and body, each ended by a line break. The choices: whether time and
/// signature are the right ones instead, so that the search gets past the door as well.
///
/// # Panics
/// When somebody is believed who must not be, or the other way round; when an answer or what is understood has no good form.
pub fn discord_request(data: &[u8]) {
    let Some((choices, [mut stamp, mut claimed, body])) = parts(data) else { return };
    if choices & 2 != 0 {
        stamp = NOW.to_string().into_bytes();
    }
    if choices & 4 != 0 {
        claimed = signature(&stamp, &body).into_bytes();
    }
    let request = Request::post("/discord/interactions")
        .header(header::CONTENT_TYPE, "application/json")
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
    // A ping, and what somebody is typing, are answered without the intake.
    assert!(taken.len() <= usize::from(status == 200), "{status}: {taken:?}");
    taken.iter().for_each(|one| assert_understood(one, GUILD, is_id));
    if status == 200 {
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert!([1, 4, 6, 8].contains(&answer["type"].as_u64().unwrap_or(0)), "{answer}");
    } else {
        assert!(answer.is_empty(), "a refusal repeats something");
    }
}

fn is_id(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Foreign text in every place of a card: nothing of it may come to life.
///
/// # Panics
/// When something does.
pub fn discord_reply(data: &[u8]) {
    if data.len() > LONGEST_FOREIGN {
        return;
    }
    let foreign = String::from_utf8_lossy(data).into_owned();
    let (hostile, tame) = (drawn(&foreign), drawn("words"));
    assert_eq!(hostile.len(), tame.len(), "{foreign:?} changes the embeds");
    for ((shown, alive), (_, expected)) in hostile.iter().zip(&tame) {
        // Code, links and small print hold what they are given; words that are not to be seen make no mark.
        assert_eq!(marks(alive), marks(expected), "{foreign:?} became {shown:?}");
        assert!(alive.code.len() <= expected.code.len(), "{foreign:?} became {shown:?}");
        assert_eq!(alive.lines.len(), expected.lines.len(), "{foreign:?} became {shown:?}");
        // A label that could be taken for an address gives way to the address.
        let ways: Vec<&String> = alive.links.iter().chain(&alive.tokens).collect();
        assert_eq!(ways.len(), expected.links.len(), "{foreign:?} became {shown:?}");
        for way in ways {
            assert!(way.ends_with("https://good.example/"), "{foreign:?} became {shown:?}");
        }
    }
}

/// What must be the same whatever the words are.
fn marks(alive: &Alive) -> Alive {
    let Alive { marked, emoji, escapes, hidden, .. } = alive.clone();
    Alive { marked, emoji, escapes, hidden, ..Alive::default() }
}

/// The texts of the message that a card with foreign words becomes, and what is alive in each.
fn drawn(foreign: &str) -> Vec<(String, Alive)> {
    let command = json!({
        "id": "1", "application_id": APPLICATION, "type": 2, "token": "t", "guild_id": GUILD,
        "channel_id": "5", "member": {"user": {"id": "88"}}, "data": {"name": "x", "type": 1},
    });
    let (stamp, body) = (NOW.to_string(), command.to_string());
    let request = Request::post("/discord/interactions")
        .header(SIGNATURE_HEADER, signature(stamp.as_bytes(), body.as_bytes()))
        .header(TIMESTAMP_HEADER, stamp)
        .body(Body::from(body))
        .expect("a request");
    let (status, answer, _) = knock(request, card(foreign));
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(answer["data"]["allowed_mentions"], json!({"parse": []}));
    let mut texts = Vec::new();
    discord_markdown::gather(&answer["data"], &mut texts);
    texts
}
