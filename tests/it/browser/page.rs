//! The demo's page as a person has it before them, and what they see on it; `hands` has what they do.
//!
//! `look.js` tells what is there. Nothing is waited for by the clock: a verb looks until it sees what it needs.

use std::path::PathBuf;
use std::time::Duration;

use fantoccini::Locator;
use fantoccini::elements::{Element, ElementRef};
use fantoccini::error::CmdError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::demo::Demo;
use super::driver::Browser;

const LOOK: &str = include_str!("look.js");

/// How WebDriver marks an element among values.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What does not come after so many looks does not come.
const LOOKS: usize = 3_000;

/// The size of what is before the person.
#[derive(Clone, Copy)]
pub(super) enum Screen {
    /// With a mouse.
    Desktop,
    /// With a finger.
    Phone,
}

/// How the person has set up their system.
#[derive(Clone, Copy)]
pub(super) enum Colours {
    Light,
    /// And as little motion as possible.
    Dark,
}

/// Where the keyboard is.
#[derive(Debug, Default, Deserialize, PartialEq, Eq, Clone)]
pub(super) struct Focus {
    pub(super) tag: String,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_ringed: bool,
    pub(super) is_uncovered: bool,
}

/// The open page.
pub(super) struct Page {
    pub(super) demo: Demo,
    pub(super) browser: Browser,
    pub(super) screen: Screen,
    story: &'static str,
}

impl Page {
    pub(super) fn open(browser: Browser, demo: Demo, story: &'static str, screen: Screen) -> Self {
        let page = Self { demo, browser, screen, story };
        // The picture of an earlier failure; there is rarely one.
        let _ = std::fs::remove_file(page.picture("failed"));
        page.has_its_screen();
        page.prefers(Colours::Light);
        page.browser.does(async |client| client.goto(page.demo.console()).await);
        page.until("the page", || {
            page.look("document.querySelector('#app[data-ready=true]') !== null")
        });
        page
    }

    fn has_its_screen(&self) {
        let (width, height, scale, is_phone) = match self.screen {
            Screen::Desktop => (1440, 900, 1, false),
            Screen::Phone => (390, 844, 2, true),
        };
        let size = json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": is_phone});
        self.browser.chromium("Emulation.setDeviceMetricsOverride", size);
        self.browser.chromium("Emulation.setTouchEmulationEnabled", json!({"enabled": is_phone}));
    }

    pub(super) fn prefers(&self, colours: Colours) {
        let (scheme, motion) = match colours {
            Colours::Light => ("light", "no-preference"),
            Colours::Dark => ("dark", "reduce"),
        };
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]);
        self.browser.chromium("Emulation.setEmulatedMedia", json!({"features": features}));
    }

    /// Answers a question to the page, by `look.js`.
    pub(super) fn look<T: DeserializeOwned>(&self, question: &str) -> T {
        self.look_with(question, &[])
    }

    fn look_with<T: DeserializeOwned>(&self, question: &str, words: &[&str]) -> T {
        self.asks(question, words).unwrap_or_else(|error| panic!("{question}: {error}"))
    }

    pub(super) fn asks<T: DeserializeOwned>(
        &self,
        question: &str,
        words: &[&str],
    ) -> Result<T, CmdError> {
        let script = format!("{LOOK}\nreturn {question};");
        let words = words.iter().map(|one| Value::from(*one)).collect();
        let answer = self.browser.tries(async |client| client.execute(&script, words).await)?;
        Ok(serde_json::from_value(answer)?)
    }

    pub(super) fn element(&self, question: &str, words: &str) -> Option<Element> {
        let found: Value = self.look_with(&format!("{question}(arguments[0]) ?? null"), &[words]);
        let id = found[ELEMENT].as_str()?.to_owned();
        self.browser
            .tries(async |client| {
                Ok::<_, CmdError>(Element::from_element_id(client.clone(), ElementRef::from(id)))
            })
            .ok()
    }

    /// Whether something with this name can be pressed now.
    pub(super) fn has_a_button(&self, name: &str) -> bool {
        self.element("pressable", name).is_some()
    }

    /// What stands in the message box.
    pub(super) fn has_typed(&self) -> String {
        self.look("document.getElementById('composer-input').value")
    }

    /// The completion that Enter would take.
    pub(super) fn option_in_hand(&self) -> String {
        self.look("document.querySelector('[role=option][aria-selected=true] strong').textContent")
    }

    /// Where the keyboard is; inside the shop's frame, what has it there.
    pub(super) fn focus(&self) -> Focus {
        let focus: Focus = self.look("focused()");
        if focus.tag != "iframe" {
            return focus;
        }
        let inside = self.in_the_shop::<Focus>("focused()");
        Focus { tag: "iframe".to_owned(), ..inside }
    }

    pub(super) fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        for _ in 0..LOOKS {
            if is_so() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("waited in vain for {what}; the page says: {}", self.all_words());
    }

    /// Waits until these words are on the page.
    pub(super) fn sees(&self, words: &str) {
        self.until(words, || self.all_words().contains(words));
    }

    pub(super) fn all_words(&self) -> String {
        self.look("seen()")
    }

    /// Waits until the shop in its frame says this.
    pub(super) fn sees_the_shop_say(&self, words: &str) {
        self.until(words, || self.shop_says().contains(words));
    }

    pub(super) fn shop_says(&self) -> String {
        self.in_the_shop("seen()")
    }

    /// Answers a question to the shop in its frame. The page swaps the frame when production moves: one that is just gone
    /// says nothing, and the next look meets the fresh one.
    fn in_the_shop<T: DeserializeOwned + Default>(&self, question: &str) -> T {
        let entered = self.browser.tries(async |client| {
            client.find(Locator::Css("#frame iframe:last-child")).await?.enter_frame().await
        });
        let answer = entered.and_then(|()| self.asks(question, &[]));
        self.browser.leaves_the_frame();
        answer.unwrap_or_default()
    }

    pub(super) fn reloads(&self) {
        self.browser.does(async |client| client.refresh().await);
    }

    /// The page as programs for blind people get it.
    pub(super) fn accessibility_tree(&self) -> Vec<Value> {
        let tree = self.browser.chromium("Accessibility.getFullAXTree", json!({}));
        tree["nodes"].as_array().cloned().expect("a tree")
    }

    /// Keeps what is to be seen now as a picture.
    pub(super) fn keeps_picture(&self, name: &str) {
        self.until("the page to be still", || self.look("isStill()"));
        let picture = self.browser.does(async |client| client.screenshot().await);
        std::fs::write(self.picture(name), picture).expect("a picture");
    }

    fn picture(&self, name: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        folder.join(format!("{}-{name}.png", self.story))
    }

    /// Nothing went wrong behind the scene: the only complaints may be the broken shop's own answer and, once the story has
    /// ended the demo, calls that nobody takes any more.
    pub(super) fn ends_without_complaints(&self) {
        let is_the_shops_500 = |text: &str| {
            text.starts_with(self.demo.shop()) && text.contains("responded with a status of 500")
        };
        let is_unanswered = |one: &Value| self.demo.has_ended() && one["source"] == "network";
        let mut complaints = self.browser.console();
        complaints.retain(|one| {
            !is_unanswered(one) && !is_the_shops_500(one["message"].as_str().unwrap_or_default())
        });
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let picture = self.browser.tries(async |client| client.screenshot().await);
            let path = self.picture("failed");
            if picture.is_ok_and(|picture| std::fs::write(&path, picture).is_ok()) {
                eprintln!("the page at the end: {}", path.display());
            }
        }
    }
}
