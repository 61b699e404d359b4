//! What the modelled GitHub answers to the calls that it knows.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::repository::Repository;
use super::routes::Answer;
use super::seed::PULLS;
use super::{GitHubModel, REPO, json};

/// A comparison carries so many files and no more.
const MOST_FILES: usize = 300;

/// What git said before. Everything here is asked for by full ids, whose content never changes, so all worlds of a process
/// may share it.
static KNOWN: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());

impl GitHubModel {
    /// Answers a call, by the decoded segments of its path.
    pub(super) fn answer(
        &self,
        method: &str,
        segments: &[String],
        reference: Option<&str>,
    ) -> Answer {
        let names: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (owner, rest) = match names.as_slice() {
            ["repos", owner, name, rest @ ..] if method == "GET" => {
                (format!("{owner}/{name}"), rest)
            }
            _ => return self.unknown(method, &names),
        };
        if owner != REPO {
            return missing();
        }
        if rest.is_empty() {
            return Answer::new(200, json::full_repository());
        }
        let asked = format!("{} {}", rest.join("/"), reference.unwrap_or_default());
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).cloned();
        if let Some(body) = known {
            return Answer::new(200, body);
        }
        let answer = self.look_up(method, &names, rest, reference);
        if answer.status == 200 {
            let body = answer.body.clone();
            KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(asked, body);
        }
        answer
    }

    /// Asks git beforehand what is asked on most nights: a busy machine starts no process within two seconds.
    pub(super) fn warm_up_now(&self) {
        let Ok(repository) = self.repository() else { return };
        let asks = |rest: &[&str], reference| {
            let path = ["repos", "demo", "shop"].iter().chain(rest).map(|one| (*one).to_owned());
            self.answer("GET", &path.collect::<Vec<_>>(), reference);
        };
        let ids: Vec<&str> = repository.made.values().map(String::as_str).collect();
        let [_, first, second, third, _, drops] = ids[..] else { return };
        for (base, head) in [(second, third), (first, third), (second, drops), (first, drops)] {
            asks(&["compare", &format!("{base}...{head}")], None);
        }
        for head in [third, drops] {
            asks(&["commits", head, "pulls"], None);
            for path in ["drizzle/0002_baskets.sql", "drizzle/0003_order_totals.sql"] {
                asks(&["contents", path], Some(head));
            }
        }
    }

    fn look_up(
        &self,
        method: &str,
        names: &[&str],
        rest: &[&str],
        reference: Option<&str>,
    ) -> Answer {
        let repository = match self.repository() {
            Ok(repository) => repository,
            Err(why) => return Answer::new(500, json::problem(500, &why)),
        };
        match rest {
            ["compare", between] => compare(repository, between),
            ["contents", path] => content(repository, path, reference),
            ["commits", sha, "pulls"] => pulls(repository, sha),
            _ => self.unknown(method, names),
        }
    }

    fn unknown(&self, method: &str, names: &[&str]) -> Answer {
        self.note_unknown(format!("{method} /{}", names.join("/")));
        missing()
    }
}

fn missing() -> Answer {
    Answer::new(404, json::problem(404, "Not Found"))
}

fn compare(repository: &Repository, between: &str) -> Answer {
    let ends = between.split_once("...").filter(|(a, b)| repository.has(a) && repository.has(b));
    let Some((base, head)) = ends else { return missing() };
    match repository.compare(base, head) {
        Ok(mut found) => {
            found.files.truncate(MOST_FILES);
            Answer::new(200, json::comparison(&found, base, head))
        }
        Err(error) => Answer::new(500, json::problem(500, &error.to_string())),
    }
}

fn content(repository: &Repository, path: &str, reference: Option<&str>) -> Answer {
    let found = reference
        .filter(|sha| repository.has(sha))
        .and_then(|sha| Some((sha, repository.file(sha, path)?)));
    match found {
        Some((sha, (blob, bytes))) => Answer::new(200, json::content(path, sha, &blob, &bytes)),
        None => missing(),
    }
}

/// Nobody's pull request brought a commit that is not here.
fn pulls(repository: &Repository, sha: &str) -> Answer {
    let rows =
        PULLS.iter().filter(|row| repository.made.get(&row.merged).is_some_and(|made| made == sha));
    let rows = rows.filter_map(|row| {
        let compared = repository.compare(sha, sha).ok()?;
        Some(json::pull(row, &compared.base))
    });
    Answer::new(200, Value::Array(rows.collect()))
}

/// The trap `many_files`: the comparison lists three hundred other files, and whatever else changed is left out.
pub(super) fn crowd(comparison: &mut Value) {
    let sample = comparison["files"][0].clone();
    let files = (0..MOST_FILES).map(|number| {
        let mut file = sample.clone();
        file["filename"] = format!("src/generated/{number}.ts").into();
        file
    });
    comparison["files"] = files.collect();
}
