//! Every call that the modelled GitHub knows, made once as another program would make it; each answer is held against
//! GitHub's description at the end of the story.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use repoint::domain::time::Span;
use repoint::world::github::{Kept, Merging, Rules, is_possible};
use serde_json::{Value, json};

use crate::contract::READER;
use crate::harness::{World, http_client};

/// Another program with the demo's token.
struct Program<'a> {
    world: &'a World,
    http: reqwest::Client,
    described: Value,
}

impl<'a> Program<'a> {
    fn new(world: &'a World) -> Self {
        let http = http_client(READER);
        let described = world.models.described("127.0.0.1:1".parse().expect("an address"));
        Self { world, http, described: described["github"].clone() }
    }

    fn told(&self, name: &str) -> &str {
        self.described[name].as_str().expect("a text")
    }

    async fn calls(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.told("api"));
        let request = self.http.request(method.parse().expect("a method"), url);
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.bearer_auth(self.told("token")).send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    /// A call about the repository that must be answered with this status.
    async fn says(&self, status: u16, method: &str, rest: &str, body: Value) -> Value {
        let path = format!("/repos/{}{rest}", self.told("repo"));
        let (answered, body) = self.calls(method, &path, body).await;
        assert_eq!(answered, status, "{method} {rest}: {body}");
        body
    }

    async fn reads(&self, rest: &str) -> Value {
        self.says(200, "GET", rest, Value::Null).await
    }

    fn passes(&self, seconds: i64) {
        self.world.clock.advance(Span::seconds(seconds));
    }
}

/// Makes every call once; nothing where there is no git.
pub async fn every_call(world: &Arc<World>) {
    if !is_possible() {
        return;
    }
    let program = Program::new(world);
    what_was(&program).await;
    rules(&program).await;
    a_pull_request(&program).await;
    a_queue(&program).await;
}

async fn what_was(program: &Program<'_>) {
    let main = program.reads("/branches/main").await["commit"]["sha"].clone();
    let main = main.as_str().expect("an id");
    let head = program.reads("/git/ref/heads%2Fmain").await;
    assert_eq!(head["object"]["sha"], main);
    program.says(404, "GET", "/git/ref/heads%2Fnowhere", Value::Null).await;
    program.says(404, "GET", "/branches/nowhere", Value::Null).await;
    program.reads(&format!("/commits/{main}")).await;
    program.says(422, "GET", "/commits/feedbeef", Value::Null).await;
    program.reads("/commits?sha=main&since=2026-01-01T00:00:00Z&per_page=2&page=2").await;
    program.reads(&format!("/commits/{main}/pulls")).await;
    program.reads(&format!("/commits/{main}/check-runs?filter=latest&per_page=1")).await;
    assert_eq!(program.reads(&format!("/commits/{main}/status")).await["state"], "pending");
    program.reads("/pulls?state=all&head=demo:checkout-totals&direction=asc").await;
    program.reads("/pulls/124").await;
    program.reads("/pulls/124/files").await;
    program.reads("").await;
    let made = json!({"ref": "refs/heads/kept", "sha": main});
    program.says(201, "POST", "/git/refs", made.clone()).await;
    program.says(422, "POST", "/git/refs", made).await;
}

async fn rules(program: &Program<'_>) {
    let model = &program.world.models.github;
    program.reads("/rules/branches/main").await;
    program.says(404, "GET", "/branches/main/protection", Value::Null).await;
    let checks = "/branches/main/protection/required_status_checks";
    program.says(404, "GET", checks, Value::Null).await;
    let reviewers = vec!["lee".to_owned()];
    let kept = Kept::Protection;
    model.set_rules(Rules { kept, approvals: 1, reviewers, ..Rules::default() });
    program.reads("/branches/main").await;
    program.reads("/branches/main/protection").await;
    program.reads(checks).await;
}

async fn a_pull_request(program: &Program<'_>) {
    let model = &program.world.models.github;
    let wish = json!({"title": "Try gift cards", "head": "gift-cards", "base": "main",
        "body": "For the holidays.", "draft": false});
    let pull = program.says(201, "POST", "/pulls", wish.clone()).await;
    program.says(422, "POST", "/pulls", wish).await;
    let number = pull["number"].as_u64().expect("a number");
    let of = |rest: &str| format!("/pulls/{number}{rest}");
    program.says(404, "GET", "/pulls/4711", Value::Null).await;
    program.reads("/commits/gift-cards/check-runs").await;
    program.says(405, "PUT", &of("/merge"), json!({"merge_method": "squash"})).await;
    program.passes(10);
    program.reads(&of("/requested_reviewers")).await;
    model.approve(number, "lee").expect("it is there");
    program.reads(&of("/reviews")).await;
    program.says(409, "PUT", &of("/merge"), json!({"sha": "0".repeat(40)})).await;
    let said = json!({"body": "Checked and approved."});
    program.says(201, "POST", &format!("/issues/{number}/comments"), said).await;
    let there = program.reads(&format!("/issues/{number}/comments?per_page=100&page=1")).await;
    assert_eq!(there[0]["body"], "Checked and approved.");
    program.says(404, "GET", "/issues/999/comments", Value::Null).await;
    program.says(200, "PATCH", &of(""), json!({"state": "closed"})).await;
    program.says(200, "PATCH", &of(""), json!({"state": "open"})).await;
    program.says(200, "PUT", &of("/merge"), json!({"sha": pull["head"]["sha"]})).await;
    assert_eq!(program.reads(&of("")).await["merged"], true);
}

/// A queue, by GraphQL.
async fn a_queue(program: &Program<'_>) {
    let model = &program.world.models.github;
    model.set_rules(Rules { merging: Merging::Queue, ..Rules::default() });
    program.reads("/rules/branches/main").await;
    let files = [("docs/hours.md", "Open at nine.\n")];
    model.push_by_other("hours", &files, "Say when we open").expect("git takes it");
    let wish = json!({"title": "Say when we open", "head": "hours", "base": "main"});
    let pull = program.says(201, "POST", "/pulls", wish).await;
    let query = "mutation($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id}) { clientMutationId } }";
    let document = json!({"query": query, "variables": {"id": pull["node_id"]}});
    let (_, answer) = program.calls("POST", "/graphql", document).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let path = format!("/pulls/{}", pull["number"]);
    assert!(program.reads(&path).await["auto_merge"].is_object());
    program.passes(20);
    assert_eq!(program.reads(&path).await["merged"], true, "green, then green in the queue");
}

#[test]
fn every_answer_of_the_modelled_github_is_as_github_describes_it() {
    World::run(async |w| every_call(&w).await);
}

#[test]
fn git_shows_the_token_as_a_password_and_is_told_to() {
    if !is_possible() {
        return;
    }
    World::run(async |w| {
        let program = Program::new(&w);
        let url = format!("{}/info/refs?service=git-upload-pack", program.told("git"));
        let response = program.http.get(&url).send().await.expect("an answer");
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], "Basic realm=\"GitHub\"");
        let pair = STANDARD.encode(format!("x-access-token:{}", program.told("token")));
        let request = program.http.get(&url).header("authorization", format!("basic {pair}"));
        let text = request.send().await.expect("an answer").text().await.expect("a text");
        assert!(text.starts_with("001e# service=git-upload-pack\n"), "{text}");
    });
}
