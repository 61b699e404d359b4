//! The loop with a GitHub App in place of a token.

use super::*;

/// The App's key instead of the token.
fn as_an_app(text: String) -> String {
    let line = text.lines().find(|line| line.contains("github_token")).expect("a token").to_owned();
    let key = line.replace("github_token", "github_app_key").replacen("token", "private_key", 1);
    text.replace(&line, &format!("app_id = {}\n{key}", repoint::world::github::APP))
}

#[test]
fn an_app_takes_the_fix_to_main_although_its_token_ends_meanwhile() {
    plays_with(Settings { edit: Some(as_an_app), ..Settings::default() }, async |w| {
        opens_the_revert(&w).await;
        w.until_button("Merge").await;
        let before = w.calls("/access_tokens").len();
        w.passes(Span::minutes(61)).await;
        assert!(w.calls("/access_tokens").len() > before, "an hour has passed");
        github_trap(&w, "revoked", "/reviews", Value::Null);
        w.passes(Span::minutes(1)).await;
        merges(&w).await;
        assert_eq!(merged(&w).len(), 7);
        let told = w.incidents();
        assert!(!told.contains("Cannot read GitHub"), "{told}");
    });
}
