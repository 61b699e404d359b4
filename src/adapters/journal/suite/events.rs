//! Streams, versions, positions, hashes, and the lists that follow from them.

use super::{append, appends, burning, channel, delivery, incident, post, seqs, token, versions};
use crate::adapters::journal::chain::{self, Content, GENESIS};
use crate::domain::ids::{IncidentId, StreamId, Version};
use crate::domain::time::Timestamp;
use crate::engine::ports::{
    Append, Commit, Journal, JournalError, NewEvent, Placement, Receipt, TokenHash, VerifyScope,
};

pub async fn a_new_journal_is_empty_and_sound<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    assert_eq!(journal.page(0, 10).await.unwrap(), []);
    assert_eq!(journal.stream(&StreamId::Register, Version(0)).await.unwrap(), []);
    assert_eq!(journal.open_incidents().await.unwrap(), []);
    assert_eq!(journal.recent_incidents(10).await.unwrap(), []);
    assert_eq!(journal.pending_deliveries().await.unwrap(), []);
    assert_eq!(journal.talking_channels().await.unwrap(), []);
    assert_eq!(journal.token(&TokenHash([1; 32])).await.unwrap(), None);
    assert_eq!(journal.message(&channel("C1"), "card").await.unwrap(), None);
    for scope in [VerifyScope::Open, VerifyScope::All] {
        let report = journal.verify(scope).await.unwrap();
        assert_eq!((report.events, report.faults), (0, vec![]));
    }
}

pub async fn an_empty_commit_changes_nothing<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    assert_eq!(journal.commit(Commit::default()).await, Ok(Receipt { last_seq: 0 }));
    assert_eq!(seqs(&journal).await, Vec::<u64>::new());
}

pub async fn events_come_back_as_they_were_written<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let written = NewEvent {
        kind: "rollback_requested".into(),
        event_version: 3,
        at: Timestamp(-5),
        actor: r#"{"person":"slack:T1/U1"}"#.into(),
        body: r#"{"why":"größer 🙂\u0000","n":1.50}"#.into(),
    };
    let stream = StreamId::Service("web".into());
    let one =
        Append { stream: stream.clone(), expected: Version(0), events: vec![written.clone()] };
    assert_eq!(journal.commit(appends(vec![one])).await.unwrap().last_seq, 1);
    let read = journal.stream(&stream, Version(0)).await.unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].seq, read[0].version), (1, Version(1)));
    assert_eq!((&read[0].stream, &read[0].event), (&stream, &written));
    assert_eq!(journal.page(0, 10).await.unwrap(), read);
    assert_eq!(journal.stream(&stream, Version(1)).await.unwrap(), []);
}

pub async fn positions_have_no_gaps_also_when_commits_are_refused<J: Journal>(
    make: impl Fn() -> J,
) {
    let journal = make();
    let first = journal.commit(appends(vec![append(incident(1), 0, 2)])).await.unwrap();
    // The first append of this commit is fine and is taken back.
    let refused = appends(vec![append(incident(2), 0, 3), append(incident(1), 0, 1)]);
    assert!(journal.commit(refused).await.is_err());
    let second = journal.commit(appends(vec![append(incident(1), 2, 1)])).await.unwrap();
    assert_eq!((first.last_seq, second.last_seq), (2, 3));
    assert_eq!(seqs(&journal).await, [1, 2, 3]);
    assert_eq!(journal.verify(VerifyScope::All).await.unwrap().faults, Vec::<String>::new());
}

pub async fn a_conflict_names_the_stream_and_writes_nothing<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    journal.commit(appends(vec![append(incident(1), 0, 2)])).await.unwrap();
    for wrong in [0, 1, 3] {
        let mut commit = appends(vec![append(incident(1), wrong, 1)]);
        commit.deliveries.push(delivery("k"));
        commit.tokens.push(token(1));
        commit.posts.push(post(&channel("C1"), Placement::Post, "hello"));
        commit.opened.push(IncidentId(1));
        assert_eq!(journal.commit(commit).await, Err(JournalError::Conflict(incident(1))));
    }
    assert_eq!(versions(&journal, &incident(1)).await, [1, 2]);
    assert!(!journal.knows_delivery(&"k".into()).await.unwrap());
    assert_eq!(journal.token(&TokenHash([1; 32])).await.unwrap(), None);
    assert_eq!(journal.talking_channels().await.unwrap(), []);
    assert_eq!(journal.open_incidents().await.unwrap(), []);
}

pub async fn several_streams_are_written_together_or_not_at_all<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let web = StreamId::Service("web".into());
    let all = vec![
        append(StreamId::Register, 0, 1),
        append(incident(1), 0, 2),
        append(web.clone(), 0, 1),
    ];
    assert_eq!(journal.commit(appends(all)).await.unwrap().last_seq, 4);
    let stale = vec![append(incident(1), 2, 1), append(web.clone(), 0, 1)];
    let conflict = journal.commit(appends(stale)).await;
    assert_eq!(conflict, Err(JournalError::Conflict(web.clone())));
    assert_eq!(versions(&journal, &StreamId::Register).await, [1]);
    assert_eq!(versions(&journal, &incident(1)).await, [1, 2]);
    assert_eq!(versions(&journal, &web).await, [1]);
}

pub async fn a_stream_may_be_named_twice_when_the_versions_fit<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let fits = appends(vec![append(incident(1), 0, 2), append(incident(1), 2, 1)]);
    assert_eq!(journal.commit(fits).await.unwrap().last_seq, 3);
    let does_not = appends(vec![append(incident(1), 3, 1), append(incident(1), 3, 1)]);
    assert_eq!(journal.commit(does_not).await, Err(JournalError::Conflict(incident(1))));
    assert_eq!(versions(&journal, &incident(1)).await, [1, 2, 3]);
    assert_eq!(journal.verify(VerifyScope::All).await.unwrap().faults, Vec::<String>::new());
}

pub async fn a_refused_commit_does_not_touch_those_beside_it<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let commits = (1..=60).map(|number| match number % 3 {
        0 => appends(vec![append(incident(number), 9, 1)]),
        1 => appends(vec![append(incident(number), 0, 2)]),
        _ => burning(9),
    });
    let results = futures_util::future::join_all(commits.map(|one| journal.commit(one))).await;
    for (number, result) in (1..).zip(results) {
        match number % 3 {
            0 => assert_eq!(result, Err(JournalError::Conflict(incident(number)))),
            1 => assert_eq!(versions(&journal, &incident(number)).await, [1, 2]),
            _ => assert_eq!(result, Err(JournalError::Burned)),
        }
    }
    assert_eq!(seqs(&journal).await, (1..=40).collect::<Vec<u64>>());
}

pub async fn hashes_can_be_recomputed_from_what_is_read<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    journal.commit(appends(vec![append(incident(1), 0, 2)])).await.unwrap();
    journal.commit(appends(vec![append(incident(2), 0, 1)])).await.unwrap();
    journal.commit(appends(vec![append(incident(1), 2, 1)])).await.unwrap();
    let mut previous = GENESIS;
    for read in journal.stream(&incident(1), Version(0)).await.unwrap() {
        let stream = read.stream.to_string();
        previous = chain::link(
            &previous,
            &Content {
                stream: stream.as_bytes(),
                version: i64::try_from(read.version.0).unwrap(),
                kind: read.event.kind.as_bytes(),
                event_version: i64::from(read.event.event_version),
                at: read.event.at.0,
                actor: read.event.actor.as_bytes(),
                body: read.event.body.as_bytes(),
            },
        );
        assert_eq!(read.hash, hex::encode(previous));
    }
    assert_ne!(previous, GENESIS);
}

pub async fn pages_follow_each_other_without_gaps<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    journal.commit(appends(vec![append(incident(1), 0, 4)])).await.unwrap();
    journal.commit(appends(vec![append(incident(2), 0, 3)])).await.unwrap();
    let mut read = Vec::new();
    loop {
        let page = journal.page(read.last().copied().unwrap_or(0), 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        read.extend(page.iter().map(|event| event.seq));
    }
    assert_eq!(read, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(journal.page(0, usize::MAX).await.unwrap().len(), 7);
}

pub async fn a_number_that_cannot_be_stored_refuses_only_its_commit<J: Journal>(
    make: impl Fn() -> J,
) {
    let journal = make();
    let endless = Commit { opened: vec![IncidentId(u64::MAX)], ..Commit::default() };
    let (refused, fine) = tokio::join!(
        journal.commit(endless),
        journal.commit(appends(vec![append(incident(1), 0, 1)]))
    );
    assert!(matches!(refused, Err(JournalError::Unavailable(_))), "{refused:?}");
    assert_eq!(fine, Ok(Receipt { last_seq: 1 }));
}

pub async fn incidents_are_open_until_they_are_closed<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let numbers = |list: &[u64]| list.iter().copied().map(IncidentId).collect::<Vec<_>>();
    let open = Commit { opened: numbers(&[10, 9, 10]), ..Commit::default() };
    journal.commit(open.clone()).await.unwrap();
    journal.commit(open).await.unwrap();
    assert_eq!(journal.open_incidents().await.unwrap(), numbers(&[9, 10]));
    let close = Commit { closed: numbers(&[9, 77]), ..Commit::default() };
    journal.commit(close).await.unwrap();
    assert_eq!(journal.open_incidents().await.unwrap(), numbers(&[10]));
}

pub async fn recent_incidents_come_by_number_and_not_by_name<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    for number in [9, 100, 10, 2] {
        journal.commit(appends(vec![append(incident(number), 0, 1)])).await.unwrap();
    }
    let others = [append(StreamId::Register, 0, 1), append(StreamId::Service("a".into()), 0, 1)];
    journal.commit(appends(others.to_vec())).await.unwrap();
    let numbers = |list: &[u64]| list.iter().copied().map(IncidentId).collect::<Vec<_>>();
    assert_eq!(journal.recent_incidents(3).await.unwrap(), numbers(&[100, 10, 9]));
    assert_eq!(journal.recent_incidents(10).await.unwrap(), numbers(&[100, 10, 9, 2]));
}
