//! The place where the code is kept: what lies between two commits. Read only, and evidence only: whatever it says or fails
//! to say, the way back does not wait for it.

use async_trait::async_trait;

use super::PortError;
use crate::domain::change::{Changes, PullRequest, Range};
use crate::domain::ids::ServiceId;

/// Where a service's code is kept.
#[async_trait]
pub trait Code: Send + Sync {
    /// What `range.head` has that `range.base` has not, with the texts of the migrations among it.
    async fn changes(&self, service: &ServiceId, range: &Range) -> Result<Changes, PortError>;
    /// The pull request that brought a commit to the production branch; `None`: none did.
    async fn brought_by(
        &self,
        service: &ServiceId,
        sha: &str,
    ) -> Result<Option<PullRequest>, PortError>;
}
