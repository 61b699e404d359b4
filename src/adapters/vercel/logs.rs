//! Vercel's request logs: what was asked of a deployment or of production, and what was answered.
//!
//! The call is that of Vercel's own client and is described nowhere else, so that anything but rows means "no logs here".
//! Owns the paging and the counting; must never read without end, and never judges.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::client::{Call, Scope, is_team_id};
use super::error::CallError;
use super::provider::{Project, VercelProvider, missing, read};
use super::wire::{ProjectBody, lenient};
use crate::domain::deployment::{Deployment, Plan};
use crate::domain::log::{Completeness, ErrorLog, Failure, Traffic, Window};
use crate::domain::time::Span;
use crate::engine::ports::PortError;

/// How many pages are read at most, and for how long another one is begun.
const PAGES: usize = 10;
const BEGINS_WITHIN: Span = Span::seconds(5);

/// How long Vercel keeps requests: on the hobby plan, and at least on every other one.
const KEPT_ON_HOBBY: Span = Span::minutes(60);
const KEPT_ON_OTHERS: Span = Span::minutes(24 * 60);

/// The longest request that is shown, in characters.
const LONGEST_REQUEST: usize = 80;

/// A page of the log. Vercel's client takes every field of a row for optional.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    rows: Vec<Row>,
    #[serde(default, deserialize_with = "lenient")]
    has_more_rows: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(default, deserialize_with = "lenient")]
    request_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    request_method: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    request_path: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    status_code: Option<i64>,
}

/// Whose requests are asked for, and of which time.
struct Question<'a> {
    filter: (&'static str, &'a str),
    window: Window,
}

/// What has been counted so far.
#[derive(Default)]
struct Count {
    known: BTreeSet<String>,
    requests: u64,
    failures: BTreeMap<(String, Option<u16>), u64>,
}

impl VercelProvider {
    /// The requests to one deployment since it was built, at every address.
    pub(super) async fn log_of_deployment(
        &self,
        project: &Project,
        deployment: &Deployment,
    ) -> Result<ErrorLog, PortError> {
        let window = Window { from: deployment.created_at, to: self.client.now() };
        let filter = ("deploymentId", deployment.id.as_str());
        let (count, completeness) = self.count(project, &Question { filter, window }).await?;
        Ok(ErrorLog { traffic: count.traffic(completeness), worst: count.worst() })
    }

    /// The requests to production in a window.
    pub(super) async fn log_of_production(
        &self,
        project: &Project,
        window: Window,
    ) -> Result<Traffic, PortError> {
        let filter = ("environment", "production");
        let (count, completeness) = self.count(project, &Question { filter, window }).await?;
        Ok(count.traffic(completeness))
    }

    async fn count(
        &self,
        project: &Project,
        question: &Question<'_>,
    ) -> Result<(Count, Completeness), PortError> {
        let body = self.read_project(project).await.map_err(read)?;
        let began = self.client.now();
        let mut count = Count::default();
        for number in 0..PAGES {
            let page = match self.log_page(&body, question, number).await {
                Ok(page) => page,
                Err(error) if number == 0 => return Err(no_log(error)),
                // What is counted already is worth more than nothing.
                Err(_) => break,
            };
            let is_last = page.rows.is_empty() || page.has_more_rows == Some(false);
            page.rows.into_iter().for_each(|row| count.add(row));
            let now = self.client.now();
            if is_last && now.since(question.window.from) <= kept_for(body.plan()) {
                return Ok((count, Completeness::Whole));
            }
            if is_last || now.since(began) > BEGINS_WITHIN {
                break;
            }
        }
        Ok((count, Completeness::NewestOnly))
    }

    async fn log_page(
        &self,
        project: &ProjectBody,
        question: &Question<'_>,
        number: usize,
    ) -> Result<Page, CallError> {
        let Some(owner) = project.account_id.as_deref() else {
            let what = "the project names no owner".to_owned();
            return Err(CallError::Garbled { status: 200, what });
        };
        let [number, from, to] = [
            number.to_string(),
            question.window.from.0.to_string(),
            question.window.to.0.to_string(),
        ];
        let query = [
            ("projectId", project.id.as_str()),
            ("ownerId", owner),
            ("page", &number),
            ("startDate", &from),
            ("endDate", &to),
            question.filter,
        ];
        // This call knows a team by its id only.
        let scope = Scope::new(Some(owner.to_owned()).filter(|owner| is_team_id(owner)));
        let call = Call { scope: &scope, path: &["api", "logs", "request-logs"], query: &query };
        self.client.get_log(&call).await
    }
}

/// How long requests are kept at least; a plan that is not known is taken for the smallest.
fn kept_for(plan: Option<Plan>) -> Span {
    match plan {
        Some(Plan::Paid) => KEPT_ON_OTHERS,
        Some(Plan::Hobby) | None => KEPT_ON_HOBBY,
    }
}

/// An undocumented call may go away at any time: with 404, with 410 or with the page of a site.
fn no_log(error: CallError) -> PortError {
    match error {
        CallError::Garbled { .. } => missing(format!("no request logs: {error}")),
        CallError::Refused(refused) if matches!(refused.status, 404 | 410) => {
            missing(format!("no request logs: {}", CallError::Refused(refused)))
        }
        other => read(other),
    }
}

impl Count {
    /// Counts a row. Pages shift while requests come in, so that one may be listed twice; and a request without any status
    /// is still being answered.
    fn add(&mut self, row: Row) {
        let Some(code) = row.status_code.filter(|code| *code != 0) else { return };
        let is_new = row.request_id.is_none_or(|id| self.known.insert(id));
        if !is_new {
            return;
        }
        self.requests += 1;
        let status = u16::try_from(code).ok();
        if status.is_some_and(|status| status < 500) {
            return;
        }
        let method = row.request_method.unwrap_or_else(|| "?".to_owned());
        let path = row.request_path.unwrap_or_else(|| "?".to_owned());
        // A query may hold what a customer typed.
        let path = path.split('?').next().unwrap_or_default();
        let request = format!("{method} {path}");
        let plain = request.chars().map(|c| if c.is_control() { ' ' } else { c });
        let request = plain.take(LONGEST_REQUEST).collect();
        *self.failures.entry((request, status)).or_default() += 1;
    }

    fn traffic(&self, completeness: Completeness) -> Traffic {
        let errors = self.failures.values().sum();
        Traffic { requests: self.requests, errors, completeness }
    }

    fn worst(self) -> Option<Failure> {
        // Of several the first by name, so that the same log always reads the same.
        let all = self.failures.into_iter().rev().max_by_key(|(_, times)| *times);
        all.map(|((request, status), times)| Failure { request, status, times })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn counted(rows: Value) -> Count {
        let page: Page = serde_json::from_value(json!({ "rows": rows })).unwrap();
        let mut count = Count::default();
        page.rows.into_iter().for_each(|row| count.add(row));
        count
    }

    #[test]
    fn every_field_of_a_row_may_be_missing_or_odd() {
        let count = counted(json!([
            {}, {"statusCode": null}, {"statusCode": "500"}, {"statusCode": 0},
            {"statusCode": 200}, {"statusCode": 499}, {"statusCode": 500, "requestPath": 7},
            {"statusCode": -1, "requestMethod": "POST", "requestPath": "/pay"},
            {"statusCode": -1, "requestMethod": "POST", "requestPath": "/pay?card=1"},
        ]));
        let traffic = count.traffic(Completeness::Whole);
        assert_eq!((traffic.requests, traffic.errors), (5, 3));
        let request = "POST /pay".to_owned();
        assert_eq!(count.worst(), Some(Failure { request, status: None, times: 2 }));
    }

    #[test]
    fn a_request_that_is_listed_twice_counts_once() {
        let row = json!({"requestId": "r1", "statusCode": 500});
        let count = counted(json!([row, row, {"requestId": "r2", "statusCode": 200}]));
        let traffic = count.traffic(Completeness::Whole);
        assert_eq!((traffic.requests, traffic.errors), (2, 1));
    }

    #[test]
    fn foreign_words_are_cut_and_stay_on_one_line() {
        let path = format!("/a\nb\u{202e}{}", "ü".repeat(200));
        let count =
            counted(json!([{"statusCode": 500, "requestMethod": "GET", "requestPath": path}]));
        let request = count.worst().unwrap().request;
        assert_eq!(request.chars().count(), 80);
        assert!(request.starts_with("GET /a b"), "{request}");
    }
}
