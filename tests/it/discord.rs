//! The way back from Discord alone, over both of its transports, and what another program reads of it.

use std::sync::Arc;
use std::time::Duration;

use repoint::adapters::discord::register::Changed;
use repoint::world::faces::Faces;
use serde_json::Value;

use crate::contract::READER;
use crate::forged::discord::{DOOR, Doing, Key};
use crate::forged::kinds::Signs;
use crate::harness::wire::{Raw, Wire};
use crate::harness::{BAD, GOOD, Person, Settings, Strike, World, http_client};

fn over_http() -> Settings {
    Settings { faces: Faces::Discord, ..Settings::default() }
}

fn over_the_gateway() -> Settings {
    let dial = |text: String| text.replace("mode = \"http\"", "mode = \"gateway\"");
    Settings { edit: Some(dial), ..over_http() }
}

/// The channel's messages, as another program with the bot's token lists them.
async fn message_list(world: &World) -> Vec<Value> {
    let described = world.models.described("127.0.0.1:1".parse().expect("an address"));
    let told = |pointer: &str| described.pointer(pointer).and_then(Value::as_str).expect("a text");
    let (api, channel) = (told("/discord/api"), told("/discord/channels/incidents"));
    let request = http_client(READER)
        .get(format!("{api}/api/v10/channels/{channel}/messages"))
        .header("authorization", format!("Bot {}", told("/discord/bot_token")));
    request.send().await.expect("an answer").json().await.expect("messages")
}

/// One command, one press, and production is back.
async fn goes_back(world: Arc<World>) {
    assert_eq!(world.live(), BAD);
    let ana = world.user("ana");
    ana.types("/rollback reason=\"checkout @everyone *broken*\"").await;
    world.until("the question", || world.incidents().contains("[Confirm]")).await;
    world.settle().await;
    ana.presses("Confirm").await;
    world.passes_until("the proof", || world.incidents().contains("proven")).await;
    world.settle().await;
    assert_eq!((world.live().as_str(), world.rollbacks_sent()), (GOOD, 1));

    let messages = message_list(&world).await;
    let card = messages.iter().find(|message| !message["thread"].is_null()).expect("the card");
    let title = card["embeds"][0]["title"].as_str().expect("a title");
    assert!(title.starts_with("#1 shop: "), "{title}");
    let [thread] = <[_; 1]>::try_from(world.models.discord.threads()).expect("one thread");
    assert_eq!(Some(thread.id.as_str()), card["id"].as_str());
    assert!(thread.name.starts_with("#1 shop"), "{}", thread.name);
    assert!(!world.models.discord.messages(&thread.id).is_empty(), "told in the thread");
    assert_eq!(world.models.discord.pings(), Vec::<String>::new());
}

/// Rights hang on a role of the guild as well.
pub fn with_a_role() -> Settings {
    let named = |text: String| {
        let text = text.replace("mode = \"http\"", "mode = \"gateway\"");
        let guild = "discord:1201000000000000001";
        text.replace(
            "responders = [",
            &format!("responders = [\"{guild}/@&1201000000000000021\", "),
        )
    };
    Settings { edit: Some(named), ..over_http() }
}

/// Makes every call that the bot makes to Discord.
pub async fn every_call(world: &Arc<World>) {
    dials(world).await;
    goes_back(world.clone()).await;
    let [ana, eve] = ["ana", "eve"].map(|name| world.user(name));
    // Told by the interaction's token while it lives, by the bot's afterwards.
    eve.presses("Verify").await;
    world.settle().await;
    world.trap("discord", "token_expired", "POST", Value::Null);
    eve.presses("Verify").await;
    world.settle().await;
    says_later(world, &ana).await;
}

async fn dials(world: &World) {
    world.models.discord.use_gateway();
    world.until("the bot to connect", || world.models.discord.is_bot_connected()).await;
}

/// A command that takes longer than Discord waits is told to wait, and answered in the same place.
async fn says_later(world: &World, by: &Person) {
    world.gate.strikes_at(1, Strike::Takes(Duration::from_millis(2_000)));
    by.types("/incident note text=\"payments too\"").await;
    world.until("the later answer", || !world.calls("/messages/@original").is_empty()).await;
    world.settle().await;
    assert!(!world.incidents().contains("is thinking…"), "{}", world.incidents());
}

#[test]
fn a_slow_journal_is_waited_for_and_the_answer_comes_later() {
    World::run_with(over_http(), async |world| {
        let ana = world.user("ana");
        ana.types("/rollback").await;
        world.settle().await;
        says_later(&world, &ana).await;
    });
}

#[test]
fn discord_alone_brings_production_back_over_http() {
    World::run_with(over_http(), async |world| {
        goes_back(world.clone()).await;
        insta::assert_snapshot!("the_way_back_on_discord", world.incidents());
    });
}

#[test]
fn an_outside_program_reads_the_card_and_presses_its_confirm_by_a_signed_interaction() {
    World::run_with(over_http(), async |w| {
        w.user("ana").types("/rollback").await;
        w.until("the question", || w.incidents().contains("[Confirm]")).await;
        w.settle().await;
        let messages = message_list(&w).await;
        let (message, confirm) = messages.iter().find_map(confirm_of).expect("a card");
        let interaction = Doing::new(&w, 1, "outside").presses(confirm, message);
        assert_eq!(posts_signed(&w, &interaction).await, 200);
        w.passes_until("the proof", || w.incidents().contains("proven")).await;
        assert_eq!((w.live().as_str(), w.rollbacks_sent()), (GOOD, 1));
    });
}

/// The ids of a message that can be confirmed, and of its button.
fn confirm_of(message: &Value) -> Option<(&str, &str)> {
    let rows = message["components"].as_array()?.iter();
    let mut buttons = rows.filter_map(|row| row["components"].as_array()).flatten();
    let confirm = buttons.find(|button| button["label"] == "Confirm")?;
    Some((message["id"].as_str()?, confirm["custom_id"].as_str()?))
}

/// Posts an interaction to the bot as Discord signs it; the status of the answer.
pub async fn posts_signed(world: &World, interaction: &Value) -> u16 {
    let raw = Raw::json(DOOR, interaction.to_string());
    let raw = Key::of(world).signs(raw, &world.seconds().to_string());
    let mut wire = Wire::open(world.bot(|bot| bot.address())).await;
    wire.says(&raw.bytes()).await;
    wire.hears().await.expect("an answer").status
}

#[test]
fn discord_takes_the_bots_address_for_its_interactions() {
    World::run_with(over_http(), async |world| {
        assert_eq!(world.models.discord.check_endpoint().await, Ok(()));
    });
}

#[test]
fn discord_alone_brings_production_back_over_the_gateway() {
    World::run_with(over_the_gateway(), async |world| {
        dials(&world).await;
        goes_back(world.clone()).await;
    });
}

#[test]
fn somebody_who_is_not_listed_is_refused_and_nothing_is_sent() {
    World::run_with(over_http(), async |world| {
        let eve = world.user("eve");
        eve.types("/rollback").await;
        world.settle().await;
        let ana = world.user("ana");
        ana.types("/rollback").await;
        world.settle().await;
        eve.presses("Confirm").await;
        world.settle().await;
        assert_eq!((world.live().as_str(), world.rollbacks_sent()), (BAD, 0));
        let refused = world.incidents().matches("(only eve)").count();
        assert_eq!(refused, 2, "both the command and the press:\n{}", world.incidents());
    });
}

#[test]
fn registering_twice_changes_nothing_the_second_time() {
    World::run_with(over_http(), async |world| {
        let names = ["incident", "promote", "revert", "rollback", "verify"].map(str::to_owned);
        let again = world.registers_its_commands().await;
        assert_eq!(again, Changed { kept: names.to_vec(), ..Changed::default() });
        let ana = world.user("ana");
        let offered = ana.is_proposed("/rollback service=sh", "service").await;
        assert_eq!(offered[0].value, "shop");
    });
}
