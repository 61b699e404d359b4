//! The notifier against a small server on loopback: which call, with what body, and what each answer means.

use super::*;
use crate::adapters::discord::stage::{CHANNEL, GUILD, Place, Reply, TOKEN, client, place};
use tokio::net::TcpListener;

const CARD: &str = "6001";
const POST: &str = "POST /api/v10/channels/5001/messages";
const EDIT: &str = "PATCH /api/v10/channels/5001/messages/6001";
const OPEN: &str = "POST /api/v10/channels/5001/messages/6001/threads";
const IN_THREAD: &str = "POST /api/v10/channels/6001/messages";
const FOLLOW_UP: &str = "POST /api/v10/webhooks/1100/aW50ZXJhY3Rpb24-x_y=";

fn channel(id: &str) -> Channel {
    Channel { platform: Platform::Discord, tenant: GUILD.to_owned(), id: id.to_owned() }
}

fn message(manner: Manner) -> Outbound {
    let text = || Text::plain("#1 proven: ").foreign("@everyone");
    let card = Card { summary: text(), parts: vec![Part::Paragraph(text())] };
    let body = serde_json::to_value(card).unwrap();
    Outbound { id: 12, channel: channel(CHANNEL), manner, body }
}

fn earlier() -> MessageRef {
    MessageRef { channel: channel(CHANNEL), id: CARD.to_owned() }
}

fn whisper(response_url: Option<String>) -> Outbound {
    message(Manner::Whisper { to: "discord:77/88".parse().unwrap(), response_url })
}

async fn notify(place: &Place, message: &Outbound) -> Result<Option<MessageRef>, NotifyError> {
    DiscordNotifier::new(place.api.clone()).notify(message).await
}

#[tokio::test]
async fn posts_and_edits_ping_nobody_and_are_said_once() {
    let place =
        place(vec![(POST, vec![Reply::said("7001")]), (EDIT, vec![Reply::said(CARD)])]).await;
    let made = MessageRef { channel: channel(CHANNEL), id: "7001".to_owned() };
    assert_eq!(notify(&place, &message(Manner::Post)).await, Ok(Some(made.clone())));
    assert_eq!(notify(&place, &message(Manner::Post)).await, Ok(Some(made)));
    assert_eq!(notify(&place, &message(Manner::Edit(earlier()))).await, Ok(Some(earlier())));
    let calls = place.small.calls();
    assert_eq!(calls[0], calls[1], "a repeat is the same call, with the same nonce");
    let nonce = calls[0].body["nonce"].as_str().unwrap();
    assert!(nonce.starts_with("c-") && nonce.len() <= 25, "{nonce}");
    assert_eq!(calls[0].body["enforce_nonce"], true);
    assert_eq!(calls[2].body.get("nonce"), None);
    for call in &calls {
        assert_eq!(call.token.as_deref(), Some("Bot bot-1"));
        assert_eq!(call.body["allowed_mentions"], json!({"parse": []}));
        assert_eq!(call.body["embeds"][0]["description"], "#1 proven: ＠everyone");
        assert_eq!(call.body["content"], "");
    }
    let mut other = message(Manner::Post);
    other.body["summary"] = json!([{"plain": "of another journal"}]);
    notify(&place, &other).await.unwrap();
    assert_ne!(place.small.calls()[3].body["nonce"], nonce);
}

#[tokio::test]
async fn replies_go_to_the_cards_thread_which_is_opened_once() {
    let script = vec![
        (EDIT, vec![Reply::said(CARD)]),
        (OPEN, vec![Reply::said(CARD)]),
        (IN_THREAD, vec![Reply::said("7002")]),
    ];
    let place = place(script).await;
    let notifier = DiscordNotifier::new(place.api.clone());
    notifier.notify(&message(Manner::Edit(earlier()))).await.unwrap();
    let said = MessageRef { channel: channel(CARD), id: "7002".to_owned() };
    for _ in 0..2 {
        let reply = notifier.notify(&message(Manner::Reply(earlier()))).await;
        assert_eq!(reply, Ok(Some(said.clone())));
    }
    assert_eq!(place.small.paths(), [EDIT, OPEN, IN_THREAD, IN_THREAD]);
    let thread = json!({"name": "#1 proven: @everyone", "auto_archive_duration": 10_080});
    assert_eq!(place.small.calls()[1].body, thread);
}

#[tokio::test]
async fn a_thread_that_is_there_already_is_used() {
    let opened = Reply::refused(400, HAS_THREAD);
    let script = vec![(OPEN, vec![opened]), (IN_THREAD, vec![Reply::said("7002")])];
    let place = place(script).await;
    assert!(notify(&place, &message(Manner::Reply(earlier()))).await.is_ok());
    assert_eq!(place.small.paths(), [OPEN, IN_THREAD]);
    assert_eq!(place.small.calls()[0].body["name"], "Incident", "nothing is known after a restart");
}

#[tokio::test]
async fn where_there_can_be_no_thread_a_reply_is_said_in_the_channel() {
    let gone = Reply::refused(404, 10008);
    let forbidden = Reply::refused(403, 50013);
    let deleted = Reply::refused(404, 10003);
    for (script, paths) in [
        (vec![(OPEN, vec![gone])], vec![OPEN, POST]),
        (vec![(OPEN, vec![forbidden])], vec![OPEN, POST]),
        (
            vec![(OPEN, vec![Reply::said(CARD)]), (IN_THREAD, vec![deleted])],
            vec![OPEN, IN_THREAD, POST],
        ),
    ] {
        let mut script = script;
        script.push((POST, vec![Reply::said("7001")]));
        let place = place(script).await;
        let said = MessageRef { channel: channel(CHANNEL), id: "7001".to_owned() };
        let reply = notify(&place, &message(Manner::Reply(earlier()))).await;
        assert_eq!(
            (reply, place.small.paths()),
            (Ok(Some(said)), paths.iter().map(|it| (*it).to_owned()).collect())
        );
    }
}

#[tokio::test]
async fn a_whisper_is_a_follow_up_without_our_token() {
    let early = Reply::refused(404, 10015);
    for replies in [vec![Reply::said("1")], vec![early, Reply::said("1")]] {
        let tries = replies.len();
        let place = place(vec![(FOLLOW_UP, replies)]).await;
        let url = format!("{}/api/v10/webhooks/1100/{TOKEN}", place.base);
        assert_eq!(notify(&place, &whisper(Some(url))).await, Ok(None));
        assert_eq!(place.small.paths(), vec![FOLLOW_UP; tries]);
        let call = &place.small.calls()[0];
        assert_eq!((&call.token, &call.body["flags"]), (&None, &json!(64)));
    }
}

#[tokio::test]
async fn after_its_time_a_whisper_is_a_message_that_names_the_person() {
    for status in [401, 404, 500, 429] {
        let script =
            vec![(FOLLOW_UP, vec![Reply::refused(status, 0)]), (POST, vec![Reply::said("7001")])];
        let place = place(script).await;
        let url = format!("{}/api/v10/webhooks/1100/{TOKEN}", place.base);
        assert_eq!(notify(&place, &whisper(Some(url))).await, Ok(None), "{status}");
        let call = place.small.calls().pop().unwrap();
        assert_eq!(call.what, POST);
        assert_eq!(call.body["embeds"][0]["description"], "For <@88>:\n\n#1 proven: ＠everyone");
        assert_eq!(call.body["allowed_mentions"], json!({"parse": []}));
    }
}

#[tokio::test]
async fn a_foreign_response_address_is_never_called() {
    let place = place(vec![(POST, vec![Reply::said("7001")])]).await;
    let ours = format!("{}/api/v10/webhooks/1100", place.base);
    for url in [
        None,
        Some(format!("https://discord.com/api/v10/webhooks/1100/{TOKEN}")),
        Some(format!("{ours}/{TOKEN}/messages/1")),
        Some(format!("{ours}/../1101/{TOKEN}")),
        Some(format!("{ours}1/{TOKEN}")),
        Some(format!("{ours}/")),
        Some("not an address".to_owned()),
    ] {
        assert_eq!(notify(&place, &whisper(url.clone())).await, Ok(None), "{url:?}");
    }
    assert_eq!(place.small.paths(), [POST; 7]);
}

#[tokio::test]
async fn answers_mean_what_the_outbox_acts_on() {
    let throttled = |seconds: f64, global: bool| {
        Reply::new(429, json!({"message": "x", "retry_after": seconds, "global": global}))
    };
    let said = |status: u16, code: u64| {
        format!("discord refused POST channels/messages: status {status}, code {code}")
    };
    let strange = "discord's answer to POST channels/messages made no sense".to_owned();
    let down = "discord answered POST channels/messages with status 503".to_owned();
    for (reply, expected) in [
        (throttled(0.65, false), NotifyError::Throttled { retry_after: Span(650) }),
        (throttled(2.0, true), NotifyError::Throttled { retry_after: Span::seconds(2) }),
        (Reply::refused(404, 10003), NotifyError::ChannelClosed(said(404, 10003))),
        (Reply::refused(400, 50035), NotifyError::MessageRefused(said(400, 50035))),
        (Reply::refused(401, 40001), NotifyError::Unauthorised(said(401, 40001))),
        (Reply::new(200, json!({"no": "id"})), NotifyError::Transient(strange)),
        (Reply::new(503, json!("down")), NotifyError::Transient(down)),
    ] {
        let place = place(vec![(POST, vec![reply])]).await;
        assert_eq!(notify(&place, &message(Manner::Post)).await, Err(expected));
        assert_eq!(place.small.paths().len(), 1, "nothing is tried twice");
    }
}

#[tokio::test]
async fn an_empty_bucket_is_not_drawn_from() {
    let headers = vec![
        ("x-ratelimit-bucket", "abc"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset-after", "1.5"),
    ];
    let place = place(vec![(POST, vec![Reply(200, headers, json!({"id": "7001"}))])]).await;
    let notifier = DiscordNotifier::new(place.api.clone());
    assert!(notifier.notify(&message(Manner::Post)).await.is_ok());
    let held = notifier.notify(&message(Manner::Post)).await;
    assert_eq!(held, Err(NotifyError::Throttled { retry_after: Span(1500) }));
    let clock = place.api.clock();
    clock.sleep_until(clock.now() + Span(1500)).await;
    assert!(notifier.notify(&message(Manner::Post)).await.is_ok());
    assert_eq!(place.small.paths(), [POST, POST]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_transient() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let notifier = DiscordNotifier::new(client(&format!("http://{nobody}")));
    let error = notifier.notify(&message(Manner::Post)).await.unwrap_err();
    assert!(matches!(error, NotifyError::Transient(_)), "{error:?}");
    assert!(!error.to_string().contains("bot-1"));
}

#[tokio::test]
async fn other_guilds_and_other_bodies_reach_nobody() {
    let place = place(Vec::new()).await;
    let mut foreign = message(Manner::Post);
    foreign.channel.tenant = "78".to_owned();
    let mut slack = message(Manner::Post);
    slack.channel.platform = Platform::Slack;
    for message in [foreign, slack] {
        let error = notify(&place, &message).await.unwrap_err();
        assert!(matches!(error, NotifyError::ChannelClosed(_)), "{error:?}");
    }
    let mut odd = message(Manner::Post);
    odd.body = json!({"summary": 7});
    let error = notify(&place, &odd).await.unwrap_err();
    assert!(matches!(error, NotifyError::MessageRefused(_)), "{error:?}");
    assert_eq!(place.small.paths(), Vec::<String>::new());
}
