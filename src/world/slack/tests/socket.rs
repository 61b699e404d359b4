//! Socket Mode.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn url(place: &Place) -> String {
    let token = place.model.seed().credentials.app_token.clone();
    let opened = place.call_as(&token, "apps.connections.open", json!({})).await;
    opened["url"].as_str().unwrap().to_owned()
}

async fn next(socket: &mut Socket) -> Value {
    let frame = socket.next().await.expect("the connection stands").unwrap();
    serde_json::from_str(frame.to_text().unwrap()).unwrap()
}

async fn connect(place: &Place) -> Socket {
    let (mut socket, _) = connect_async(url(place).await).await.unwrap();
    assert_eq!(next(&mut socket).await["type"], "hello");
    socket
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let place = place().await;
    let url = url(&place).await;
    let (socket, _) = connect_async(&url).await.unwrap();
    assert!(connect_async(&url).await.is_err(), "the ticket is used up");
    let forged = url.replace("ticket-", "ticket-9");
    assert!(connect_async(forged).await.is_err(), "nobody gave this ticket out");
    let kept = serde_json::to_string(&place.ledger.calls()).unwrap();
    assert!(kept.contains("/link/") && !kept.contains("ticket"), "{kept}");
    drop(socket);
}

#[tokio::test]
async fn a_command_goes_out_as_an_envelope_and_its_answer_comes_back_with_the_acknowledgement() {
    let place = place().await;
    let mut socket = connect(&place).await;
    assert!(place.model.is_bot_connected());
    let typed = place.model.type_command("U01ANA", INCIDENTS, "/rollback shop");
    let acknowledges = async {
        let envelope = next(&mut socket).await;
        assert_eq!(envelope["type"], "slash_commands");
        assert_eq!(envelope["payload"]["text"], "shop");
        let answer = json!({"envelope_id": envelope["envelope_id"], "payload": {"text": "on it"}});
        socket.send(Frame::text(answer.to_string())).await.unwrap();
    };
    let (typed, ()) = tokio::join!(typed, acknowledges);
    assert_eq!(typed, Ok(()));
    assert_eq!(place.seen_by("ana"), ["on it"]);
}

#[tokio::test]
async fn a_disconnect_is_announced_and_ends_the_connection() {
    let place = place().await;
    let mut socket = connect(&place).await;
    place.model.disconnect_all("refresh_requested");
    let farewell = next(&mut socket).await;
    assert_eq!(
        (&farewell["type"], &farewell["reason"]),
        (&json!("disconnect"), &json!("refresh_requested"))
    );
    assert!(matches!(socket.next().await, Some(Ok(Frame::Close(_)))));
    assert!(!place.model.is_bot_connected());
}

/// The members of a frame, without those within.
fn members(frame: &Value) -> Vec<&str> {
    frame.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn every_frame_has_the_members_of_slacks() {
    let place = place().await;
    let (mut socket, _) = connect_async(url(&place).await).await.unwrap();
    let hello = next(&mut socket).await;
    assert_eq!(members(&hello), ["connection_info", "debug_info", "num_connections", "type"]);
    assert_eq!(hello["num_connections"], 1);
    let ts = place.says_with_button("Go").await;
    let types = place.model.type_command("U01ANA", INCIDENTS, "/rollback shop");
    let presses = place.model.press("U01ANA", INCIDENTS, &ts, "row", "go");
    let acknowledges = async {
        let mut seen = Vec::new();
        for _ in 0..2 {
            let envelope = next(&mut socket).await;
            let wanted = ["accepts_response_payload", "envelope_id", "payload", "type"];
            assert_eq!(members(&envelope), wanted);
            let takes_payload = envelope["accepts_response_payload"].as_bool().unwrap();
            seen.push((envelope["type"].as_str().unwrap().to_owned(), takes_payload));
            let answer = json!({"envelope_id": envelope["envelope_id"]});
            socket.send(Frame::text(answer.to_string())).await.unwrap();
        }
        seen.sort();
        assert_eq!(seen, [("interactive".to_owned(), false), ("slash_commands".to_owned(), true)]);
    };
    let (typed, pressed, ()) = tokio::join!(types, presses, acknowledges);
    assert_eq!((typed, pressed), (Ok(()), Ok(())));
    place.model.disconnect_all("warning");
    let farewell = next(&mut socket).await;
    assert_eq!(members(&farewell), ["debug_info", "reason", "type"]);
    assert_eq!(farewell["reason"], "warning");
}
