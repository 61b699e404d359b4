//! What every journal must do, whatever database is behind it. An implementation calls [`conformance!`] with a closure
//! that makes a fresh, empty journal at each call; each behaviour then is a test of its own.

pub mod events;
pub mod outbox;
pub mod requests;
pub mod whole;

use serde_json::json;

use crate::domain::actor::Platform;
use crate::domain::ids::{IncidentId, StreamId, Version};
use crate::domain::service::Channel;
use crate::domain::time::Timestamp;
use crate::engine::ports::{
    Append, Commit, Journal, MessageRef, NewDelivery, NewEvent, NewPost, NewToken, Placement,
    TokenHash,
};

/// Makes a test of every behaviour in the modules here. `$make` is evaluated once per test and is a `Fn() -> impl Journal`.
macro_rules! conformance {
    ($make:expr) => {
        $crate::adapters::journal::suite::conformance! { $make =>
            events::a_new_journal_is_empty_and_sound,
            events::an_empty_commit_changes_nothing,
            events::events_come_back_as_they_were_written,
            events::positions_have_no_gaps_also_when_commits_are_refused,
            events::a_conflict_names_the_stream_and_writes_nothing,
            events::several_streams_are_written_together_or_not_at_all,
            events::a_stream_may_be_named_twice_when_the_versions_fit,
            events::a_refused_commit_does_not_touch_those_beside_it,
            events::hashes_can_be_recomputed_from_what_is_read,
            requests::a_repeated_delivery_is_refused_with_all_that_came_with_it,
            requests::one_of_many_equal_deliveries_wins,
            requests::deliveries_are_pending_until_they_are_settled,
            requests::a_button_burns_once_and_only_if_it_is_known,
            requests::one_of_eight_presses_wins,
            requests::a_button_that_is_known_is_left_as_it_is,
            events::incidents_are_open_until_they_are_closed,
            events::recent_incidents_come_by_number_and_not_by_name,
            events::pages_follow_each_other_without_gaps,
            outbox::posts_are_said_in_order_and_per_channel,
            outbox::the_message_of_a_card_is_remembered_and_follows_later_ones,
            outbox::only_cards_are_remembered,
            outbox::a_row_that_has_ended_stays_ended,
            whole::the_sealing_key_is_random_and_stays,
            whole::pruning_takes_what_is_old_and_settled_and_no_event,
            whole::a_check_reads_every_stream_or_just_the_open_ones,
            whole::an_export_has_every_event_in_order,
            events::a_number_that_cannot_be_stored_refuses_only_its_commit,
        }
    };
    ($make:expr => $($part:ident::$behaviour:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 8)]
            async fn $behaviour() {
                $crate::adapters::journal::suite::$part::$behaviour($make).await;
            }
        )*
    };
}
pub(super) use conformance;

/// Some instant.
pub const NOON: Timestamp = Timestamp(1_700_000_000_000);

pub fn incident(number: u64) -> StreamId {
    StreamId::Incident(IncidentId(number))
}

pub fn event(text: &str) -> NewEvent {
    NewEvent {
        kind: "noted".into(),
        event_version: 1,
        at: NOON,
        actor: r#""bot""#.into(),
        body: json!({ "text": text }).to_string(),
    }
}

/// `count` events for a stream that has `expected`.
pub fn append(stream: StreamId, expected: u64, count: usize) -> Append {
    let events = (0..count).map(|nth| event(&format!("event {nth}"))).collect();
    Append { stream, expected: Version(expected), events }
}

pub fn appends(appends: Vec<Append>) -> Commit {
    Commit { appends, ..Commit::default() }
}

pub fn delivery(key: &str) -> NewDelivery {
    NewDelivery {
        key: key.into(),
        at: NOON,
        body: r#"{"command":"/rollback"}"#.into(),
        pending: true,
    }
}

pub fn delivered(key: &str) -> Commit {
    Commit { deliveries: vec![delivery(key)], ..Commit::default() }
}

pub fn token(byte: u8) -> NewToken {
    NewToken {
        hash: TokenHash([byte; 32]),
        incident: IncidentId(7),
        action: r#""confirm""#.into(),
        issued_at: NOON,
    }
}

pub fn burning(byte: u8) -> Commit {
    Commit { burned: vec![TokenHash([byte; 32])], ..Commit::default() }
}

pub fn channel(id: &str) -> Channel {
    Channel { platform: Platform::Slack, tenant: "T1".into(), id: id.into() }
}

pub fn post(channel: &Channel, placement: Placement, text: &str) -> NewPost {
    NewPost { channel: channel.clone(), placement, body: json!({ "text": text }), at: NOON }
}

pub fn posts(posts: Vec<NewPost>) -> Commit {
    Commit { posts, ..Commit::default() }
}

pub fn message(channel: &Channel, id: &str) -> MessageRef {
    MessageRef { channel: channel.clone(), id: id.into() }
}

pub async fn versions(journal: &impl Journal, stream: &StreamId) -> Vec<u64> {
    let events = journal.stream(stream, Version(0)).await.unwrap();
    events.iter().map(|event| event.version.0).collect()
}

pub async fn seqs(journal: &impl Journal) -> Vec<u64> {
    journal.page(0, 1000).await.unwrap().iter().map(|event| event.seq).collect()
}

/// The texts that a channel has to say.
pub async fn to_say(journal: &impl Journal, channel: &Channel) -> Vec<String> {
    let pending = journal.pending_posts(channel, 100).await.unwrap();
    pending.iter().map(|row| row.post.body["text"].as_str().unwrap().to_owned()).collect()
}
