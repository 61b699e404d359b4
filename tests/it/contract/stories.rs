//! Stories that make every call that the bot is known to make, and what follows from them: the list of samples is
//! complete and holds nothing more, and each entry of `faults_of_specs` is needed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use repoint::domain::ids::DeploymentId;
use repoint::domain::time::Span;
use repoint::world::github::is_possible;
use repoint::world::ledger::Call;
use repoint::world::vercel::{ModelDeployment, VercelSeed};
use serde_json::{Value, json};

use super::faults_of_specs::{FAULTS, Fault};
use super::samples::{self, Sample};
use super::spec::{Description, Vendor, say};
use super::{READER, answer_faults, is_by_the_bot, judged, request_faults, tally};
use crate::harness::{Settings, World, http_client};
use crate::vercel_promote;

/// The bot's calls by their names in the list.
pub fn names(calls: &[Call]) -> BTreeMap<String, Vec<&Call>> {
    let mut names: BTreeMap<String, Vec<&Call>> = BTreeMap::new();
    for call in calls.iter().filter(|call| is_by_the_bot(call)) {
        let Some(description) = Vendor::of(call).and_then(Description::of) else { continue };
        // What is described nowhere fails by itself.
        if let Ok(operation) = description.operation(&call.method, &call.path) {
            names.entry(samples::name(&operation, call)).or_default().push(call);
        }
    }
    names
}

/// What is made in the stories, once for all tests of this file.
fn calls() -> &'static [Call] {
    static CALLS: OnceLock<Vec<Call>> = OnceLock::new();
    CALLS.get_or_init(|| {
        let noted = Arc::new(Mutex::new(Vec::new()));
        let note = |world: &World| {
            noted.lock().expect("the calls").extend(world.models.ledger.calls());
        };
        World::run(async |w| {
            an_incident(&w).await;
            note(&w);
        });
        World::run(async |w| {
            vercel_promote::a_fix_is_promoted(&w).await;
            note(&w);
        });
        World::run(async |w| {
            crate::github_model::every_call(&w).await;
            note(&w);
        });
        World::run(async |w| {
            crate::discord_model::every_call(&w).await;
            note(&w);
        });
        World::run_with(crate::discord::with_a_role(), async |w| {
            crate::discord::every_call(&w).await;
            the_doctor_comes(&w);
            note(&w);
        });
        World::run(async |w| {
            crate::forge::every_call(&w).await;
            note(&w);
        });
        if is_possible() {
            World::run_with(crate::migrations::drops_a_column(), async |w| {
                crate::forms::a_reason_is_given(&w).await;
                note(&w);
            });
        }
        World::run_with(crate::authority::by_group(), async |w| {
            crate::authority::every_call(&w).await;
            note(&w);
        });
        let by_socket = Settings { socket_mode: true, ..Settings::default() };
        World::run_with(by_socket, async |w| {
            the_doctor_comes(&w);
            note(&w);
        });
        let by_slug = Settings {
            edit: Some(|text| text.replace("\"team_demo\"", "\"demo\"")),
            account: Some(many_builds),
            ..Settings::default()
        };
        World::run_with(by_slug, async |w| {
            a_long_list(&w).await;
            note(&w);
        });
        std::mem::take(&mut *noted.lock().expect("the calls"))
    })
}

/// A rollback that does not switch automatic assignment off, one that fails, and whispers by both ways.
async fn an_incident(w: &Arc<World>) {
    w.user("ana").types("/rollback dpl_unheardof").await;
    w.settle().await;
    w.vercel_trap("job_failed", "", Value::Null);
    w.user("ana").types("/rollback").await;
    w.settle().await;
    w.user("eve").presses("Confirm").await;
    w.settle().await;
    // The address for the answer does not take it: the bot whispers by token.
    w.trap("slack", "status", "POST /response/", json!({"status": 404}));
    w.user("eve").presses("Confirm").await;
    w.settle().await;
    w.user("ana").presses("Confirm").await;
    w.passes_until("the failure", || w.calls("rollback/aliases").len() == 1).await;
    w.vercel_trap("assignment_stays_on", "", Value::Null);
    w.rolls_back().await;
    reads(w, "conversations.history", "").await;
    let card = w.models.slack.messages("C01INC").into_iter().find(|one| one.reply_count > 0);
    let card = card.expect("a card with a thread");
    reads(w, "conversations.replies", &format!("&ts={}", card.ts)).await;
}

/// Targets that stand on the second page of a list, in a team that is named by its slug.
async fn a_long_list(w: &Arc<World>) {
    w.user("ana").types("/rollback").await;
    w.settle().await;
    let lists = w.calls("/v7/deployments");
    assert!(lists.iter().any(|one| one.query.contains("until=")), "{lists:?}");
    assert!(lists.iter().all(|one| one.query.contains("slug=demo")), "{lists:?}");
}

/// More builds than fit on one page of a list.
fn many_builds(account: &mut VercelSeed) {
    let builds = &mut account.projects[0].deployments;
    let oldest = builds.iter().min_by_key(|one| one.created_at).expect("a build").clone();
    builds.extend((1..=60).map(|number| ModelDeployment {
        id: DeploymentId::from(format!("dpl_older{number}").as_str()),
        host: format!("shop-older{number}-demo.vercel.app"),
        created_at: oldest.created_at - Span::minutes(number),
        ..oldest.clone()
    }));
}

/// The check before an emergency, by the real binary.
fn the_doctor_comes(w: &World) {
    let path = w.file("doctor.toml");
    std::fs::write(&path, w.configuration()).expect("a configuration");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_repoint"));
    let output = command.arg("doctor").arg("--config").arg(path).output().expect("it runs");
    let findings = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(findings.ends_with("nothing is wrong\n"), "{findings}");
}

/// Reads a channel as other programs do.
async fn reads(w: &World, method: &str, more: &str) {
    let client = http_client(READER);
    asks(w, client, method, &format!("?channel=C01INC{more}"), None).await;
}

/// Calls a method of the modelled Slack's with the bot's token.
pub async fn asks(
    w: &World,
    client: reqwest::Client,
    method: &str,
    query: &str,
    body: Option<Value>,
) {
    let described = w.models.described("127.0.0.1:1".parse().expect("an address"));
    let text = |pointer: &str| described.pointer(pointer).and_then(Value::as_str).expect("a text");
    let url = format!("{}{method}{query}", text("/slack/api"));
    let request = match body {
        Some(body) => client.post(url).json(&body),
        None => client.get(url),
    };
    request.bearer_auth(text("/slack/bot_token")).send().await.expect("an answer");
}

#[test]
fn the_list_of_known_calls_is_what_the_bot_calls() {
    if Description::of(Vendor::Slack).is_none() {
        return;
    }
    let made = names(calls());
    if samples::is_blessing() {
        return samples::write(&made.iter().filter_map(|(name, all)| chosen(name, all)).collect());
    }
    let listed: Vec<&String> = samples::listed().keys().collect();
    let made: Vec<&String> = made.keys().collect();
    assert_eq!(listed, made, "listed (left) is not what the stories call; run {}", samples::BLESS);
    say(&tally::table(&judged(calls()).0));
}

/// The sample that is there already if it is still right, else the first call that is.
fn chosen(name: &str, calls: &[&Call]) -> Option<(String, Sample)> {
    let kept = samples::listed().get(name).cloned();
    let fresh = calls.iter().filter_map(|call| Sample::of(call));
    let right = kept.into_iter().chain(fresh).find(|sample| {
        let call = sample.call();
        let description = Vendor::of(&call).and_then(Description::of);
        description.is_some_and(|description| faults(description, &call).is_empty())
    });
    right.map(|sample| (name.to_owned(), sample))
}

/// What is wrong with a call and with its answer.
fn faults(description: &Description, call: &Call) -> Vec<String> {
    match description.operation(&call.method, &call.path) {
        Err(why) => vec![why],
        Ok(operation) => {
            let mut faults = request_faults(&operation, call);
            faults.extend(answer_faults(&operation, call).unwrap_or_default());
            faults
        }
    }
}

#[test]
fn every_listed_sample_is_as_its_vendor_describes_it() {
    if samples::is_blessing() {
        return;
    }
    for (name, sample) in samples::listed() {
        let call = sample.call();
        let Some(description) = Vendor::of(&call).and_then(Description::of) else { return };
        assert_eq!(faults(description, &call), Vec::<String>::new(), "{name}");
        let operation = description.operation(&call.method, &call.path).expect("described");
        assert_eq!(*name, samples::name(&operation, &call), "the sample is of another call");
    }
}

#[test]
fn every_fault_of_a_description_is_still_needed() {
    for (index, fault) in FAULTS.iter().enumerate() {
        let others = FAULTS.iter().enumerate().filter(|(other, _)| *other != index);
        let others = others.map(|(_, other)| other);
        let Some(unmended) = Description::mended(fault.vendor, others) else { return };
        let mut concerned = calls().iter().filter(|call| concerns(fault, call));
        assert!(
            concerned.any(|call| !faults(&unmended, call).is_empty()),
            "no call needs this entry of faults_of_specs.rs any more, delete it: {} {} says {:?}, \
             but the truth is {:?} ({})",
            fault.vendor.word(),
            fault.operation,
            fault.says,
            fault.truth,
            fault.source
        );
    }
}

/// Whether a call is made to the operation that a fault is about.
fn concerns(fault: &Fault, call: &Call) -> bool {
    let description = Vendor::of(call).filter(|vendor| *vendor == fault.vendor);
    let operation = description.and_then(Description::of).map(|description| {
        description.operation(&call.method, &call.path).expect("the stories' calls are described")
    });
    let operation = operation.filter(|one| {
        fault.operation == "*" || fault.operation == format!("{} {}", one.method, one.template)
    });
    operation.is_some()
}
