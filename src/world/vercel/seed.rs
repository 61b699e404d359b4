//! What a modelled Vercel starts with, and the demo's own story.

use super::build::PRODUCTION_BRANCH;
use crate::domain::ids::DeploymentId;
use crate::domain::time::{Span, Timestamp};

/// Everything a model starts with.
#[derive(Clone, Debug)]
pub struct VercelSeed {
    /// The only bearer token that is accepted.
    pub token: String,
    /// The team that owns the projects; none for a personal account.
    pub team: Option<Team>,
    /// The billing plan.
    pub plan: ModelPlan,
    /// The projects.
    pub projects: Vec<ProjectSeed>,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// `team_…`.
    pub id: String,
    /// The name in addresses.
    pub slug: String,
    /// The name people read.
    pub name: String,
}

/// A billing plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelPlan {
    /// Rollback to the immediately previous production deployment only.
    Hobby,
    /// Any deployment that has served.
    Pro,
    /// The same, for larger teams.
    Enterprise,
}

impl ModelPlan {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Hobby => "hobby",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }
}

/// A project.
#[derive(Clone, Debug)]
pub struct ProjectSeed {
    /// `prj_…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The production names, the customers' one first.
    pub domains: Vec<String>,
    /// Its deployments, in any order.
    pub deployments: Vec<ModelDeployment>,
    /// What production points at.
    pub live: Option<DeploymentId>,
}

/// A deployment as the model keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelDeployment {
    /// `dpl_…`.
    pub id: DeploymentId,
    /// The host of its own address.
    pub host: String,
    /// The commit, 40 hexadecimal digits; empty for a deployment made by hand.
    pub sha: String,
    /// The commit message.
    pub message: String,
    /// Who wrote the commit.
    pub author: String,
    /// The branch that it was built from.
    pub branch: String,
    /// When the build was made.
    pub created_at: Timestamp,
    /// When it was ready, if it is.
    pub ready_at: Option<Timestamp>,
    /// `READY`, `BUILDING`, `ERROR` …
    pub state: String,
    /// Whether it has served, where Vercel says so.
    pub substate: Option<Substate>,
    /// What it was built for.
    pub target: Target,
    /// When it last took the production names.
    pub promoted_at: Option<Timestamp>,
    /// What its code does to customers.
    pub health: Health,
}

/// What a deployment's code does to customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Every page works.
    Good,
    /// The checkout answers 500.
    BreaksCheckout,
    /// The checkout answers 500 at the production names, and works at the deployment's own address.
    BreaksInProduction,
}

/// Whether a deployment has seen production traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Substate {
    /// Never.
    Staged,
    /// Traffic is being shifted.
    Rolling,
    /// It has.
    Promoted,
}

impl Substate {
    /// Vercel's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Staged => "STAGED",
            Self::Rolling => "ROLLING",
            Self::Promoted => "PROMOTED",
        }
    }
}

/// What a deployment was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Production.
    Production,
    /// A branch or pull request.
    Preview,
}

impl Target {
    /// Vercel's word; previews have none.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Production => Some("production"),
            Self::Preview => None,
        }
    }
}

impl VercelSeed {
    /// The demo's account: one shop whose newest production build is the broken one, and is live.
    pub fn demo(now: Timestamp) -> Self {
        let deployments = DEMO.iter().map(|row| row.deployment(now)).collect();
        Self {
            token: "vcp_demo_2f6c1b9e4a7d".to_owned(),
            team: Some(Team {
                id: "team_demo".to_owned(),
                slug: "demo".to_owned(),
                name: "Demo".to_owned(),
            }),
            plan: ModelPlan::Pro,
            projects: vec![ProjectSeed {
                id: "prj_shop".to_owned(),
                name: "shop".to_owned(),
                domains: vec![
                    "shop.example.com".to_owned(),
                    "www.shop.example.com".to_owned(),
                    "shop-demo.vercel.app".to_owned(),
                ],
                deployments,
                live: Some(DEMO[2].id.into()),
            }],
        }
    }
}

impl VercelSeed {
    /// The same, but the newest build is of a commit whose migration drops a column.
    pub fn demo_with_migration(now: Timestamp) -> Self {
        let mut seed = Self::demo(now);
        let newest = &mut seed.projects[0].deployments[2];
        newest.sha = crate::world::github::DROPS_A_COLUMN.to_owned();
        newest.message = "Rework checkout totals and retire coupons (#125)".to_owned();
        seed
    }
}

/// One row of the demo's history, oldest first.
struct DemoRow {
    id: &'static str,
    host: &'static str,
    sha: &'static str,
    message: &'static str,
    author: &'static str,
    age: Span,
    branch: &'static str,
    health: Health,
}

impl DemoRow {
    fn deployment(&self, now: Timestamp) -> ModelDeployment {
        let created_at = now - self.age;
        let live_after = Span::seconds(64);
        let served = self.branch == PRODUCTION_BRANCH;
        ModelDeployment {
            id: self.id.into(),
            host: self.host.to_owned(),
            sha: self.sha.to_owned(),
            message: self.message.to_owned(),
            author: self.author.to_owned(),
            branch: self.branch.to_owned(),
            created_at,
            ready_at: Some(created_at + Span::seconds(60)),
            state: "READY".to_owned(),
            substate: served.then_some(Substate::Promoted),
            target: if served { Target::Production } else { Target::Preview },
            promoted_at: served.then(|| created_at + live_after),
            health: self.health,
        }
    }
}

const DEMO: [DemoRow; 4] = [
    DemoRow {
        id: "dpl_7Hq2mVnW4tKcYz8RbXe1LsPf3uJd",
        host: "shop-c1-demo.vercel.app",
        sha: "777277da24f57dca1271ff80f7966a7d40658b9f",
        message: "Show delivery dates on product pages (#118)",
        author: "Lee Okafor",
        age: Span::minutes(51 * 60),
        branch: PRODUCTION_BRANCH,
        health: Health::Good,
    },
    DemoRow {
        id: "dpl_3Kx9pBwT6mRfQv5NcZa8GjYh2dUe",
        host: "shop-c2-demo.vercel.app",
        sha: "23a9e468b59e012433e1fd1da2e18faef3a94681",
        message: "Remember the basket between visits (#121)",
        author: "Ana Duarte",
        age: Span::minutes(5 * 60 + 20),
        branch: PRODUCTION_BRANCH,
        health: Health::Good,
    },
    DemoRow {
        id: "dpl_9FtLd6QyNs1WkXr4VbHz7CmEa5Pg",
        host: "shop-c3-demo.vercel.app",
        sha: "8400cc21b7b63ff4bf26a24bf26e2f5e81a944cd",
        message: "Rework checkout totals (#124)\n\nRounds once, at the end, as the tax office wants it.",
        author: "Bo Lindqvist",
        age: Span::minutes(12),
        branch: PRODUCTION_BRANCH,
        health: Health::BreaksCheckout,
    },
    DemoRow {
        id: "dpl_2RnPc8ZvJw5TyGk3BxMq6HsUd9Lf",
        host: "shop-git-gift-cards-demo.vercel.app",
        sha: "def212289b1048462ccd3e2816aca2a65d92d5bf",
        message: "Try gift cards",
        author: "Ana Duarte",
        age: Span::minutes(38),
        branch: "gift-cards",
        health: Health::Good,
    },
];
