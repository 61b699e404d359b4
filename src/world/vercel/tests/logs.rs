//! The request log.

use super::*;

const LOG: &str = "/api/logs/request-logs?projectId=prj_shop&ownerId=team_demo&teamId=team_demo";

fn visit(at: Timestamp, deployment: &str, through: Through, status: u16) -> Visit {
    let (method, path) = ("GET".to_owned(), "/checkout".to_owned());
    Visit { at, deployment: deployment.into(), through, method, path, status }
}

#[tokio::test]
async fn the_log_tells_what_was_answered_newest_first_and_by_filter() {
    let bench = bench().await;
    for (second, deployment, through, status) in [
        (1, C3, Through::Production, 500),
        (2, C2, Through::OwnAddress, 200),
        (3, C2, Through::Production, 200),
    ] {
        let at = START + Span::seconds(second);
        bench.model.visited("shop", visit(at, deployment, through, status));
    }
    let (_, body) = bench.get(LOG).await;
    assert_eq!(body["hasMoreRows"], false);
    let newest = &body["rows"][0];
    assert_eq!(newest["timestamp"], "2026-11-21T05:00:03.000Z");
    assert_eq!(
        (&newest["statusCode"], &newest["environment"]),
        (&json!(200), &json!("production"))
    );
    let second = |seconds: i64| (START + Span::seconds(seconds)).0;
    for (filter, expected) in [
        ("environment=production".to_owned(), vec![C2, C3]),
        (format!("deploymentId={C2}"), vec![C2, C2]),
        ("statusCode=5xx".to_owned(), vec![C3]),
        ("statusCode=200&environment=preview".to_owned(), vec![C2]),
        (format!("startDate={}&endDate={}", second(1), second(3)), vec![C2, C3]),
        ("page=1".to_owned(), vec![]),
    ] {
        let (_, body) = bench.get(&format!("{LOG}&{filter}")).await;
        let rows = body["rows"].as_array().unwrap();
        let ids: Vec<&str> = rows.iter().map(|row| row["deploymentId"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{filter}");
    }
}

#[tokio::test]
async fn long_logs_come_in_pages_and_end() {
    let bench = bench().await;
    for second in 0..150 {
        let at = START + Span::seconds(second);
        bench.model.visited("shop", visit(at, C3, Through::Production, 200));
    }
    let mut ids = std::collections::BTreeSet::new();
    for (page, rows, has_more) in [(0, 100, true), (1, 50, false), (2, 0, false)] {
        let (_, body) = bench.get(&format!("{LOG}&page={page}")).await;
        assert_eq!(body["hasMoreRows"], has_more);
        let found = body["rows"].as_array().unwrap();
        assert_eq!(found.len(), rows);
        ids.extend(found.iter().map(|row| row["requestId"].as_str().unwrap().to_owned()));
    }
    assert_eq!(ids.len(), 150);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let bench = bench().await;
    let base = "/api/logs/request-logs";
    assert_eq!(bench.get(&format!("{base}?{TEAM}&projectId=prj_shop")).await.0, 400);
    let other = format!("{base}?{TEAM}&projectId=prj_shop&ownerId=team_x");
    assert_eq!(bench.get(&other).await.0, 404);
    assert_eq!(bench.get(&format!("{LOG}&page=two")).await.0, 400);
    assert!(bench.model.unknown_calls().is_empty());
    assert_eq!(bench.get(&format!("{LOG}&search=boom")).await.0, 404);
    assert_eq!(bench.model.unknown_calls().len(), 1);
}
