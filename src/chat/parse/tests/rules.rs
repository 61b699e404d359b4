use super::*;
use crate::chat::request::{PressCode, Subject};

#[test]
fn rollback_takes_service_target_and_reason_in_that_order() {
    let sha = "9fceb02d0ae598e95dc970b74767f19372d61af8";
    let full = format!("/rollback shop {sha} bad deploy");
    for (line, expected) in [
        ("/rollback", rollback("shop", None, None)),
        ("/rollback   ", rollback("shop", None, None)),
        ("/rollback web", rollback("web", None, None)),
        ("/rollback Shop", rollback("shop", None, None)),
        ("/rollback 2", rollback("shop", Some("2"), None)),
        ("/rollback shop #2", rollback("shop", Some("2"), None)),
        ("/rollback shop 2 users complain", rollback("shop", Some("2"), Some("users complain"))),
        ("/rollback v41 slow", rollback("shop", Some("v41"), Some("slow"))),
        ("/rollback shop v1.4.2", rollback("shop", Some("v1.4.2"), None)),
        ("/rollback dpl_8Xk2", rollback("shop", Some("dpl_8Xk2"), None)),
        ("/rollback a1b2", rollback("shop", Some("a1b2"), None)),
        (&full, rollback("shop", Some(sha), Some("bad deploy"))),
        (
            "/rollback shop shop-c2-demo.vercel.app",
            rollback("shop", Some("shop-c2-demo.vercel.app"), None),
        ),
        (
            "/rollback http://127.0.0.1:4021/x down",
            rollback("shop", Some("http://127.0.0.1:4021/x"), Some("down")),
        ),
        ("/rollback shop bad deploy", rollback("shop", None, Some("bad deploy"))),
        ("/rollback shop slow", rollback("shop", None, Some("slow"))),
        ("/rollback shop dead checkout", rollback("shop", None, Some("dead checkout"))),
        ("/rollback shop 500 everywhere", rollback("shop", None, Some("500 everywhere"))),
        ("/rollback shop web is down too", rollback("shop", None, Some("web is down too"))),
        (
            "/rollback shop abc1234 reverts def5678",
            rollback("shop", Some("abc1234"), Some("reverts def5678")),
        ),
    ] {
        assert_eq!(shop().types(line), Ok(expected), "{line}");
    }
}

#[test]
fn keys_the_words_to_and_reason_and_quotes_say_what_is_what() {
    for (line, expected) in [
        ("/rollback to=abc service=web", rollback("web", Some("abc"), None)),
        ("/rollback to=abc bad deploy", rollback("shop", Some("abc"), Some("bad deploy"))),
        ("/rollback shop to previous", rollback("shop", Some("previous"), None)),
        ("/rollback to abc1234 it broke", rollback("shop", Some("abc1234"), Some("it broke"))),
        ("/rollback reason dead checkout", rollback("shop", None, Some("dead checkout"))),
        ("/rollback Reason=dead checkout", rollback("shop", None, Some("dead checkout"))),
        ("/rollback reason= dead checkout", rollback("shop", None, Some("dead checkout"))),
        ("/rollback \"dead checkout\"", rollback("shop", None, Some("dead checkout"))),
        ("/rollback “dead checkout” a1b2", rollback("shop", Some("a1b2"), Some("dead checkout"))),
        ("/rollback reason=\"x y\" web 2", rollback("web", Some("2"), Some("x y"))),
        ("/rollback shop bad deploy to=a1b2", rollback("shop", Some("a1b2"), Some("bad deploy"))),
        ("/rollback shop to=\"v41\"", rollback("shop", Some("v41"), None)),
        ("/rollback to=a1b2 2 users hit", rollback("shop", Some("a1b2"), Some("2 users hit"))),
        ("/rollback shop \"\"", rollback("shop", None, None)),
        ("/rollback shop since=noon it fails", rollback("shop", None, Some("since=noon it fails"))),
        ("/rollback shop 5\" pipe", rollback("shop", None, Some("5\" pipe"))),
    ] {
        assert_eq!(shop().types(line), Ok(expected), "{line}");
    }
}

#[test]
fn what_slack_and_the_clipboard_add_is_taken_away() {
    for (line, expected) in [
        (
            "/rollback <https://shop-c2.vercel.app|shop-c2.vercel.app>",
            rollback("shop", Some("shop-c2.vercel.app"), None),
        ),
        (
            "/rollback <https://shop-c2.vercel.app/>",
            rollback("shop", Some("https://shop-c2.vercel.app/"), None),
        ),
        (
            "/rollback <https://evil.example.com|shop-c2.vercel.app>",
            rollback("shop", Some("https://evil.example.com"), None),
        ),
        (
            "/rollback shop p99 &gt; 2s &amp; rising",
            rollback("shop", None, Some("p99 > 2s & rising")),
        ),
        ("/rollback shop typed &amp;lt;b&amp;gt;", rollback("shop", None, Some("typed &lt;b&gt;"))),
        (
            "/rollback shop <!channel> <@U1|ana>",
            rollback("shop", None, Some("<!channel> <@U1|ana>")),
        ),
        ("/rollback sh\u{200b}op abc\u{202e}1234\u{feff}", rollback("shop", Some("abc1234"), None)),
        (
            "/rollback shop\u{a0}2\tslow\u{7}\u{1b}[31m",
            rollback("shop", Some("2"), Some("slow[31m")),
        ),
        ("/rollback shop slow\r\nand\u{2028}down", rollback("shop", None, Some("slow and down"))),
    ] {
        assert_eq!(shop().types(line), Ok(expected), "{line:?}");
    }
}

#[test]
fn a_first_word_that_is_no_service_is_never_taken_for_a_reason_to_roll_back() {
    assert_eq!(
        shop().refuses("/rollback shpo"),
        "There is no service called `shpo`. Did you mean `/rollback shop`? The services are `shop`, \
         `web`, `payments`. If it is the reason, write `/rollback reason …`. \
         [/rollback [service] [to] [reason]]"
    );
    for line in ["/rollback checkout is broken", "/rollback slow", "/rollback shоp 2"] {
        assert!(shop().refuses(line).starts_with("There is no service called `"), "{line}");
    }
    let far = shop().refuses("/rollback checkout");
    assert!(!far.contains("Did you mean"), "{far}");
    assert!(shop().refuses("/rollback service=\"a shop\"").contains("no service called `a shop`"));
}

#[test]
fn two_targets_or_two_services_are_a_question() {
    assert_eq!(
        shop().refuses("/rollback shop abc1234 def5678"),
        "Two values for the target: `abc1234` and `def5678`. Name one target, for example \
         `/rollback shop abc1234`. [/rollback [service] [to] [reason]]"
    );
    for line in [
        "/rollback abc1234 def5678 it broke",
        "/rollback shop 2 3",
        "/rollback to=a to=b",
        "/rollback to=a1b2 c3d4",
        "/rollback shop to a1b2 c3d4",
        "/rollback to=\"a b\"",
        "/rollback shop bad to=a1b2 to=c3d4",
    ] {
        assert!(shop().refuses(line).starts_with("Two values for the target: "), "{line}");
    }
    for line in ["/rollback service=web shop", "/incident halt service=web service=shop"] {
        assert!(shop().refuses(line).starts_with("Two values for the service: "), "{line}");
    }
    for line in ["/rollback shop web", "/rollback 2 web", "/incident halt shop web"] {
        assert!(shop().refuses(line).starts_with("`web` is a service"), "{line}");
    }
}

#[test]
fn a_lone_word_that_may_be_a_target_is_asked_about() {
    assert_eq!(
        shop().refuses("/rollback shop shop-c3"),
        "It is not clear whether `shop-c3` is a deployment or the reason. Write `to=shop-c3` for a \
         deployment, or `reason shop-c3` for a reason. [/rollback [service] [to] [reason]]"
    );
    assert_eq!(shop().types("/rollback shop reason 500"), Ok(rollback("shop", None, Some("500"))));
}

#[test]
fn the_service_may_be_left_out_only_where_the_channel_has_one() {
    let several = Setting::bound_to(&["shop", "web"]);
    assert_eq!(
        several.refuses("/rollback"),
        "This channel has several services: `shop`, `web`. Name one of them, for example \
         `/rollback shop`. [/rollback [service] [to] [reason]]"
    );
    assert!(several.refuses("/incident open it is slow").starts_with("This channel has several"));
    let none = Setting::bound_to(&[]);
    assert_eq!(
        none.refuses("/rollback 2"),
        "This channel is not bound to a service, so one must be named. Name it, for example \
         `/rollback shop`. [/rollback [service] [to] [reason]]"
    );
    assert_eq!(none.types("/rollback web 2"), Ok(rollback("web", Some("2"), None)));
    assert_eq!(none.types("/incident halt"), Ok(halt(None, None)));
}

#[test]
fn incident_subcommands_take_what_their_declaration_says() {
    let closed = |incident: Option<u64>, reason: Option<&str>| Request::Close {
        incident: incident.map(IncidentId),
        reason: reason.map(str::to_owned),
    };
    let status = |subject| Request::Status { subject };
    let service = || Some(Subject::Service("web".into()));
    for (line, expected) in [
        ("/incident", Request::Help { topic: None }),
        ("/incident open", open("shop", None)),
        ("/incident Open web", open("web", None)),
        ("/incident open web it is slow", open("web", Some("it is slow"))),
        ("/incident open it is slow", open("shop", Some("it is slow"))),
        ("/incident open \"outage\"", open("shop", Some("outage"))),
        ("/incident open title=outage", open("shop", Some("outage"))),
        ("/incident open title page broken", open("shop", Some("title page broken"))),
        ("/incident status", status(None)),
        ("/incident status 7", status(Some(Subject::Incident(IncidentId(7))))),
        ("/incident status web", status(service())),
        ("/incident status service=web", status(service())),
        ("/incident note text messages fail", note(None, "text messages fail")),
        ("/incident note 3 pods restarted", note(None, "3 pods restarted")),
        ("/incident note #7 reason: DNS", note(Some(7), "reason: DNS")),
        ("/incident note incident=7 DNS", note(Some(7), "DNS")),
        ("/incident halt", halt(None, None)),
        ("/incident halt stop everything", halt(None, Some("stop everything"))),
        ("/incident halt web wrong target", halt(Some("web"), Some("wrong target"))),
        ("/incident blip #7", Request::Blip { incident: Some(IncidentId(7)), reason: None }),
        ("/incident close reason was DNS", closed(None, Some("was DNS"))),
        ("/incident close it was DNS", closed(None, Some("it was DNS"))),
        ("/incident close #7 DNS", closed(Some(7), Some("DNS"))),
        ("/incident list web", Request::List { service: Some("web".into()) }),
        ("/incident whoami", Request::Whoami),
        ("/incident press k7q2-9FXT", Request::Press { code: PressCode::read("K7Q29FXT") }),
        ("/incident help ROLLBACK", Request::Help { topic: Some(Verb::Rollback) }),
        ("/incident help /rollback", Request::Help { topic: Some(Verb::Rollback) }),
        ("/incident help incident", Request::Help { topic: None }),
        ("/rollback help", Request::Help { topic: Some(Verb::Rollback) }),
    ] {
        assert_eq!(shop().types(line), Ok(expected), "{line}");
    }
}

#[test]
fn each_mistake_has_its_own_sentence_and_next_step() {
    for (line, expected) in [
        ("/incident opne", "`/incident` has no subcommand `opne`. Did you mean `/incident open`?"),
        ("/incident note", "The text is missing. Say it too, for example `/incident note "),
        ("/incident note #7", "The text is missing."),
        (
            "/incident note #0 x",
            "`#0` is not an incident's number. Write it as `/incident note #7`",
        ),
        ("/incident status #99999999999999999999", "`#99999999999999999999` is not an incident's"),
        ("/incident status #7 web", "An incident and a service at once cannot be shown."),
        (
            "/incident status wbe",
            "There is no service called `wbe`. Did you mean `/incident status web`",
        ),
        ("/incident list checkout", "There is no service called `checkout`. The services are"),
        ("/incident list web now", "There is no place for `now` in this command."),
        ("/incident whoami please", "There is no place for `please` in this command."),
        ("/incident resume", "The reason is missing."),
        ("/incident resume web", "The reason is missing."),
        ("/incident resume all is well", "There is no service called `all`."),
        ("/incident halt payment", "There is no service called `payment`. Did you mean"),
        ("/incident open outage", "There is no service called `outage`. The services are"),
        ("/incident press 1234567", "That is not a button's code"),
        ("/incident press k7q2 9fxt", "That is not a button's code"),
        ("/incident press k7q2-9fxt now", "That is not a button's code"),
        ("/incident help me", "There is no help on `me`."),
        (
            "/incident help rolback",
            "There is no help on `rolback`. Did you mean `/incident help rollback`",
        ),
        ("/rollback shop to", "The target is missing."),
        ("/rollback shop to=", "The target is missing."),
        ("/rollback shop to reason=slow", "The target is missing."),
        ("/rollback reason", "The reason is missing."),
    ] {
        let said = shop().refuses(line);
        assert!(said.starts_with(expected), "{line}: {said}");
    }
}

#[test]
fn usage_and_next_step_carry_the_prefix() {
    let mut setting = shop();
    setting.prefix = "rp-".parse().unwrap();
    let said = setting.refuses("/rp-rollback shpo");
    assert!(said.contains("`/rp-rollback shop`") && said.contains("[/rp-rollback ["), "{said}");
    let said = setting.refuses("/rp-incident opne");
    assert!(said.contains("`/rp-incident open`"), "{said}");
    let said = setting.refuses("/rp-incident note incident=x it broke");
    assert!(
        said.contains("`/rp-incident note #7`; the numbers are in `/rp-incident list`"),
        "{said}"
    );
    let topic = setting.types("/rp-incident help /rp-rollback");
    assert_eq!(topic, Ok(Request::Help { topic: Some(Verb::Rollback) }));
}

#[test]
fn texts_are_held_to_their_length_in_characters() {
    let ok = "ü".repeat(200);
    assert_eq!(
        shop().types(&format!("/rollback shop reason {ok}")),
        Ok(rollback("shop", None, Some(&ok)))
    );
    let said = shop().refuses(&format!("/rollback shop reason {ok}!"));
    assert!(said.starts_with("The reason has 201 characters; 200 is the most. Shorten"), "{said}");
    let said = shop().refuses(&format!("/incident note {}", "x".repeat(1_501)));
    assert!(said.contains("1500 is the most. Send it as several notes."), "{said}");
    let said = shop().refuses(&format!("/rollback shop to={}", "a".repeat(301)));
    assert!(said.starts_with("The target has 301 characters"), "{said}");
    let said = shop().refuses(&format!("/rollback {}", "x".repeat(5_000)));
    assert!(said.contains(&format!("`{}…`", "x".repeat(60))) && said.len() < 400, "{said}");
}

#[test]
fn a_note_keeps_its_lines_and_quotes_and_a_reason_becomes_one_line() {
    let text = "/incident note  it said \"no\",\n  then  stopped ";
    assert_eq!(shop().types(text), Ok(note(None, "it said \"no\",\n  then  stopped")));
    let text = "/rollback shop it said \"no\",\n  then  stopped ";
    assert_eq!(
        shop().types(text),
        Ok(rollback("shop", None, Some("it said \"no\", then stopped")))
    );
    let text = "/incident note \"no\" is what it said";
    assert_eq!(shop().types(text), Ok(note(None, "\"no\" is what it said")));
}

#[test]
fn what_somebody_typed_is_never_spoken_as_our_words() {
    let evil = "<!channel>*bold*";
    for line in ["/rollback", "/incident", "/incident help", "/incident list"] {
        let refusal = shop().types(&format!("{line} {evil}")).unwrap_err();
        for run in refusal.sentence.0.iter().chain(&refusal.next.0) {
            assert!(!matches!(run, Run::Plain(text) if text.contains("bold")), "{line}");
        }
        assert_eq!(refusal.card().parts.len(), 3);
    }
    let secret = shop().refuses("/incident press k7q2-9fx_secret");
    assert!(!secret.contains("k7q2"), "a code is not repeated: {secret}");
    let request = shop().types("/incident press k7q2-9fxt").unwrap();
    assert!(!format!("{request:?}").contains("k7q2"), "nor shown by a log");
}
