//! What comes of what people do: the answers that they alone hear, and what everybody can look up.

use repoint::domain::ids::DeploymentId;

use super::{Person, World};

impl Person {
    /// Types a slash command in `#incidents` and returns what comes back in private.
    pub async fn hears_on_typing(&self, line: &str) -> String {
        self.hears_on_typing_in("incidents", line).await
    }

    /// Types a slash command in a channel and returns what comes back in private.
    pub async fn hears_on_typing_in(&self, channel: &str, line: &str) -> String {
        let known = self.told_in(channel).len();
        self.types_in(channel, line).await;
        self.world.settle().await;
        self.told_in(channel).split_off(known)
    }

    /// Presses the newest button with this label and returns what comes back in private.
    pub async fn hears_on_pressing(&self, label: &str) -> String {
        let known = self.told_in("incidents").len();
        self.presses(label).await;
        self.world.settle().await;
        self.told_in("incidents").split_off(known)
    }

    /// The code that `/incident press` gives this person for a button.
    pub async fn code_for(&self, label: &str) -> String {
        let codes = self.hears_on_typing("/incident press").await;
        let line = regex::Regex::new(&format!(r"{label}[^:]*: `/incident press ([0-9A-Z-]{{9}})`"))
            .expect("a pattern");
        let found = line.captures(&codes).unwrap_or_else(|| panic!("no code for {label}: {codes}"));
        found[1].to_owned()
    }
}

impl World {
    /// Somebody else points production at a deployment, in the provider's dashboard.
    pub fn somebody_flips_to(&self, short: &str) {
        let id = DeploymentId::from(self.id_of(short).as_str());
        self.models.vercel.flip_by_other("shop", &id);
    }

    /// How many incidents there are in the journal.
    pub fn incidents_opened(&self) -> u32 {
        self.rows("SELECT count(DISTINCT stream) FROM events WHERE stream LIKE 'incident%'")
    }

    /// Counts something in the journal's file, as it is on disk.
    pub fn rows(&self, count: &str) -> u32 {
        let file = rusqlite::Connection::open(self.journal()).expect("the journal's file");
        file.query_row(count, [], |row| row.get(0)).expect("a count")
    }
}
