//! What strangers can say before and while production is rolled back: in commits and deployments, in what the provider and
//! GitHub answer, in pull requests and migrations, in whatever people may type in Slack and in Discord.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use repoint::domain::time::Span;
use repoint::engine::ports::Clock;
use repoint::world::discord::Typed;
use repoint::world::vercel::{Health, ModelDeployment, Substate, Target};
use serde_json::{Value, json};

use crate::harness::{Face, World};

/// How many there are: author, message, commit and host of a deployment; code and text of the provider's refusal; commit
/// subjects, commits, files, statements, titles and branches at GitHub, and its refusal; reason, title, note and every other
/// text of a command, in Slack and in Discord; what is being typed.
pub const SOURCES: usize = 22;

/// One incident in which every stranger says the same.
pub async fn suffer(w: &Arc<World>, number: usize, text: &str) {
    goes_live(w, number, text);
    at_github(w, number, text);
    let ana = w.user("ana");
    ana.types(&format!("/rollback reason {text}")).await;
    w.settle().await;
    if number.is_multiple_of(3) && ana.sees("Choose another") {
        ana.presses("Choose another").await;
        w.settle().await;
    }
    in_discord(w, number, text).await;
    the_provider_refuses(w, text).await;
    w.troubles_are_over();
    in_slack(w, text).await;
    w.user("lee").types(&format!("/incident resume shop {text}")).await;
    w.user("lee").types("/incident resume shop all is well").await;
    ana.types("/incident close all is well").await;
    w.settle().await;
}

/// Whatever became of the question, it is put again in plain words and confirmed, by a second person where it takes one.
async fn the_provider_refuses(w: &Arc<World>, text: &str) {
    if !w.headline().contains("roll back?") {
        w.user("ana").types("/rollback shop reason checkout fails").await;
        w.settle().await;
    }
    let refusal = json!({"status": 400, "body": {"error": {"code": text, "message": text}}});
    w.trap("vercel", "status", "/rollback/", refusal);
    for name in ["ana", "bo"] {
        if w.headline().contains("roll back?") && w.user(name).sees("Confirm") {
            w.user(name).presses("Confirm").await;
            w.settle().await;
        }
    }
}

async fn in_slack(w: &Arc<World>, text: &str) {
    let ana = w.user("ana");
    for line in [
        "open shop",
        "note",
        "halt shop",
        "resume shop",
        "status",
        "help",
        "press",
        "list",
        "close",
    ] {
        ana.types(&format!("/incident {line} {text}")).await;
    }
    ana.types(&format!("/rollback {text}")).await;
    ana.types(&format!("/incident {text}")).await;
    w.settle().await;
}

/// Ana types the same in Discord's fields, is offered something, and gives a reason where she is asked for one. What Discord's
/// own client does not send is no matter.
async fn in_discord(w: &Arc<World>, number: usize, text: &str) {
    let discord = &w.models.discord;
    let (id, channel) = (discord.user_id("ana"), discord.channel_id("incidents"));
    for (line, option) in [
        ("incident note", "text"),
        ("incident status", "service"),
        ("incident press", "code"),
        ("rollback", "to"),
        ("rollback", "reason"),
        ("verify", "deployment"),
    ] {
        let typed = Typed::new(line).with(option, text);
        let _ = discord.type_command(id, channel, &typed).await;
    }
    for (line, option) in [("rollback", "to"), ("verify", "deployment"), ("revert", "what")] {
        let begun = if number.is_multiple_of(2) { "" } else { text };
        let _ = discord.complete(id, channel, &Typed::new(line).with(option, begun), option).await;
    }
    w.settle().await;
    let ana = w.user("ana").on(Face::Discord);
    if ana.sees("Give a reason") {
        ana.presses("Give a reason").await;
        // The card may be one of an incident that is closed.
        if ana.has_a_form() {
            let _ = ana.fills_in(text).await;
            discord.close_modal(id);
        }
        w.settle().await;
    }
}

/// GitHub answers with these words, or refuses with them, until the traps are off.
fn at_github(w: &World, number: usize, text: &str) {
    let answers = |on: &str, status: u16, body: Value| {
        w.traps("github", "status", on, json!({"status": status, "body": body}), None);
    };
    if number % 5 == 2 {
        return answers("GET ", 422, json!({"message": text, "errors": [{"message": text}]}));
    }
    let sha = if number % 3 == 1 { text.to_owned() } else { format!("{:040x}", 0xfeed + number) };
    let commit = json!({"sha": sha, "commit": {"message": text}});
    let file = |name: String| json!({"filename": name, "status": "added", "changes": 1});
    let files = [file(format!("migrations/{text}.sql")), file(text.to_owned())];
    answers(
        "/compare/",
        200,
        json!({"total_commits": 1, "status": "ahead", "behind_by": 0, "commits": [commit],
            "files": files}),
    );
    let end = json!({"ref": text, "sha": sha, "repo": {"full_name": "demo/shop"}});
    let page = "https://github.com/demo/shop/pull/124";
    answers(
        "/pulls",
        200,
        json!([{"number": 124, "title": text, "html_url": page, "state": "closed", "body": text,
            "merged_at": "2026-11-21T01:00:00Z", "merge_commit_sha": sha, "head": end, "base": end}]),
    );
    let statement = match number % 4 {
        0 => format!("ALTER TABLE \"orders\" DROP COLUMN \"{text}\";"),
        _ => format!("ALTER TABLE \"orders\" ADD COLUMN \"{text}\" text; -- {text}"),
    };
    let content = STANDARD.encode(statement);
    answers("/contents/", 200, json!({"encoding": "base64", "content": content, "type": "file"}));
}

/// A deployment whose every word is somebody else's takes production.
fn goes_live(w: &Arc<World>, number: usize, text: &str) {
    let created_at = w.clock.now() - Span::seconds(60);
    let odd =
        |every: usize, usual: String| if number % every == 1 { text.to_owned() } else { usual };
    let one = ModelDeployment {
        id: format!("dpl_hostile{number:04}").as_str().into(),
        host: odd(3, format!("shop-{number}-demo.vercel.app")),
        sha: odd(5, format!("{:040x}", 0xabcd_0000 + number)),
        message: text.to_owned(),
        author: text.to_owned(),
        branch: "main".to_owned(),
        created_at,
        ready_at: Some(created_at),
        state: "READY".to_owned(),
        substate: Some(Substate::Promoted),
        target: Target::Production,
        promoted_at: Some(created_at),
        health: Health::Good,
    };
    let id = one.id.clone();
    w.models.vercel.add_deployment("shop", one);
    w.models.vercel.flip_by_other("shop", &id);
}
