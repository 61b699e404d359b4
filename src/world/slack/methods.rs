//! The Web API's methods, as far as a bot of this kind may call them. An error is Slack's own code.

use serde_json::{Map, Value, json};

use super::blocks::{self, BlocksError};
use super::store::{Author, Content, Message, Place, micros};
use super::{Channel, SlackModel, User, views};

type Arguments = Map<String, Value>;
type Answer = Result<Value, &'static str>;

/// Slack cuts longer texts off; we refuse them.
const LONGEST_TEXT: usize = 40_000;

/// Whether a method reads JSON. The others take a form or a query, and do not see what is sent otherwise.
pub(super) fn takes_json(name: &str) -> bool {
    matches!(
        name,
        "api.test"
            | "auth.test"
            | "apps.connections.open"
            | "chat.postMessage"
            | "chat.postEphemeral"
            | "chat.update"
            | "chat.delete"
            | "conversations.history"
            | "views.open"
    )
}

/// `{"ok": false, "error": …}`.
pub(super) fn error(code: &str) -> Value {
    json!({"ok": false, "error": code})
}

/// Answers a call.
pub(super) fn call(
    model: &SlackModel,
    name: &str,
    token: Option<&str>,
    arguments: &Arguments,
) -> Value {
    if name == "api.test" {
        return json!({"ok": true, "args": arguments});
    }
    let credentials = &model.seed().credentials;
    let wanted = match name {
        "apps.connections.open" => &credentials.app_token,
        _ => &credentials.bot_token,
    };
    match token {
        None => return error("not_authed"),
        Some(token) if token != wanted => return error("invalid_auth"),
        Some(_) => {}
    }
    let answer = match name {
        "auth.test" => Ok(auth_test(model)),
        "apps.connections.open" => Ok(json!({"url": model.sockets.ticket()})),
        "chat.postMessage" => post_message(model, arguments),
        "chat.postEphemeral" => post_ephemeral(model, arguments),
        "chat.update" => update(model, arguments),
        "chat.delete" => delete(model, arguments),
        "chat.getPermalink" => permalink(model, arguments),
        "conversations.history" => history(model, arguments),
        "conversations.replies" => replies(model, arguments),
        "conversations.list" => Ok(conversations(model)),
        "conversations.info" => {
            channel(model, arguments).map(|one| json!({"channel": shown_channel(one)}))
        }
        "conversations.members" => channel(model, arguments)
            .map(|one| json!({"members": one.members, "response_metadata": {"next_cursor": ""}})),
        "users.info" => user(model, arguments).map(|one| json!({"user": shown_user(model, one)})),
        "users.list" => Ok(users(model)),
        "usergroups.list" => Ok(usergroups(model)),
        "usergroups.users.list" => group_users(model, arguments),
        "views.open" => views::open(model, arguments),
        _ => {
            model.state().unknown_calls.push(format!("slack method {name}"));
            Err("unknown_method")
        }
    };
    match answer {
        Ok(mut value) => {
            value["ok"] = true.into();
            value
        }
        Err(code) => error(code),
    }
}

fn auth_test(model: &SlackModel) -> Value {
    let seed = model.seed();
    json!({
        "url": format!("https://{}.slack.com/", seed.team.domain),
        "team": seed.team.name,
        "user": seed.bot.name,
        "team_id": seed.team.id,
        "user_id": seed.bot.user_id,
        "bot_id": seed.bot.bot_id,
        "is_enterprise_install": false,
    })
}

fn text_of<'a>(arguments: &'a Arguments, name: &str) -> Option<&'a str> {
    arguments.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn channel<'a>(model: &'a SlackModel, arguments: &Arguments) -> Result<&'a Channel, &'static str> {
    let id = text_of(arguments, "channel").ok_or("channel_not_found")?;
    model.seed().channels.iter().find(|one| one.id == id).ok_or("channel_not_found")
}

fn own_channel<'a>(
    model: &'a SlackModel,
    arguments: &Arguments,
) -> Result<&'a Channel, &'static str> {
    let channel = channel(model, arguments)?;
    if channel.members.contains(&model.seed().bot.user_id) {
        Ok(channel)
    } else {
        Err("not_in_channel")
    }
}

fn user<'a>(model: &'a SlackModel, arguments: &Arguments) -> Result<&'a User, &'static str> {
    let id = text_of(arguments, "user").ok_or("user_not_found")?;
    model.seed().users.iter().find(|one| one.id == id).ok_or("user_not_found")
}

/// What a message says, checked as Slack checks it. Blocks come as JSON or as JSON in a string.
pub(super) fn content(arguments: &Arguments) -> Result<Content, &'static str> {
    let read = |name: &str| match arguments.get(name) {
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        other => other.cloned(),
    };
    let blocks = match read("blocks") {
        // A text that is no JSON is not the same as no blocks.
        None if text_of(arguments, "blocks").is_none() => Vec::new(),
        Some(Value::Null) => Vec::new(),
        Some(Value::Array(blocks)) => blocks,
        None | Some(_) => return Err("invalid_blocks_format"),
    };
    match blocks::check(&blocks) {
        Ok(()) => {}
        Err(BlocksError::Format) => return Err("invalid_blocks_format"),
        Err(BlocksError::TooLong) => return Err("msg_blocks_too_long"),
        Err(BlocksError::Invalid(reasons)) => {
            tracing::warn!(?reasons, "blocks were refused");
            return Err("invalid_blocks");
        }
    }
    let text = text_of(arguments, "text").unwrap_or_default().to_owned();
    if text.is_empty() && blocks.is_empty() {
        return Err("no_text");
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err("msg_too_long");
    }
    Ok(Content { text, blocks, metadata: read("metadata") })
}

fn post_message(model: &SlackModel, arguments: &Arguments) -> Answer {
    let channel = own_channel(model, arguments)?;
    let content = content(arguments)?;
    let thread_ts = text_of(arguments, "thread_ts");
    if let Some(ts) = thread_ts
        && model.state().store.find(&channel.id, ts).is_none()
    {
        return Err("message_not_found");
    }
    let place = Place { channel: &channel.id, thread_ts, only_for: None };
    let message = model.add(Author::App(&model.seed().bot.user_id), place, content);
    Ok(json!({"channel": channel.id, "ts": message.ts, "message": shown(model, &message)}))
}

fn post_ephemeral(model: &SlackModel, arguments: &Arguments) -> Answer {
    let channel = own_channel(model, arguments)?;
    let content = content(arguments)?;
    let user = user(model, arguments).map_err(|_| "user_not_in_channel")?;
    if !channel.members.contains(&user.id) {
        return Err("user_not_in_channel");
    }
    let thread_ts = text_of(arguments, "thread_ts");
    let place = Place { thread_ts, ..Place::whisper(&channel.id, &user.id) };
    let message = model.add(Author::App(&model.seed().bot.user_id), place, content);
    Ok(json!({"message_ts": message.ts}))
}

fn own_message(model: &SlackModel, channel: &str, ts: &str) -> Result<(), &'static str> {
    let state = model.state();
    // Ephemeral messages cannot be found by their time stamp.
    let message = state.store.find(channel, ts).filter(|one| one.ephemeral_for.is_none());
    match message {
        None => Err("message_not_found"),
        Some(message) if message.user != model.seed().bot.user_id => Err("cant_update_message"),
        Some(_) => Ok(()),
    }
}

fn update(model: &SlackModel, arguments: &Arguments) -> Answer {
    let channel = own_channel(model, arguments)?;
    let ts = text_of(arguments, "ts").ok_or("message_not_found")?;
    own_message(model, &channel.id, ts)?;
    let mut content = content(arguments)?;
    if !arguments.contains_key("blocks") {
        // Blocks that are not named stay; an empty list takes them away.
        let state = model.state();
        content.blocks =
            state.store.find(&channel.id, ts).map(|one| one.blocks.clone()).unwrap_or_default();
    }
    let at = model.now();
    let edited = model.state().store.edit(at, &channel.id, ts, content);
    let message = edited.ok_or("message_not_found")?;
    model.ledger.touch();
    let mut shown = shown(model, &message);
    // Here a message is shown without its place: that stands beside it.
    for name in ["ts", "thread_ts", "reply_count"] {
        shown.as_object_mut().and_then(|fields| fields.remove(name));
    }
    Ok(json!({"channel": channel.id, "ts": ts, "text": message.text, "message": shown}))
}

fn delete(model: &SlackModel, arguments: &Arguments) -> Answer {
    let channel = own_channel(model, arguments)?;
    let ts = text_of(arguments, "ts").ok_or("message_not_found")?;
    own_message(model, &channel.id, ts).map_err(|code| match code {
        "cant_update_message" => "cant_delete_message",
        other => other,
    })?;
    model.state().store.delete(&channel.id, ts);
    model.ledger.touch();
    Ok(json!({"channel": channel.id, "ts": ts}))
}

fn permalink(model: &SlackModel, arguments: &Arguments) -> Answer {
    let channel = channel(model, arguments)?;
    let ts = text_of(arguments, "message_ts").ok_or("message_not_found")?;
    model.state().store.find(&channel.id, ts).ok_or("message_not_found")?;
    let (domain, digits) = (&model.seed().team.domain, ts.replace('.', ""));
    let link = format!("https://{domain}.slack.com/archives/{}/p{digits}", channel.id);
    Ok(json!({"channel": channel.id, "permalink": link}))
}

/// A page of messages: bounds are time stamps, the newest come first unless it is a thread. The cursor is the number of
/// the first message of the next page.
fn page(model: &SlackModel, arguments: &Arguments, mut found: Vec<Message>) -> Answer {
    let bound = |name: &str| text_of(arguments, name).and_then(micros);
    let (oldest, latest) = (bound("oldest").unwrap_or(0), bound("latest").unwrap_or(i64::MAX));
    let inclusive = is_set(arguments, "inclusive");
    found.retain(|message| {
        let ts = micros(&message.ts).unwrap_or(0);
        (ts > oldest && ts < latest) || (inclusive && (ts == oldest || ts == latest))
    });
    let limit = match arguments.get("limit") {
        Some(Value::String(text)) => text.parse().unwrap_or(100),
        Some(Value::Number(number)) => number.as_u64().unwrap_or(100),
        _ => 100,
    };
    let limit = usize::try_from(limit.clamp(1, 999)).unwrap_or(100);
    let first: usize = match text_of(arguments, "cursor") {
        Some(cursor) => cursor.parse().map_err(|_| "invalid_cursor")?,
        None => 0,
    };
    let next = first.saturating_add(limit);
    let has_more = found.len() > next;
    let shows_metadata = is_set(arguments, "include_all_metadata");
    let messages = found.iter().skip(first).take(limit).map(|message| {
        let mut shown = shown(model, message);
        if let (false, Some(fields)) = (shows_metadata, shown.as_object_mut()) {
            fields.remove("metadata");
        }
        shown
    });
    let messages: Vec<Value> = messages.collect();
    let cursor = if has_more { next.to_string() } else { String::new() };
    Ok(json!({
        "messages": messages, "has_more": has_more, "response_metadata": {"next_cursor": cursor},
    }))
}

/// Whether an argument is true, however it was sent.
fn is_set(arguments: &Arguments, name: &str) -> bool {
    match arguments.get(name) {
        Some(Value::Bool(set)) => *set,
        Some(Value::String(text)) => text == "true" || text == "1",
        _ => false,
    }
}

fn history(model: &SlackModel, arguments: &Arguments) -> Answer {
    let channel = own_channel(model, arguments)?;
    let mut found = model.messages(&channel.id);
    found.retain(|message| message.ephemeral_for.is_none() && message.thread_ts.is_none());
    found.reverse();
    page(model, arguments, found)
}

fn replies(model: &SlackModel, arguments: &Arguments) -> Answer {
    let channel = own_channel(model, arguments)?;
    let root = text_of(arguments, "ts").ok_or("thread_not_found")?;
    let mut found = model.messages(&channel.id);
    found.retain(|message| {
        let belongs = message.ts == root || message.thread_ts.as_deref() == Some(root);
        belongs && message.ephemeral_for.is_none()
    });
    if found.is_empty() { Err("thread_not_found") } else { page(model, arguments, found) }
}

/// A message as Slack shows it to programs.
pub(super) fn shown(model: &SlackModel, message: &Message) -> Value {
    let bot = &model.seed().bot;
    let mut shown = json!({
        "type": "message", "user": message.user, "text": message.text, "ts": message.ts,
        "team": model.seed().team.id, "blocks": message.blocks,
    });
    if message.user == bot.user_id {
        shown["bot_id"] = bot.bot_id.clone().into();
        shown["app_id"] = model.seed().app_id.clone().into();
    }
    if let Some(root) = &message.thread_ts {
        shown["thread_ts"] = root.clone().into();
    } else if message.reply_count > 0 {
        shown["thread_ts"] = message.ts.clone().into();
        shown["reply_count"] = message.reply_count.into();
    }
    if let Some(at) = message.edited_at {
        let ts = format!("{}.000000", at.0 / 1000);
        shown["edited"] = json!({"user": message.user, "ts": ts});
    }
    if message.tombstone {
        shown["subtype"] = "tombstone".into();
    }
    if let Some(metadata) = &message.metadata {
        shown["metadata"] = metadata.clone();
    }
    shown
}

fn shown_channel(channel: &Channel) -> Value {
    json!({
        "id": channel.id, "name": channel.name, "is_channel": true, "is_private": false,
        "is_archived": false, "is_member": true, "num_members": channel.members.len(),
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "topic": {"value": "", "creator": "", "last_set": 0},
    })
}

fn conversations(model: &SlackModel) -> Value {
    let channels: Vec<Value> = model.seed().channels.iter().map(shown_channel).collect();
    json!({"channels": channels, "response_metadata": {"next_cursor": ""}})
}

fn shown_user(model: &SlackModel, user: &User) -> Value {
    let mut shown = json!({
        "id": user.id, "team_id": model.seed().team.id, "name": user.name, "deleted": false,
        "is_bot": false, "is_restricted": false, "is_ultra_restricted": false,
        "profile": {"real_name": user.name, "display_name": user.name},
    });
    for flag in model.state().flags.get(&user.id).into_iter().flatten() {
        shown[*flag] = true.into();
    }
    shown
}

fn users(model: &SlackModel) -> Value {
    let members: Vec<Value> =
        model.seed().users.iter().map(|user| shown_user(model, user)).collect();
    json!({"members": members, "response_metadata": {"next_cursor": ""}})
}

fn usergroups(model: &SlackModel) -> Value {
    let state = model.state();
    let groups = state.groups.iter().map(|group| {
        json!({"id": group.id, "handle": group.handle, "name": group.name, "user_count": group.users.len()})
    });
    json!({"usergroups": groups.collect::<Vec<_>>()})
}

fn group_users(model: &SlackModel, arguments: &Arguments) -> Answer {
    let id = text_of(arguments, "usergroup").ok_or("no_such_subteam")?;
    let state = model.state();
    let group = state.groups.iter().find(|group| group.id == id).ok_or("no_such_subteam")?;
    // Accounts that were switched off are in no list unless one asks for them.
    let is_off =
        |user: &&String| state.flags.get(*user).is_some_and(|flags| flags.contains("deleted"));
    let users: Vec<&String> = group.users.iter().filter(|user| !is_off(user)).collect();
    Ok(json!({"users": users}))
}
