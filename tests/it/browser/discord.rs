//! The story on the Discord face of the same world.

use super::page::Screen;
use super::{access, story};

#[test]
fn a_person_on_discord_fills_in_options_confirms_and_slack_shows_the_same() {
    story("discord", Screen::Desktop, |page| {
        page.chooses("Discord");
        page.types("/ro");
        page.sees("Point a service back at an earlier deployment");
        page.completes("/rollback");
        page.sees("empty: the channel's service");
        page.writes("service: s");
        page.completes("shop");
        assert_eq!(page.has_typed(), "/rollback service: shop ");
        access::holds(page);
        page.keeps_picture("1-options");
        page.presses("Send");

        page.sees("used /rollback service: shop");
        page.sees("Only you can see this");
        page.sees("roll back?");
        access::holds(page);
        page.keeps_picture("2-card");
        page.presses("Confirm");
        page.sees("#1 shop: proven");
        page.sees_the_shop_say("Checkout is open");
        page.opens_the_thread();
        page.sees("fresh answers in a row");
        access::holds(page);
        page.keeps_picture("3-proven");

        page.chooses("Slack");
        page.sees("#1 shop: proven");
        access::holds(page);
        page.keeps_picture("4-slack");
    });
}
