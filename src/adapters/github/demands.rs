//! What a repository demands before something comes to main: its rules and the branch's own protection, put together.
//!
//! Whatever of it the token may not read is said to be unreadable; it is never taken for "nothing is demanded".

use std::collections::BTreeMap;

use super::error::CallError;
use super::forge::Place;
use super::wire::Repository;
use super::wire_gate::{Branch, Protection, Rule};
use crate::domain::fix::Road;

/// A way to merge, in GitHub's words.
pub(super) const METHODS: [&str; 3] = ["squash", "merge", "rebase"];

/// What is demanded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Demands {
    /// Checks by name; where an app is given, only its word counts.
    pub(super) checks: BTreeMap<String, Option<i64>>,
    /// Approvals.
    pub(super) approvals: u32,
    /// How things are merged.
    pub(super) road: Road,
    /// The ways to merge that the rules leave.
    pub(super) methods: Vec<&'static str>,
    /// Something that is demanded cannot be read, for this reason.
    pub(super) unreadable: Option<String>,
}

/// What is behind the branch's own protection.
pub(super) enum Protected {
    /// It has none of its own.
    No,
    /// This.
    Yes(Protection),
    /// It has, and the token may not read it.
    Unreadable(String),
}

impl Demands {
    fn new() -> Self {
        Self {
            checks: BTreeMap::new(),
            approvals: 0,
            road: Road::Direct,
            methods: METHODS.into(),
            unreadable: None,
        }
    }

    /// Where the repository lets GitHub merge by itself, a merge may be left to it: but only behind checks that are
    /// demanded there, and not behind what cannot be read here.
    pub(super) fn leave(&mut self, repository: &Repository) {
        let is_safe = !self.checks.is_empty() && self.unreadable.is_none();
        if self.road == Road::Direct && is_safe && repository.allow_auto_merge == Some(true) {
            self.road = Road::Auto;
        }
    }

    fn check(&mut self, name: String, app: Option<i64>) {
        // Minus one stands for any app.
        let app = app.filter(|id| *id > 0);
        let known = self.checks.entry(name).or_insert(app);
        *known = known.or(app);
    }

    fn rule(&mut self, rule: Rule) {
        let parameters = rule.parameters.unwrap_or_default();
        match rule.r#type.as_str() {
            "required_status_checks" => {
                for one in parameters.required_status_checks {
                    self.check(one.context, one.integration_id);
                }
            }
            "pull_request" => {
                let needed = parameters.required_approving_review_count.unwrap_or_default();
                self.approvals = self.approvals.max(needed);
                if let Some(allowed) = parameters.allowed_merge_methods {
                    self.methods.retain(|one| allowed.iter().any(|allowed| allowed == one));
                }
            }
            "merge_queue" => self.road = Road::Queue,
            "required_linear_history" => self.methods.retain(|one| *one != "merge"),
            // GitHub holds a pull request back for other rules by itself, and says so.
            _ => {}
        }
    }

    fn protection(&mut self, protection: Protection) {
        if let Some(demanded) = protection.required_status_checks {
            for name in demanded.contexts {
                self.check(name, None);
            }
            for one in demanded.checks {
                self.check(one.context, one.app_id);
            }
        }
        let reviews = protection.required_pull_request_reviews;
        let needed = reviews.and_then(|one| one.required_approving_review_count);
        self.approvals = self.approvals.max(needed.unwrap_or_default());
    }
}

/// Reads what main demands.
pub(super) async fn read(at: &Place<'_>) -> Result<Demands, CallError> {
    let (rules, protected) = tokio::join!(rules(at), protection(at));
    let mut demands = Demands::new();
    match rules? {
        Ok(rules) => rules.into_iter().for_each(|rule| demands.rule(rule)),
        Err(why) => demands.unreadable = Some(why),
    }
    match protected? {
        Protected::No => {}
        Protected::Yes(protection) => demands.protection(protection),
        Protected::Unreadable(why) => demands.unreadable = Some(why),
    }
    Ok(demands)
}

/// The rules for main, or why they cannot be read.
async fn rules(at: &Place<'_>) -> Result<Result<Vec<Rule>, String>, CallError> {
    let answer = at.client.all::<Vec<Rule>>(&at.path(&["rules", "branches", &at.main]), &[]).await;
    match answer {
        Ok(rules) => Ok(Ok(rules)),
        Err(error) if has_none(&error) => Ok(Ok(Vec::new())),
        Err(error) if is_closed(&error) => {
            Ok(Err(format!("the rules for {} cannot be read: {error}", at.main)))
        }
        Err(error) => Err(error),
    }
}

/// The branch's own protection.
pub(super) async fn protection(at: &Place<'_>) -> Result<Protected, CallError> {
    let branch: Branch = at.client.get(&at.path(&["branches", &at.main]), &[]).await?;
    let is_off = branch.protection.is_some_and(|one| one.enabled == Some(false));
    if !branch.protected || is_off {
        return Ok(Protected::No);
    }
    match at.client.get(&at.path(&["branches", &at.main, "protection"]), &[]).await {
        Ok(found) => Ok(Protected::Yes(found)),
        // Protected by rules alone.
        Err(error) if error.says(404, "not protected") || has_none(&error) => Ok(Protected::No),
        Err(error) if is_closed(&error) => Ok(Protected::Unreadable(format!(
            "the protection of {} cannot be read, which needs Administration: read: {error}",
            at.main
        ))),
        Err(error) => Err(error),
    }
}

/// Plans without rules and protection for private repositories say so.
fn has_none(error: &CallError) -> bool {
    error.says(403, "Upgrade to GitHub")
}

fn is_closed(error: &CallError) -> bool {
    [401, 403, 404].into_iter().any(|status| error.says(status, ""))
}
