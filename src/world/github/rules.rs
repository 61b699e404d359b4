//! What the repository asks of a pull request before it may become part of the main branch.

/// The rules of the main branch.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The checks that must be green, by their names.
    pub required: Vec<String>,
    /// How many people must approve.
    pub approvals: u64,
    /// Who is asked for a review of every new pull request, by login.
    pub reviewers: Vec<String>,
    /// Whether a branch must hold all that the main branch holds before it is merged.
    pub is_strict: bool,
    /// Who presses the button.
    pub merging: Merging,
    /// Where GitHub keeps the rules: the two places are read by different calls.
    pub kept: Kept,
}

/// Who presses the button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merging {
    /// A person; the repository does not allow auto-merge.
    ByHand,
    /// A person, or GitHub once everything is green.
    Automatic,
    /// A merge queue, and nobody else.
    Queue,
}

/// Where GitHub keeps the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// In a ruleset: `GET /rules/branches/main` tells them, and the branch has no protection of its own.
    Ruleset,
    /// In the branch's protection: `GET /branches/main/protection` tells them, and `/rules` is an empty list.
    Protection,
}

impl Default for Rules {
    /// The demo's: both checks, no review, a person presses.
    fn default() -> Self {
        Self {
            required: vec!["build".to_owned(), "test".to_owned()],
            approvals: 0,
            reviewers: Vec::new(),
            is_strict: false,
            merging: Merging::ByHand,
            kept: Kept::Ruleset,
        }
    }
}
