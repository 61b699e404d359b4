//! The gateway, frame by frame.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn next(socket: &mut Socket) -> Value {
    match socket.next().await.expect("the connection stands").unwrap() {
        Frame::Close(Some(why)) => json!({"closed": u16::from(why.code)}),
        frame => serde_json::from_str(frame.to_text().unwrap()).unwrap(),
    }
}

async fn says(socket: &mut Socket, op: u64, data: Value) {
    socket.send(Frame::text(json!({"op": op, "d": data}).to_string())).await.unwrap();
}

async fn connect(place: &Place) -> Socket {
    let (_, gateway) = place.call("GET", "/gateway/bot", Value::Null).await;
    let url = format!("{}/?v=10&encoding=json", gateway["url"].as_str().unwrap());
    let (mut socket, _) = connect_async(url).await.unwrap();
    assert_eq!(next(&mut socket).await["op"], 10);
    socket
}

fn identity(place: &Place) -> Value {
    let token = &place.model.seed().credentials.bot_token;
    json!({"token": token, "intents": 0, "properties": {"os": "linux"}})
}

async fn identified(place: &Place) -> (Socket, String) {
    let mut socket = connect(place).await;
    says(&mut socket, 2, identity(place)).await;
    let ready = next(&mut socket).await;
    assert_eq!((&ready["t"], &ready["s"]), (&json!("READY"), &json!(1)));
    let session = ready["d"]["session_id"].as_str().unwrap().to_owned();
    (socket, session)
}

fn resume(place: &Place, session: &str, seq: u64) -> Value {
    let token = &place.model.seed().credentials.bot_token;
    json!({"token": token, "session_id": session, "seq": seq})
}

#[tokio::test]
async fn heartbeats_are_acknowledged_and_a_wrong_token_is_shown_the_door() {
    let place = place().await;
    let (mut socket, _) = identified(&place).await;
    assert!(place.model.is_bot_connected());
    says(&mut socket, 1, json!(1)).await;
    assert_eq!(next(&mut socket).await["op"], 11);
    says(&mut socket, 2, identity(&place)).await;
    assert_eq!(next(&mut socket).await["closed"], 4_005);
    let mut stranger = connect(&place).await;
    let wrong = json!({"token": "x", "intents": 0, "properties": {}});
    says(&mut stranger, 2, wrong).await;
    assert_eq!(next(&mut stranger).await["closed"], 4_004);
}

#[tokio::test]
async fn what_was_missed_comes_with_the_resume() {
    let place = place().await;
    place.registers().await;
    for (trap, farewell) in [("gateway_drop", json!({"closed": 4_000})), ("reconnect", json!(null))]
    {
        let (mut socket, session) = identified(&place).await;
        place.trap(trap, Value::Null);
        let (ana, incidents) = (place.user("ana"), place.incidents());
        let rollback = Typed::new("/rollback");
        let types = place.model.type_command(&ana, &incidents, &rollback);
        let resumes = async {
            let last = next(&mut socket).await;
            assert!(last == farewell || last["op"] == 7, "{last}");
            let mut socket = connect(&place).await;
            says(&mut socket, 6, resume(&place, &session, 1)).await;
            let event = next(&mut socket).await;
            assert_eq!((&event["t"], &event["s"]), (&json!("INTERACTION_CREATE"), &json!(2)));
            assert_eq!(next(&mut socket).await["t"], "RESUMED");
            let token = event["d"]["token"].as_str().unwrap();
            let id = event["d"]["id"].as_str().unwrap();
            let path = format!("/interactions/{id}/{token}/callback");
            let says = json!({"type": 4, "data": {"content": trap}});
            assert_eq!(place.call_as(None, "POST", &path, says).await.0, 204);
            socket
        };
        let (typed, _socket) = tokio::join!(types, resumes);
        assert_eq!(typed, Ok(()));
    }
    assert_eq!(place.seen_by("bo"), ["gateway_drop", "reconnect"]);
}

#[tokio::test]
async fn a_resume_of_an_unknown_session_or_under_a_trap_is_refused() {
    let place = place().await;
    let (_socket, session) = identified(&place).await;
    let mut other = connect(&place).await;
    says(&mut other, 6, resume(&place, "nobody's", 1)).await;
    assert_eq!(next(&mut other).await, json!({"op": 9, "d": false, "s": null, "t": null}));
    place.trap("invalid_session", Value::Null);
    says(&mut other, 6, resume(&place, &session, 1)).await;
    assert_eq!(next(&mut other).await["op"], 9);
    says(&mut other, 2, identity(&place)).await;
    assert_eq!(next(&mut other).await["t"], "READY", "a new session on the same connection");
}
