//! The routes that the platforms call, with an intake that only notes: who is believed, what is understood, how an answer is
//! drawn. One file for each platform; here is what they share.

mod discord;
mod slack;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use repoint::chat::inbound::{Answer, Choice, Completing, Inbound, Intake};
use repoint::chat::reply::{Card, Field, Item, ItemState, Part, Text};
use repoint::domain::time::Timestamp;
use repoint::engine::ports::Clock;

pub use discord::{discord_reply, discord_request};
pub use slack::{slack_reply, slack_request};

const NOW: i64 = 1_795_200_000;
/// Longer words are cut, and the messages then hold less of everything.
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
    async fn receive(&self, inbound: Inbound) -> Answer {
        let is_press = matches!(inbound, Inbound::Press { .. });
        self.taken.lock().expect("one at a time").push(inbound);
        if is_press { Answer::Nothing } else { Answer::Card(self.card.clone()) }
    }

    async fn complete(&self, _completing: Completing) -> Vec<Choice> {
        Vec::new()
    }
}

impl Desk {
    fn with(card: Card) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), card })
    }

    fn taken(&self) -> Vec<Inbound> {
        self.taken.lock().expect("one at a time").clone()
    }
}

/// One request at real routes: the status and the body.
fn knock(router: Router, request: Request<Body>) -> (u16, Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(async {
        let answer = TowerToHyperService::new(router).call(request).await.expect("an answer");
        let status = answer.status().as_u16();
        (status, to_bytes(answer.into_body(), usize::MAX).await.expect("a body").to_vec())
    })
}

/// A byte of choices, then three parts, each ended by a line break: the time stamp, the signature, the body.
fn parts(data: &[u8]) -> Option<(u8, [Vec<u8>; 3])> {
    let (&choices, rest) = data.split_first()?;
    let mut lines = rest.splitn(3, |&byte| byte == b'\n').map(<[u8]>::to_vec);
    Some((choices, std::array::from_fn(|_| lines.next().unwrap_or_default())))
}

/// Whether a platform could have sent this second, by its own description.
fn is_in_time(stamp: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(stamp) else { return false };
    // Seconds have ten digits until the year 2286; nobody pads them beyond twelve.
    let is_plain = text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain && text.parse::<i64>().is_ok_and(|at| at.abs_diff(NOW) <= 300)
}

/// What an adapter promises of everything that it hands on.
fn assert_understood(inbound: &Inbound, tenant: &str, is_id: fn(&str) -> bool) {
    let (key, person, channel, texts) = match inbound {
        Inbound::Command { key, person, channel, command, said, response_url } => {
            assert!(command.starts_with('/') && command.len() <= 64, "{command:?}");
            (key, person, channel, vec![Some(said.to_string()), response_url.clone()])
        }
        Inbound::Press { key, person, channel, token, response_url, trigger, .. } => {
            let texts = vec![Some(token.clone()), response_url.clone(), trigger.clone()];
            (key, person, channel, texts)
        }
        Inbound::Form { key, person, channel, token, values, response_url } => {
            let mut texts = vec![Some(token.clone()), response_url.clone()];
            texts.extend(values.values().cloned().map(Some));
            (key, person, channel, texts)
        }
        Inbound::Probe | Inbound::ForeignTenant { .. } | Inbound::Unsupported { .. } => return,
    };
    let platform = person.platform;
    assert!(key.0.starts_with(&format!("{platform}:")) && key.0.len() <= 160, "{key:?}");
    assert!(key.0.bytes().all(|byte| byte.is_ascii_graphic()), "{key:?}");
    assert!(is_id(&person.user) && is_id(&person.tenant), "{person:?}");
    assert!(is_id(&channel.id) && channel.tenant == tenant, "{channel:?}");
    assert!(texts.into_iter().flatten().all(|text| !text.contains('\0')), "{inbound:?}");
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
