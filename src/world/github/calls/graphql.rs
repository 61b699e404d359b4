//! The little of GraphQL that has no other call: auto-merge, the merge queue, and how a pull request stands with both.
//!
//! A document is not parsed. It is known by the field that it asks for, and every field that a client could ask of it here is
//! answered. Whatever else is asked is answered with GraphQL's `errors` and noted as unknown.

use serde_json::{Value, json};

use crate::world::github::checks::STARTS_AFTER;
use crate::world::github::desk::Desk;
use crate::world::github::merge::MergeMethod;
use crate::world::github::pulls::{Fate, NotMerged, Pull};
use crate::world::github::routes::{Answer, Request};
use crate::world::github::rules::Merging;
use crate::world::github::{GitHubModel, json};

impl GitHubModel {
    /// Answers a document.
    pub(in crate::world::github) fn answer_document(&self, request: &Request) -> Answer {
        let (query, variables) = (request.field("query"), &request.body["variables"]);
        let mut desk = match self.desk() {
            Ok(desk) => desk,
            Err(why) => return Answer::broken(&why),
        };
        let asks = |field: &str| query.contains(field);
        let answered = match () {
            () if asks("enablePullRequestAutoMerge(") => {
                acts(&mut desk, variables, "enablePullRequestAutoMerge", enable_auto_merge)
            }
            () if asks("enqueuePullRequest(") => {
                acts(&mut desk, variables, "enqueuePullRequest", enqueue)
            }
            () if asks("pullRequest(") && asks("repository(") => look(&desk, variables),
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

/// A mutation: the arguments are variables, either all in `input` or each by its name.
fn acts(
    desk: &mut Desk<'_>,
    variables: &Value,
    field: &str,
    act: fn(&mut Desk<'_>, &Value, &Pull) -> Result<(), Value>,
) -> Result<Value, Value> {
    let input = if variables["input"].is_object() { &variables["input"] } else { variables };
    let id = ["pullRequestId", "id"].iter().find_map(|name| input[*name].as_str());
    let id = id.unwrap_or_default();
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

fn look(desk: &Desk<'_>, variables: &Value) -> Result<Value, Value> {
    let number = variables["number"].as_u64().unwrap_or_default();
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
        "headRefName": pull.branch, "headRefOid": pull.head, "baseRefName": "main",
        "isDraft": pull.is_draft, "merged": state == "MERGED", "mergeCommit": merge_commit,
        "autoMergeRequest": auto_merge, "isInMergeQueue": pull.queued.is_some(),
        "mergeQueueEntry": entry,
    })
}
