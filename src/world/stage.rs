//! What the console shows beside the chat: the pointer, the code and the shop.

use std::sync::Arc;

use serde_json::{Value, json};

use super::builds::Builds;
use super::github::GitHubModel;
use super::shop::ShopModel;
use super::vercel::{Health, VercelModel};

/// The pointer, the code and the shop of the demo.
pub struct Scene {
    builds: Arc<Builds>,
    github: Arc<GitHubModel>,
    vercel: Arc<VercelModel>,
    shop: Arc<ShopModel>,
    shop_url: String,
}

impl Scene {
    /// A scene with the shop at an address.
    pub fn new(
        builds: Arc<Builds>,
        github: Arc<GitHubModel>,
        vercel: Arc<VercelModel>,
        shop: Arc<ShopModel>,
        shop_url: String,
    ) -> Self {
        Self { builds, github, vercel, shop, shop_url }
    }

    /// Which deployment is live, which one is moving in, and all the others.
    pub fn pointer(&self) -> Value {
        self.builds.catch_up();
        let live = self.vercel.live(super::PROJECT);
        let moving = self.vercel.moving(super::PROJECT);
        let moving = moving.map(|job| json!({"to": job.to, "status": job.status}));
        let deployments = self.vercel.deployments(super::PROJECT);
        let rows = deployments.iter().map(|one| {
            json!({
                "id": one.id, "host": one.host, "sha": one.sha,
                "message": one.message.lines().next(),
                "author": one.author, "created_at": one.created_at, "state": one.state,
                "substate": one.substate.map(super::vercel::Substate::word),
                "target": one.target.word(), "promoted_at": one.promoted_at,
                "healthy": one.health == Health::Good,
                "live": Some(&one.id) == live.as_ref(),
            })
        });
        json!({
            "project": super::PROJECT,
            "live": live,
            "moving": moving,
            "auto_assign": self.vercel.auto_assign(super::PROJECT),
            "deployments": rows.collect::<Vec<_>>(),
        })
    }

    /// The newest commits of the main branch, and the pull request at its gate.
    pub fn code(&self) -> Value {
        self.github.shown()
    }

    /// Where the shop is, and how its visitors fared in the last minutes.
    pub fn shop(&self) -> Value {
        json!({"url": self.shop_url, "buckets": self.shop.buckets()})
    }
}
