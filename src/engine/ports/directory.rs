//! Who is in which group, by a chat platform's own word.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::domain::actor::{Group, Person};
use crate::domain::policy::{Account, Members};

/// What a platform says of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What kind of account it is.
    pub account: Account,
    /// The groups that the person is in, where the platform tells that by person; empty where it lists groups instead.
    pub groups: BTreeSet<Group>,
}

/// Why a directory could not be read: for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DirectoryError(pub String);

/// A chat platform's directory. Bounded in time; no retry inside.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Who is in a group; [`Members::ToldByPerson`] where the platform lists nobody and the group is there.
    async fn group(&self, group: &Group) -> Result<Members, DirectoryError>;
    /// What kind of account somebody has. Somebody who is not there any more is an answer and no error.
    async fn person(&self, person: &Person) -> Result<Profile, DirectoryError>;
}
