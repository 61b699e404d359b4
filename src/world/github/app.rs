//! A GitHub App that is installed at the repository's account: its word is checked with its public key, and it is given
//! tokens that end by the world's clock.
//!
//! The key beside this file opens nothing but this model, as the model's token does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs1KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::routes::{Answer, Request};
use super::{GitHubModel, REPO, TOKEN, json};
use crate::domain::time::{Span, Timestamp};
use crate::engine::ports::Clock;

/// The App's id.
pub const APP: u64 = 1_100_417;

/// Its installation at the account.
pub const INSTALLATION: u64 = 52_030_771;

/// Its private key.
pub const APP_KEY: &str = include_str!("app_key.pem");

/// A token of an installation counts for so long.
const LASTS: Span = Span::minutes(60);

/// A word may count for so long from now on.
const LONGEST_WORD_S: i64 = 600;

/// The tokens that were given out, with their ends.
#[derive(Debug, Default)]
pub(super) struct Given(Mutex<Tokens>);

#[derive(Debug, Default)]
struct Tokens {
    until: BTreeMap<String, Timestamp>,
    taken_back: BTreeSet<String>,
    count: u64,
}

/// What an App asks for by its word.
enum Asked {
    Installation { is_here: bool },
    Token { is_ours: bool },
}

impl Given {
    fn tokens(&self) -> std::sync::MutexGuard<'_, Tokens> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make(&self, until: Timestamp) -> String {
        let mut tokens = self.tokens();
        tokens.count += 1;
        let token = format!("ghs_demo{:012x}", tokens.count);
        tokens.until.insert(token.clone(), until);
        token
    }

    /// Takes every token back.
    pub(super) fn revoke(&self) {
        let mut tokens = self.tokens();
        let all = std::mem::take(&mut tokens.until);
        tokens.taken_back.extend(all.into_keys());
    }

    /// Whether a token was taken back before its end.
    pub(super) fn took_back(&self, token: &str) -> bool {
        self.tokens().taken_back.contains(token)
    }

    fn has(&self, token: &str, now: Timestamp) -> bool {
        self.tokens().until.get(token).is_some_and(|until| now < *until)
    }
}

impl GitHubModel {
    /// Whether a token opens the repository now: the one that somebody made, or one that the App was given.
    pub(super) fn lets_in(&self, token: &str) -> bool {
        token == TOKEN || self.given.has(token, self.clock.now())
    }

    /// What the App may ask for by its word alone; nothing where the call is not one of these.
    pub(super) fn answer_app(&self, request: &Request, headers: &HeaderMap) -> Option<Answer> {
        let names: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let asked = match (request.method.as_str(), names.as_slice()) {
            ("GET", ["repos", owner, name, "installation"]) => {
                Asked::Installation { is_here: format!("{owner}/{name}") == REPO }
            }
            ("POST", ["app", "installations", id, "access_tokens"]) => {
                Asked::Token { is_ours: *id == INSTALLATION.to_string() }
            }
            _ => return None,
        };
        if let Err(why) = word(headers).and_then(|word| checked(&word, self.clock.now())) {
            return Some(Answer::problem(401, &why));
        }
        Some(match asked {
            Asked::Installation { is_here: true } => Answer::new(200, installation()),
            Asked::Token { is_ours: true } => self.give(request),
            Asked::Installation { .. } | Asked::Token { .. } => Answer::missing(),
        })
    }

    fn give(&self, request: &Request) -> Answer {
        let repositories = request.body["repositories"].as_array().into_iter().flatten();
        let mut named = repositories.filter_map(Value::as_str);
        if named.any(|name| !REPO.ends_with(&format!("/{name}"))) {
            let why = "There is at least one repository that does not exist or is not accessible to the parent \
                       installation.";
            return Answer::problem(422, why);
        }
        let until = self.clock.now() + LASTS;
        let body = json!({
            "token": self.given.make(until), "expires_at": json::time(until),
            "permissions": permissions(), "repository_selection": "selected",
        });
        Answer::new(201, body)
    }
}

fn permissions() -> Value {
    json!({
        "administration": "read", "checks": "read", "contents": "write", "metadata": "read",
        "pull_requests": "write", "statuses": "read",
    })
}

fn installation() -> Value {
    let api = |rest: &str| format!("https://api.github.com/{rest}");
    json!({
        "id": INSTALLATION, "app_id": APP, "app_slug": "repoint", "target_id": 583_231,
        "target_type": "Organization", "single_file_name": null,
        "repository_selection": "selected", "account": json::user("demo"),
        "access_tokens_url": api(&format!("app/installations/{INSTALLATION}/access_tokens")),
        "repositories_url": api("installation/repositories"),
        "html_url": format!("https://github.com/organizations/demo/settings/installations/{INSTALLATION}"),
        "permissions": permissions(), "events": [], "created_at": "2026-01-05T08:00:00Z",
        "updated_at": "2026-01-05T08:00:00Z", "suspended_by": null, "suspended_at": null,
    })
}

fn word(headers: &HeaderMap) -> Result<String, String> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let word = given.and_then(|given| given.strip_prefix("Bearer "));
    word.map(str::to_owned).ok_or_else(|| "A JSON web token could not be decoded".to_owned())
}

/// Whether a word is the App's, and of now. The sentences are GitHub's.
fn checked(word: &str, now: Timestamp) -> Result<(), String> {
    let undecoded = || "A JSON web token could not be decoded".to_owned();
    let (said, signature) = word.rsplit_once('.').ok_or_else(undecoded)?;
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| undecoded());
    let (head, claims) = said.split_once('.').ok_or_else(undecoded)?;
    let read = |part: &str| serde_json::from_slice(&bytes(part)?).map_err(|_| undecoded());
    let (head, claims): (Value, Value) = (read(head)?, read(claims)?);
    if head["alg"] != "RS256" {
        return Err(undecoded());
    }
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key());
    key.verify(said.as_bytes(), &bytes(signature)?).map_err(|_| undecoded())?;
    let issuer = claims["iss"].as_u64().or_else(|| claims["iss"].as_str()?.parse().ok());
    if issuer != Some(APP) {
        return Err("Integration not found".to_owned());
    }
    let now = now.0.div_euclid(1000);
    if claims["iat"].as_i64().is_none_or(|at| at > now) {
        return Err("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
            .to_owned());
    }
    match claims["exp"].as_i64() {
        Some(end) if end <= now => Err(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion \
             expires"
                .to_owned(),
        ),
        Some(end) if end <= now + LONGEST_WORD_S => Ok(()),
        _ => Err("'Expiration time' claim ('exp') is too far in the future".to_owned()),
    }
}

fn public_key() -> Vec<u8> {
    let key = PrivatePkcs1KeyDer::from_pem_slice(APP_KEY.as_bytes()).expect("a key in PEM");
    let pair = RsaKeyPair::from_der(key.secret_pkcs1_der()).expect("an RSA key");
    pair.public_key().as_ref().to_vec()
}
