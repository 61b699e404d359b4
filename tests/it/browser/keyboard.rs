//! The story without a mouse: every stop of the keyboard can be seen, and none holds it back.

use fantoccini::key::Key;

use super::page::{Focus, Page, Screen};
use super::{access, story};

/// More stops than the page has at any time.
const STOPS: usize = 80;

/// Walks on by `step` until the keyboard is at something that fits; every stop on the way must be seen.
fn walks_to(page: &Page, what: &str, step: impl Fn(), fits: impl Fn(&Focus) -> bool) -> usize {
    for count in 1..=STOPS {
        step();
        let focus = page.focus();
        // Between the last stop and the first is the browser's own frame.
        if focus.tag != "body" {
            assert!(focus.is_ringed, "the focus cannot be seen: {focus:?}");
            assert!(focus.is_uncovered, "the focus is covered: {focus:?}");
        }
        if fits(&focus) {
            return count;
        }
    }
    panic!("{what} is not reached by the keyboard");
}

fn has_name(name: &str) -> impl Fn(&Focus) -> bool {
    move |focus| focus.name == name
}

fn is_the_message_box(focus: &Focus) -> bool {
    focus.id == "composer-input"
}

/// From the message box once around the page, forwards and backwards: nothing holds the keyboard.
fn goes_around(page: &Page) {
    let forwards = walks_to(page, "the message box", || page.strikes(Key::Tab), is_the_message_box);
    let backwards = walks_to(page, "the message box", || page.steps_back(), is_the_message_box);
    assert!(forwards > 10 && backwards > 10, "{forwards} stops, {backwards} back");
}

#[test]
fn the_keyboard_alone_gets_from_the_page_to_a_healed_shop() {
    story("keyboard", Screen::Desktop, |page| {
        walks_to(
            page,
            "the way past the lists",
            || page.strikes(Key::Tab),
            has_name("Skip to the message box"),
        );
        page.keeps_picture("1-skip");
        page.strikes(Key::Enter);
        page.until("the message box", || is_the_message_box(&page.focus()));
        goes_around(page);

        page.writes("/");
        page.sees("Point a service back");
        page.strikes(Key::Down);
        page.strikes(Key::Up);
        assert_eq!(page.option_in_hand(), "/rollback");
        page.keeps_picture("2-completion");
        page.strikes(Key::Enter);
        assert_eq!(page.has_typed(), "/rollback ");
        page.strikes(Key::Enter);

        page.sees("roll back?");
        walks_to(page, "Confirm", || page.steps_back(), has_name("Confirm"));
        page.keeps_picture("3-confirm");
        page.strikes(Key::Enter);
        page.sees("#1 shop: proven");
        assert_ne!(page.focus().tag, "body", "the keyboard has not lost its place");
        page.sees_the_shop_say("Checkout is open");

        walks_to(
            page,
            "the thread",
            || page.strikes(Key::Tab),
            |focus| focus.name.contains("replies"),
        );
        page.strikes(Key::Enter);
        page.sees("fresh answers in a row");
        walks_to(
            page,
            "the shop",
            || page.strikes(Key::Tab),
            |focus| focus.tag == "iframe" && focus.is_ringed,
        );
        page.keeps_picture("4-healed");
        walks_to(
            page,
            "the other channel",
            || page.steps_back(),
            has_name("#stakeholders, 2 unread"),
        );
        page.strikes(Key::Enter);
        page.sees("production is back on an earlier version");
        walks_to(page, "the message box", || page.strikes(Key::Tab), is_the_message_box);
        goes_around(page);
        access::holds(page);
        page.keeps_picture("5-stakeholders");
    });
}
