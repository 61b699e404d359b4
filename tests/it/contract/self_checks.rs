//! The checks themselves, checked: what is wrong is refused with the right sentence, what is right is not.

use std::collections::BTreeMap;

use repoint::domain::time::Timestamp;
use repoint::world::ledger::{Answer, Call, Origin};
use serde_json::{Value, json};

use super::spec::{Description, Vendor, beside_the_project};
use super::{judged, samples};
use crate::harness::{World, http_client};

/// A sound request: a message to a channel.
fn post() -> Call {
    Call {
        number: 1,
        at: Timestamp(0),
        vendor: "slack".into(),
        method: "POST".into(),
        path: "/api/chat.postMessage".into(),
        query: String::new(),
        agent: None,
        authorization: Some("Bearer".into()),
        content_type: Some("application/json; charset=utf-8".into()),
        body: json!({"channel": "C1", "text": "hello"}),
        status: None,
        answer: None,
    }
}

/// A sound lookup of deployments.
fn list() -> Call {
    Call {
        vendor: "vercel".into(),
        method: "GET".into(),
        path: "/v7/deployments".into(),
        query: "projectId=prj_1&limit=20&rollbackCandidate=true".into(),
        content_type: None,
        body: Value::Null,
        ..post()
    }
}

fn answered(call: Call, status: u16, body: Value) -> Call {
    let kind = [("content-type".to_owned(), "application/json".to_owned())];
    let answer = Answer { headers: BTreeMap::from(kind), body, origin: Origin::Model };
    Call { status: Some(status), answer: Some(answer), ..call }
}

/// What is wrong with a call, or nothing; `None` where the descriptions are not to be had.
fn wrong(call: &Call) -> Option<String> {
    Description::of(Vendor::of(call)?)?;
    Some(judged(std::slice::from_ref(call)).1.join("\n"))
}

#[test]
fn a_request_that_is_not_as_described_is_refused_with_what_does_not_fit() {
    let with = |body: Value| Call { body, ..post() };
    let asking = |query: &str| Call { query: query.into(), ..list() };
    let button = json!({"type": "button", "action_id": "a", "text": "Go"});
    let row = json!({"type": "actions", "elements": [button]});
    let cases = [
        (with(json!({"channel": "C1", "txet": "hello"})), "'txet' was unexpected"),
        (with(json!({"channel": 1, "text": "hello"})), "/channel: 1 is not of type \"string\""),
        (with(json!({"text": "hello"})), "\"channel\" is a required property"),
        (with(json!({"channel": "C1", "text": "t", "blocks": [row]})), "/blocks/0/elements/0/text"),
        (with(Value::Null), "a body is required"),
        (
            Call { content_type: Some("application/x-www-form-urlencoded".into()), ..post() },
            "the content type application/x-www-form-urlencoded is not described",
        ),
        (Call { authorization: None, ..post() }, "a bearer token is asked for"),
        (Call { path: "/api/chat.psotMessage".into(), ..post() }, "this path is not described"),
        (Call { path: "/chat.postMessage".into(), ..post() }, "this path is not described"),
        (Call { method: "PUT".into(), ..post() }, "PUT is not described for /chat.postMessage"),
        (Call { path: "/response/T1/2/3".into(), ..post() }, "a token is sent where none"),
        (Call { path: "/v6/deployments".into(), ..list() }, "this path is not described"),
        (Call { body: json!({}), ..list() }, "the content type none is not described"),
        (asking("projectId=prj_1&lmit=20"), "the query parameter \"lmit\" is not described"),
        (asking("limit=twenty"), "the query parameter \"limit\""),
        (
            Call {
                path: "/v1/edge-cache/invalidate-by-tags".into(),
                method: "POST".into(),
                ..list()
            },
            "the query parameter \"projectIdOrName\" is required",
        ),
    ];
    for (call, sentence) in cases {
        let Some(wrong) = wrong(&call) else { return };
        assert!(wrong.contains(sentence), "{wrong:?} does not hold {sentence:?}");
        assert!(wrong.starts_with(&call.vendor), "{wrong:?} does not name the vendor");
    }
    for sound in [post(), list()] {
        assert_eq!(wrong(&sound).unwrap_or_default(), "");
    }
}

#[test]
fn a_stray_member_of_an_open_object_is_refused() {
    let stage = |body: Value| Call {
        method: "POST".into(),
        path: "/v1/projects/prj_1/rolling-release/approve-stage".into(),
        content_type: Some("application/json".into()),
        body,
        query: String::new(),
        ..list()
    };
    let sound = json!({"nextStageIndex": 1, "canaryDeploymentId": "dpl_1"});
    let mut stray = sound.clone();
    stray["stage"] = 1.into();
    let Some(stray) = wrong(&stage(stray)) else { return };
    assert!(stray.contains("the member /stage is not described"), "{stray}");
    assert_eq!(wrong(&stage(sound)).as_deref(), Some(""));
}

#[test]
fn an_answer_that_is_not_as_described_is_refused_with_what_does_not_fit() {
    let said = |body: Value| answered(post(), 200, body);
    let refusal = json!({"error": {"code": "forbidden", "message": "Not authorized"}});
    let mut page = said(json!({"ok": true}));
    let answer = page.answer.as_mut().expect("an answer");
    answer.headers.insert("content-type".into(), "text/html".into());
    let throttled = answered(post(), 429, json!({"ok": false, "error": "ratelimited"}));
    let cases = [
        (said(json!({"ok": true, "ts": 1})), "/ts: 1 is not of type \"string\""),
        (said(json!({"ok": true, "tss": "1.2"})), "the member /tss is not described"),
        (said(json!({"ok": false})), "\"error\" is a required property"),
        (answered(post(), 418, Value::Null), "the status 418 is not described"),
        (throttled, "the header Retry-After is missing"),
        (page, "the content type text/html is not described for 200"),
        (
            answered(list(), 200, json!({"deployments": []})),
            "\"pagination\" is a required property",
        ),
        (answered(list(), 403, json!({"err": "no"})), "\"error\" is a required property"),
    ];
    for (call, sentence) in cases {
        let Some(wrong) = wrong(&call) else { return };
        assert!(wrong.contains(sentence), "{wrong:?} does not hold {sentence:?}");
    }
    let mut broken = said(json!({"ok": "maybe"}));
    broken.answer.as_mut().expect("an answer").origin = Origin::Trap;
    for exempt in [broken, answered(list(), 403, refusal)] {
        assert_eq!(wrong(&exempt).unwrap_or_default(), "");
    }
}

#[test]
fn a_stray_member_deep_in_an_answer_is_refused() {
    let row = json!({"uid": "dpl_1", "creator": {"uid": "u_1", "nmae": "bob"}});
    let rows =
        json!({"deployments": [row], "pagination": {"count": 1, "next": null, "prev": null}});
    let Some(wrong) = wrong(&answered(list(), 200, rows)) else { return };
    assert!(wrong.contains("the member /deployments/*/creator/nmae is not described"), "{wrong}");
}

#[test]
fn a_call_that_is_described_but_not_listed_says_how_to_list_it() {
    let pin = Call { path: "/api/pins.add".into(), body: json!({"channel": "C1"}), ..post() };
    if Description::of(Vendor::Slack).is_none() {
        return;
    }
    let said = super::unlisted(std::slice::from_ref(&pin)).join("\n");
    assert!(
        said.starts_with("slack POST /pins.add (application/json) is a call that nobody knows")
    );
    assert!(said.ends_with(samples::BLESS), "{said}");
    let by_a_test = Call { agent: Some(super::READER.into()), ..pin };
    assert_eq!(super::unlisted(&[by_a_test]), Vec::<String>::new());
}

#[test]
fn a_call_to_a_vendor_without_a_description_fails() {
    let call = |vendor: &str| Call { vendor: vendor.into(), ..post() };
    assert_eq!(judged(&[call("sentry")]).1, ["sentry: tests/it/contract has no description of it"]);
    assert_eq!(judged(&[call("shop")]).1, Vec::<String>::new());
}

#[test]
fn a_story_in_which_something_undescribed_is_sent_fails() {
    if Description::of(Vendor::Slack).is_none() {
        return;
    }
    let played = std::panic::catch_unwind(|| {
        World::run(async |w| {
            let bare = http_client("not-a-test");
            let body = json!({"channel": "C01INC", "text": "hello", "txet": "?"});
            super::stories::asks(&w, bare, "chat.postMessage", "", Some(body)).await;
        });
    });
    let said = played.expect_err("the story fails");
    let said = said.downcast_ref::<String>().expect("a sentence");
    assert!(said.starts_with("slack POST /chat.postMessage: the request"), "{said}");
    assert!(said.contains("'txet' was unexpected"), "{said}");
}

/// A sample of the descriptions' own, as a call.
fn sample(vendor: Vendor, sample: &Value) -> Call {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let query = sample["query"].as_object().into_iter().flatten();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query.map(|(name, value)| (name, text(value).unwrap_or_default())))
        .finish();
    let token = text(&sample["headers"]["Authorization"]);
    // GitHub's samples leave out what is sent with every call.
    let token = token.or_else(|| (vendor == Vendor::GitHub).then(|| "Bearer of one".to_owned()));
    let path = text(&sample["path"]).expect("a path");
    Call {
        vendor: vendor.word().into(),
        method: text(&sample["method"]).expect("a method"),
        path: match vendor {
            Vendor::Slack => format!("/api{path}"),
            Vendor::Discord => format!("/api/v10{path}"),
            Vendor::Vercel | Vendor::GitHub => path,
        },
        query,
        authorization: token.and_then(|token| Some(token.split_once(' ')?.0.to_owned())),
        content_type: text(&sample["content_type"]),
        body: sample["body"].clone(),
        ..post()
    }
}

#[test]
fn the_samples_beside_the_descriptions_are_judged_as_they_say() {
    for vendor in Vendor::ALL {
        let Some(all) = beside_the_project(&format!("samples/{}.json", vendor.file())) else {
            return;
        };
        for one in all["samples"].as_array().expect("samples") {
            let wrong = wrong(&sample(vendor, one)).expect("a description");
            assert_eq!(wrong.is_empty(), one["expect"] == "accept", "{}: {wrong}", one["name"]);
        }
    }
}

/// Whether the list has a call with these segments; `*` fits any.
fn lists(segments: &[&str]) -> bool {
    samples::listed().values().any(|sample| {
        let known: Vec<&str> = sample.path.trim_matches('/').split('/').collect();
        let fits = |(known, wanted): (&&str, &&str)| *wanted == "*" || known == wanted;
        known.len() == segments.len() && known.iter().zip(segments).all(fits)
    })
}

/// What a pattern captures in a source file of the adapters.
fn in_source(file: &str, pattern: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/adapters").join(file);
    let text = std::fs::read_to_string(path).expect("a source file");
    let pattern = regex::Regex::new(pattern).expect("a pattern");
    pattern.captures_iter(&text).map(|found| found[1].to_owned()).collect()
}

/// The segments of a path as the source writes them: texts as they are, anything else as `*`.
fn segments(written: &str) -> impl Iterator<Item = &str> {
    let segments = written.split(',').map(str::trim).filter(|one| !one.is_empty());
    segments.map(|one| one.strip_prefix('"').map_or("*", |text| text.trim_end_matches('"')))
}

/// The adapters' unit tests are out of reach of these checks. The calls that they make are made by these lines of source.
#[test]
fn every_call_that_the_adapters_can_make_is_in_the_list() {
    let mut methods = in_source("slack/client.rs", r#"\.call\(\s*"([a-zA-Z.]+)""#);
    methods.extend(in_source("slack/notifier.rs", r#"\.call\(\s*"([a-zA-Z.]+)""#));
    for method in &methods {
        assert!(lists(&["api", method]), "{method} is not in the list of calls");
    }
    let mut paths = in_source("vercel/provider.rs", r"path: &\[([^\]]+)\]");
    paths.extend(in_source("vercel/logs.rs", r"path: &\[([^\]]+)\]"));
    for path in &paths {
        let segments: Vec<&str> = segments(path).collect();
        assert!(lists(&segments), "{path} is not in the list of calls");
    }
    assert!(methods.len() >= 4 && paths.len() >= 6, "the patterns miss {methods:?} {paths:?}");
}

#[test]
fn every_call_that_a_revert_can_make_is_in_the_list() {
    let files = ["github/forge.rs", "github/revert.rs", "github/demands.rs"];
    let calls = files.map(|file| in_source(file, r"at\.path\(&\[([^\]]*)\]\)")).concat();
    for call in &calls {
        let segments: Vec<&str> = ["repos", "*", "*"].into_iter().chain(segments(call)).collect();
        assert!(lists(&segments), "{call} is not in the list of calls");
    }
    assert!(calls.len() >= 12, "the pattern misses {calls:?}");
}
