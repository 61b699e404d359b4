//! The shapes of GitHub's answers, as far as we read them. Members that we do not know are skipped; those that we need
//! are demanded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// `GET /repos/{owner}/{repo}/compare/{basehead}`
#[derive(Debug, Deserialize)]
pub(super) struct Comparison {
    pub(super) total_commits: u32,
    pub(super) status: Option<String>,
    pub(super) behind_by: Option<u32>,
    /// Oldest first; the newest is always among them.
    pub(super) commits: Vec<Commit>,
    #[serde(default)]
    pub(super) files: Vec<File>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) commit: CommitDetail,
}

#[derive(Debug, Deserialize)]
pub(super) struct CommitDetail {
    pub(super) message: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) filename: String,
    pub(super) status: Status,
    #[serde(default)]
    pub(super) changes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Added,
    Removed,
    Modified,
    Renamed,
    Copied,
    Changed,
    Unchanged,
    /// A word that this version does not know.
    #[serde(other)]
    Unrecognised,
}

/// `GET /repos/{owner}/{repo}/contents/{path}` of a file.
#[derive(Debug, Deserialize)]
pub(super) struct Content {
    encoding: Option<String>,
    content: Option<String>,
}

impl Content {
    /// The text, or why there is none.
    pub(super) fn text(self) -> Result<String, String> {
        // Larger files come without their content, folders and links without any.
        let (Some("base64"), Some(content)) = (self.encoding.as_deref(), self.content) else {
            return Err("github does not give its text".to_owned());
        };
        let packed: String = content.split_whitespace().collect();
        let bytes = STANDARD.decode(packed).map_err(|_| "its text is garbled".to_owned())?;
        String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())
    }
}

/// `GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls` and `GET /repos/{owner}/{repo}/pulls`
#[derive(Debug, Deserialize)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) html_url: Option<String>,
    pub(super) state: Option<String>,
    pub(super) merged_at: Option<String>,
    pub(super) merge_commit_sha: Option<String>,
    pub(super) body: Option<String>,
    pub(super) head: Option<End>,
    pub(super) base: Option<End>,
}

/// One end of a pull request.
#[derive(Debug, Deserialize)]
pub(super) struct End {
    pub(super) r#ref: String,
    pub(super) sha: String,
    /// Nothing, once a fork is gone.
    pub(super) repo: Option<Named>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) full_name: String,
}

/// `GET /repos/{owner}/{repo}/commits/{ref}`
#[derive(Debug, Deserialize)]
pub(super) struct OneCommit {
    pub(super) sha: String,
    pub(super) commit: CommitDetail,
    pub(super) parents: Vec<Parent>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Parent {
    pub(super) sha: String,
}

/// `GET /repos/{owner}/{repo}/pulls/{pull_number}`
#[derive(Debug, Deserialize)]
pub(super) struct WholePull {
    pub(super) number: u64,
    pub(super) node_id: String,
    pub(super) title: String,
    pub(super) html_url: String,
    pub(super) state: String,
    pub(super) merged_at: Option<String>,
    pub(super) merge_commit_sha: Option<String>,
    pub(super) head: End,
    pub(super) base: End,
    pub(super) commits: u32,
    pub(super) mergeable: Option<bool>,
    pub(super) mergeable_state: String,
    pub(super) draft: Option<bool>,
    /// Somebody asked GitHub to merge it by itself.
    pub(super) auto_merge: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) requested_reviewers: Vec<User>,
    #[serde(default)]
    pub(super) requested_teams: Vec<Team>,
}

#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) login: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Team {
    pub(super) name: String,
}

/// `POST /repos/{owner}/{repo}/pulls`
#[derive(Debug, Deserialize)]
pub(super) struct Made {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) html_url: String,
}

/// `PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge`
#[derive(Debug, Deserialize)]
pub(super) struct MergeAnswer {
    pub(super) merged: bool,
    pub(super) message: String,
}

/// `GET /repos/{owner}/{repo}`
#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    pub(super) full_name: String,
    pub(super) default_branch: String,
    /// Told only to those who may write.
    pub(super) allow_squash_merge: Option<bool>,
    pub(super) allow_merge_commit: Option<bool>,
    pub(super) allow_rebase_merge: Option<bool>,
    pub(super) allow_auto_merge: Option<bool>,
    pub(super) permissions: Option<Permissions>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Permissions {
    pub(super) push: bool,
}
