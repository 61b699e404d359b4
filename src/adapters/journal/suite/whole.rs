//! The journal as a whole: key, pruning, checks, export.

use super::{NOON, append, appends, delivery, incident, token, versions};
use crate::adapters::journal::export;
use crate::domain::ids::{IncidentId, StreamId, Version};
use crate::domain::time::Timestamp;
use crate::engine::ports::{Journal, NewDelivery, NewToken, TokenHash, VerifyScope};

pub async fn the_sealing_key_is_random_and_stays<J: Journal>(make: impl Fn() -> J) {
    let (one, other) = (make(), make());
    let key = one.sealing_key().await.unwrap();
    assert_ne!(key, [0; 32]);
    assert_eq!(one.sealing_key().await.unwrap(), key);
    assert_ne!(other.sealing_key().await.unwrap(), key);
}

pub async fn pruning_takes_what_is_old_and_settled_and_no_event<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let old = Timestamp(NOON.0 - 1);
    let mut commit = appends(vec![append(incident(1), 0, 1)]);
    commit.deliveries = (0..2500)
        .map(|nth| NewDelivery { at: old, pending: false, ..delivery(&format!("old {nth}")) })
        .collect();
    commit.deliveries.push(NewDelivery { at: old, ..delivery("old and pending") });
    commit.deliveries.push(NewDelivery { pending: false, ..delivery("new") });
    commit.tokens = vec![NewToken { issued_at: old, ..token(1) }, token(2)];
    journal.commit(commit).await.unwrap();

    journal.prune(NOON, NOON).await.unwrap();
    for (key, kept) in
        [("old 0", false), ("old 2499", false), ("old and pending", true), ("new", true)]
    {
        assert_eq!(journal.knows_delivery(&key.into()).await.unwrap(), kept, "{key}");
    }
    assert_eq!(journal.token(&TokenHash([1; 32])).await.unwrap(), None);
    assert!(journal.token(&TokenHash([2; 32])).await.unwrap().is_some());
    assert_eq!(versions(&journal, &incident(1)).await, [1]);
}

pub async fn a_check_reads_every_stream_or_just_the_open_ones<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let mut commit = appends(vec![
        append(StreamId::Register, 0, 3),
        append(StreamId::Service("web".into()), 0, 4),
        append(incident(1), 0, 50),
        append(incident(2), 0, 5),
        append(incident(3), 0, 1),
    ]);
    commit.opened = vec![IncidentId(2)];
    journal.commit(commit).await.unwrap();
    let all = journal.verify(VerifyScope::All).await.unwrap();
    assert_eq!((all.streams, all.events, all.faults), (5, 63, vec![]));
    // The closed incidents count with their last event only.
    let open = journal.verify(VerifyScope::Open).await.unwrap();
    assert_eq!((open.streams, open.events, open.faults), (5, 3 + 4 + 5 + 1 + 1, vec![]));
}

pub async fn an_export_has_every_event_in_order<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    journal.commit(appends(vec![append(incident(1), 0, 700)])).await.unwrap();
    journal.commit(appends(vec![append(StreamId::Register, 0, 500)])).await.unwrap();
    let mut out = Vec::new();
    assert_eq!(export(&journal, &mut out).await.unwrap(), 1200);
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1200);
    for (seq, line) in (1..).zip(&lines) {
        assert_eq!(line["seq"], seq);
    }
    assert_eq!(lines[700]["stream"], "register");
    assert_eq!(lines[701]["body"]["text"], "event 1");
    let last = journal.stream(&StreamId::Register, Version(499)).await.unwrap();
    assert_eq!(lines[1199]["hash"], last[0].hash);
}
