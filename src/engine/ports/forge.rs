//! The forge: where a change is taken back, its pull request opened, and its gate watched. Layer 2 alone needs it;
//! whatever it says or fails to say, Layer 1 does not wait for it.

use async_trait::async_trait;

use super::PortError;
use crate::domain::fix::{
    Ancestry, Comment, Gate, Main, Opened, Order, PullRef, Road, Subject, Trial,
};
use crate::domain::ids::ServiceId;

/// Hears that something happened in a repository. What is said to have happened is not believed: it is looked at, by
/// the same looks that are made anyway, only earlier. Whatever is lost, repeated or late on this way costs time and no
/// truth.
pub trait Listener: Send + Sync {
    /// Something happened in `repository`, written `owner/name`.
    fn hear_of(&self, repository: &str);
}

/// Where a service's changes go through a gate. No call is ever repeated here.
#[async_trait]
pub trait Forge: Send + Sync {
    /// Tries out how something would be taken back from main. Changes nothing there.
    async fn try_revert(&self, service: &ServiceId, subject: &Subject) -> Result<Trial, PortError>;
    /// Puts a revert on its branch and opens its pull request, made anew over main as it is now. Where the branch or
    /// the pull request is there already from an earlier try of the same order, that one is the answer.
    async fn open_revert(&self, service: &ServiceId, order: &Order) -> Result<Opened, PortError>;
    /// The newest pull request of a branch, in whatever state; `None`: there is none.
    async fn pull_of(
        &self,
        service: &ServiceId,
        branch: &str,
    ) -> Result<Option<PullRef>, PortError>;
    /// A pull request with everything that the repository demands of it. Demands that cannot be read are said in it.
    async fn gate(&self, service: &ServiceId, number: u64) -> Result<Gate, PortError>;
    /// Asks for the merge of exactly this head, by the repository's own way and never around its gate. `Ok` means
    /// taken: in a queue, or left to the forge, it is merged later.
    async fn merge(
        &self,
        service: &ServiceId,
        number: u64,
        head: &str,
        road: Road,
    ) -> Result<(), PortError>;
    /// Lets a pull request no longer be merged by the forge itself once its gate is green.
    async fn call_off(&self, service: &ServiceId, number: u64) -> Result<(), PortError>;
    /// Comments on the pull requests that brought these commits, the fix aside, and answers on which it stands now.
    /// Where its mark stands already nothing is written, so a later repeat changes nothing.
    async fn warn(&self, service: &ServiceId, comment: &Comment) -> Result<Vec<u64>, PortError>;
    /// Main as it stands, and what came to it after the commit `since`.
    async fn main(&self, service: &ServiceId, since: &str) -> Result<Main, PortError>;
    /// Whether `commit` has `ancestor` in its history.
    async fn ancestry(
        &self,
        service: &ServiceId,
        commit: &str,
        ancestor: &str,
    ) -> Result<Ancestry, PortError>;
}
