//! What a message may hold, and whom it pings.

use super::super::form::{Purpose, read};
use super::super::mentions::Allowed;
use super::*;

fn judged(form: &Value) -> Result<(), Value> {
    read(form.as_object().unwrap(), Purpose::Post).map(|_| ()).map_err(|refusal| refusal.body())
}

fn long(length: usize) -> String {
    "x".repeat(length)
}

fn buttons(rows: usize, per_row: usize) -> Value {
    let row = |row: usize| {
        let all = (0..per_row).map(
            |one| json!({"type": 2, "style": 1, "label": "x", "custom_id": format!("{row}-{one}")}),
        );
        json!({"type": 1, "components": all.collect::<Vec<_>>()})
    };
    (0..rows).map(row).collect()
}

#[test]
fn each_limit_takes_the_limit_and_refuses_one_more() {
    let field = |name: usize, value: usize| json!([{"fields": [{"name": long(name), "value": long(value)}]}]);
    let fields = |count: usize| {
        let all: Vec<Value> = (0..count).map(|_| json!({"name": "n", "value": "v"})).collect();
        json!([{ "fields": all }])
    };
    let labelled = |length: usize| {
        json!([{"type": 1, "components": [
        {"type": 2, "style": 1, "label": long(length), "custom_id": "a"}]}])
    };
    let named = |length: usize| {
        json!([{"type": 1, "components": [
        {"type": 2, "style": 1, "label": "a", "custom_id": long(length)}]}])
    };
    let cases: [(&str, Value, Value); 13] = [
        ("content", json!(long(2_000)), json!(long(2_001))),
        ("nonce", json!(long(25)), json!(long(26))),
        ("embeds", json!(vec![json!({"title": "x"}); 10]), json!(vec![json!({"title": "x"}); 11])),
        ("embeds", json!([{"title": long(256)}]), json!([{"title": long(257)}])),
        ("embeds", json!([{"description": long(4_096)}]), json!([{"description": long(4_097)}])),
        (
            "embeds",
            json!([{"footer": {"text": long(2_048)}}]),
            json!([{"footer": {"text": long(2_049)}}]),
        ),
        ("embeds", field(256, 1_024), field(257, 1_024)),
        ("embeds", field(1, 1_024), field(1, 1_025)),
        ("embeds", fields(25), fields(26)),
        (
            "embeds",
            json!([{"description": long(3_000)}, {"description": long(3_000)}]),
            json!([{"description": long(3_000)}, {"description": long(3_001)}]),
        ),
        ("components", buttons(5, 5), buttons(6, 5)),
        ("components", labelled(80), labelled(81)),
        ("components", named(100), named(101)),
    ];
    for (member, taken, refused) in cases {
        assert_eq!(judged(&json!({member: taken})), Ok(()), "{member}");
        let why = judged(&json!({member: refused})).unwrap_err();
        assert_eq!(why["code"], 50_035, "{member}: {why}");
        assert!(why["errors"][member].is_object(), "{member}: {why}");
    }
    assert!(judged(&json!({"components": buttons(1, 6)})).is_err());
}

#[test]
fn names_of_components_are_unique_and_links_have_none() {
    let mut twice = buttons(2, 1);
    twice[1]["components"][0]["custom_id"] = "0-0".into();
    let why = judged(&json!({"components": twice})).unwrap_err();
    assert!(why.to_string().contains("cannot be duplicated"), "{why}");
    let link = |extra: Value| {
        let mut button = json!({"type": 2, "style": 5, "label": "x", "url": "https://example.com"});
        for (key, value) in extra.as_object().unwrap() {
            button[key] = value.clone();
        }
        judged(&json!({"components": [{"type": 1, "components": [button]}]}))
    };
    assert_eq!(link(json!({})), Ok(()));
    assert!(link(json!({"custom_id": "x"})).is_err());
    assert!(link(json!({"url": null})).is_err());
    assert!(link(json!({"style": 1})).is_err(), "neither a link nor a name");
}

#[test]
fn a_mistake_is_told_at_its_place() {
    let why = judged(&json!({"embeds": [{"title": "x"}, {"title": long(300)}]})).unwrap_err();
    let place = &why["errors"]["embeds"]["1"]["title"]["_errors"][0];
    assert_eq!(place["code"], "BASE_TYPE_MAX_LENGTH");
    assert_eq!(place["message"], "Must be 256 or fewer in length.");
}

#[test]
fn who_is_pinged_is_what_is_named_and_allowed() {
    let text = "@everyone @here <@1> <@!2> <@&3> and `<@4>`";
    let pings = |allowed: Value| {
        let mut mistakes = Vec::new();
        let pings = Allowed::read(&allowed, &mut mistakes).pings(text);
        assert_eq!(mistakes, []);
        pings
    };
    let all = ["@&3", "@1", "@2", "@4", "everyone", "here"];
    assert_eq!(Allowed::default().pings(text), all);
    assert_eq!(pings(json!({"parse": []})), Vec::<String>::new());
    assert_eq!(pings(json!({})), Vec::<String>::new());
    assert_eq!(pings(json!({"parse": ["users"]})), ["@1", "@2", "@4"]);
    assert_eq!(pings(json!({"parse": ["everyone"], "users": ["2"]})), ["@2", "everyone", "here"]);
    assert_eq!(pings(json!({"roles": ["3"]})), ["@&3"]);
    let mut mistakes = Vec::new();
    Allowed::read(&json!({"parse": ["users"], "users": ["1"]}), &mut mistakes);
    assert_eq!(mistakes.len(), 1, "one or the other");
}

#[tokio::test]
async fn a_ping_is_recorded_and_one_that_is_kept_out_is_not() {
    let place = place().await;
    place.posts(json!({"content": "@everyone", "allowed_mentions": {"parse": []}})).await;
    assert_eq!(place.model.pings(), Vec::<String>::new());
    let loud = place.posts(json!({"content": "@everyone"})).await;
    assert_eq!(loud["mention_everyone"], true);
    assert_eq!(place.model.pings(), ["everyone"]);
}
