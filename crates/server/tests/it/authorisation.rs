//! Every operation of the OpenAPI document, asked by everybody who may not, and by those who may: `authorisation.txt`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use testkit::Engine;

use crate::world::{RIGHTS, Request, World};

const ROLES: [&str; 7] = ["anonymous", "guest", "member", "outsider", "staff", "right", "operator"];

/// Fields that nobody may set by naming them (INV-59).
const UNKNOWN: [&str; 8] =
    ["price", "role", "balance", "shop_id", "commission_rate", "state", "is_virtual", "is_operator"];

/// A line of the table.
struct Line {
    method: String,
    path: String,
    needs: String,
    statuses: Vec<String>,
    body: String,
}

impl Line {
    fn parse(line: &str) -> Self {
        let mut parts = line.splitn(4, '|').map(str::trim);
        let mut part = || parts.next().unwrap_or("").to_owned();
        let (head, needs, statuses, body) = (part(), part(), part(), part());
        let (method, path) = head.split_once(' ').unwrap();
        let statuses: Vec<_> = statuses.split_whitespace().map(str::to_owned).collect();
        assert_eq!(statuses.len(), ROLES.len(), "{line}");
        Self { method: method.to_owned(), path: path.trim().to_owned(), needs, statuses, body }
    }

    /// Method and path without the names in braces and the query.
    fn operation(&self) -> String {
        operation(&self.method, self.path.split('?').next().unwrap())
    }

    /// What is expected of a role; `None` when it is not asked.
    fn expected(&self, role: &str) -> Option<&str> {
        let place = ROLES.iter().position(|other| *other == role).unwrap();
        Some(self.statuses[place].as_str()).filter(|status| *status != "-")
    }

    /// Whose token plays a role.
    fn who(&self, role: &str) -> String {
        let is_right = RIGHTS.contains(&self.needs.as_str());
        match role {
            "staff" if is_right => format!("but-{}", self.needs),
            "staff" => "none".to_owned(),
            "right" if is_right => format!("only-{}", self.needs),
            "right" if self.needs == "any" => "only-orders".to_owned(),
            "right" if self.needs == "operator" => "operator".to_owned(),
            "right" => "buyer".to_owned(),
            other => other.to_owned(),
        }
    }

    fn body(&self, world: &World) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        let text = world.fill(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error} in {text}", self.path))
    }
}

fn operation(method: &str, path: &str) -> String {
    let pieces = path.split('/').map(|piece| if piece.starts_with('{') { "{}" } else { piece });
    format!("{method} {}", pieces.collect::<Vec<_>>().join("/"))
}

fn table() -> Vec<Line> {
    let lines = include_str!("authorisation.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(Line::parse).collect()
}

/// The operations of the document, and which of them take JSON.
fn operations(world: &World) -> BTreeMap<String, bool> {
    let printed = std::process::Command::new(&world.place.program).arg("openapi").output().unwrap();
    let document: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let mut found = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, details) in methods.as_object().unwrap() {
            let takes_json = details.pointer("/requestBody/content/application~1json").is_some();
            found.insert(operation(&method.to_uppercase(), path), takes_json);
        }
    }
    found
}

/// What is wrong with an answer; `None` when it is as expected.
fn wrong(expected: &str, status: u16) -> Option<String> {
    let is_fine = match expected {
        "ok" => status < 500 && ![401, 403, 404].contains(&status),
        number => number.parse() == Ok(status),
    };
    (!is_fine).then(|| format!("{status} instead of {expected}"))
}

/// Asks everybody of whom `asked` says so; answers what was not as expected.
async fn ask_all(world: &mut World, table: &[Line], is_refused: bool) -> Vec<String> {
    let mut problems = Vec::new();
    for line in table {
        for role in ROLES {
            let Some(expected) = line.expected(role).filter(|status| (*status != "ok") == is_refused) else {
                continue;
            };
            let (path, body) = (world.fill(&line.path), line.body(world));
            let token = world.tokens[&line.who(role)].clone();
            let request = Request { method: &line.method, path: &path, token: &token, body: &body };
            let reply = world.ask(&request).await;
            if let Some(wrong) = wrong(expected, reply.status) {
                let told = String::from_utf8_lossy(&reply.body).chars().take(300).collect::<String>();
                problems.push(format!("{} {} as {role}: {wrong}: {told}", line.method, line.path));
            }
        }
    }
    problems
}

/// Everything that can be read, by those who may read it.
async fn read_all(world: &mut World, table: &[Line]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in table.iter().filter(|line| line.method == "GET") {
        for role in ["right", "operator"] {
            if line.expected(role) == Some("ok") {
                let (path, token) = (world.fill(&line.path), world.tokens[&line.who(role)].clone());
                let request = Request { method: "GET", path: &path, token: &token, body: &Value::Null };
                let reply = world.ask(&request).await;
                let mut json = reply.json();
                forget_times(&mut json);
                let body =
                    if json.is_null() { format!("{} bytes", reply.body.len()) } else { json.to_string() };
                found.insert(format!("{} as {role}", line.path), body);
            }
        }
    }
    found
}

/// Takes out what differs from one reading to the next.
fn forget_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in ["server_now", "now", "seen_at", "from", "to"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(forget_times);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}

/// The body with `field` added to one object in it, for each object in it.
fn with_field(body: &Value, field: &str) -> Vec<Value> {
    let mut all = Vec::new();
    match body {
        Value::Object(fields) => {
            let mut more: Map<String, Value> = fields.clone();
            more.insert(field.to_owned(), json!(1));
            all.push(Value::Object(more));
            for (name, inner) in fields {
                for changed in with_field(inner, field) {
                    let mut more = fields.clone();
                    more.insert(name.clone(), changed);
                    all.push(Value::Object(more));
                }
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                for changed in with_field(item, field) {
                    let mut more = items.clone();
                    more[place] = changed;
                    all.push(Value::Array(more));
                }
            }
        }
        _ => {}
    }
    all
}

/// Sends each body with fields that are not its own, as somebody who may send it.
async fn inject_all(world: &mut World, table: &[Line]) -> Vec<String> {
    let mut problems = Vec::new();
    // The provider's messages are refused for their signature before anybody reads them.
    for line in table.iter().filter(|line| !line.body.is_empty() && line.needs != "provider") {
        let allowed =
            ["right", "operator", "anonymous"].into_iter().find(|role| line.expected(role) == Some("ok"));
        let token = world.tokens[&line.who(allowed.expect("somebody may"))].clone();
        let (path, body) = (world.fill(&line.path), line.body(world));
        for body in UNKNOWN.iter().flat_map(|field| with_field(&body, field)) {
            let request = Request { method: &line.method, path: &path, token: &token, body: &body };
            let reply = world.ask(&request).await;
            if reply.status != 400 || reply.json()["code"] != "body.invalid" {
                let told = String::from_utf8_lossy(&reply.body).into_owned();
                problems.push(format!("{} {} took {body}: {} {told}", line.method, line.path, reply.status));
            }
        }
    }
    problems
}

fn check(engine: Engine) {
    testkit::block_on(async move {
        let (mut world, table) = (World::open(engine).await, table());
        let operations = operations(&world);
        let rows: BTreeSet<_> = table.iter().map(Line::operation).collect();
        let known: BTreeSet<_> = operations.keys().cloned().collect();
        let only_one: Vec<_> = rows.symmetric_difference(&known).collect();
        assert!(only_one.is_empty(), "only in the table or only in the document: {only_one:?}");
        for line in &table {
            let takes_json = operations[&line.operation()];
            assert_eq!(takes_json, !line.body.is_empty(), "{} {} has a body?", line.method, line.path);
        }
        let before = read_all(&mut world, &table).await;
        let mut problems = ask_all(&mut world, &table, true).await;
        problems.extend(inject_all(&mut world, &table).await);
        let after = read_all(&mut world, &table).await;
        for (what, was) in &before {
            if after.get(what) != Some(was) {
                problems.push(format!("a refusal changed {what}:\n  {was}\n  {:?}", after.get(what)));
            }
        }
        problems.extend(ask_all(&mut world, &table, false).await);
        assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
        world.place.audit();
    });
}

#[test]
fn sqlite() {
    check(Engine::Sqlite);
}

#[test]
fn postgres() {
    check(Engine::Postgres);
}
