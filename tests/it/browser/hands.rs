//! What a person does on the page: with real keys, a real pointer, and on a phone with a finger.
//!
//! What is covered or out of reach is not pressed. What the page redraws or moves away in this very moment is looked for
//! anew, and so is what a press has missed.

use std::time::Duration;

use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MouseActions, PointerAction, TouchActions,
};
use fantoccini::elements::Element;
use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::key::Key;

use super::page::{Page, Screen};

/// A press that has not come to its aim after so many looks has missed it.
const LOOKS_AFTER_A_PRESS: usize = 100;

/// The page has drawn anew, or moved, what was about to be pressed.
fn has_moved_away(error: &CmdError) -> bool {
    let is_covered = matches!(error, CmdError::Standard(told) if told.error == ErrorStatus::ElementClickIntercepted);
    is_covered
        || error.is_stale_element_reference()
        || error.is_element_not_interactable()
        || error.is_move_target_out_of_bounds()
}

impl Page {
    /// Presses the newest button, or follows the link, with this name.
    pub(super) fn presses(&self, name: &str) {
        self.touches("pressable", name);
    }

    /// Takes a line of the open list of completions.
    pub(super) fn completes(&self, words: &str) {
        self.touches("option", words);
    }

    /// Takes a line of the open list with a slow finger: the page draws the list anew before it is let go.
    pub(super) fn completes_slowly(&self, words: &str) {
        let mut line = None;
        self.until(words, || {
            line = self.element("option", words);
            line.is_some()
        });
        let element = line.expect("waited for");
        let place = PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        self.moves_the_mouse(&[place, PointerAction::Down { button: 0 }]);
        assert!(self.look::<bool>("drawsTheListAnew()"));
        self.moves_the_mouse(&[PointerAction::Up { button: 0 }]);
    }

    fn moves_the_mouse(&self, moves: &[PointerAction]) {
        let mouse = MouseActions::new("mouse".to_owned());
        let actions = moves.iter().fold(mouse, |actions, one| actions.then(one.clone()));
        self.browser.does(async |client| client.perform_actions(actions).await);
    }

    /// Takes one of several: a person to act as, a page of the shop.
    pub(super) fn chooses(&self, words: &str) {
        self.touches("choice", words);
    }

    /// Goes to the other half of a narrow page.
    pub(super) fn opens_production(&self) {
        self.touches("tab", "Production");
    }

    /// Opens the newest thread.
    pub(super) fn opens_the_thread(&self) {
        self.touches("thread", "replies");
    }

    /// Scrolls until the newest card begins at the top of the conversation.
    pub(super) fn scrolls_to_the_card(&self) {
        self.until("the card", || self.look("comesToTheTop(card())"));
    }

    /// Types into the message box.
    pub(super) fn types(&self, text: &str) {
        self.touches("messageBox", "");
        self.writes(text);
    }

    /// Types and sends at once.
    pub(super) fn sends(&self, text: &str) {
        self.types(text);
        self.strikes(Key::Enter);
    }

    fn touches(&self, question: &str, words: &str) {
        self.until(words, || {
            let Some(element) = self.element(question, words) else { return false };
            match self.reaches(question, words, element) {
                Ok(is_touched) => is_touched,
                Err(error) if has_moved_away(&error) => false,
                Err(error) => panic!("{words} cannot be pressed: {error}"),
            }
        });
    }

    /// Whether pointer or finger met what it was meant for.
    fn reaches(&self, question: &str, words: &str, element: Element) -> Result<bool, CmdError> {
        if !self.asks(&format!("comesUnderTheFinger({question}(arguments[0]))"), &[words])? {
            return Ok(false);
        }
        match self.screen {
            Screen::Desktop => self.browser.tries(async |_| element.click().await)?,
            Screen::Phone => self.taps(element)?,
        }
        // A tap becomes a click a moment later.
        for _ in 0..LOOKS_AFTER_A_PRESS {
            if self.asks("isMet()", &[])? {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(false)
    }

    fn taps(&self, element: Element) -> Result<(), CmdError> {
        let place = PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        let actions = TouchActions::new("finger".to_owned())
            .then(place)
            .then(PointerAction::Down { button: 0 })
            .then(PointerAction::Up { button: 0 });
        self.browser.tries(async |client| client.perform_actions(actions).await)
    }

    /// Strikes one key, wherever the keyboard is.
    pub(super) fn strikes(&self, key: Key) {
        self.strikes_all(&[key]);
    }

    /// Tab, backwards.
    pub(super) fn steps_back(&self) {
        self.strikes_all(&[Key::Shift, Key::Tab]);
    }

    fn strikes_all(&self, keys: &[Key]) {
        let down = keys.iter().map(|key| KeyAction::Down { value: (*key).into() });
        let up = keys.iter().rev().map(|key| KeyAction::Up { value: (*key).into() });
        self.moves_the_keys(down.chain(up));
    }

    /// Types letters, wherever the keyboard is.
    pub(super) fn writes(&self, text: &str) {
        let strike = |value| [KeyAction::Down { value }, KeyAction::Up { value }];
        self.moves_the_keys(text.chars().flat_map(strike));
    }

    fn moves_the_keys(&self, moves: impl Iterator<Item = KeyAction>) {
        let keyboard = KeyActions::new("keyboard".to_owned());
        let actions = moves.fold(keyboard, |actions, one| actions.then(one));
        self.browser.does(async |client| client.perform_actions(actions).await);
    }
}
