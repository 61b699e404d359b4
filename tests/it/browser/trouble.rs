//! What goes wrong, and how it is told: a person who may not, a vendor that says no.

use super::page::Screen;
use super::{access, story};

#[test]
fn a_person_who_may_not_is_told_why_when_they_type_and_when_they_press() {
    story("refusal", Screen::Desktop, |page| {
        page.chooses("eve");
        page.sends("/rollback");
        page.sees("Only visible to you");
        page.sees("You are not on this service's list");
        page.sees("The bot said no");
        access::holds(page);
        page.keeps_picture("1-typed");

        page.chooses("ana");
        page.sends("/rollback");
        page.sees("roll back?");
        page.chooses("eve");
        page.presses("Confirm");
        page.until("a second answer", || {
            page.all_words().matches("a button stays open for them").count() == 2
        });
        access::holds(page);
        page.keeps_picture("2-pressed");
        assert!(page.has_a_button("Confirm"), "it waits for somebody who may");
        assert!(page.shop_says().contains("Internal Server Error"));
    });
}

#[test]
fn a_vendor_that_says_no_is_told_plainly_on_the_card() {
    story("vendor-says-no", Screen::Desktop, |page| {
        page.demo.vercel_answers(402, "/rollback/");
        page.sends("/rollback");
        page.sees("roll back?");
        page.presses("Confirm");
        page.sees("the rollback failed");
        page.sees("Production is still broken");
        page.keeps_picture("1-card");
        page.opens_the_thread();
        page.sees("the vercel plan does not include this (402)");
        page.sees("Production is where it was");
        access::holds(page);
        page.keeps_picture("2-thread");
        assert!(page.shop_says().contains("Internal Server Error"));
    });
}

#[test]
fn a_demo_that_has_ended_is_told_at_the_top_of_the_page() {
    story("ended", Screen::Desktop, |page| {
        page.demo.stop();
        page.sees("The demo has stopped.");
        assert!(!page.all_words().contains("repoint is connected"), "nobody is connected any more");
        access::holds(page);
        page.keeps_picture("1-told");
    });
}

#[test]
fn a_line_that_is_drawn_anew_under_the_finger_is_taken_all_the_same() {
    story("slow-finger", Screen::Desktop, |page| {
        page.types("/ro");
        page.completes_slowly("/rollback");
        page.until("the command", || page.has_typed() == "/rollback ");
    });
}
