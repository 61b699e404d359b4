//! A vendor's description of its API, mended where it is known to be wrong, and what can be asked of it.
//!
//! Owns finding an operation and holding a value against a schema; compiled schemas are kept for the whole process. What a
//! call must fulfil is in `request.rs` and `answer.rs`, what is mended in `faults_of_specs.rs`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, Once, OnceLock};

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use repoint::world::ledger::Call;
use serde_json::Value;

use super::faults_of_specs::{FAULTS, Fault};

/// The vendors whose descriptions we have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vendor {
    Slack,
    Vercel,
    GitHub,
    Discord,
}

impl Vendor {
    pub const ALL: [Self; 4] = [Self::Slack, Self::Vercel, Self::GitHub, Self::Discord];

    /// The vendor that a call went to, if we have a description of it.
    pub fn of(call: &Call) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == call.vendor)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Vercel => "vercel",
            Self::GitHub => "github",
            Self::Discord => "discord",
        }
    }

    /// The name of its description's file.
    pub fn file(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Vercel => "vercel",
            Self::GitHub => "github-rest",
            Self::Discord => "discord",
        }
    }

    /// How a token is announced.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Slack | Self::Vercel | Self::GitHub => "Bearer",
            Self::Discord => "Bot",
        }
    }

    /// A call's path as the description writes it; nothing if it leads elsewhere.
    fn path(self, path: &str) -> Option<String> {
        match self {
            Self::Vercel | Self::GitHub => Some(path.to_owned()),
            Self::Discord => path.strip_prefix("/api/v10").map(|path| path.replace("%40", "@")),
            Self::Slack => match path.strip_prefix("/response/") {
                // An address for answers has its own host at Slack. What follows is opaque, slashes included.
                Some(address) => Some(format!("/response/{}", address.replace('/', "%2F"))),
                None => path.strip_prefix("/api/").map(|method| format!("/{method}")),
            },
        }
    }
}

/// A vendor's description.
pub struct Description {
    pub vendor: Vendor,
    document: Value,
    compiled: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// One operation of a description.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    pub description: &'a Description,
    /// The path with its parameters in braces.
    pub template: &'a str,
    /// In capitals.
    pub method: &'a str,
    pub value: &'a Value,
}

impl Description {
    /// The mended description, read once; nothing where it is not to be had, which is said once.
    pub fn of(vendor: Vendor) -> Option<&'static Self> {
        static ALL: [OnceLock<Option<Description>>; 4] = [const { OnceLock::new() }; 4];
        ALL[vendor as usize].get_or_init(|| Self::mended(vendor, FAULTS)).as_ref()
    }

    /// The description with these faults mended and no others.
    pub fn mended<'a>(vendor: Vendor, faults: impl IntoIterator<Item = &'a Fault>) -> Option<Self> {
        let name = format!("{}.openapi.json", vendor.file());
        let mut document = beside_the_project(&name)?;
        document["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        for fault in faults.into_iter().filter(|one| one.vendor == vendor) {
            (fault.mend)(&mut document);
        }
        Some(Self { vendor, document, compiled: Mutex::default() })
    }

    /// The operation that a call is meant for, or why there is none. A path without braces goes before one with.
    pub fn operation(&self, method: &str, path: &str) -> Result<Operation<'_>, String> {
        let path = self.vendor.path(path);
        let paths = self.document["paths"].as_object().expect("a description has paths");
        let fitting =
            paths.keys().filter(|template| path.as_ref().is_some_and(|path| fits(template, path)));
        let Some(template) = fitting.min_by_key(|template| template.matches('{').count()) else {
            return Err("this path is not described".to_owned());
        };
        let known = METHODS.into_iter().find(|known| *known == method);
        let value = known.and_then(|method| paths[template].get(method.to_lowercase()));
        let (Some(method), Some(value)) = (known, value) else {
            return Err(format!("{method} is not described for {template}"));
        };
        Ok(Operation { description: self, template, method, value })
    }

    /// What is wrong with a value by the schema at a JSON pointer; nothing if it is as described.
    pub fn faults(&self, pointer: &str, value: &Value) -> Vec<String> {
        self.validator(pointer).iter_errors(value).map(|error| explained(&error)).collect()
    }

    /// The schema at a JSON pointer, with references followed.
    pub fn schema(&self, pointer: &str) -> &Value {
        self.followed(self.document.pointer(pointer).expect("a place that was found before"))
    }

    /// What a reference leads to; anything else as it is.
    pub fn followed<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        while let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#').replace("%7B", "{").replace("%7D", "}");
            let target = self.document.pointer(&pointer);
            schema = target.expect("a description's references lead somewhere");
        }
        schema
    }

    /// Members, at any depth, that no alternative of the schema at a JSON pointer names: most descriptions leave their
    /// objects open.
    pub fn strays(&self, pointer: &str, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.stray_members(&[self.schema(pointer)], value, "", &mut found);
        found.iter().map(|place| format!("the member {place} is not described")).collect()
    }

    fn stray_members(
        &self,
        schemas: &[&Value],
        value: &Value,
        place: &str,
        found: &mut Vec<String>,
    ) {
        let mut all = Vec::new();
        for schema in schemas {
            self.alternatives(schema, &mut all);
        }
        for item in value.as_array().into_iter().flatten() {
            let items: Vec<&Value> = all.iter().filter_map(|one| one.get("items")).collect();
            self.stray_members(&items, item, &format!("{place}/*"), found);
        }
        let rest = all.iter().filter_map(|one| one.get("additionalProperties"));
        let rest: Vec<&Value> = rest.filter(|one| **one != false).collect();
        let is_free = rest.contains(&&Value::Bool(true))
            || (rest.is_empty() && all.iter().all(|one| one.get("properties").is_none()));
        for (name, member) in value.as_object().into_iter().flatten().filter(|_| !is_free) {
            let named = all.iter().filter_map(|one| one.get("properties")?.get(name));
            let named: Vec<&Value> = named.chain(rest.iter().copied()).collect();
            let place = format!("{place}/{name}");
            if named.is_empty() {
                found.push(place);
            } else {
                self.stray_members(&named, member, &place, found);
            }
        }
    }

    /// A schema and all that it is made of.
    fn alternatives<'a>(&'a self, schema: &'a Value, all: &mut Vec<&'a Value>) {
        let schema = self.followed(schema);
        all.push(schema);
        for word in ["allOf", "anyOf", "oneOf"] {
            for alternative in schema[word].as_array().into_iter().flatten() {
                self.alternatives(alternative, all);
            }
        }
    }

    /// A text as the schema's type reads it: `10` is a number where a number is wanted.
    pub fn read(&self, schema: &Value, text: &str) -> Value {
        let schema = self.followed(schema);
        let wants = |kind: &str| {
            schema["type"] == kind
                || schema["type"].as_array().is_some_and(|all| all.iter().any(|one| one == kind))
        };
        if wants("array") {
            return text.split(',').map(Value::from).collect();
        }
        let is_text = !["number", "integer", "boolean", "object"].into_iter().any(wants);
        let read = (!is_text).then(|| serde_json::from_str(text).ok()).flatten();
        read.unwrap_or_else(|| text.into())
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().expect("nobody panics while it is held");
        let known = compiled.entry(pointer.to_owned()).or_insert_with(|| {
            let mut root = self.document.clone();
            root["$ref"] = format!("#{}", pointer.replace('{', "%7B").replace('}', "%7D")).into();
            Arc::new(jsonschema::validator_for(&root).expect("a description's schemas compile"))
        });
        known.clone()
    }
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

impl Operation<'_> {
    /// Where it stands in the document, as a JSON pointer.
    pub fn pointer(&self) -> String {
        let template = self.template.replace('/', "~1");
        format!("/paths/{template}/{}", self.method.to_lowercase())
    }

    /// What a list shows it as.
    pub fn name(&self) -> String {
        format!("{} {} {}", self.description.vendor.word(), self.method, self.template)
    }
}

/// Equal segments, but for those in braces.
fn fits(template: &str, path: &str) -> bool {
    let (mut known, mut wanted) = (template.split('/'), path.split('/'));
    loop {
        match (known.next(), wanted.next()) {
            (None, None) => return true,
            (Some(known), Some(wanted)) if known == wanted => {}
            (Some(known), Some(wanted)) if known.starts_with('{') && !wanted.is_empty() => {}
            _ => return false,
        }
    }
}

/// The innermost reason. Of alternatives that all fail, the one counts whose `type` fits, else the one that fails least.
fn explained(error: &ValidationError<'_>) -> String {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) =
        error.kind()
    else {
        let place = match error.instance_path().to_string() {
            place if place.is_empty() => "the body".to_owned(),
            place => place,
        };
        return format!("{place}: {}", shortened(&error.to_string()));
    };
    let is_of_other_type = |errors: &&Vec<ValidationError<'_>>| {
        errors.iter().any(|one| one.instance_path().to_string().ends_with("/type"))
    };
    let nearest = context.iter().filter(|errors| !errors.is_empty());
    let nearest = nearest.min_by_key(|errors| (is_of_other_type(errors), errors.len()));
    let reasons = nearest.into_iter().flatten().map(explained);
    reasons.collect::<Vec<_>>().join("; ")
}

fn shortened(text: &str) -> String {
    let beginning: String = text.chars().take(300).collect();
    if beginning == text { beginning } else { format!("{beginning} …") }
}

/// A file of the descriptions, which lie beside the project on a developer's machine and in CI.
pub fn beside_the_project(name: &str) -> Option<Value> {
    static SAID: Once = Once::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/specs").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        SAID.call_once(|| say(&format!("no {name} here: calls are not held against it\n")));
        return None;
    };
    Some(serde_json::from_str(&text).expect("a description is JSON"))
}

/// Says something that shows also when all tests pass.
pub fn say(text: &str) {
    // There is nobody to tell when the standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
