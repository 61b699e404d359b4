//! Dependencies point one way: domain ← engine ← chat ← adapters ← app.

use std::fs;
use std::path::{Path, PathBuf};

/// The layers from left to right; none may name one to its right.
const LAYERS: [&str; 4] = ["domain", "engine", "chat", "adapters"];

/// What only the outermost layer may name.
const OUTERMOST: [&str; 6] = ["app", "cli", "config", "http", "telemetry", "world"];

/// What the domain may not name: anything that waits, does I/O, knows the time or rolls dice.
const IMPURE: [&str; 10] = [
    "tokio",
    "reqwest",
    "axum",
    "rusqlite",
    "slack_morphism",
    "async_trait",
    "getrandom",
    "tracing",
    "std::time",
    "std::sync::Mutex",
];

fn source(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The code of a file without its comments, up to its inline tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_layer_names_one_to_its_right() {
    let mut wrong = Vec::new();
    for (index, layer) in LAYERS.iter().enumerate() {
        let forbidden = LAYERS[index + 1..].iter().chain(&OUTERMOST);
        for name in forbidden {
            for path in files(&source(layer)) {
                // The conformance tests of an adapter may run over the modelled world.
                let is_test = path.to_string_lossy().contains("test");
                if !is_test && code(&path).contains(&format!("crate::{name}")) {
                    wrong.push(format!("{} names {name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_domain_is_pure() {
    let mut wrong = Vec::new();
    for path in files(&source("domain")) {
        let code = code(&path);
        for name in IMPURE.iter().chain(&["async fn", ".await", "HashMap", "HashSet"]) {
            if code.contains(name) {
                wrong.push(format!("{} names {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_engine_and_the_chat_layer_know_no_vendor() {
    let mut wrong = Vec::new();
    for layer in ["engine", "chat"] {
        for path in files(&source(layer)) {
            let code = code(&path).to_lowercase();
            for vendor in ["vercel", "rusqlite", "slack_morphism", "reqwest", "axum", "serenity"] {
                if code.contains(vendor) && !path.to_string_lossy().contains("test") {
                    wrong.push(format!("{} names {vendor}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_slash_command_is_found_by_its_name() {
    for name in ["rollback", "revert", "verify", "promote", "incident"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(root.join(format!("commands/{name}.toml")).exists());
        assert!(source("chat/handlers").join(format!("{name}.rs")).exists());
    }
}

#[test]
fn signatures_and_codes_are_compared_in_constant_time() {
    let read = |path: &str| {
        let code = code(&source(path));
        code.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
    };
    let verify = read("adapters/slack/verify.rs");
    assert!(
        verify.contains(".verify_slice(&claimed)"),
        "the signature goes to the MAC's own check"
    );
    for early in ["finalize", "claimed ==", "== claimed", ".any(|key", ".all(|key", "ct_eq"] {
        assert!(!verify.contains(early), "{early} may end early, or compares by hand");
    }
    // A code is compared where its comparison is written, and nowhere else.
    assert!(read("engine/seal.rs").contains("differ | (a ^ b)"));
    assert!(read("chat/handlers/press.rs").contains("is_same_code("));
    // What cannot be compared with `==` is not, by mistake.
    let secret = read("adapters/secret.rs");
    assert!(!secret.contains("PartialEq") && !secret.contains("Ord"), "secrets have no `==`");
}
