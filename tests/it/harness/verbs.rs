//! What the stories about trouble share: the usual steps of a rollback, and what was said and sent so far.

use std::sync::Arc;
use std::time::Duration;

use repoint::app::{App, Seams};
use repoint::config::Config;
use repoint::domain::book::Book;
use repoint::domain::time::Span;
use repoint::world::ledger::Call;
use repoint::world::slack::Message;
use serde_json::Value;

use super::{Bot, PATIENCE, World};

impl World {
    /// Ana asks for a rollback and the card is there.
    pub async fn asks(self: &Arc<Self>) {
        self.user("ana").types("/rollback").await;
        self.settle().await;
        assert!(self.card_says("roll back?"), "{}", self.incidents());
    }

    /// Ana asks for a rollback and confirms it; everything that is due at once has happened.
    pub async fn asks_and_confirms(self: &Arc<Self>) {
        self.asks().await;
        self.user("ana").presses("Confirm").await;
        self.settle().await;
    }

    /// Lets time pass until a card shows this button.
    pub async fn until_button(&self, label: &str) {
        let drawn = format!("[{label}]");
        self.passes_until(&drawn, || self.incidents().contains(&drawn)).await;
    }

    /// From now on GitHub tells the bot what happens.
    pub fn github_tells(&self) {
        self.models.github_tells(self.bot(Bot::address));
    }

    /// Waits until the live card's headline says this.
    pub async fn until_card_says(&self, headline: &str) {
        self.passes_until(headline, || self.card_says(headline)).await;
    }

    /// What must be possible however the last rollback ended: the pointer is free, and another target is one command and
    /// one press away.
    pub async fn rolls_back_to(self: &Arc<Self>, target: &str) {
        assert!(self.pointer_is_free(), "the pointer is still held");
        self.user("bo").types(&format!("/rollback {target}")).await;
        self.settle().await;
        assert!(self.card_says("roll back?"), "{}", self.incidents());
        self.user("bo").presses("Confirm").await;
        self.until_card_says("proven").await;
        assert_eq!(self.live(), target);
        // The flag is read after the proof; then the pointer is free again.
        self.settle().await;
        assert!(self.pointer_is_free(), "the pointer is still held");
    }

    /// Whether no effect holds the shop's pointer.
    pub fn pointer_is_free(&self) -> bool {
        self.book().states.values().all(|state| state.lock.is_none())
    }

    /// What the bot knows.
    pub fn book(&self) -> Arc<Book> {
        self.bot(|bot| bot.app().engine().keeper().book())
    }

    /// How often the on-call team was told this, in cards, threads and whispers alike.
    pub fn times_said(&self, text: &str) -> usize {
        self.incidents().matches(text).count()
    }

    /// Whether the on-call team was told these, one after the other.
    pub fn was_said_in_order(&self, texts: &[&str]) -> bool {
        let all = self.incidents();
        let mut rest = all.as_str();
        texts.iter().all(|text| match rest.split_once(text) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }

    /// The numbers under which this was said in a channel, for everybody, edits aside: a message that was repeated after a
    /// death carries the number of the first.
    pub fn numbers_of(&self, channel: &str, text: &str) -> Vec<String> {
        let slack = &self.models.slack;
        let mut messages = slack.messages(slack.channel_id(channel));
        messages.retain(|one| one.ephemeral_for.is_none() && says(one, text));
        let number = |one: Message| {
            let metadata = one.metadata.unwrap_or_default();
            metadata["event_payload"]["outbox"].as_str().expect("a number").to_owned()
        };
        messages.into_iter().map(number).collect()
    }

    /// What `App::start` says when it refuses to start on this world's journal.
    pub async fn why_no_bot_starts(&self) -> String {
        let config = Config::parse(&self.configuration(), &|_| None).expect("a configuration");
        let seams = Seams { clock: self.clock.clone(), ..Seams::default() };
        match App::start(&config, seams).await {
            Ok(_) => panic!("a bot started"),
            Err(error) => format!("{error:#}"),
        }
    }

    /// Whether the stakeholders were told that production is back.
    pub fn stakeholders_hear_it_is_back(&self) -> bool {
        self.stakeholders().contains("production is back")
    }

    /// A trap of the modelled Vercel, for its next call that holds this text.
    pub fn vercel_trap(&self, kind: &str, on: &str, with: Value) {
        self.trap("vercel", kind, on, with);
    }

    /// Every look at the project fails with this status from now on.
    pub fn vercel_cannot_be_read(&self, status: u16) {
        self.traps("vercel", "status", "GET ", serde_json::json!({ "status": status }), None);
    }

    /// All traps are off from now on.
    pub fn troubles_are_over(&self) {
        self.models.ledger.disarm_all();
    }

    /// The calls that tried to change something at Vercel: rollbacks, then whatever else.
    pub fn writes_to_vercel(&self) -> Vec<Call> {
        let mut calls = self.calls("");
        calls.retain(|call| call.vendor == "vercel" && call.method != "GET");
        calls
    }

    /// Real time passes, while the clock stands still.
    pub async fn in_real_time(&self, span: Duration) {
        #[expect(
            clippy::disallowed_methods,
            reason = "a story waits for real work while its clock stands still"
        )]
        tokio::time::sleep(span).await;
    }

    /// Moves the clock without waiting for what that brings about.
    pub fn clock_moves(&self, span: Span) {
        self.clock.advance(span);
    }

    /// Moves the clock on, step by step, until something is so, without waiting for the bot to come to rest: somebody does
    /// not answer it.
    pub async fn clock_moves_until(&self, what: &str, step: Span, is_so: impl Fn() -> bool) {
        let until = tokio::time::Instant::now() + PATIENCE;
        while !is_so() {
            let is_late = tokio::time::Instant::now() > until;
            assert!(!is_late, "waited in vain for {what}:\n{}", self.incidents());
            self.clock_moves(step);
            self.in_real_time(Duration::from_millis(60)).await;
        }
    }

    /// Nothing more is sent, however long one waits.
    pub async fn sends_nothing_more(&self) {
        let before = self.writes_to_vercel().len();
        self.passes(Span::seconds(90)).await;
        assert_eq!(self.writes_to_vercel().len(), before, "{:#?}", self.writes_to_vercel());
    }
}

/// Whether a message says something: in its blocks if it has any, else in its text.
fn says(message: &Message, text: &str) -> bool {
    if message.blocks.is_empty() {
        return message.text.contains(text);
    }
    Value::from(message.blocks.clone()).to_string().contains(text)
}
