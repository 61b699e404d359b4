//! What is pushed to GitHub is built by Vercel, as in the world outside. Nothing runs by itself: whoever looks at Vercel or
//! at the shop first has it hear of the pushes since the last look, each with the time at which it was made.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;

use super::github::{GitHubModel, Push};
use super::vercel::{self, Health, VercelModel};

/// Tells Vercel of what is pushed.
#[derive(Debug)]
pub struct Builds {
    github: Arc<GitHubModel>,
    vercel: Arc<VercelModel>,
    projects: Vec<String>,
    /// How many pushes it has told.
    told: Mutex<usize>,
}

impl Builds {
    /// Pushes of a repository, built for each of these projects.
    pub fn new(
        github: Arc<GitHubModel>,
        vercel: Arc<VercelModel>,
        projects: Vec<String>,
    ) -> Arc<Self> {
        Arc::new(Self { github, vercel, projects, told: Mutex::default() })
    }

    /// Has Vercel hear of every push so far. May ask git, and wait for it.
    pub fn catch_up(&self) {
        // Held all the while, so that no push is told twice or out of turn.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for push in self.github.pushes_since(*told) {
            *told += 1;
            self.build(push);
        }
    }

    fn build(&self, push: Push) {
        let health = match self.github.breaks_checkout(&push.sha) {
            true => Health::BreaksCheckout,
            false => Health::Good,
        };
        let Push { branch, sha, subject, author, at, .. } = push;
        let push = vercel::Push { branch, sha, message: subject, author, at };
        for project in &self.projects {
            self.vercel.pushed(project, push.clone(), health);
        }
    }

    /// A door behind which nobody looks before the pushes are told.
    pub fn before(self: &Arc<Self>, door: Router) -> Router {
        door.layer(middleware::from_fn_with_state(Arc::clone(self), told_first))
    }
}

async fn told_first(State(builds): State<Arc<Builds>>, request: Request, next: Next) -> Response {
    // A panic there is one of the look behind, which will say so itself.
    let _ = tokio::task::spawn_blocking(move || builds.catch_up()).await;
    next.run(request).await
}
