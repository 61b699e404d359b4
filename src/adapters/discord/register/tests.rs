use serde_json::json;

use super::*;
use crate::adapters::discord::stage::{Reply, place};

const COMMANDS: &str = "/api/v10/applications/1100/guilds/77/commands";

#[tokio::test]
async fn registering_replaces_all_commands_and_says_what_changed() {
    let of = |id: &str, name: &str, description: &str| json!({"id": id, "version": id, "name": name, "description": description});
    let before =
        json!([of("1", "rollback", "old"), of("2", "gone", "x"), of("3", "verify", "same")]);
    let after =
        json!([of("1", "rollback", "new"), of("4", "revert", "x"), of("5", "verify", "same")]);
    let place = place(vec![
        ("GET /api/v10/applications/1100/guilds/77/commands", vec![Reply::new(200, before)]),
        ("PUT /api/v10/applications/1100/guilds/77/commands", vec![Reply::new(200, after)]),
    ])
    .await;
    let commands = json!([{"name": "rollback"}]);
    let changed = register(&place.api, &commands).await.unwrap();
    let said = "added: /revert\nchanged: /rollback\nremoved: /gone\nas it was: /verify";
    assert_eq!(changed.to_string(), said);
    assert_eq!(place.small.paths(), [format!("GET {COMMANDS}"), format!("PUT {COMMANDS}")]);
    assert_eq!(place.small.calls()[1].body, commands);
}

#[tokio::test]
async fn a_refusal_is_told() {
    let place = place(vec![("commands", vec![Reply::refused(403, 50001)])]).await;
    let error = register(&place.api, &json!([])).await.unwrap_err();
    let said = "discord refused GET commands: status 403, code 50001";
    assert_eq!(error, NotifyError::ChannelClosed(said.to_owned()));
}
