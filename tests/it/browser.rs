//! The demo in a real browser: the real `repoint demo` in a process of its own, and Chromium without a window on its page.
//!
//! Each story is told by a person's own means: pointer, keys, a finger. `page` is what they see, `hands` what they do,
//! `access` what must hold for people who cannot see or hardly see the page; `driver` and `demo` are the processes. Pictures
//! are kept in the target directory, in `tmp/screenshots`.
//!
//! Where there is no browser, the stories say so and pass; where `REPOINT_DEMAND_BROWSER` is `1`, as in CI, they fail.

mod access;
mod by_hand;
mod demo;
mod discord;
mod driver;
mod hands;
mod keyboard;
mod page;
mod phone;
mod trouble;
mod whole_way;

use std::io::Write;

use demo::Demo;
use driver::{Browser, Installed};
use page::{Page, Screen};

/// Tells one story on a fresh demo in a fresh browser; the browser's console must be clean at its end.
fn story(name: &'static str, screen: Screen, tell: impl FnOnce(&mut Page)) {
    scenario("rollback", name, screen, tell);
}

/// The same in another of the demo's scenarios.
fn scenario(scenario: &str, name: &'static str, screen: Screen, tell: impl FnOnce(&mut Page)) {
    let Some(installed) = Installed::find() else { return without_a_browser(name) };
    let mut page = Page::open(Browser::start(&installed), Demo::start(scenario), name, screen);
    tell(&mut page);
    page.ends_without_complaints();
}

/// Written past the test's own output, which nobody sees while it passes.
fn without_a_browser(name: &str) {
    let demand = std::env::var("REPOINT_DEMAND_BROWSER").is_ok_and(|value| value == "1");
    assert!(!demand, "a browser is demanded, and chromium or chromedriver is not installed");
    let words = format!(
        "browser story {name}: not told, since chromium and chromedriver are not installed\n"
    );
    // Whoever has closed this output does not read it.
    let _ = std::io::stderr().write_all(words.as_bytes());
}
