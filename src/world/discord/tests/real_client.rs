//! The real serenity client at the modelled Discord.

use serenity::all::{
    ChannelId, ClientBuilder, Context, CreateInteractionResponse, CreateInteractionResponseMessage,
    EditInteractionResponse, EventHandler, GatewayIntents, GuildId, HttpBuilder, Interaction,
};
use serenity::async_trait;

use super::*;

struct Handler;

#[async_trait]
impl EventHandler for Handler {
    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        match interaction {
            Interaction::Command(command) => {
                command.defer_ephemeral(&context.http).await.unwrap();
                let card = EditInteractionResponse::new().content("a card");
                command.edit_response(&context.http, card).await.unwrap();
            }
            Interaction::Component(press) => {
                let message = CreateInteractionResponseMessage::new().content("done");
                let answer = CreateInteractionResponse::UpdateMessage(message.components(vec![]));
                press.create_response(&context.http, answer).await.unwrap();
            }
            other => panic!("not expected: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_real_client_connects_hears_and_answers() {
    let story = tokio::time::timeout(std::time::Duration::from_secs(30), story());
    story.await.expect("the client hears and answers");
}

async fn story() {
    let place = place().await;
    place.registers().await;
    let http = HttpBuilder::new(&place.model.seed().credentials.bot_token)
        .proxy(&place.base)
        .ratelimiter_disabled(true)
        .build();
    let mut client = ClientBuilder::new_with_http(http, GatewayIntents::empty())
        .event_handler(Handler)
        .await
        .unwrap();
    let shards = client.shard_manager.clone();
    let http = client.http.clone();
    let running = tokio::spawn(async move { client.start().await });
    let mut changes = place.ledger.changes();
    while !place.model.is_bot_connected() {
        changes.changed().await.unwrap();
    }
    let (ana, incidents) = (place.user("ana"), place.incidents());
    place.model.type_command(&ana, &incidents, &Typed::new("/rollback")).await.unwrap();
    while place.seen_by("ana") != ["a card"] {
        changes.changed().await.unwrap();
    }
    place.posts(json!({"content": "card", "components": button("Confirm", "confirm:1")})).await;
    let seen = place.model.find_button(&incidents, &ana, "Confirm").unwrap();
    place.model.press(&ana, &seen.channel, &seen.message, &seen.custom_id).await.unwrap();
    assert_eq!(place.seen_by("bo"), ["done"]);
    reads_everything(&place, &http).await;
    shards.shutdown_all().await;
    running.await.unwrap().unwrap();
    assert_eq!(place.model.unknown_calls(), Vec::<String>::new());
}

async fn reads_everything(place: &Place, http: &serenity::http::Http) {
    let id = |text: &str| text.parse::<u64>().unwrap();
    let seed = place.model.seed();
    let guild = GuildId::new(id(&seed.guild.id));
    let channel = ChannelId::new(id(&place.incidents()));
    assert_eq!(http.get_current_user().await.unwrap().name, "repoint");
    let application = http.get_current_application_info().await.unwrap();
    assert_eq!(application.id.to_string(), seed.application_id);
    assert_eq!(http.get_guild(guild).await.unwrap().name, "Demo");
    let member = http.get_member(guild, id(&place.user("lee")).into()).await.unwrap();
    assert_eq!(member.roles[0].to_string(), place.model.role_id("leads"));
    assert_eq!(http.get_guild_roles(guild).await.unwrap().len(), 3);
    assert_eq!(http.get_guild_commands(guild).await.unwrap().len(), 2);
    assert_eq!(http.get_messages(channel, None, None).await.unwrap().len(), 1);
    let said = channel.say(http, "@everyone").await.unwrap();
    let thread = serenity::all::CreateThread::new("inc-1");
    let thread = channel.create_thread_from_message(http, said.id, thread).await.unwrap();
    assert_eq!(thread.id.get(), said.id.get());
    thread.id.say(http, "under it").await.unwrap();
    assert_eq!(http.get_channel(thread.id).await.unwrap().guild().unwrap().name, "inc-1");
    said.delete(http).await.unwrap();
}
