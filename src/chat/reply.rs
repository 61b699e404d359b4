//! What the bot says, independent of platform. Each platform's adapter draws these values; foreign text stays marked as
//! foreign until the last moment, so that only the adapter's escaper can turn it into markup.

use serde::{Deserialize, Serialize};

use crate::domain::actor::Person;
use crate::domain::time::Timestamp;

/// One message: a title, what it says, and what can be pressed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// One line for notifications and screen readers. Plain text.
    pub summary: Text,
    /// The parts, from top to bottom.
    pub parts: Vec<Part>,
}

/// One part of a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The headline; at most one per card.
    Title(Text),
    /// A paragraph.
    Paragraph(Text),
    /// Name and value, side by side; at most ten.
    Fields(Vec<Field>),
    /// The runbook.
    Checklist(Vec<Item>),
    /// What can be pressed; at most five per part.
    Buttons(Vec<Button>),
    /// Small print.
    Note(Text),
    /// A thin line.
    Divider,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Ours, short.
    pub name: String,
    /// The value.
    pub value: Text,
}

/// One line of the runbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// How far it is.
    pub state: ItemState,
    /// What it is.
    pub label: Text,
    /// When, who, or why.
    pub note: Option<Text>,
}

/// How far a line of the runbook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Not begun.
    Todo,
    /// Happening now.
    Doing,
    /// Done.
    Done,
    /// Did not work.
    Failed,
    /// Cannot tell.
    Unknown,
}

/// Something to press.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Button {
    /// Ours: one of the labels of the interface, or a deployment's short name in a list of choices. Plain text.
    pub label: Text,
    /// How it looks.
    pub style: ButtonStyle,
    /// The action's stable name, for example `confirm`; carries no authority.
    pub action: String,
    /// The opaque value that stands for what the button does: 32 lower-case hex digits.
    pub token: String,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonStyle {
    /// The next step.
    Primary,
    /// Changes production.
    Danger,
    /// Anything else.
    Plain,
}

/// A few questions to one person before something is done; the answers come back with the same token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The opaque value of the button that opens it.
    pub token: String,
    /// Ours, at most 24 characters.
    pub title: String,
    /// What is asked.
    pub field: FormField,
    /// The label of its button: ours, at most 24 characters.
    pub submit: String,
}

/// One question of a form: a text that must be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// The name under which the answer comes back.
    pub name: String,
    /// Ours, at most 45 characters.
    pub label: String,
    /// Ours: what is to be written, at most 100 characters.
    pub hint: String,
    /// The answer has at most this many characters.
    pub max: usize,
}

/// Text made of our words and of others'.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub Vec<Run>);

/// A stretch of text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Run {
    /// Our words.
    Plain(String),
    /// Our words, stressed.
    Strong(String),
    /// Somebody else's words: shown inert, never as markup, mention or link.
    Foreign(String),
    /// Foreign text in a fixed-width face: ids, commits, commands.
    Code(String),
    /// A person, named without being pinged where the platform allows.
    Person(Person),
    /// An instant, in the reader's own time zone where the platform allows.
    Time(Timestamp),
    /// A link whose address we built or whose host we allow.
    Link {
        /// `https://…`, or `http://` on loopback.
        url: String,
        /// Shown.
        label: String,
    },
}

impl Card {
    /// The same card with people named as those who read it know them.
    #[must_use]
    pub fn with_people(mut self, known: &impl Fn(&Person) -> Person) -> Self {
        self.summary.name_people(known);
        for part in &mut self.parts {
            match part {
                Part::Title(text) | Part::Paragraph(text) | Part::Note(text) => {
                    text.name_people(known);
                }
                Part::Fields(fields) => {
                    fields.iter_mut().for_each(|field| field.value.name_people(known));
                }
                Part::Checklist(items) => {
                    for item in items {
                        item.label.name_people(known);
                        item.note.iter_mut().for_each(|note| note.name_people(known));
                    }
                }
                Part::Buttons(_) | Part::Divider => {}
            }
        }
        self
    }
}

impl Text {
    fn name_people(&mut self, known: &impl Fn(&Person) -> Person) {
        for run in &mut self.0 {
            if let Run::Person(person) = run {
                *person = known(person);
            }
        }
    }

    /// Our words.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Run::Plain(text.into())])
    }

    /// Adds our words.
    pub fn and(mut self, text: impl Into<String>) -> Self {
        self.0.push(Run::Plain(text.into()));
        self
    }

    /// Adds our words, stressed.
    pub fn strong(mut self, text: impl Into<String>) -> Self {
        self.0.push(Run::Strong(text.into()));
        self
    }

    /// Adds somebody else's words.
    pub fn foreign(mut self, text: impl Into<String>) -> Self {
        self.0.push(Run::Foreign(text.into()));
        self
    }

    /// Adds foreign text in a fixed-width face.
    pub fn code(mut self, text: impl Into<String>) -> Self {
        self.0.push(Run::Code(text.into()));
        self
    }

    /// Adds a person.
    pub fn person(mut self, person: &Person) -> Self {
        self.0.push(Run::Person(person.clone()));
        self
    }

    /// Adds an instant.
    pub fn time(mut self, at: Timestamp) -> Self {
        self.0.push(Run::Time(at));
        self
    }

    /// Adds a link.
    pub fn link(mut self, url: impl Into<String>, label: impl Into<String>) -> Self {
        self.0.push(Run::Link { url: url.into(), label: label.into() });
        self
    }

    /// Adds another text.
    pub fn append(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::plain(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}
