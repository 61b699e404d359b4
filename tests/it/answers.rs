//! What the smaller commands answer, and where they may be typed.

use repoint::world::vercel::VercelSeed;

use crate::harness::{Settings, World};

#[test]
fn each_command_around_the_rollback_answers_and_names_the_next_step() {
    World::run(async |w| {
        for (who, line, parts) in [
            ("ana", "/incident whoami", &["slack:T01DEMO/U01ANA", "*shop*: responder"][..]),
            ("lee", "/incident whoami", &["*shop*: lead"]),
            ("eve", "/incident whoami", &["*shop*: not on the list", "may look"]),
            (
                "eve",
                "/incident status",
                &["Nothing is open here", "production points at", "`/rollback`"],
            ),
            ("eve", "/incident list", &["No incident yet"]),
            ("eve", "/incident help", &["/rollback [service] [to] [reason]", "/incident halt"]),
            ("eve", "/incident help halt", &["/incident halt shop"]),
            ("ana", "/incident note too early", &["no open incident here", "`/rollback`"]),
            ("ana", "/incident blip", &["no open incident here"]),
            ("ana", "/incident press", &["nothing to press here"]),
            (
                "ana",
                "/incident open checkout returns 500",
                &["Incident #1 for shop is open", "`/rollback shop`"],
            ),
            ("ana", "/incident open shop", &["#1"]),
            ("eve", "/incident status", &["#1 shop: open", "checkout returns 500"]),
            ("eve", "/incident list", &["*#1 shop*: open", "checkout returns 500"]),
            ("ana", "/incident note payments too", &["Noted in incident #1"]),
            ("eve", "/incident note me too", &["not on this service's list"]),
            ("ana", "/incident close", &["Say why", "/incident close"]),
            ("ana", "/incident blip one slow probe", &["Resolved as a blip: incident #1"]),
            ("ana", "/incident status #1", &["#1 shop: resolved, it was a blip"]),
            ("ana", "/incident note #1 after all", &["incident"]),
            ("ana", "/incident open", &["Incident #2 for shop is open"]),
            ("ana", "/incident close the fix is live", &["Closed: incident #2"]),
            ("ana", "/incident close #2 again", &["over"]),
            ("ana", "/incident status #77", &["no open incident here"]),
        ] {
            let said = w.user(who).hears_on_typing(line).await;
            for part in parts {
                assert!(said.contains(part), "{who} {line}: no {part:?} in {said}");
            }
        }
        let told = w.stakeholders();
        assert!(told.contains("shop: we are on a problem"), "{told}");
        assert!(told.contains("It was a short disturbance"), "{told}");
        assert_eq!(w.rollbacks_sent(), 0);
    });
}

#[test]
fn a_channel_that_belongs_to_no_service_gets_plain_answers_and_moves_nothing() {
    World::run(async |w| {
        for (line, part) in [
            ("/rollback", "not bound to a service"),
            ("/rollback shop", "is not handled in this channel"),
            ("/incident open shop", "is not handled in this channel"),
            ("/incident status", "belongs to no service"),
            ("/incident status shop", "is not handled in this channel"),
            ("/incident list", "No incident yet"),
            ("/incident whoami", "This channel belongs to no service"),
            ("/incident note hello", "no open incident here"),
            ("/incident press", "not shown in this channel"),
            ("/incident halt shop", "is not handled in this channel"),
            ("/incident help", "/rollback"),
        ] {
            let said = w.user("ana").hears_on_typing_in("stakeholders", line).await;
            assert!(said.contains(part), "{line}: {said}");
        }
        assert_eq!(w.incidents_opened(), 0);
    });
}

#[test]
fn a_button_of_an_incident_that_is_over_says_so_also_after_a_restart() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        // Her private answer keeps its Show card button for as long as her window is open.
        w.user("bo").types("/incident blip one slow probe").await;
        w.settle().await;
        for _ in 0..2 {
            w.user("ana").presses("Show card").await;
            w.settle().await;
            w.bot_dies();
            w.bot_starts().await;
        }
        let told = w.user("ana").was_told();
        assert_eq!(told.matches("That incident is over").count(), 4, "{told}");
    });
}

#[test]
fn a_rolled_back_incident_is_no_blip_and_is_closed_with_a_reason() {
    World::run(async |w| {
        w.rolls_back().await;
        let said = w.user("ana").hears_on_typing("/incident blip").await;
        assert!(said.contains("so it was no blip"), "{said}");
        assert!(said.contains("/incident close"), "{said}");
        let said = w.user("ana").hears_on_typing("/incident close the fix is live").await;
        assert!(said.contains("Closed: incident #1"), "{said}");
    });
}

#[test]
fn somebody_who_types_very_much_is_told_to_wait_and_nobody_else_is() {
    World::run(async |w| {
        for _ in 0..30 {
            w.user("eve").types("/incident status").await;
        }
        let said = w.user("eve").hears_on_typing("/incident status").await;
        assert!(said.contains("That was a lot of commands in a minute"), "{said}");
        let said = w.user("ana").hears_on_typing("/incident status").await;
        assert!(said.contains("Nothing is open here"), "{said}");
    });
}

/// What an outsider can write: a commit's subject and the name of its author.
fn hostile(account: &mut VercelSeed) {
    for one in &mut account.projects[0].deployments {
        one.message =
            "<!channel> *Confirm* <https://evil.example|shop> @here `x` & <@U01LEE>".to_owned();
        one.author = "<!everyone> _ana_ https://evil.example".to_owned();
    }
}

#[test]
fn what_strangers_wrote_is_shown_and_pings_nobody_and_links_nowhere() {
    let settings = Settings { account: Some(hostile), ..Settings::default() };
    World::run_with(settings, async |w| {
        w.user("ana").types("/rollback reason <!here> see <https://evil.example|this>").await;
        w.settle().await;
        w.user("ana").types("/incident note <!channel> <@U01LEE> look").await;
        w.user("ana").presses("Choose another").await;
        w.settle().await;
        let everything = w.models.slack.messages(w.models.slack.channel_id("incidents"));
        let texts = serde_json::to_string(&everything).expect("messages are plain data");
        assert!(texts.contains("evil.example"), "it is shown");
        for live in ["<!channel", "<!everyone", "<!here", "<https://evil", "<@U01LEE", "|shop>"] {
            assert!(!texts.contains(live), "{live} is alive in {texts}");
        }
        // Slack leaves bare words alone where it is told to.
        assert_eq!(texts.matches("mrkdwn").count(), texts.matches("\"verbatim\":true").count());
    });
}
