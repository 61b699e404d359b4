//! The guild's things as Discord shows them to programs.

use serde_json::{Value, json};

use super::form::{EPHEMERAL, HAS_THREAD, LOADING};
use super::store::{DISCORD, Message, Reason, Thread};
use super::{Channel, DiscordModel, Role};
use crate::domain::time::Timestamp;

/// All that a bot could be granted in a text channel, bar administration.
const PERMISSIONS: &str = "2251799813685247";

/// `2026-11-21T02:07:00.123000+00:00`.
pub(super) fn time(at: Timestamp) -> Value {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    Value::String(format!("{at:.6}").replace('Z', "+00:00"))
}

impl DiscordModel {
    /// A user.
    pub(super) fn shown_user(&self, id: &str) -> Value {
        let seed = self.seed();
        let known = seed.users.iter().find(|user| user.id == id);
        let is_app = id == seed.application_id;
        let name = match known {
            Some(user) => &user.name,
            None if is_app => &seed.bot_name,
            None => "somebody",
        };
        let mut user = json!({
            "id": id, "username": name, "avatar": null, "discriminator": "0", "public_flags": 0,
            "flags": 0, "global_name": null, "primary_guild": null, "banner": null,
            "accent_color": null, "avatar_decoration_data": null, "collectibles": null,
        });
        if is_app || id == DISCORD || known.is_some_and(|user| user.bot) {
            user["bot"] = true.into();
        }
        user
    }

    /// The bot's own user, as it is shown to itself.
    pub(super) fn shown_self(&self) -> Value {
        let mut user = self.shown_user(&self.seed().application_id);
        for (name, value) in [
            ("mfa_enabled", json!(true)),
            ("locale", json!("en-US")),
            ("verified", json!(true)),
            ("email", Value::Null),
        ] {
            user[name] = value;
        }
        user
    }

    /// A member of the guild; nothing for whoever is not in it.
    pub(super) fn shown_member(&self, id: &str) -> Option<Value> {
        let is_app = id == self.seed().application_id;
        let roles = self.state().members.get(id).cloned();
        let roles = roles.or_else(|| is_app.then(Vec::new))?;
        Some(json!({
            "user": self.shown_user(id), "nick": null, "avatar": null, "banner": null,
            "roles": roles, "joined_at": "2025-01-06T09:00:00.000000+00:00", "premium_since": null,
            "deaf": false, "mute": false, "flags": 0, "pending": false,
            "communication_disabled_until": null,
        }))
    }

    pub(super) fn shown_role(&self, role: &Role, position: usize) -> Value {
        let colors = json!({"primary_color": 0, "secondary_color": null, "tertiary_color": null});
        json!({
            "id": role.id, "name": role.name, "permissions": "0", "position": position, "color": 0,
            "colors": colors, "hoist": false, "managed": false, "mentionable": false, "icon": null,
            "unicode_emoji": null, "flags": 0,
        })
    }

    /// All roles; the first is the one that everybody has.
    pub(super) fn shown_roles(&self) -> Vec<Value> {
        let guild = &self.seed().guild;
        let everyone = Role { id: guild.id.clone(), name: "@everyone".to_owned() };
        let all = std::iter::once(&everyone).chain(&self.seed().roles);
        all.enumerate().map(|(position, role)| self.shown_role(role, position)).collect()
    }

    pub(super) fn shown_guild(&self) -> Value {
        let guild = &self.seed().guild;
        json!({
            "id": guild.id, "name": guild.name, "icon": null, "description": null,
            "home_header": null, "splash": null, "discovery_splash": null, "features": [],
            "banner": null, "owner_id": self.user_id_of_owner(), "application_id": null,
            "region": "deprecated", "afk_channel_id": null, "afk_timeout": 300,
            "system_channel_id": null, "system_channel_flags": 0, "widget_enabled": false,
            "widget_channel_id": null, "verification_level": 1, "roles": self.shown_roles(),
            "default_message_notifications": 1, "mfa_level": 1, "explicit_content_filter": 2,
            "max_presences": null, "max_members": 500_000, "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25, "vanity_url_code": null, "premium_tier": 0,
            "premium_subscription_count": 0, "preferred_locale": "en-US",
            "rules_channel_id": null, "safety_alerts_channel_id": null,
            "public_updates_channel_id": null, "premium_progress_bar_enabled": false,
            "nsfw": false, "nsfw_level": 0, "emojis": [], "stickers": [],
        })
    }

    fn user_id_of_owner(&self) -> &str {
        self.seed().users.first().map_or(DISCORD, |user| &user.id)
    }

    /// A channel or thread; nothing when there is none.
    pub(super) fn shown_channel(&self, id: &str) -> Option<Value> {
        let found = self.seed().channels.iter().enumerate().find(|(_, channel)| channel.id == id);
        if let Some((position, channel)) = found {
            return Some(self.shown_text_channel(channel, position));
        }
        let thread = self.state().store.thread(id).cloned();
        thread.map(|thread| self.shown_thread(&thread))
    }

    fn shown_text_channel(&self, channel: &Channel, position: usize) -> Value {
        let guild = &self.seed().guild.id;
        json!({
            "id": channel.id, "type": 0, "flags": 0, "guild_id": guild, "name": channel.name,
            "position": position, "topic": channel.purpose, "nsfw": false, "parent_id": null,
            "rate_limit_per_user": 0, "permission_overwrites": [],
            "last_message_id": self.last_message(&channel.id),
        })
    }

    pub(super) fn shown_thread(&self, thread: &Thread) -> Value {
        let count = self.state().store.room(&thread.id).len();
        let metadata = json!({
            "archived": false, "archive_timestamp": time(thread.at),
            "auto_archive_duration": thread.archive_after, "locked": false,
            "create_timestamp": time(thread.at),
        });
        json!({
            "id": thread.id, "type": 11, "flags": 0, "guild_id": self.seed().guild.id,
            "name": thread.name, "parent_id": thread.parent, "rate_limit_per_user": 0,
            "owner_id": self.seed().application_id, "thread_metadata": metadata,
            "message_count": count, "member_count": 1, "total_message_sent": count,
            "last_message_id": self.last_message(&thread.id),
        })
    }

    fn last_message(&self, room: &str) -> Option<String> {
        let state = self.state();
        let open = state.store.room(room).iter().rev().find(|one| one.ephemeral_for.is_none());
        open.map(|message| message.id.clone())
    }

    /// A message as Discord shows it to programs.
    pub(super) fn shown(&self, message: &Message) -> Value {
        let is_set = |flag: bool, value: u64| if flag { value } else { 0 };
        let flags = is_set(message.ephemeral_for.is_some(), EPHEMERAL)
            | is_set(message.loading, LOADING)
            | is_set(message.thread.is_some(), HAS_THREAD);
        let named = |mark: &str| -> Vec<&str> {
            let all = message.pings.iter().filter_map(|ping| ping.strip_prefix(mark));
            all.filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())).collect()
        };
        let mentions: Vec<Value> = named("@").iter().map(|id| self.shown_user(id)).collect();
        let is_loud = message.pings.iter().any(|ping| ping == "everyone" || ping == "here");
        let mut shown = json!({
            "id": message.id, "channel_id": message.channel_id, "type": 0,
            "author": self.shown_user(&message.user), "content": message.content,
            "embeds": message.embeds, "components": message.components, "flags": flags,
            "timestamp": time(message.at), "edited_timestamp": message.edited_at.map(time),
            "mentions": mentions, "mention_roles": named("@&"), "mention_everyone": is_loud,
            "attachments": [], "pinned": false, "tts": false,
        });
        if let Some(nonce) = &message.nonce {
            shown["nonce"] = nonce.clone();
        }
        if let Some(reason) = &message.interaction {
            self.add_reason(&mut shown, reason);
        }
        let thread = message.thread.as_ref();
        let thread = thread.and_then(|id| self.state().store.thread(id).cloned());
        if let Some(thread) = thread {
            shown["thread"] = self.shown_thread(&thread);
        }
        shown
    }

    fn add_reason(&self, shown: &mut Value, reason: &Reason) {
        let application = &self.seed().application_id;
        let mut metadata = json!({
            "id": reason.id, "type": reason.kind, "user": self.shown_user(&reason.user),
            "authorizing_integration_owners": {"0": self.seed().guild.id},
        });
        if reason.kind == 2 {
            shown["type"] = 20.into();
        }
        if let (3, Some(pressed)) = (reason.kind, &reason.pressed) {
            metadata["interacted_message_id"] = pressed.clone().into();
        }
        // A form came from a command or a press, of which this model keeps only the person.
        if reason.kind == 5 {
            metadata["triggering_interaction_metadata"] = json!({
                "id": reason.id, "type": 2, "user": metadata["user"],
                "authorizing_integration_owners": metadata["authorizing_integration_owners"],
            });
        }
        shown["application_id"] = application.clone().into();
        shown["webhook_id"] = application.clone().into();
        shown["interaction_metadata"] = metadata;
    }

    /// What every delivery says about where it happened.
    pub(super) fn shown_place(&self, channel: &str, user: &str) -> Value {
        let guild = &self.seed().guild.id;
        let mut partial = self.shown_channel(channel).unwrap_or_default();
        partial["permissions"] = PERMISSIONS.into();
        let mut member = self.shown_member(user).unwrap_or_default();
        member["permissions"] = PERMISSIONS.into();
        json!({
            "application_id": self.seed().application_id,
            "guild_id": guild,
            "guild": {"id": guild, "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "channel": partial,
            "channel_id": channel,
            "member": member,
            "locale": "en-GB",
            "version": 1,
            "app_permissions": PERMISSIONS,
            "entitlements": [],
            "authorizing_integration_owners": {"0": guild},
            "context": 0,
            "attachment_size_limit": 10_485_760,
        })
    }
}
