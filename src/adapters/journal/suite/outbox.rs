//! What is to be said, and what was.

use super::{channel, message, post, posts, to_say};
use crate::domain::actor::{Person, Platform};
use crate::engine::ports::{Journal, JournalError, Placement, PostOutcome};

pub async fn posts_are_said_in_order_and_per_channel<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let (one, two) = (channel("C1"), channel("C2"));
    let whisper = Placement::Whisper {
        to: Person { platform: Platform::Slack, tenant: "T1".into(), user: "U1".into() },
        response_url: Some("https://hooks.example/1".into()),
    };
    let rows = vec![
        post(&one, Placement::Upsert("card".into()), "a"),
        post(&two, Placement::Post, "b"),
        post(&one, Placement::Thread("card".into()), "c"),
        post(&one, whisper, "d"),
    ];
    journal.commit(posts(rows.clone())).await.unwrap();
    assert_eq!(journal.talking_channels().await.unwrap(), [one.clone(), two.clone()]);
    assert_eq!(to_say(&journal, &one).await, ["a", "c", "d"]);
    assert_eq!(to_say(&journal, &two).await, ["b"]);
    let pending = journal.pending_posts(&one, 2).await.unwrap();
    assert_eq!(pending.len(), 2);
    assert!(pending[0].id < pending[1].id);
    assert_eq!((&pending[0].post, &pending[1].post), (&rows[0], &rows[2]));

    journal.settle_post(pending[0].id, PostOutcome::Superseded).await.unwrap();
    assert_eq!(to_say(&journal, &one).await, ["c", "d"]);
    for row in journal.pending_posts(&one, 10).await.unwrap() {
        journal.settle_post(row.id, PostOutcome::Refused("no such channel".into())).await.unwrap();
    }
    assert_eq!(journal.talking_channels().await.unwrap(), std::slice::from_ref(&two));
    let last = journal.pending_posts(&two, 1).await.unwrap()[0].id;
    journal.settle_post(last, PostOutcome::Sent(None)).await.unwrap();
    assert_eq!(journal.talking_channels().await.unwrap(), []);

    journal.commit(posts(vec![post(&one, Placement::Post, "e")])).await.unwrap();
    assert!(journal.pending_posts(&one, 1).await.unwrap()[0].id > pending[1].id);
}

pub async fn the_message_of_a_card_is_remembered_and_follows_later_ones<J: Journal>(
    make: impl Fn() -> J,
) {
    let journal = make();
    let (one, two) = (channel("C1"), channel("C2"));
    for (at, id) in [(&one, "1.1"), (&two, "2.1"), (&one, "1.2")] {
        let card = Placement::Upsert("incident/7/card".into());
        journal.commit(posts(vec![post(at, card, "card")])).await.unwrap();
        let row = journal.pending_posts(at, 1).await.unwrap()[0].id;
        journal.settle_post(row, PostOutcome::Sent(Some(message(at, id)))).await.unwrap();
        let stands = journal.message(at, "incident/7/card").await.unwrap();
        assert_eq!(stands, Some(message(at, id)));
    }
    let other = journal.message(&two, "incident/7/card").await.unwrap();
    assert_eq!(other, Some(message(&two, "2.1")));
    assert_eq!(journal.message(&one, "incident/8/card").await.unwrap(), None);
}

pub async fn only_cards_are_remembered<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let one = channel("C1");
    let outcomes = [
        (Placement::Thread("card".into()), PostOutcome::Sent(Some(message(&one, "1.2")))),
        (Placement::Post, PostOutcome::Sent(Some(message(&one, "1.3")))),
        (Placement::Upsert("card".into()), PostOutcome::Sent(None)),
        (Placement::Upsert("card".into()), PostOutcome::Superseded),
        (Placement::Upsert("card".into()), PostOutcome::Refused("no".into())),
    ];
    for (placement, outcome) in outcomes {
        journal.commit(posts(vec![post(&one, placement, "text")])).await.unwrap();
        let row = journal.pending_posts(&one, 1).await.unwrap()[0].id;
        journal.settle_post(row, outcome).await.unwrap();
        assert_eq!(journal.message(&one, "card").await.unwrap(), None);
    }
}

pub async fn a_row_that_has_ended_stays_ended<J: Journal>(make: impl Fn() -> J) {
    let journal = make();
    let one = channel("C1");
    let card = Placement::Upsert("card".into());
    journal.commit(posts(vec![post(&one, card, "text")])).await.unwrap();
    let row = journal.pending_posts(&one, 1).await.unwrap()[0].id;
    journal.settle_post(row, PostOutcome::Sent(Some(message(&one, "1.1")))).await.unwrap();
    journal.settle_post(row, PostOutcome::Sent(Some(message(&one, "9.9")))).await.unwrap();
    assert_eq!(journal.message(&one, "card").await.unwrap(), Some(message(&one, "1.1")));
    let stranger = journal.settle_post(row + 1, PostOutcome::Superseded).await;
    assert!(matches!(stranger, Err(JournalError::Unavailable(_))), "{stranger:?}");
}
