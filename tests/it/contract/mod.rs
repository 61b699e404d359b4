//! What the bot sends and what our models answer, held against the vendors' own descriptions of their APIs.
//!
//! [`World`](crate::harness::World) asks [`check`] at the end of every story, and so does every test of the real binary.
//! `spec` reads a description, `request` and `answer` judge, `faults_of_specs` lists what the descriptions have wrong,
//! `samples` the calls that we know of, `tally` counts. `stories` makes every known call,
//! `self_checks` checks the checks.

mod answer;
mod faults_of_specs;
mod request;
mod samples;
mod self_checks;
mod spec;
mod stories;
mod tally;

use repoint::world::ledger::Call;
use serde_json::Value;

use answer::Verdict;
use spec::{Description, Operation, Vendor};
use tally::Tally;

/// How programs of the tests call themselves at the models. Whoever does not is the bot.
pub const READER: &str = "a-test-that-reads";

/// What no description knows: the shop is nobody's API, git speaks a protocol of its own, and the few documents of
/// GraphQL are asked of the model itself (`tests/it/github_model.rs`).
const ELSEWHERE: [&str; 3] = ["shop", "git", "github-graphql"];

/// Fails with a sentence for each call, or answer to one, that the vendor does not describe or that is not in our list.
pub fn check(calls: &[Call]) {
    let (tally, mut wrong) = judged(calls);
    tally::add(&tally);
    if !samples::is_blessing() {
        wrong.extend(unlisted(calls));
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Fails when the bot answered a command or a press with something that is no message. Slack describes such an answer
/// nowhere; it takes there what it takes at an address for answers.
pub fn check_replies(replies: &[Value]) {
    let Some(description) = Description::of(Vendor::Slack) else { return };
    let message = "/paths/~1response~1{address}/post/requestBody/content/application~1json/schema";
    for reply in replies {
        let faults = description.faults(message, reply);
        assert_eq!(faults, Vec::<String>::new(), "slack: an answer to a command or press");
    }
}

/// What was held against a description, and what is wrong with it.
fn judged(calls: &[Call]) -> (Tally, Vec<String>) {
    let mut tally = Tally::new();
    let mut wrong = Vec::new();
    for call in calls {
        if Vendor::of(call).is_none() && !ELSEWHERE.contains(&call.vendor.as_str()) {
            wrong.push(format!("{}: tests/it/contract has no description of it", call.vendor));
        }
        let Some(description) = Vendor::of(call).and_then(Description::of) else { continue };
        let operation = match description.operation(&call.method, &call.path) {
            Ok(operation) => operation,
            Err(why) => {
                wrong.push(format!("{} {} {}: {why}", call.vendor, call.method, call.path));
                continue;
            }
        };
        let whose = if is_by_the_bot(call) { "" } else { " (by a test)" };
        let count = tally.entry(format!("{}{whose}", operation.name())).or_default();
        count.requests += 1;
        wrong.extend(request_faults(&operation, call));
        match answer_faults(&operation, call) {
            Some(faults) => {
                count.answers += 1;
                wrong.extend(faults);
            }
            None => count.exempt += 1,
        }
    }
    (tally, wrong)
}

fn is_by_the_bot(call: &Call) -> bool {
    call.agent.as_deref() != Some(READER)
}

/// What is wrong with a request, each with the vendor and the operation.
fn request_faults(operation: &Operation<'_>, call: &Call) -> Vec<String> {
    let faults = request::faults(operation, call);
    faults.iter().map(|one| format!("{}: the request: {one}", operation.name())).collect()
}

/// The same for its answer; nothing if that is exempt.
fn answer_faults(operation: &Operation<'_>, call: &Call) -> Option<Vec<String>> {
    let Verdict::Held(faults) = answer::judged(operation, call) else { return None };
    let status = call.status.unwrap_or_default();
    let said = |one: &String| format!("{}: the answer {status}: {one}", operation.name());
    Some(faults.iter().map(said).collect())
}

/// The bot's calls that are not in the list.
fn unlisted(calls: &[Call]) -> Vec<String> {
    let names = stories::names(calls);
    let strange = names.into_keys().filter(|name| !samples::listed().contains_key(name));
    let said = strange.map(|name| {
        format!(
            "{name} is a call that nobody knows: add a story that makes it to \
             tests/it/contract/stories.rs, then run {}",
            samples::BLESS
        )
    });
    said.collect()
}
