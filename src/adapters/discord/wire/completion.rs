//! A command that is being typed: Discord asks what the option under the cursor could be. It is told nothing that a
//! person could not ask for; who may see what is asked elsewhere.

use super::{CHAT_INPUT, Command, below_subcommand, read as read_interaction, values};
use crate::adapters::discord::wire::Home;
use crate::adapters::inbound_text::Malformed;
use crate::chat::inbound::Completing;

/// What is being typed; `None` where there is nothing to offer.
pub(super) fn read(home: &Home, text: &str) -> Result<Option<Completing>, Malformed> {
    let Command { scene, data } = read_interaction(text)?;
    let Ok((person, channel)) = scene.read(home) else { return Ok(None) };
    if data.kind != CHAT_INPUT {
        return Ok(None);
    }
    let (subcommand, options) = below_subcommand(data.options);
    let (focused, others): (Vec<_>, Vec<_>) = options.into_iter().partition(|one| one.focused);
    let (Some(focused), Some(others)) = (values(focused), values(others)) else {
        return Ok(None);
    };
    let Ok([(option, typed)]) = <[_; 1]>::try_from(focused) else { return Ok(None) };
    let command = data.name.0;
    Ok(Some(Completing { person, channel, command, subcommand, option, typed, others }))
}
