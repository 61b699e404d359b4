//! The modelled disk against the real one: the same writes and questions, the same answers.

use repoint::adapters::journal::SqliteJournal;
use repoint::domain::ids::{DeliveryKey, IncidentId, StreamId, Version};
use repoint::domain::service::Channel;
use repoint::domain::time::Timestamp;
use repoint::engine::ports::{
    Append, Commit, Journal, MessageRef, NewDelivery, NewEvent, NewPost, NewToken, Placement,
    PostOutcome, TokenHash,
};

use super::chat::{channel, person};
use super::disk::{Disk, Lapses};
use super::rng::Rng;

/// Writes per journal.
const WRITES: u32 = 400;

#[tokio::test]
async fn the_modelled_disk_answers_as_sqlite_does() {
    let folder = tempfile::tempdir().expect("a folder");
    for seed in 1..=4 {
        let path = folder.path().join(format!("{seed}.db"));
        let real = SqliteJournal::open(&path).expect("a new journal");
        let mut model = Disk::default();
        let mut rng = Rng::new(seed, 1);
        let mut refused = 0;
        for _ in 0..WRITES {
            let commit = commit(&mut rng, &model);
            let (theirs, ours) = (
                real.commit(commit.clone()).await,
                model.commit(commit.clone(), Lapses::default()),
            );
            assert_eq!(theirs.map(|receipt| receipt.last_seq), ours, "seed {seed}: {commit:?}");
            refused += u32::from(ours.is_err());
            settle(&mut rng, &real, &mut model).await;
        }
        assert!(refused > WRITES / 10 && refused < WRITES, "{refused} writes were refused");
        same_answers(&real, &model).await;
    }
}

fn commit(rng: &mut Rng, model: &Disk) -> Commit {
    let mut commit = Commit::default();
    let some = |rng: &mut Rng, times: u64| rng.in_thousand(times);
    if some(rng, 400) {
        let number = rng.below(150);
        let (key, pending) = (DeliveryKey(format!("k{number}")), some(rng, 700));
        let at = Timestamp(i64::try_from(rng.below(1_000)).unwrap_or(0));
        commit.deliveries.push(NewDelivery { key, at, body: "{}".to_owned(), pending });
    }
    if some(rng, 300) {
        commit.settled.push(DeliveryKey(format!("k{}", rng.below(150))));
    }
    if some(rng, 300) {
        let (hash, incident) = (hash(rng.below(60)), IncidentId(1 + rng.below(4)));
        let action = format!("\"{}\"", rng.below(5));
        commit.tokens.push(NewToken { hash, incident, action, issued_at: Timestamp(7) });
    }
    if some(rng, 250) {
        commit.burned.push(hash(rng.below(60)));
    }
    if some(rng, 600) {
        let incident = IncidentId(1 + rng.below(4));
        let stream = StreamId::Incident(incident);
        let known = model.stream(&stream, Version(0)).len() as u64;
        let wrong = u64::from(some(rng, 150));
        let event = NewEvent {
            kind: "note_added".to_owned(),
            event_version: 1,
            at: Timestamp(5),
            actor: "\"bot\"".to_owned(),
            body: format!("{{\"n\":{}}}", rng.below(100)),
        };
        let events = vec![event; 1 + usize::from(some(rng, 300))];
        commit.appends.push(Append { stream, expected: Version(known + wrong), events });
        if some(rng, 200) {
            commit.opened.push(incident);
        }
        if some(rng, 100) {
            commit.closed.push(incident);
        }
    }
    if some(rng, 500) {
        let placement = match rng.below(4) {
            0 => Placement::Post,
            1 => Placement::Thread("card".to_owned()),
            2 => Placement::Whisper { to: person("ana"), response_url: None },
            _ => Placement::Upsert(format!("card{}", rng.below(2))),
        };
        let body = serde_json::json!({ "n": rng.below(100) });
        commit.posts.push(NewPost { channel: place(rng), placement, body, at: Timestamp(9) });
    }
    commit
}

fn hash(number: u64) -> TokenHash {
    TokenHash([u8::try_from(number).unwrap_or(0); 32])
}

fn place(rng: &mut Rng) -> Channel {
    channel(rng.pick(&["C1", "C2"]).unwrap_or(&"C1"))
}

async fn settle(rng: &mut Rng, real: &SqliteJournal, model: &mut Disk) {
    let channel = place(rng);
    let Some(id) = model.first_waiting(&channel).filter(|_| rng.in_thousand(400)) else { return };
    let outcome = match rng.below(4) {
        0 => PostOutcome::Superseded,
        1 => PostOutcome::Refused("no".to_owned()),
        2 => PostOutcome::Sent(None),
        _ => PostOutcome::Sent(Some(MessageRef { channel, id: format!("m{id}") })),
    };
    let theirs = real.settle_post(id, outcome.clone()).await;
    assert_eq!(theirs, model.settle(id, &outcome));
}

async fn same_answers(real: &SqliteJournal, model: &Disk) {
    assert_eq!(real.open_incidents().await, Ok(model.open()));
    assert_eq!(real.recent_incidents(3).await, Ok(model.recent(3)));
    assert_eq!(real.pending_deliveries().await, Ok(model.pending_deliveries()));
    assert_eq!(real.talking_channels().await, Ok(model.talking()));
    for number in 0..150 {
        let key = DeliveryKey(format!("k{number}"));
        assert_eq!(real.knows_delivery(&key).await, Ok(model.knows(&key)));
    }
    for number in 0..60 {
        assert_eq!(real.token(&hash(number)).await, Ok(model.token(&hash(number))));
    }
    for channel in [channel("C1"), channel("C2")] {
        let posts = real.pending_posts(&channel, 50).await;
        assert_eq!(posts, Ok(model.posts(&channel, 50, Lapses::default())));
        for key in ["card0", "card1", "none"] {
            assert_eq!(real.message(&channel, key).await, Ok(model.message(&channel, key)));
        }
    }
    for number in 1..=4 {
        let stream = StreamId::Incident(IncidentId(number));
        let mut theirs = real.stream(&stream, Version(1)).await.expect("a stream");
        // The model has no hash chain; the conformance suite looks after that.
        theirs.iter_mut().for_each(|one| one.hash.clear());
        assert_eq!(theirs, model.stream(&stream, Version(1)));
    }
}
