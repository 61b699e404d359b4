//! The request log: what visitors asked the deployments of a project, and what they got.
//!
//! The shop tells what it answered, so that the log says what really happened. The call is the one that Vercel's own client
//! makes; it is described nowhere.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::State;
use super::routes::{Answer, Request};
use crate::domain::ids::DeploymentId;
use crate::domain::time::{Span, Timestamp};

/// How long requests are kept, and how many of them.
const KEPT_FOR: Span = Span::minutes(24 * 60);
const MOST_KEPT: usize = 20_000;

/// Rows of one page.
const PAGE: usize = 100;

/// The parameters that are modelled; another one would be ignored silently, so it is refused.
const PARAMETERS: &[&str] = &[
    "projectId",
    "ownerId",
    "page",
    "startDate",
    "endDate",
    "environment",
    "deploymentId",
    "statusCode",
    "teamId",
];

/// One request that a deployment answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// When.
    pub at: Timestamp,
    /// Which deployment answered.
    pub deployment: DeploymentId,
    /// Through which kind of name.
    pub through: Through,
    /// The method.
    pub method: String,
    /// The path, as the visitor asked for it.
    pub path: String,
    /// The status that was answered.
    pub status: u16,
}

/// Through which kind of name a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    /// A production name.
    Production,
    /// The deployment's own address.
    OwnAddress,
}

impl Through {
    fn word(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::OwnAddress => "preview",
        }
    }
}

/// The log of a project, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    visits: VecDeque<Visit>,
    /// How many were dropped again, for the ids of the others.
    dropped: usize,
}

impl Log {
    pub(super) fn note(&mut self, visit: Visit) {
        let oldest = visit.at - KEPT_FOR;
        self.visits.push_back(visit);
        while self.visits.len() > MOST_KEPT || self.visits.front().is_some_and(|v| v.at < oldest) {
            self.visits.pop_front();
            self.dropped += 1;
        }
    }

    /// Newest first, each with its number.
    fn numbered(&self) -> impl Iterator<Item = (usize, &Visit)> {
        self.visits.iter().enumerate().rev().map(|(index, visit)| (self.dropped + index, visit))
    }
}

impl State {
    pub(super) fn request_logs(&mut self, request: &Request) -> Answer {
        if request.query.keys().any(|key| !PARAMETERS.contains(&key.as_str())) {
            return self.unknown(request);
        }
        let text = |key: &str| request.query.get(key).map(String::as_str);
        let number = |key: &str| text(key).map_or(Ok(None), |text| text.parse().map(Some));
        let (Some(project), Some(owner)) = (text("projectId"), text("ownerId")) else {
            return bad("`projectId` and `ownerId` are required");
        };
        let (Ok(page), Ok(from), Ok(to)) = (number("page"), number("startDate"), number("endDate"))
        else {
            return bad("page and dates are numbers");
        };
        let ours = self.projects.iter().find(|one| one.id == project);
        let Some(project) = ours.filter(|_| owner == self.account_id()) else {
            return Answer::error(404, "not_found", "Project not found.");
        };
        let is_asked_for = |(_, visit): &(usize, &Visit)| {
            from.is_none_or(|from: i64| visit.at.0 >= from)
                && to.is_none_or(|to: i64| visit.at.0 < to)
                && text("environment").is_none_or(|word| word == visit.through.word())
                && text("deploymentId").is_none_or(|id| id == visit.deployment.as_str())
                && text("statusCode").is_none_or(|code| has_code(visit, code))
        };
        let skipped = usize::try_from(page.unwrap_or(0)).unwrap_or(0).saturating_mul(PAGE);
        let mut found = project.log.numbered().filter(is_asked_for).skip(skipped);
        let rows: Vec<Value> =
            found.by_ref().take(PAGE).map(|(number, visit)| row(number, visit)).collect();
        Answer::ok(json!({"rows": rows, "hasMoreRows": found.next().is_some()}))
    }
}

/// `500`, `5xx`.
fn has_code(visit: &Visit, code: &str) -> bool {
    let status = visit.status.to_string();
    status == code || code.strip_suffix("xx").is_some_and(|class| status.starts_with(class))
}

fn row(number: usize, visit: &Visit) -> Value {
    let at = jiff::Timestamp::from_millisecond(visit.at.0).unwrap_or_default();
    let logs = if visit.status >= 500 {
        let message = "TypeError: Cannot read properties of undefined (reading 'rounding')";
        json!([{"level": "error", "message": message, "messageTruncated": false}])
    } else {
        json!([])
    };
    let branch = match visit.through {
        Through::Production => json!(super::PRODUCTION_BRANCH),
        Through::OwnAddress => Value::Null,
    };
    json!({
        "requestId": format!("iad1::{number:05}-{}", visit.at.0), "timestamp": format!("{at:.3}"),
        "deploymentId": visit.deployment, "requestMethod": visit.method,
        "requestPath": visit.path, "statusCode": visit.status,
        "environment": visit.through.word(), "branch": branch, "cache": "MISS",
        "logs": logs, "events": [{"source": "serverless"}],
    })
}

fn bad(what: &str) -> Answer {
    Answer::error(400, "bad_request", format!("Invalid request: {what}"))
}
