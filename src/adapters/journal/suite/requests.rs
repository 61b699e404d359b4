//! Inbound requests and buttons.

use std::sync::Arc;

use super::{NOON, append, appends, burning, delivered, delivery, incident, token, versions};
use crate::domain::ids::{DeliveryKey, IncidentId};
use crate::domain::time::Span;
use crate::engine::ports::{
    Commit, Journal, JournalError, NewDelivery, NewToken, PendingDelivery, TokenHash,
};

pub async fn a_repeated_delivery_is_refused_with_all_that_came_with_it<J: Journal>(
    make: impl Fn() -> J,
) {
    let journal = make();
    journal.commit(delivered("a")).await.unwrap();
    let mut repeat = appends(vec![append(incident(1), 0, 1)]);
    repeat.deliveries = vec![delivery("b"), delivery("a")];
    assert_eq!(journal.commit(repeat).await, Err(JournalError::Duplicate("a".into())));
    assert!(journal.knows_delivery(&"a".into()).await.unwrap());
    assert!(!journal.knows_delivery(&"b".into()).await.unwrap());
    assert_eq!(versions(&journal, &incident(1)).await, Vec::<u64>::new());

    let twice = Commit { deliveries: vec![delivery("c"), delivery("c")], ..Commit::default() };
    assert_eq!(journal.commit(twice).await, Err(JournalError::Duplicate("c".into())));
}

pub async fn one_of_many_equal_deliveries_wins<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let tries = (0..50).map(|_| journal.commit(delivered("same")));
    let results = futures_util::future::join_all(tries).await;
    let won = results.iter().filter(|result| result.is_ok()).count();
    let refused = Err(JournalError::Duplicate("same".into()));
    assert_eq!(won, 1);
    assert_eq!(results.iter().filter(|result| **result == refused).count(), 49);
    assert_eq!(journal.pending_deliveries().await.unwrap().len(), 1);
}

pub async fn deliveries_are_pending_until_they_are_settled<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let late = NewDelivery { at: NOON + Span(1), ..delivery("late") };
    let done = NewDelivery { pending: false, ..delivery("done") };
    let commit = Commit { deliveries: vec![late, done, delivery("early")], ..Commit::default() };
    journal.commit(commit).await.unwrap();
    let keys = |pending: Vec<PendingDelivery>| -> Vec<DeliveryKey> {
        pending.into_iter().map(|delivery| delivery.key).collect()
    };
    let pending = journal.pending_deliveries().await.unwrap();
    assert_eq!(pending[0].body, delivery("early").body);
    assert_eq!(keys(pending), ["early".into(), "late".into()]);
    assert!(journal.knows_delivery(&"done".into()).await.unwrap());

    // One may come and be settled in the same commit, and settling again or settling a stranger is harmless.
    let settle = Commit {
        deliveries: vec![delivery("both")],
        settled: vec!["early".into(), "both".into(), "early".into(), "stranger".into()],
        ..Commit::default()
    };
    journal.commit(settle).await.unwrap();
    assert_eq!(keys(journal.pending_deliveries().await.unwrap()), ["late".into()]);
    let again = journal.commit(delivered("early")).await;
    assert_eq!(again, Err(JournalError::Duplicate("early".into())));
}

pub async fn a_button_burns_once_and_only_if_it_is_known<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    assert_eq!(journal.commit(burning(1)).await, Err(JournalError::Burned));
    let made = Commit { tokens: vec![token(1), token(2)], ..Commit::default() };
    journal.commit(made).await.unwrap();
    let stored = journal.token(&TokenHash([1; 32])).await.unwrap().unwrap();
    assert_eq!((stored.incident, stored.action.as_str()), (IncidentId(7), r#""confirm""#));
    assert_eq!((stored.issued_at, stored.burned), (NOON, false));

    journal.commit(burning(1)).await.unwrap();
    assert!(journal.token(&TokenHash([1; 32])).await.unwrap().unwrap().burned);
    let mut second = burning(2);
    second.burned.push(TokenHash([1; 32]));
    assert_eq!(journal.commit(second).await, Err(JournalError::Burned));
    assert!(!journal.token(&TokenHash([2; 32])).await.unwrap().unwrap().burned);
}

pub async fn one_of_eight_presses_wins<J: Journal + 'static>(make: impl Fn() -> J) {
    let journal = Arc::new(make());
    for round in 0..20 {
        let made = Commit { tokens: vec![token(round)], ..Commit::default() };
        journal.commit(made).await.unwrap();
        let start = Arc::new(tokio::sync::Barrier::new(8));
        let presses: Vec<_> = (0..8)
            .map(|_| {
                let (journal, start) = (Arc::clone(&journal), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    journal.commit(burning(round)).await
                })
            })
            .collect();
        let mut won = 0;
        for press in presses {
            match press.await.unwrap() {
                Ok(_) => won += 1,
                Err(error) => assert_eq!(error, JournalError::Burned),
            }
        }
        assert_eq!(won, 1);
    }
}

pub async fn a_button_that_is_known_is_left_as_it_is<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    journal.commit(Commit { tokens: vec![token(1)], ..Commit::default() }).await.unwrap();
    journal.commit(burning(1)).await.unwrap();
    let other = NewToken { action: r#""cancel""#.into(), ..token(1) };
    journal.commit(Commit { tokens: vec![other], ..Commit::default() }).await.unwrap();
    let stored = journal.token(&TokenHash([1; 32])).await.unwrap().unwrap();
    assert_eq!((stored.action.as_str(), stored.burned), (r#""confirm""#, true));
}
