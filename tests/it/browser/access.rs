//! What must hold for people who cannot see the page, or hardly see it, at every moment of a story.

use serde_json::Value;

use super::page::Page;

/// Whatever can be used or visited: each must say what it is.
const MUST_BE_NAMED: [&str; 19] = [
    "button",
    "checkbox",
    "combobox",
    "dialog",
    "form",
    "group",
    "heading",
    "Iframe",
    "image",
    "img",
    "link",
    "listbox",
    "log",
    "navigation",
    "option",
    "radio",
    "region",
    "switch",
    "textbox",
];

/// What a person jumps to by a key of their own.
const LANDMARKS: [&str; 3] = ["banner", "main", "navigation"];

/// Checks the page as it stands now.
pub(super) fn holds(page: &Page) {
    // For a moment after a channel is opened, what was in it before is not read out.
    let is_live = "document.getElementById('log').getAttribute('aria-live') === 'polite'";
    page.until("what arrives to be announced", || page.look(is_live));
    let tree: Vec<Value> = page.accessibility_tree();
    let tree: Vec<&Value> = tree.iter().filter(|node| node["ignored"] != true).collect();
    everything_is_named(&tree);
    headings_are_in_order(&tree);
    landmarks_are_there(&tree);
    what_arrives_is_announced(&tree);
    assert_eq!(page.look::<String>("document.documentElement.lang"), "en");
    let mut faint: Option<Vec<String>> = None;
    page.until("the page to be still", || {
        faint = page.look("faint()");
        faint.is_some()
    });
    let faint = faint.expect("waited for");
    assert!(faint.is_empty(), "too faint to be read: {faint:#?}");
}

fn role(node: &Value) -> &str {
    node["role"]["value"].as_str().unwrap_or_default()
}

fn name(node: &Value) -> &str {
    node["name"]["value"].as_str().unwrap_or_default().trim()
}

fn property<'a>(node: &'a Value, wanted: &str) -> Option<&'a Value> {
    let all = node["properties"].as_array()?;
    all.iter().find(|one| one["name"] == wanted).map(|one| &one["value"]["value"])
}

fn everything_is_named(tree: &[&Value]) {
    let is_nameless = |node: &&&Value| MUST_BE_NAMED.contains(&role(node)) && name(node).is_empty();
    let nameless: Vec<&str> = tree.iter().filter(is_nameless).map(|node| role(node)).collect();
    assert!(nameless.is_empty(), "without a name: {nameless:#?}");
    let controls = tree.iter().filter(|node| ["button", "combobox", "radio"].contains(&role(node)));
    assert!(controls.count() > 5, "the page was read");
}

/// One title, and no level is left out on the way down.
fn headings_are_in_order(tree: &[&Value]) {
    let headings: Vec<(i64, &str)> = tree
        .iter()
        .filter(|node| role(node) == "heading")
        .map(|node| (property(node, "level").and_then(Value::as_i64).expect("a level"), name(node)))
        .collect();
    assert_eq!(headings.iter().filter(|(level, _)| *level == 1).count(), 1, "{headings:?}");
    for pair in headings.windows(2) {
        assert!(pair[1].0 <= pair[0].0 + 1, "a level is left out: {pair:?}");
    }
}

fn landmarks_are_there(tree: &[&Value]) {
    for landmark in LANDMARKS {
        assert!(tree.iter().any(|node| role(node) == landmark), "no {landmark}");
    }
    assert_eq!(tree.iter().filter(|node| role(node) == "main").count(), 1);
}

fn what_arrives_is_announced(tree: &[&Value]) {
    let polite =
        tree.iter().filter(|node| property(node, "live").is_some_and(|how| how == "polite"));
    assert!(polite.count() > 0, "nothing is announced");
}
