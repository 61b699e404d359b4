//! A form that was sent: Discord's modal submit. The modal's own name tells the button that opened it; whether that
//! still stands for anything is asked of the journal all the same.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Clean, Place, Scene, read as read_interaction, some_text, unsupported};
use crate::adapters::discord::form::NAME;
use crate::adapters::inbound_text::Malformed;
use crate::chat::inbound::Inbound;

#[derive(Debug, Deserialize)]
struct Submission {
    #[serde(flatten)]
    scene: Scene,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    custom_id: Option<Clean>,
    #[serde(default)]
    components: Vec<Holder>,
}

/// What an input stands in: a row of several, or a label of one.
#[derive(Debug, Deserialize)]
struct Holder {
    #[serde(default)]
    components: Vec<Input>,
    component: Option<Input>,
}

#[derive(Debug, Deserialize)]
struct Input {
    #[serde(rename = "type")]
    kind: u8,
    custom_id: Option<Clean>,
    value: Option<Clean>,
}

const TEXT_INPUT: u8 = 4;

/// A submission of one of our forms by a person; anything else is a form of another version of us.
pub(super) fn read(place: Place<'_>, text: &str) -> Result<Inbound, Malformed> {
    let Submission { scene, data } = read_interaction(text)?;
    let (person, channel) = match scene.read(place.home) {
        Ok(read) => read,
        Err(what) => return Ok(unsupported(what)),
    };
    let name = some_text(data.custom_id).unwrap_or_default();
    let token = match name.split_once(':') {
        Some((NAME, token)) if !token.is_empty() => token.to_owned(),
        Some(_) | None => return Ok(unsupported("another form")),
    };
    let inputs =
        data.components.into_iter().flat_map(|it| it.components.into_iter().chain(it.component));
    let mut values = BTreeMap::new();
    for input in inputs.filter(|input| input.kind == TEXT_INPUT) {
        let Some(field) = some_text(input.custom_id) else { continue };
        if values.insert(field, some_text(input.value).unwrap_or_default()).is_some() {
            return Err(Malformed("a form's field is repeated"));
        }
    }
    Ok(Inbound::Form {
        key: place.key("form"),
        person,
        channel,
        token,
        values,
        response_url: Some(place.response_url),
    })
}
