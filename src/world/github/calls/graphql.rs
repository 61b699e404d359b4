//! The little of GraphQL that has no other call: reverts, auto-merge, the merge queue, and how a pull request stands with both.
//!
//! A document is not parsed. It is known by the field that it asks for; its arguments are variables, or stand in it as
//! plain values. Every field that a client could ask for here is answered. Whatever else is asked is answered with
//! GraphQL's `errors` and noted as unknown.

use serde_json::{Value, json};

use crate::world::github::checks::STARTS_AFTER;
use crate::world::github::desk::Desk;
use crate::world::github::merge::MergeMethod;
use crate::world::github::pulls::{Fate, NotMerged, Pull};
use crate::world::github::routes::{Answer, Request};
use crate::world::github::rules::Merging;
use crate::world::github::{GitHubModel, REPO, json};

impl GitHubModel {
    /// Answers a document.
    pub(in crate::world::github) fn answer_document(&self, request: &Request) -> Answer {
        let query = request.field("query");
        let asked = arguments(query, &request.body["variables"]);
        let mut desk = match self.desk() {
            Ok(desk) => desk,
            Err(why) => return Answer::broken(&why),
        };
        let asks = |field: &str| query.contains(field);
        let answered = match () {
            () if asks("enablePullRequestAutoMerge(") => {
                acts(&mut desk, &asked, "enablePullRequestAutoMerge", enable_auto_merge)
            }
            () if asks("disablePullRequestAutoMerge(") => {
                acts(&mut desk, &asked, "disablePullRequestAutoMerge", disable_auto_merge)
            }
            () if asks("revertPullRequest(") => revert(&mut desk, &asked),
            () if asks("enqueuePullRequest(") => {
                acts(&mut desk, &asked, "enqueuePullRequest", enqueue)
            }
            () if asks("pullRequest(") && asks("repository(") => look(&desk, &asked),
            () => {
                drop(desk);
                self.note_unknown(format!("POST /graphql {query}"));
                Err(problem("NOT_FOUND", "this model does not know the document"))
            }
        };
        let body = answered.unwrap_or_else(|error| json!({"data": null, "errors": [error]}));
        Answer::new(200, body)
    }
}

fn problem(kind: &str, message: &str) -> Value {
    json!({"type": kind, "message": message})
}

/// The arguments that are of interest here: each is a variable of any name, a plain value, or a member of the variable
/// `input`.
fn arguments(query: &str, variables: &Value) -> Value {
    let named = ["pullRequestId", "expectedHeadOid", "mergeMethod", "number", "title", "body"].map(
        |name| {
            let value = match written(query, name).map(|value| (value, value.strip_prefix('$'))) {
                Some((_, Some(variable))) => variables[variable].clone(),
                Some((plain, None)) => plain.into(),
                None => variables["input"][name].clone(),
            };
            (name.to_owned(), value)
        },
    );
    Value::Object(named.into_iter().collect())
}

/// What a document gives as an argument of this name, as it stands there. A variable's declaration is no argument.
fn written<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let label = format!("{name}:");
    let mut places = query.match_indices(&label).map(|(at, _)| at);
    let from = places.find(|at| !query[..*at].ends_with('$'))? + label.len();
    let rest = query[from..].trim_start().trim_start_matches('"');
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$');
    Some(&rest[..end.unwrap_or(rest.len())])
}

/// A mutation that does something to a pull request.
fn acts(
    desk: &mut Desk<'_>,
    input: &Value,
    field: &str,
    act: fn(&mut Desk<'_>, &Value, &Pull) -> Result<(), Value>,
) -> Result<Value, Value> {
    let id = input["pullRequestId"].as_str().unwrap_or_default();
    let pull = desk.state.pulls.values().find(|pull| pull.node_id() == id).cloned();
    let Some(pull) = pull else {
        let message = format!("Could not resolve to a node with the global id of '{id}'");
        return Err(problem("NOT_FOUND", &message));
    };
    if input["expectedHeadOid"].as_str().is_some_and(|head| head != pull.head) {
        return Err(problem(
            "UNPROCESSABLE",
            "Head branch was modified. Review and try the merge again.",
        ));
    }
    act(desk, input, &pull)?;
    let pull = desk.state.pulls.get(&pull.number).map_or(Value::Null, |pull| shape(desk, pull));
    let entry = pull["mergeQueueEntry"].clone();
    Ok(json!({"data": {field: {"clientMutationId": null, "pullRequest": pull,
        "mergeQueueEntry": entry}}}))
}

fn enable_auto_merge(desk: &mut Desk<'_>, input: &Value, pull: &Pull) -> Result<(), Value> {
    let no = |why: &str| Err(problem("UNPROCESSABLE", why));
    if desk.rules.merging == Merging::ByHand {
        return no("Pull request Auto merge is not allowed for this repository");
    }
    let standing = desk.standing(pull).map_err(|why| problem("INTERNAL", &why))?;
    if !pull.is_open() {
        return no("Pull request is closed");
    }
    if standing.word == "clean" && desk.rules.merging != Merging::Queue {
        return no("Pull request Pull request is in clean status");
    }
    let word = input["mergeMethod"].as_str().unwrap_or("MERGE").to_lowercase();
    let Some(method) = MergeMethod::read(&word) else {
        return no("Argument 'mergeMethod' has an invalid value");
    };
    desk.merge_when_ready(pull.number, method);
    Ok(())
}

fn disable_auto_merge(desk: &mut Desk<'_>, _input: &Value, pull: &Pull) -> Result<(), Value> {
    if pull.auto_merge.is_none() {
        return Err(problem("UNPROCESSABLE", "Can't disable auto-merge for this pull request"));
    }
    desk.merge_by_hand(pull.number);
    Ok(())
}

fn enqueue(desk: &mut Desk<'_>, _input: &Value, pull: &Pull) -> Result<(), Value> {
    let no = |why: &str| Err(problem("UNPROCESSABLE", why));
    if desk.rules.merging != Merging::Queue {
        return no("The merge queue is not enabled for this branch");
    }
    if pull.queued.is_some() {
        return no("Pull request is already in the merge queue");
    }
    if pull.ready_since(&desk.state.ci, &desk.rules, desk.now).is_none() {
        return no("Pull request Required status checks or reviews are missing");
    }
    match desk.enqueue(pull.number) {
        Ok(()) => Ok(()),
        Err(NotMerged::NotOpen) => no("Pull request is closed"),
        Err(NotMerged::Conflict) => no("Pull request is not mergeable"),
        Err(NotMerged::Git(why)) => Err(problem("INTERNAL", &why)),
    }
}

/// GitHub takes a merged pull request back by itself, on a branch of its own.
fn revert(desk: &mut Desk<'_>, input: &Value) -> Result<Value, Value> {
    let id = input["pullRequestId"].as_str().unwrap_or_default();
    let pull = desk.state.pulls.values().find(|pull| pull.node_id() == id).cloned();
    let Some(pull) = pull else {
        let message = format!("Could not resolve to a node with the global id of '{id}'");
        return Err(problem("NOT_FOUND", &message));
    };
    let text = |name: &str| input[name].as_str().map(str::to_owned);
    let made = desk.revert(&pull, text("title"), text("body"));
    let number = made.map_err(|why| problem("UNPROCESSABLE", &why))?;
    let shown = |pull: &Pull| shape(desk, pull);
    let revert = desk.state.pulls.get(&number).map_or(Value::Null, shown);
    Ok(json!({"data": {"revertPullRequest": {"clientMutationId": null, "pullRequest": shown(&pull),
        "revertPullRequest": revert}}}))
}

fn look(desk: &Desk<'_>, asked: &Value) -> Result<Value, Value> {
    let plain = asked["number"].as_str().and_then(|number| number.parse().ok());
    let number = asked["number"].as_u64().or(plain).unwrap_or_default();
    let Some(pull) = desk.state.pulls.get(&number) else {
        let message = format!("Could not resolve to a PullRequest with the number of {number}.");
        return Err(problem("NOT_FOUND", &message));
    };
    Ok(json!({"data": {"repository": {"pullRequest": shape(desk, pull)}}}))
}

fn shape(desk: &Desk<'_>, pull: &Pull) -> Value {
    let (state, merge_commit) = match &pull.fate {
        Fate::Open => ("OPEN", Value::Null),
        Fate::Closed { .. } => ("CLOSED", Value::Null),
        Fate::Merged { sha, .. } => ("MERGED", json!({ "oid": sha })),
    };
    let auto_merge = pull.auto_merge.as_ref().map(|wanted| {
        json!({"enabledAt": json::time(wanted.at),
            "mergeMethod": wanted.method.word().to_uppercase()})
    });
    let entry = pull.queued.as_ref().map(|queued| {
        let waits = desk.now < queued.at + STARTS_AFTER;
        let state = if waits { "QUEUED" } else { "AWAITING_CHECKS" };
        json!({"id": format!("MQE_{}", pull.number), "position": 1, "state": state,
            "enqueuedAt": json::time(queued.at), "estimatedTimeToMerge": null})
    });
    json!({
        "id": pull.node_id(), "number": pull.number, "state": state, "title": pull.title,
        "url": format!("https://github.com/{REPO}/pull/{}", pull.number),
        "headRefName": pull.branch, "headRefOid": pull.head, "baseRefName": "main",
        "isDraft": pull.is_draft, "merged": state == "MERGED", "mergeCommit": merge_commit,
        "autoMergeRequest": auto_merge, "isInMergeQueue": pull.queued.is_some(),
        "mergeQueueEntry": entry,
    })
}
