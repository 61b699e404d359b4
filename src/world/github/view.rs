//! What the console shows of the repository: the newest commits of the main branch, and the pull request at its gate.
//! Seen without the wire: nothing of it stands in the ledger, and nothing is changed by looking.

use serde_json::{Value, json};

use super::checks::{Run, Wanted};
use super::desk::Desk;
use super::pulls::{Fate, Pull};
use super::{GitHubModel, is_possible};
use crate::domain::time::Timestamp;

/// How many commits of the main branch are shown.
const NEWEST: usize = 3;

impl GitHubModel {
    /// What people see of the repository, or why there is nothing to see. May ask git, and wait for it.
    pub fn shown(&self) -> Value {
        if !is_possible() {
            let why = "git is not installed on this machine, so this demo goes on without GitHub.";
            return json!({"absent": why});
        }
        match self.desk().and_then(|desk| desk.shown()) {
            Ok(shown) => shown,
            Err(why) => json!({"absent": format!("The repository cannot be read: {why}")}),
        }
    }
}

impl Desk<'_> {
    fn shown(&self) -> Result<Value, String> {
        let mut pulls = self.state.pulls.values();
        let pull =
            pulls.rfind(|pull| !self.is_of_the_past(pull)).map(|pull| self.at_its_gate(pull));
        Ok(json!({"main": self.newest_commits()?, "pull": pull}))
    }

    fn newest_commits(&self) -> Result<Value, String> {
        let main = self.main();
        self.awake().known(format!("the newest commits of {main}"), || {
            let count = format!("--max-count={NEWEST}");
            let rows = self.repository().log(&["--first-parent", &count, &main]);
            let rows = rows.map_err(|error| error.to_string())?;
            let shown = rows.iter().map(|row| {
                let subject = row.message.lines().next();
                json!({"sha": row.sha, "subject": subject, "author": row.author})
            });
            Ok(shown.collect())
        })
    }

    fn at_its_gate(&self, pull: &Pull) -> Value {
        let outcome = match &pull.fate {
            Fate::Open => "open",
            Fate::Closed { .. } => "closed",
            Fate::Merged { .. } => "merged",
        };
        let runs = self.state.ci.of(&pull.head, Wanted::Latest);
        let missing = self.rules.required.iter();
        let missing = missing.filter(|name| !runs.iter().any(|run| run.name == **name));
        let missing = missing.map(|name| json!({"name": name, "state": "missing"}));
        let checks =
            runs.iter().map(|run| json!({"name": run.name, "state": state(run, self.now)}));
        json!({
            "number": pull.number, "title": pull.title, "outcome": outcome,
            "checks": checks.chain(missing.filter(|_| pull.is_open())).collect::<Vec<_>>(),
        })
    }
}

/// GitHub's word for how far a check is: its conclusion once it has ended.
fn state(run: &Run, now: Timestamp) -> &'static str {
    run.ended(now).map_or_else(|| run.status(now), |(_, conclusion)| conclusion)
}
