//! Commits, files and branches.

use serde_json::Value;

use crate::world::github::BOT;
use crate::world::github::desk::{Desk, Push};
use crate::world::github::json;
use crate::world::github::merge::NOBODY;
use crate::world::github::repository::{CommitRow, Repository};
use crate::world::github::routes::{Answer, Request};

/// A comparison carries so many files and no more.
const MOST_FILES: usize = 300;

/// All of it at once, or one page of its commits. The files stand on the first page alone.
pub(super) fn compare(desk: &Desk<'_>, between: &str, request: &Request) -> Answer {
    let ends = between.split_once("...");
    let ends = ends.and_then(|(base, head)| Some((desk.resolve(base)?, desk.resolve(head)?)));
    let Some((base, head)) = ends else { return Answer::missing() };
    match desk.compared(&base, &head) {
        Ok(mut found) => {
            found.files.truncate(MOST_FILES);
            let body = json::comparison(&found, &base, &head);
            if request.text("page").is_empty() && request.text("per_page").is_empty() {
                return Answer::new(200, body);
            }
            one_page(body, request)
        }
        Err(why) => Answer::broken(&why),
    }
}

fn one_page(mut comparison: Value, request: &Request) -> Answer {
    let mut answer = Answer::page(comparison["commits"].take(), request);
    comparison["commits"] = answer.body.take();
    if !matches!(request.text("page"), "" | "1") {
        comparison.as_object_mut().map(|fields| fields.remove("files"));
    }
    answer.body = comparison;
    answer
}

pub(super) fn content(desk: &Desk<'_>, path: &str, request: &Request) -> Answer {
    let named = Some(request.text("ref")).filter(|name| !name.is_empty()).unwrap_or("main");
    let Some(sha) = desk.resolve(named) else { return Answer::missing() };
    let repository = desk.repository();
    let found = desk.awake().known(format!("content {sha} {path}"), || {
        let (blob, bytes) = repository.file(&sha, path).ok_or(())?;
        Ok::<_, ()>(json::content(path, &sha, &blob, &bytes))
    });
    found.map_or_else(|()| Answer::missing(), |body| Answer::new(200, body))
}

pub(super) fn commit(desk: &Desk<'_>, name: &str) -> Answer {
    let Some(sha) = desk.resolve(name) else {
        let message = format!("No commit found for SHA: {name}");
        return Answer::problem(422, &message);
    };
    let repository = desk.repository();
    let found = desk.awake().known(format!("commit {sha}"), || {
        let row = repository.commit(&sha)?;
        Ok::<_, anyhow::Error>(json::full_commit(&row, &repository.changes(&sha)?))
    });
    Answer::found(found)
}

/// The newest first, from `sha` backwards.
pub(super) fn commits(desk: &Desk<'_>, request: &Request) -> Answer {
    let named = Some(request.text("sha")).filter(|name| !name.is_empty()).unwrap_or("main");
    let Some(sha) = desk.resolve(named) else { return Answer::missing() };
    let [since, until, path] = ["since", "until", "path"].map(|name| request.text(name));
    let repository = desk.repository();
    let found = desk.awake().known(format!("commits {sha} {since} {until} {path}"), || {
        let rows = listed(repository, &sha, [since, until, path])?;
        Ok::<_, anyhow::Error>(rows.iter().map(json::commit).collect())
    });
    match found {
        Ok(rows) => Answer::page(rows, request),
        Err(error) => Answer::broken(&error.to_string()),
    }
}

fn listed(
    repository: &Repository,
    sha: &str,
    [since, until, path]: [&str; 3],
) -> anyhow::Result<Vec<CommitRow>> {
    let (after, before) = (format!("--since={since}"), format!("--until={until}"));
    let mut arguments = Vec::new();
    arguments.extend((!since.is_empty()).then_some(after.as_str()));
    arguments.extend((!until.is_empty()).then_some(before.as_str()));
    arguments.extend([sha, "--"]);
    arguments.extend((!path.is_empty()).then_some(path));
    repository.log(&arguments)
}

pub(super) fn reference(desk: &Desk<'_>, name: &str) -> Answer {
    let branch = name.strip_prefix("heads/");
    let found = branch.and_then(|branch| Some((branch, desk.state.branches.get(branch)?)));
    match found {
        Some((branch, sha)) => Answer::new(200, json::reference(branch, sha)),
        None => Answer::missing(),
    }
}

pub(super) fn new_reference(desk: &mut Desk<'_>, request: &Request) -> Answer {
    let (name, sha) = (request.field("ref"), request.field("sha"));
    let branch = name.strip_prefix("refs/heads/").filter(|branch| is_name(branch));
    let Some(branch) = branch else {
        return Answer::problem(422, "Reference name is not valid");
    };
    if desk.state.branches.contains_key(branch) {
        return Answer::problem(422, "Reference already exists");
    }
    let known = Some(sha).filter(|sha| sha.len() == 40).and_then(|sha| desk.resolve(sha));
    let Some(sha) = known else { return Answer::problem(422, "Object does not exist") };
    if let Err(error) = desk.repository().move_branch(branch, "", &sha) {
        return Answer::broken(&error.to_string());
    }
    let subject = match desk.subject(&sha) {
        Ok(subject) => subject,
        Err(why) => return Answer::broken(&why),
    };
    let (name, at, author) = (branch.to_owned(), desk.now, BOT.to_owned());
    let push = Push { branch: name, sha: sha.clone(), subject, author, at, number: None };
    desk.moved(NOBODY, push);
    Answer::new(201, json::reference(branch, &sha))
}

/// Names that git would take, and no trick.
fn is_name(branch: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let parts = || branch.split('/');
    !branch.is_empty()
        && branch.bytes().all(known)
        && !branch.contains("..")
        && parts().all(|part| !part.is_empty() && !part.starts_with(['.', '-']))
        && parts().all(|part| !part.ends_with('.') && !part.ends_with(".lock"))
}

pub(super) fn branch(desk: &Desk<'_>, name: &str) -> Answer {
    let Some(sha) = desk.state.branches.get(name).cloned() else {
        return Answer::problem(404, "Branch not found");
    };
    match desk.repository().commit(&sha) {
        Ok(head) => Answer::new(200, json::rules::branch(name, &head, &desk.rules)),
        Err(error) => Answer::broken(&error.to_string()),
    }
}

/// The trap `many_files`: the comparison lists three hundred other files, and whatever else changed is left out.
pub(in crate::world::github) fn crowd(comparison: &mut Value) {
    let sample = comparison["files"][0].clone();
    let files = (0..MOST_FILES).map(|number| {
        let mut file = sample.clone();
        file["filename"] = format!("src/generated/{number}.ts").into();
        file
    });
    comparison["files"] = files.collect();
}
