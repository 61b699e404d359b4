//! Reverts at GitHub: the adapter with a real git against the modelled GitHub, over loopback. What it tells is what the
//! model has, and every write is there once, whatever became of its answer.

mod app;
mod roads;
mod server_side;

use std::sync::Arc;

use repoint::adapters::github::{
    GitConfig, GitHubAccess, GitHubConfig, GitHubForge, GitHubRepository,
};
use repoint::adapters::secret::Secret;
use repoint::domain::fix::{
    Ancestry, CheckState, Comment, Fits, Gate, GateVerdict, MainChecks, Opened, Order, Outlook,
    PullRef, PullState, Queued, Road, Shape, Subject, g8_judge,
};
use repoint::domain::ids::{IncidentId, ServiceId};
use repoint::domain::migration::Paths;
use repoint::domain::time::Span;
use repoint::engine::ports::{Forge, PortErrorKind};
use repoint::world::github::{Kept, Merging, Outcome, Rules, is_possible};
use serde_json::{Value, json};

use crate::harness::{BAD, World};

const BRANCH: &str = "repoint/incident-7-revert-8400cc2";

/// A forge in a world.
struct Bench {
    world: Arc<World>,
    forge: GitHubForge,
    shop: ServiceId,
}

impl Bench {
    /// Plays a story; nothing where there is no git.
    fn run<F: Future<Output = ()>>(story: impl FnOnce(Self) -> F) {
        if is_possible() {
            World::run(async |world| story(Self::of(&world)).await);
        }
    }

    fn of(world: &Arc<World>) -> Self {
        let forge = forge(world, token(world.models.github.token()), None);
        Self { world: world.clone(), forge, shop: "shop".into() }
    }

    async fn opens(&self) -> Result<Opened, PortErrorKind> {
        let answer = self.forge.open_revert(&self.shop, &order()).await;
        answer.map_err(|error| error.kind)
    }

    async fn opened(&self) -> PullRef {
        match self.opens().await {
            Ok(Opened::Pull(pull)) => pull,
            other => panic!("no pull request: {other:?}"),
        }
    }

    async fn gate(&self, number: u64) -> Gate {
        self.forge.gate(&self.shop, number).await.expect("a gate")
    }

    async fn verdict(&self, number: u64) -> GateVerdict {
        g8_judge(&self.gate(number).await)
    }

    async fn merges(&self, number: u64, head: &str, road: Road) -> Result<(), String> {
        let answer = self.forge.merge(&self.shop, number, head, road).await;
        answer.map_err(|error| {
            assert_eq!(error.kind, PortErrorKind::Rejected, "{error}");
            error.message
        })
    }

    async fn warns(&self, commits: &[String], fix: u64) -> Result<Vec<u64>, PortErrorKind> {
        let mark = "<!-- repoint:incident-7:warn -->".to_owned();
        let text = format!("{mark}\nMain still holds the bad change.");
        let comment = Comment { commits: commits.to_vec(), fix, mark, text };
        self.forge.warn(&self.shop, &comment).await.map_err(|error| error.kind)
    }

    async fn ancestry(&self, commit: &str, ancestor: &str) -> Ancestry {
        self.forge.ancestry(&self.shop, commit, ancestor).await.expect("an answer")
    }

    fn trap(&self, kind: &str, on: &str, with: Value) {
        self.world.trap("github", kind, on, with);
    }

    fn passes(&self, seconds: i64) {
        self.world.clock.advance(Span::seconds(seconds));
    }

    /// The pull requests from the revert's branch.
    fn reverts(&self) -> usize {
        let pulls = self.world.models.github.pulls();
        pulls.iter().filter(|pull| pull.branch == BRANCH).count()
    }

    fn head(&self, branch: &str) -> String {
        self.world.models.github.head(branch).expect("a branch")
    }
}

fn forge(world: &World, access: GitHubAccess, branch: Option<&str>) -> GitHubForge {
    forge_at(world, access, branch, world.folder.path().join("copies"))
}

fn forge_at(
    world: &World,
    access: GitHubAccess,
    branch: Option<&str>,
    cache: std::path::PathBuf,
) -> GitHubForge {
    let described = world.models.described("127.0.0.1:1".parse().expect("an address"));
    let api = described["github"]["api"].as_str().expect("an address");
    let api_url: url::Url = api.parse().expect("an address");
    let git = GitConfig { url: api_url.clone(), cache };
    let config = GitHubConfig { api_url, access };
    let repository = GitHubRepository {
        service: "shop".into(),
        owner: "demo".to_owned(),
        name: "shop".to_owned(),
        migrations: Paths::default(),
        branch: branch.map(str::to_owned),
    };
    GitHubForge::new(config, git, vec![repository], world.clock.clone()).expect("a forge")
}

fn token(token: &str) -> GitHubAccess {
    GitHubAccess::Token(Secret::new(token))
}

fn subject() -> Subject {
    Subject::parse(BAD).expect("a commit")
}

fn order() -> Order {
    Order {
        incident: IncidentId(7),
        subject: subject(),
        branch: BRANCH.to_owned(),
        title: "Revert \"Rework checkout totals\"".to_owned(),
        body: "Repoint incident 7".to_owned(),
    }
}

/// Every call that reverts and a GitHub App need, made once; nothing where there is no git.
pub async fn every_call(world: &Arc<World>) {
    if !is_possible() {
        return;
    }
    let bench = Bench::of(world);
    let bad = bench.head("main");
    let rules = Rules { kept: Kept::Protection, ..Rules::default() };
    world.models.github.set_rules(rules);
    let pull = bench.opened().await;
    bench.passes(10);
    let head = bench.gate(pull.number).await.head;
    bench.merges(pull.number, &head, Road::Direct).await.expect("merged");
    let main = bench.forge.main(&bench.shop, &bad).await.expect("main");
    assert_eq!(bench.ancestry(&main.head.sha, &bad).await, Ancestry::Contains);
    let merged = vec![main.head.sha];
    assert_eq!(bench.warns(&merged, 999).await, Ok(vec![pull.number]));
    app::is_looked_up(world).await;
    server_side::is_made_by_github(world).await;
}

#[test]
fn a_revert_is_tried_out_without_leaving_anything_behind() {
    Bench::run(async |bench| {
        let trial = bench.forge.try_revert(&bench.shop, &subject()).await.expect("a trial");
        assert_eq!(trial.culprit.shape, Shape::Single);
        assert_eq!(trial.culprit.pull.expect("a pull request").number, 124);
        assert_eq!(trial.onto, bench.head("main"));
        let files = vec!["drizzle/0003_order_totals.sql".to_owned(), "src/checkout.ts".to_owned()];
        assert_eq!(trial.outlook, Outlook::Clean { files });
        let by_number = bench.forge.try_revert(&bench.shop, &Subject::Pull(124)).await;
        assert_eq!(by_number.expect("a trial").culprit.head, trial.culprit.head);
        assert_eq!(bench.world.models.github.pushes(), []);
        let open = Subject::Pull(999);
        let error = bench.forge.try_revert(&bench.shop, &open).await.expect_err("no such one");
        assert_eq!(error.kind, PortErrorKind::Missing);
    });
}

#[test]
fn a_pull_request_is_opened_once_and_followed_until_it_is_merged() {
    Bench::run(async |bench| {
        let bad = bench.head("main");
        let pull = bench.opened().await;
        assert_eq!(bench.opened().await, pull, "the one that is there is the answer");
        let found = bench.forge.pull_of(&bench.shop, BRANCH).await.expect("an answer");
        assert_eq!((found.as_ref(), bench.reverts()), (Some(&pull), 1));
        assert_eq!(bench.forge.pull_of(&bench.shop, "other").await.expect("an answer"), None);

        let waiting = GateVerdict::Waiting { on: vec!["build".to_owned(), "test".to_owned()] };
        assert_eq!(bench.verdict(pull.number).await, waiting);
        bench.passes(5);
        let gate = bench.gate(pull.number).await;
        let states: Vec<_> = gate.checks.iter().map(|one| (&*one.name, one.state)).collect();
        assert_eq!(states, [("build", CheckState::Passed), ("test", CheckState::Running)]);
        let early = bench.merges(pull.number, &gate.head, Road::Direct).await.expect_err("no");
        assert!(early.contains("\"test\" is expected"), "{early}");
        bench.passes(5);
        assert_eq!(bench.verdict(pull.number).await, GateVerdict::Green);

        let other = "a".repeat(40);
        let moved = bench.merges(pull.number, &other, Road::Direct).await.expect_err("no");
        assert!(moved.contains("Head branch was modified"), "{moved}");
        bench.merges(pull.number, &gate.head, Road::Direct).await.expect("merged");
        let sha = bench.head("main");
        let merged = PullState::Merged { sha: sha.clone() };
        assert_eq!(bench.gate(pull.number).await.state, merged);
        assert_eq!(bench.ancestry(&sha, &bad).await, Ancestry::Contains);
        assert_eq!(bench.ancestry(&sha, &sha).await, Ancestry::Contains);
        assert_eq!(bench.ancestry(&bad, &sha).await, Ancestry::Lacks);
        assert_eq!(bench.ancestry(&bad, &gate.head).await, Ancestry::Lacks);
        let trial = bench.forge.try_revert(&bench.shop, &subject()).await.expect("a trial");
        assert_eq!(trial.outlook, Outlook::AlreadyGone);
        assert_eq!(bench.opened().await, pull, "the merged one is still the answer");
    });
}

#[test]
fn what_came_to_main_is_told_with_its_checks() {
    Bench::run(async |bench| {
        let before = bench.head("main");
        let files = [("docs/hours.md", "Open at nine.\n")];
        let github = &bench.world.models.github;
        let sha = github.push_by_other("main", &files, "Say when we open").expect("pushed");
        let main = bench.forge.main(&bench.shop, &before).await.expect("main");
        assert_eq!((&main.head.sha, main.checks), (&sha, MainChecks::Pending));
        assert_eq!((main.since_count, &main.since[0]), (1, &main.head));
        bench.passes(60);
        let main = bench.forge.main(&bench.shop, &sha).await.expect("main");
        assert_eq!((main.checks, main.since_count), (MainChecks::Green, 0));
    });
}

#[test]
fn a_comment_is_made_once_on_each_pull_request_that_brought_something() {
    Bench::run(async |bench| {
        let github = &bench.world.models.github;
        let mut brought = Vec::new();
        for name in ["hours", "prices"] {
            let file = format!("docs/{name}.md");
            let pushed = github.push_by_other("main", &[(&file, "As agreed.\n")], name);
            brought.push(pushed.expect("pushed"));
        }
        let numbers: Vec<u64> = github.pulls().iter().rev().take(2).map(|one| one.number).collect();
        let [second, first] = numbers[..] else { panic!("two pull requests") };
        let said = || [first, second].map(|number| github.comments(number).len());
        // One refuses, and the other gets its comment all the same.
        let locked = format!("POST /repos/demo/shop/issues/{first}/");
        bench.trap("status", &locked, json!({"status": 403}));
        assert_eq!(bench.warns(&brought, 999).await, Err(PortErrorKind::Unauthorised));
        assert_eq!(said(), [0, 1]);
        bench.trap("lost_answer", &locked, Value::Null);
        assert_eq!(bench.warns(&brought, 999).await, Err(PortErrorKind::Ambiguous));
        assert_eq!(bench.warns(&brought, 999).await, Ok(vec![first, second]));
        assert_eq!(bench.warns(&brought, first).await, Ok(vec![second]), "the fix is not meant");
        assert_eq!(said(), [1, 1]);
        // What came to main without a pull request has nobody to tell there.
        assert_eq!(bench.warns(&["a".repeat(40)], 999).await, Ok(Vec::new()));
        assert_eq!(bench.warns(&["main".to_owned()], 999).await, Err(PortErrorKind::Rejected));
    });
}

#[test]
fn a_lost_answer_never_makes_a_second_pull_request() {
    Bench::run(async |bench| {
        // Where the connection was used before, what speaks HTTP for git repeats the push by itself.
        bench.trap("lost_answer", "git-receive-pack", Value::Null);
        bench.trap("lost_answer", "POST /repos/demo/shop/pulls", Value::Null);
        assert_eq!(bench.opens().await, Err(PortErrorKind::Ambiguous));
        assert_eq!(bench.reverts(), 1, "what was lost was carried out");
        let branch = bench.head(BRANCH);
        let found = bench.forge.pull_of(&bench.shop, BRANCH).await.expect("an answer");
        assert_eq!(bench.opened().await, found.expect("it is there"));
        assert_eq!((bench.reverts(), bench.head(BRANCH)), (1, branch));
        let pushes = bench.world.models.github.pushes();
        assert_eq!(pushes.iter().filter(|push| push.branch == BRANCH).count(), 1);
    });
}

#[test]
fn a_server_in_trouble_is_a_maybe_for_writes_and_a_later_for_reads() {
    Bench::run(async |bench| {
        let later = PortErrorKind::Transient { retry_after: Span(0) };
        bench.trap("status", "GET /repos/demo/shop/pulls", json!({"status": 502}));
        assert_eq!(bench.opens().await, Err(later));
        bench.trap("status", "git-upload-pack", json!({"status": 502}));
        assert_eq!(bench.opens().await, Err(later));
        bench.trap("status", "POST /repos/demo/shop/pulls", json!({"status": 502}));
        assert_eq!(bench.opens().await, Err(PortErrorKind::Ambiguous));
        let pull = bench.opened().await;
        bench.trap("status", "check-runs", json!({"status": 502}));
        let error = bench.forge.gate(&bench.shop, pull.number).await.expect_err("trouble");
        assert_eq!(error.kind, later);
        assert_eq!(bench.reverts(), 1);
    });
}

#[test]
fn a_check_that_is_red_skipped_missing_or_renamed_is_not_green() {
    for (kind, state, others) in [
        ("check_red", CheckState::Failed, 0),
        ("check_skipped", CheckState::Skipped, 0),
        ("check_missing", CheckState::Missing, 0),
        ("check_renamed", CheckState::Missing, 1),
        ("check_stuck", CheckState::Running, 0),
    ] {
        Bench::run(async |bench| {
            bench.trap(kind, BRANCH, Value::Null);
            let pull = bench.opened().await;
            bench.passes(60);
            let gate = bench.gate(pull.number).await;
            let test = gate.checks.iter().find(|one| one.name == "test").expect("it is required");
            assert_eq!((test.state, gate.checks.len()), (state, 2 + others), "{kind}");
            assert_ne!(g8_judge(&gate), GateVerdict::Green, "{kind}");
        });
    }
}

#[test]
fn demands_that_may_not_be_read_are_never_taken_for_none() {
    Bench::run(async |bench| {
        let pull = bench.opened().await;
        bench.passes(10);
        bench.trap("protection_unreadable", "/rules/branches/main", Value::Null);
        let GateVerdict::Unreadable { why } = bench.verdict(pull.number).await else {
            panic!("it is readable");
        };
        assert!(why.contains("the rules for main cannot be read"), "{why}");
        let rules = Rules { kept: Kept::Protection, approvals: 1, ..Rules::default() };
        bench.world.models.github.set_rules(rules);
        let one_review = GateVerdict::Waiting { on: vec!["one review".to_owned()] };
        assert_eq!(bench.verdict(pull.number).await, one_review);
        bench.trap("protection_unreadable", "/branches/main/protection", Value::Null);
        let GateVerdict::Unreadable { why } = bench.verdict(pull.number).await else {
            panic!("it is readable");
        };
        assert!(why.contains("Administration"), "{why}");
    });
}

#[test]
fn a_review_is_waited_for_by_name_and_counted() {
    Bench::run(async |bench| {
        bench.trap("review_required", "POST /repos/demo/shop/pulls", Value::Null);
        let pull = bench.opened().await;
        bench.passes(10);
        let gate = bench.gate(pull.number).await;
        assert_eq!((gate.reviews.needed, gate.reviews.approved), (1, 0));
        assert_eq!(gate.reviews.asked, ["lee"]);
        let one_review = GateVerdict::Waiting { on: vec!["one review".to_owned()] };
        assert_eq!(g8_judge(&gate), one_review);
        bench.world.models.github.ask_for_changes(pull.number, "lee").expect("said");
        let why = vec!["lee wants changes".to_owned()];
        assert_eq!(bench.verdict(pull.number).await, GateVerdict::Red { why });
        bench.world.models.github.approve(pull.number, "lee").expect("approved");
        assert_eq!(bench.verdict(pull.number).await, GateVerdict::Green);
    });
}

#[test]
fn a_conflict_prepares_a_branch_for_a_person_and_goes_on_with_what_they_push() {
    Bench::run(async |bench| {
        let github = bench.world.models.github.clone();
        let bad = bench.head("main");
        let main = github.change_same_lines(&bad).expect("changed");
        let trial = bench.forge.try_revert(&bench.shop, &subject()).await.expect("a trial");
        let Outlook::Conflicts { files } = trial.outlook else { panic!("no conflict: {trial:?}") };
        assert!(!files.is_empty() && trial.later_count == 1 && trial.later[0].sha == main);
        let prepared = Ok(Opened::Prepared { branch: BRANCH.to_owned(), files });
        assert_eq!(bench.opens().await, prepared);
        assert_eq!(bench.opens().await, prepared, "asking again changes nothing");
        assert_eq!((bench.head(BRANCH), bench.reverts()), (main, 0));
        let mended = [("src/checkout.ts", "export const total = () => 0;\n")];
        let theirs = github.push_by_other(BRANCH, &mended, "By hand").expect("pushed");
        let pull = bench.opened().await;
        assert_eq!((bench.gate(pull.number).await.head, bench.reverts()), (theirs, 1));
    });
}

#[test]
fn what_others_do_meanwhile_shows_in_the_gate() {
    Bench::run(async |bench| {
        let github = bench.world.models.github.clone();
        let pull = bench.opened().await;
        bench.passes(10);
        let seen = bench.gate(pull.number).await.head;
        github.force_push(pull.number).expect("pushed");
        let gate = bench.gate(pull.number).await;
        assert_ne!(gate.head, seen);
        assert_ne!(g8_judge(&gate), GateVerdict::Green, "its checks begin anew");
        bench.passes(10);
        let error = bench.merges(pull.number, &seen, Road::Direct).await.expect_err("no");
        assert!(error.contains("Head branch was modified"), "{error}");
        bench.trap("mergeable_unknown", "", Value::Null);
        assert_eq!(bench.gate(pull.number).await.fits, Fits::NotYetKnown);
        bench.trap("base_moved", "PUT ", Value::Null);
        let error = bench.merges(pull.number, &gate.head, Road::Direct).await.expect_err("no");
        assert!(error.contains("Base branch was modified"), "{error}");
        github.close_by_other(pull.number).expect("closed");
        assert_eq!(bench.gate(pull.number).await.state, PullState::Closed);
    });
}

#[test]
fn a_pull_request_that_no_longer_fits_main_says_so() {
    Bench::run(async |bench| {
        let bad = bench.head("main");
        let pull = bench.opened().await;
        bench.passes(10);
        bench.world.models.github.change_same_lines(&bad).expect("changed");
        let gate = bench.gate(pull.number).await;
        assert_eq!(gate.fits, Fits::Conflicts);
        assert!(matches!(g8_judge(&gate), GateVerdict::Red { .. }));
    });
}

#[test]
fn where_rules_are_strict_what_main_got_since_must_be_brought_in_first() {
    Bench::run(async |bench| {
        let github = bench.world.models.github.clone();
        github.set_rules(Rules { is_strict: true, ..Rules::default() });
        let pull = bench.opened().await;
        bench.passes(10);
        assert_eq!(bench.verdict(pull.number).await, GateVerdict::Green);
        let files = [("docs/hours.md", "Open at nine.\n")];
        github.push_by_other("main", &files, "Say when we open").expect("pushed");
        let gate = bench.gate(pull.number).await;
        assert_eq!(gate.fits, Fits::Behind);
        assert!(matches!(g8_judge(&gate), GateVerdict::Red { .. }));
    });
}

#[test]
fn a_token_that_is_not_let_in_is_said_so_by_git_as_well() {
    Bench::run(async |bench| {
        let stranger = forge(&bench.world, token("github_pat_wrong"), Some("main"));
        let error = stranger.try_revert(&bench.shop, &subject()).await.expect_err("no");
        assert_eq!(error.kind, PortErrorKind::Unauthorised);
        bench.trap("status", "git-upload-pack", json!({"status": 403}));
        let error = bench.forge.try_revert(&bench.shop, &subject()).await.expect_err("no");
        assert_eq!(error.kind, PortErrorKind::Unauthorised, "{error}");
        assert!(!error.message.contains(bench.world.models.github.token()), "{error}");
    });
}
