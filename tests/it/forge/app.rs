//! The same by a GitHub App: its key makes tokens of an hour, which are used until shortly before their end.

use repoint::adapters::github::{AppKey, Granted};
use repoint::world::github::{APP, APP_KEY, INSTALLATION};

use super::*;

fn app(number: u64, installation: Option<u64>) -> GitHubAccess {
    let key = AppKey::read(number, &Secret::new(APP_KEY)).expect("a key");
    GitHubAccess::App { key, installation }
}

fn bench(bench: Bench, access: GitHubAccess) -> Bench {
    Bench { forge: forge(&bench.world, access, Some("main")), ..bench }
}

/// How many tokens were asked for.
fn tokens(bench: &Bench) -> usize {
    bench.world.calls("/access_tokens").len()
}

/// An App that does not know its installation reads a gate.
pub async fn is_looked_up(world: &Arc<World>) {
    let bench = bench(Bench::of(world), app(APP, None));
    let standing = bench.forge.look(&bench.shop).await.expect("let in");
    let Granted { installation, permissions } = standing.granted.expect("an app");
    assert_eq!((installation, standing.may_push), (INSTALLATION, Some(true)));
    assert_eq!(permissions["pull_requests"], "write");
}

#[test]
fn an_app_opens_reverts_with_one_token_for_the_api_and_for_git() {
    Bench::run(async |world| {
        let bench = bench(world, app(APP, Some(INSTALLATION)));
        let pull = bench.opened().await;
        bench.passes(10);
        assert_eq!(bench.verdict(pull.number).await, GateVerdict::Green);
        assert_eq!(tokens(&bench), 1);
        assert_eq!(bench.world.calls("/installation").len(), 1, "only the token's own path");
        // Fifty-five minutes of the hour are used, less the ten seconds.
        bench.passes(54 * 60);
        bench.gate(pull.number).await;
        assert_eq!(tokens(&bench), 1);
        bench.passes(60);
        bench.gate(pull.number).await;
        assert_eq!(tokens(&bench), 2);
    });
}

#[test]
fn an_app_finds_its_installation_by_the_repository() {
    Bench::run(async |bench| is_looked_up(&bench.world).await);
}

#[test]
fn a_token_that_was_taken_back_is_made_anew_once() {
    Bench::run(async |world| {
        let bench = bench(world, app(APP, Some(INSTALLATION)));
        let pull = bench.opened().await;
        bench.passes(10);
        let head = bench.gate(pull.number).await.head;
        bench.trap("revoked", "/merge", Value::Null);
        bench.merges(pull.number, &head, Road::Direct).await.expect("merged");
        assert_eq!((tokens(&bench), bench.world.calls("PUT ").len()), (2, 2));
        bench.trap("revoked", "info/refs", Value::Null);
        let trial = bench.forge.try_revert(&bench.shop, &subject()).await.expect("a trial");
        assert_eq!((trial.outlook, tokens(&bench)), (Outlook::AlreadyGone, 3));
        // Whoever is turned away with a fresh token as well is not let in by a third one.
        bench.world.traps("github", "revoked", "/pulls/", Value::Null, Some(2));
        let error = bench.forge.gate(&bench.shop, pull.number).await.expect_err("turned away");
        assert_eq!((error.kind, tokens(&bench)), (PortErrorKind::Unauthorised, 4));
    });
}

#[test]
fn an_app_that_github_does_not_know_is_refused_and_a_call_without_token_was_not_made() {
    Bench::run(async |world| {
        let world = Arc::clone(&world.world);
        let of = |access| bench(Bench::of(&world), access);
        let stranger = of(app(7, Some(INSTALLATION)));
        let error = stranger.forge.gate(&stranger.shop, 124).await.expect_err("a stranger");
        assert_eq!(error.kind, PortErrorKind::Unauthorised);
        assert!(error.message.contains("gives the app no token"), "{error}");
        let elsewhere = of(app(APP, Some(7)));
        let error = elsewhere.forge.gate(&elsewhere.shop, 124).await.expect_err("elsewhere");
        assert_eq!(error.kind, PortErrorKind::Missing);
        let ours = of(app(APP, Some(INSTALLATION)));
        world.trap("github", "lost_answer", "/access_tokens", Value::Null);
        let head = "a".repeat(40);
        let merge = ours.forge.merge(&ours.shop, 124, &head, Road::Direct).await;
        let later = PortErrorKind::Transient { retry_after: Span(0) };
        assert_eq!(merge.expect_err("no token").kind, later, "no merge was sent");
    });
}
