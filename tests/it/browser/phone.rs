//! The story on a phone: everything is in reach of a finger, and nothing is wider than the screen.

use super::page::{Colours, Page, Screen};
use super::{access, story};

/// Nothing to scroll sideways, nothing too small to hit, and all that holds elsewhere.
fn fits(page: &Page) {
    access::holds(page);
    assert!(page.look::<i64>("overhang()") <= 0, "wider than the screen");
    let small: Vec<String> = page.look("smallTargets()");
    assert!(small.is_empty(), "too small for a finger: {small:#?}");
}

#[test]
fn the_whole_story_fits_on_a_phone() {
    story("phone", Screen::Phone, |page| {
        page.until("the error rate", || {
            page.look("document.querySelector('#tab-rate[data-state=bad]') !== null")
        });
        fits(page);
        page.keeps_picture("1-broken");
        page.opens_production();
        page.sees_the_shop_say("Internal Server Error");
        fits(page);
        page.keeps_picture("2-production-broken");
        page.presses("Chat");

        page.types("/ro");
        page.sees("Point a service back");
        fits(page);
        page.keeps_picture("3-completion");
        page.completes("/rollback");
        page.presses("Send");
        page.sees("roll back?");
        fits(page);
        page.keeps_picture("4-card");
        page.presses("Confirm");

        page.sees("#1 shop: proven");
        page.opens_the_thread();
        page.sees("fresh answers in a row");
        fits(page);
        page.keeps_picture("5-proven");
        page.presses("#stakeholders, 2 unread");
        page.sees("production is back on an earlier version");
        fits(page);
        page.keeps_picture("6-stakeholders");
        page.opens_production();
        page.sees_the_shop_say("Checkout is open");
        page.sees("recovered");
        fits(page);
        page.keeps_picture("7-healed");
    });
}

#[test]
fn the_card_of_the_way_back_fits_on_a_phone_in_the_dark() {
    story("phone-way-back", Screen::Phone, |page| {
        page.prefers(Colours::Dark);
        page.sends("/rollback");
        page.presses("Confirm");
        page.sees("#1 shop: proven");
        page.sends("/revert");
        page.sees("#1 shop: open the revert?");
        page.scrolls_to_the_card();
        fits(page);
        page.keeps_picture("1-revert");
        page.presses("Open revert");

        page.sees("The checks of #126 run");
        page.opens_production();
        page.sees("Holds a bad commit");
        page.sees("build passed");
        fits(page);
        page.keeps_picture("2-checks");
        page.presses("Chat");

        page.presses("Merge");
        page.sees("#1 shop: ready, not live");
        page.scrolls_to_the_card();
        fits(page);
        page.keeps_picture("3-ready-not-live");
        page.presses("Put /verify into the message box");
        page.presses("Send");
        page.sees("#1 shop: verified, not live");
        page.scrolls_to_the_card();
        fits(page);
        page.keeps_picture("4-verified");
        page.sends("/promote");
        page.sees("#1 shop: promote?");
        page.scrolls_to_the_card();
        fits(page);
        page.keeps_picture("5-promote");
    });
}
