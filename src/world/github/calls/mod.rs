//! What the modelled GitHub answers to the calls that it knows: here the way to each, and what it never asks twice.
//!
//! `history` answers about commits, files and branches, `pulls` about pull requests, `gate` about checks and rules,
//! `graphql` about the few things that have no other call.

mod gate;
pub(super) mod graphql;
pub(super) mod history;
mod pulls;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::desk::Desk;
use super::routes::{Answer, Request};
use super::rules::Merging;
use super::{GitHubModel, REPO, json};

/// What git said before about the commits that every repository here begins with. All worlds of a process share it, so
/// a world that asks for nothing else needs no repository. Pull requests are another matter: what is known of them
/// holds where none was opened.
static KNOWN: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());

impl GitHubModel {
    /// Answers a call.
    pub(super) fn answer(&self, request: &Request) -> Answer {
        let names: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let rest = match names.as_slice() {
            ["repos", owner, name, rest @ ..] if format!("{owner}/{name}") == REPO => rest,
            ["repos", _, _, ..] => return Answer::missing(),
            ["graphql"] => return self.answer_document(request),
            _ => return self.unknown(request),
        };
        if rest.is_empty() && request.method == "GET" {
            let is_allowed = self.rules().merging != Merging::ByHand;
            return Answer::new(200, json::full_repository(&is_allowed.into()));
        }
        let asked = format!("{} {} {}", request.method, rest.join("/"), request.query());
        let is_about_pulls = rest.last() == Some(&"pulls");
        if (self.is_asleep() || !is_about_pulls)
            && let Some(body) = known().get(&asked).cloned()
        {
            return Answer::new(200, body);
        }
        let mut desk = match self.desk() {
            Ok(desk) => desk,
            Err(why) => return Answer::broken(&why),
        };
        let Some(answer) = dispatch(self, &mut desk, request, rest) else {
            return self.unknown(request);
        };
        if answer.status == 200 && is_of_the_seed(&desk, rest, request) {
            known().insert(asked, answer.body.clone());
        }
        answer
    }

    /// Asks git beforehand what is asked on most nights: a busy machine starts no process within two seconds.
    pub(super) fn warm_up_now(&self) {
        let Ok(awake) = self.awake() else { return };
        let asks = |rest: &[&str], reference: &str| {
            let path = ["repos", "demo", "shop"].iter().chain(rest).map(|one| (*one).to_owned());
            let query: &[_] = if reference.is_empty() { &[] } else { &[("ref", reference)] };
            self.answer(&Request::get(path.collect(), query));
        };
        let made = &awake.repository().made;
        let ids: Vec<&str> = made.values().map(String::as_str).collect();
        let [_, first, second, third, _, drops] = ids[..] else { return };
        for (base, head) in [(second, third), (first, third), (second, drops), (first, drops)] {
            asks(&["compare", &format!("{base}...{head}")], "");
        }
        for head in [third, drops] {
            asks(&["commits", head, "pulls"], "");
            for path in ["drizzle/0002_baskets.sql", "drizzle/0003_order_totals.sql"] {
                asks(&["contents", path], head);
            }
        }
    }

    pub(super) fn unknown(&self, request: &Request) -> Answer {
        self.note_unknown(format!("{} /{}", request.method, request.segments.join("/")));
        Answer::missing()
    }
}

fn known() -> std::sync::MutexGuard<'static, BTreeMap<String, Value>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a question is about commits that every repository begins with, and names them by their full ids.
fn is_of_the_seed(desk: &Desk<'_>, rest: &[&str], request: &Request) -> bool {
    let is = |sha: &str| desk.awake().is_of_the_seed(sha);
    match rest {
        ["compare", between] => between.split("...").all(is),
        ["contents", ..] => is(request.text("ref")),
        ["commits", sha, "pulls"] => is(sha) && desk.has_seed_pulls_only(),
        _ => false,
    }
}

/// The way to each call; a name with slashes may stand as it is.
fn dispatch(
    model: &GitHubModel,
    desk: &mut Desk<'_>,
    request: &Request,
    rest: &[&str],
) -> Option<Answer> {
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let answer = match (request.method.as_str(), rest) {
        ("GET", ["compare", between @ ..]) => history::compare(desk, &between.join("/"), request),
        ("GET", ["contents", path @ ..]) => history::content(desk, &path.join("/"), request),
        ("GET", ["commits", sha, "pulls"]) => pulls::of_commit(desk, sha, request),
        ("GET", ["commits", name @ .., "check-runs"]) => gate::runs(desk, &name.join("/"), request),
        ("GET", ["commits", name @ .., "status"]) => gate::statuses(desk, &name.join("/")),
        ("GET", ["commits"]) => history::commits(desk, request),
        ("GET", ["commits", name @ ..]) => history::commit(desk, &name.join("/")),
        ("GET", ["git", "ref", name @ ..]) => history::reference(desk, &name.join("/")),
        ("POST", ["git", "refs"]) => history::new_reference(desk, request),
        ("GET", ["branches", name @ .., "protection"]) => gate::protection(desk, &name.join("/")),
        ("GET", ["branches", name @ .., "protection", "required_status_checks"]) => {
            gate::required_checks(desk, &name.join("/"))
        }
        ("GET", ["branches", name @ ..]) if !name.is_empty() => {
            history::branch(desk, &name.join("/"))
        }
        ("GET", ["rules", "branches", name @ ..]) => gate::rules(desk, &name.join("/"), request),
        ("GET", ["pulls"]) => pulls::list(desk, request),
        ("POST", ["pulls"]) => pulls::open(desk, request),
        ("GET", ["pulls", one]) => pulls::one(model, desk, number(one), request),
        ("PATCH", ["pulls", one]) => pulls::change(desk, number(one), request),
        ("PUT", ["pulls", one, "merge"]) => pulls::merge(model, desk, number(one), request),
        ("GET", ["pulls", one, "files"]) => pulls::files(desk, number(one), request),
        ("GET", ["pulls", one, "reviews"]) => pulls::reviews(desk, number(one), request),
        ("GET", ["pulls", one, "requested_reviewers"]) => pulls::asked(desk, number(one)),
        ("GET", ["issues", one, "comments"]) => pulls::comments(desk, number(one), request),
        ("POST", ["issues", one, "comments"]) => pulls::comment(desk, number(one), request),
        _ => return None,
    };
    Some(answer)
}
