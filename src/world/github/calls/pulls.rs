//! Pull requests.

use serde_json::{Value, json};

use crate::world::github::desk::Desk;
use crate::world::github::merge::{Author, MergeMethod};
use crate::world::github::pulls::{Comment, Fate, NotMerged, NotOpened, Pull, Wish};
use crate::world::github::routes::{Answer, Request};
use crate::world::github::rules::Merging;
use crate::world::github::{BOT, GitHubModel, VENDOR, json};

/// The merged pull request that brought a commit to the main branch, else the open ones that hold it.
pub(super) fn of_commit(desk: &Desk<'_>, sha: &str, request: &Request) -> Answer {
    // Nobody's pull request brought a commit that is not here.
    let Some(sha) = desk.resolve(sha) else { return Answer::new(200, serde_json::json!([])) };
    let brought = |pull: &&Pull| match &pull.fate {
        Fate::Merged { sha: merged, .. } => *merged == sha || pull.commits.contains(&sha),
        Fate::Open => pull.commits.contains(&sha),
        Fate::Closed { .. } => false,
    };
    let found = desk.state.pulls.values().filter(brought).map(json::pulls::simple);
    Answer::page(found.collect(), request)
}

/// The newest first, unless the oldest are wanted first.
pub(super) fn list(desk: &Desk<'_>, request: &Request) -> Answer {
    let state = Some(request.text("state")).filter(|one| !one.is_empty()).unwrap_or("open");
    let (head, base) = (request.text("head"), request.text("base"));
    let is_asked = |pull: &&Pull| {
        let in_state = state == "all" || pull.is_open() == (state == "open");
        // GitHub ignores a head without its owner.
        let of_head = !head.contains(':') || head == format!("demo:{}", pull.branch);
        in_state && of_head && (base.is_empty() || base == "main")
    };
    let mut found: Vec<&Pull> = desk.state.pulls.values().filter(is_asked).collect();
    if request.text("direction") != "asc" {
        found.reverse();
    }
    Answer::page(found.into_iter().map(json::pulls::simple).collect(), request)
}

pub(super) fn open(desk: &mut Desk<'_>, request: &Request) -> Answer {
    let [title, head, base] = ["title", "head", "base"].map(|name| request.field(name).to_owned());
    let missing = [("title", &title), ("head", &head), ("base", &base)];
    if let Some((field, _)) = missing.iter().find(|(_, value)| value.is_empty()) {
        return invalid(
            json!({"resource": "PullRequest", "code": "missing_field", "field": field}),
        );
    }
    if !desk.state.branches.contains_key(&base) {
        return invalid(json!({"resource": "PullRequest", "field": "base", "code": "invalid"}));
    }
    if base != "main" {
        return Answer::broken("this model has no pull requests against other branches");
    }
    let branch = head.strip_prefix("demo:").unwrap_or(&head).to_owned();
    let wish = Wish {
        title,
        body: request.body["body"].as_str().map(str::to_owned),
        author: BOT.to_owned(),
        branch: branch.clone(),
        is_draft: request.body["draft"] == true,
    };
    match desk.open(wish) {
        Ok(number) => match desk.state.pulls.get(&number) {
            Some(pull) => Answer::new(201, json::pulls::full(pull, None)),
            None => Answer::missing(),
        },
        Err(why) => not_opened(why, &branch),
    }
}

fn not_opened(why: NotOpened, branch: &str) -> Answer {
    let custom =
        |message: String| json!({"resource": "PullRequest", "code": "custom", "message": message});
    match why {
        NotOpened::NoSuchHead => {
            invalid(json!({"resource": "PullRequest", "field": "head", "code": "invalid"}))
        }
        NotOpened::Already => {
            invalid(custom(format!("A pull request already exists for demo:{branch}.")))
        }
        NotOpened::NothingBetween => {
            invalid(custom(format!("No commits between main and {branch}")))
        }
        NotOpened::Git(why) => Answer::broken(&why),
    }
}

fn invalid(error: Value) -> Answer {
    let mut answer = Answer::problem(422, "Validation Failed");
    answer.body["errors"] = json!([error]);
    answer
}

/// A pull request as it stands. The trap `mergeable_unknown` says that GitHub is still finding out.
pub(super) fn one(model: &GitHubModel, desk: &Desk<'_>, number: u64, request: &Request) -> Answer {
    let Some(pull) = desk.state.pulls.get(&number) else { return Answer::missing() };
    let is_unknown =
        || model.ledger.spring(VENDOR, "mergeable_unknown", "GET", &request.path).is_some();
    if !pull.is_open() || is_unknown() {
        return Answer::new(200, json::pulls::full(pull, None));
    }
    whole(desk, pull)
}

fn whole(desk: &Desk<'_>, pull: &Pull) -> Answer {
    match desk.standing(pull) {
        Ok(standing) => Answer::new(200, json::pulls::full(pull, Some(&standing))),
        Err(why) => Answer::broken(&why),
    }
}

pub(super) fn change(desk: &mut Desk<'_>, number: u64, request: &Request) -> Answer {
    if !desk.state.pulls.contains_key(&number) {
        return Answer::missing();
    }
    match request.field("state") {
        "closed" => desk.close(number),
        "open" => desk.reopen(number),
        _ => {}
    }
    let Some(pull) = desk.state.pulls.get_mut(&number) else { return Answer::missing() };
    if let Some(title) = request.body["title"].as_str() {
        title.clone_into(&mut pull.title);
    }
    if let Some(body) = request.body["body"].as_str() {
        pull.body = Some(body.to_owned());
    }
    let pull = pull.clone();
    if pull.is_open() {
        return whole(desk, &pull);
    }
    Answer::new(200, json::pulls::full(&pull, None))
}

/// The gate: nobody merges around it by this call.
pub(super) fn merge(
    model: &GitHubModel,
    desk: &mut Desk<'_>,
    number: u64,
    request: &Request,
) -> Answer {
    let Some(pull) = desk.state.pulls.get(&number).cloned() else { return Answer::missing() };
    let word = Some(request.field("merge_method")).filter(|word| !word.is_empty());
    let Some(method) = MergeMethod::read(word.unwrap_or("merge")) else {
        return invalid(json!({"resource": "PullRequest", "field": "merge_method"}));
    };
    let expected = request.field("sha");
    if !expected.is_empty() && expected != pull.head {
        return refused(409, "Head branch was modified. Review and try the merge again.");
    }
    if let Err(answer) = may_merge(desk, &pull) {
        return answer;
    }
    if model.ledger.spring(VENDOR, "base_moved", "PUT", &request.path).is_some() {
        return match desk.somebody_else_is_faster() {
            Ok(()) => {
                refused(405, "Base branch was modified. Review and try the merge again.").by_trap()
            }
            Err(why) => Answer::broken(&why),
        };
    }
    let author = Author { name: BOT, at: desk.now };
    match desk.merge(number, method, author) {
        Ok(sha) => Answer::new(200, json::pulls::merged(&sha)),
        Err(NotMerged::NotOpen | NotMerged::Conflict) => refused(405, NOT_MERGEABLE),
        Err(NotMerged::Git(why)) => Answer::broken(&why),
    }
}

const NOT_MERGEABLE: &str = "Pull Request is not mergeable";

/// Whether the rules let the button be pressed; else GitHub's answer.
fn may_merge(desk: &Desk<'_>, pull: &Pull) -> Result<(), Answer> {
    let standing = desk.standing(pull).map_err(|why| Answer::broken(&why))?;
    if !pull.is_open() || !standing.is_mergeable {
        return Err(refused(405, NOT_MERGEABLE));
    }
    if pull.is_draft {
        return Err(refused(405, "Pull Request is still a draft"));
    }
    if standing.word == "behind" {
        return Err(refused(405, "Head branch is out of date. Review and try the merge again."));
    }
    if desk.rules.merging == Merging::Queue {
        let why =
            "Repository rule violations found\n\nChanges must be made through the merge queue\n\n";
        return Err(refused(405, why));
    }
    let (ci, rules, now) = (&desk.state.ci, &desk.rules, desk.now);
    if !pull.is_approved(rules) {
        let why = format!(
            "Repository rule violations found\n\nAt least {} approving review is required by reviewers \
             with write access.\n\n",
            rules.approvals
        );
        return Err(refused(405, &why));
    }
    let waiting =
        |name: &&String| ci.green_since(&pull.head, std::slice::from_ref(*name), now).is_none();
    let waiting: Vec<&String> = rules.required.iter().filter(waiting).collect();
    let quoted = match waiting.as_slice() {
        [] => return Ok(()),
        [one] => format!("Required status check \"{one}\" is expected."),
        many => format!(
            "{} of {} required status checks have not succeeded.",
            many.len(),
            rules.required.len()
        ),
    };
    Err(refused(405, &format!("Repository rule violations found\n\n{quoted}\n\n")))
}

/// These answers have no `status` among their members.
fn refused(status: u16, message: &str) -> Answer {
    let documentation = "https://docs.github.com/rest/pulls/pulls#merge-a-pull-request";
    Answer::new(status, json!({"message": message, "documentation_url": documentation}))
}

pub(super) fn files(desk: &Desk<'_>, number: u64, request: &Request) -> Answer {
    let Some(pull) = desk.state.pulls.get(&number) else { return Answer::missing() };
    match desk.compared(&pull.base, &pull.head) {
        Ok(found) => {
            let rows = found.files.iter().map(|row| json::file(row, &pull.head));
            Answer::page(rows.collect(), request)
        }
        Err(why) => Answer::broken(&why),
    }
}

pub(super) fn reviews(desk: &Desk<'_>, number: u64, request: &Request) -> Answer {
    let Some(pull) = desk.state.pulls.get(&number) else { return Answer::missing() };
    let all = pull.reviews.iter().enumerate();
    let all = all.map(|(index, review)| json::pulls::review(pull, index, review));
    Answer::page(all.collect(), request)
}

/// Who was asked for a review and has given none.
pub(super) fn asked(desk: &Desk<'_>, number: u64) -> Answer {
    let Some(pull) = desk.state.pulls.get(&number) else { return Answer::missing() };
    let users: Value = pull.asked.iter().map(|name| json::user(name)).collect();
    Answer::new(200, json!({"users": users, "teams": []}))
}

pub(super) fn comments(desk: &Desk<'_>, number: u64, request: &Request) -> Answer {
    let Some(pull) = desk.state.pulls.get(&number) else { return Answer::missing() };
    let all = pull.comments.iter().map(|comment| json::pulls::comment(pull, comment));
    Answer::page(all.collect(), request)
}

pub(super) fn comment(desk: &mut Desk<'_>, number: u64, request: &Request) -> Answer {
    let text = request.field("body");
    if text.is_empty() {
        return invalid(
            json!({"resource": "IssueComment", "code": "missing_field", "field": "body"}),
        );
    }
    let (now, id) = (desk.now, 2_000_000_001 + desk.state.comments);
    let Some(pull) = desk.state.pulls.get_mut(&number) else { return Answer::missing() };
    let comment = Comment { id, text: text.to_owned(), at: now };
    let body = json::pulls::comment(pull, &comment);
    pull.comments.push(comment);
    pull.updated = now;
    desk.state.comments += 1;
    Answer::new(201, body)
}
