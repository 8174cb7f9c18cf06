//! What all Rust clients of the matrix share: the same orders and reports as python/driver.py.

use serde_json::{json, Value};
use std::future::Future;
use std::io::Write;
use std::time::Duration;

pub fn tell(report: &str, mut fields: Value) {
    fields["report"] = report.into();
    let mut out = std::io::stdout();
    writeln!(out, "{fields}").and_then(|()| out.flush()).expect("somebody reads the reports");
}

pub fn timeout(order: &Value) -> Duration {
    Duration::from_secs_f64(order["timeout"].as_f64().expect("an order has a timeout"))
}

/// The tools that the clients run: names and descriptions.
pub const TOOLS: [(&str, &str); 2] =
    [("look", "Looks at one thing."), ("touch", "Touches one thing.")];

/// The schema of each of them.
pub fn parameters() -> Value {
    json!({"type": "object", "required": ["step", "number"],
           "properties": {"step": {"type": "integer"}, "number": {"type": "integer"}}})
}

/// Makes a call of a tool.
pub fn run_tool(name: &str, arguments: &str) -> serde_json::Result<String> {
    let given: Value = serde_json::from_str(arguments)?;
    Ok(format!("{name} {}.{}", given["step"], given["number"]))
}

/// Gathers a stream's text and reports each piece as it comes.
pub struct Collector {
    stop_after: Option<String>,
    pub text: String,
}

impl Collector {
    pub fn new(order: &Value) -> Self {
        let stop_after = order["stop_after"].as_str().map(String::from);
        Self { stop_after, text: String::new() }
    }

    /// True once the application has seen enough and should leave.
    pub fn add(&mut self, piece: &str) -> bool {
        if !piece.is_empty() {
            self.text += piece;
            tell("delta", json!({"text": piece}));
        }
        self.stop_after.as_ref().is_some_and(|text| self.text.contains(text))
    }
}

/// The version of a package as Cargo.lock has it.
fn version(package: &str) -> &str {
    let named = format!("name = \"{package}\"\nversion = \"");
    let lock = include_str!("Cargo.lock");
    lock.split_once(&named).and_then(|(_, rest)| rest.split('"').next()).unwrap_or("unknown")
}

/// Runs orders until the input ends: `run` answers one, `report` says how its error looks.
pub async fn serve<E, F: Future<Output = Result<Value, E>>>(
    run: impl Fn(Value) -> F,
    report: impl Fn(E) -> Value,
) {
    let package = std::env::var("PACKAGE").expect("PACKAGE is set");
    tell("ready", json!({"version": version(&package)}));
    for line in std::io::stdin().lines() {
        let order = serde_json::from_str(&line.expect("a line")).expect("an order in JSON");
        match run(order).await {
            Ok(end) => tell("end", end),
            Err(error) => tell("error", report(error)),
        }
    }
}
