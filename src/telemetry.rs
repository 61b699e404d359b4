//! Logs: to standard error, as text for people or as JSON lines for machines. Standard output carries results only.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Sets logging up. `REPOINT_LOG` chooses what is logged, in the syntax of tracing's filters; usually `info`.
pub fn set_up(format: LogFormat, usual: &str) {
    let filter = EnvFilter::try_from_env("REPOINT_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let base = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let installed = match format {
        LogFormat::Text => {
            let is_terminal = std::io::stderr().is_terminal();
            base.with_target(false).with_ansi(is_terminal).finish().try_init()
        }
        LogFormat::Json => base.json().finish().try_init(),
    };
    // A second set-up in one process (tests) keeps the first.
    let _ = installed;
}
