//! The story by hand, with a mouse on a desk.

use super::page::{Colours, Screen};
use super::{access, story};

#[test]
fn a_person_types_completes_confirms_and_watches_the_shop_come_back() {
    story("by-hand", Screen::Desktop, |page| {
        page.sees("Failing");
        page.sees_the_shop_say("Internal Server Error");
        let broken = page.shop_says();
        access::holds(page);
        page.keeps_picture("1-broken");

        page.types("/ro");
        page.sees("Point a service back at an earlier deployment");
        access::holds(page);
        page.keeps_picture("2-completion");
        page.completes("/rollback");
        assert_eq!(page.has_typed(), "/rollback ");
        page.presses("Send");

        page.sees("Only visible to you");
        page.sees("roll back?");
        access::holds(page);
        page.keeps_picture("3-card");
        page.presses("Confirm");

        page.sees_the_shop_say("Checkout is open");
        assert!(!page.shop_says().contains("Internal Server Error"));
        assert_ne!(page.shop_says(), broken);
        page.sees("#1 shop: proven");
        page.sees("recovered");
        page.keeps_picture("4-healed");
        page.chooses("/");
        page.sees_the_shop_say("Teas for weather");

        page.opens_the_thread();
        for line in
            ["asked to roll back", "confirmed: production goes from", "fresh answers in a row"]
        {
            page.sees(line);
        }
        access::holds(page);
        page.keeps_picture("5-thread");

        page.presses("#stakeholders, 2 unread");
        page.sees("we are on a problem");
        page.sees("production is back on an earlier version");
        access::holds(page);
        page.keeps_picture("6-stakeholders");
    });
}

#[test]
fn a_reload_in_mid_incident_loses_nothing_and_the_dark_page_is_as_good() {
    story("dark", Screen::Desktop, |page| {
        page.prefers(Colours::Dark);
        page.sends("/rollback");
        page.sees("roll back?");
        access::holds(page);
        page.keeps_picture("1-card");

        page.reloads();
        page.sees("roll back?");
        page.until("the newest words after a reload", || page.look("showsTheNewest()"));
        page.sees_the_shop_say("Internal Server Error");
        page.presses("Confirm");
        page.sees("#1 shop: proven");
        page.sees_the_shop_say("Checkout is open");
        page.sees("recovered");
        assert!(page.look::<bool>("document.getAnimations().length === 0"), "no motion is wanted");
        access::holds(page);
        page.keeps_picture("2-healed");
    });
}

#[test]
fn a_person_asks_whether_production_is_restored_and_what_is_wrong_with_the_bad_build() {
    story("verify", Screen::Desktop, |page| {
        page.sends("/rollback");
        page.sees("roll back?");
        page.presses("Confirm");
        page.sees("#1 shop: proven");
        page.presses("Verify");
        page.sees("counts until");
        page.sees("3 journeys passed: front page, basket, checkout");
        access::holds(page);
        page.keeps_picture("1-restored");

        page.sends("/verify shop 8400cc2");
        page.sees("on its own address");
        page.sees("not verified");
        page.sees("expected status 200, found status 500");
        access::holds(page);
        page.keeps_picture("2-not-verified");
        page.opens_the_thread();
        page.sees("asked to verify production");
        page.keeps_picture("3-thread");
    });
}
