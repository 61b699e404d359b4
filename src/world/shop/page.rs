//! The shop's pages: a small house of teas that does not exist.

use crate::world::vercel::ModelDeployment;

const FRAME: &str = include_str!("frame.html");
const HOME: &str = include_str!("home.html");
const CHECKOUT: &str = include_str!("checkout.html");
const BROKEN: &str = include_str!("broken.html");
const NOT_FOUND: &str = include_str!("not_found.html");

/// The start page.
pub(super) fn home(deployment: &ModelDeployment, base: &str) -> String {
    framed("Tarn & Thistle", HOME, deployment, base)
}

/// The checkout as it should be.
pub(super) fn checkout(deployment: &ModelDeployment, base: &str) -> String {
    framed("Checkout · Tarn & Thistle", CHECKOUT, deployment, base)
}

/// The checkout of a broken build.
pub(super) fn broken(deployment: &ModelDeployment, base: &str) -> String {
    framed("500 · Tarn & Thistle", BROKEN, deployment, base)
}

/// Any other page.
pub(super) fn not_found(deployment: &ModelDeployment, base: &str) -> String {
    framed("Not found · Tarn & Thistle", NOT_FOUND, deployment, base)
}

fn framed(title: &str, content: &str, deployment: &ModelDeployment, base: &str) -> String {
    let short = deployment.sha.get(..7).unwrap_or("by hand");
    FRAME
        .replace("{{content}}", content)
        .replace("{{title}}", &escaped(title))
        .replace("{{base}}", &escaped(base))
        .replace("{{commit}}", &escaped(short))
        .replace("{{host}}", &escaped(&deployment.host))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
