//! The OpenAPI 3.1 document: what the handlers say, plus what holds for all of them.

use serde_json::{Map, Value, json};

use crate::app::Assembly;

/// Operations that need an `Idempotency-Key`; a test asks each of them without one.
const COMMANDS: &[&str] = &["demo_top_up", "stock_adjust"];

const ABOUT: &str = "\
Community commerce: shops, people and the places where they meet.\n\n\
Money is whole minor units (fen). Times are RFC 3339 in UTC. Lists are read page by page: give `next_cursor` of one \
page as `cursor` of the next. Refusals are `application/problem+json` with a stable `code`. An operation with an \
`Idempotency-Key` is carried out once per key: the same key and body get the same answer.\n\n\
A browser signs in with a cookie; a program asks for `deliver: bearer` and sends the token as `Authorization: Bearer`.";

/// The document, as pretty JSON that ends with a line break.
pub(crate) fn document() -> String {
    let (_, document) = Assembly::new().routes.split_for_parts();
    let mut value = serde_json::to_value(&document).unwrap_or_default();
    complete(&mut value);
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

fn complete(document: &mut Value) {
    let Some(root) = document.as_object_mut() else { return };
    root.insert("openapi".to_owned(), json!("3.1.0"));
    root.insert(
        "info".to_owned(),
        json!({ "title": "Tuan", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" } }),
    );
    root.insert("servers".to_owned(), json!([{ "url": "/", "description": "this server" }]));
    // Reading needs no session for much; what needs one says so with 401.
    root.insert("security".to_owned(), json!([{}, { "bearer": [] }, { "cookie": [] }]));
    let tags = root.get("paths").and_then(Value::as_object).map(tags_of).unwrap_or_default();
    root.insert("tags".to_owned(), tags.into_iter().map(|name| json!({ "name": name })).collect());
    let components = root.entry("components").or_insert_with(|| json!({}));
    if let Some(components) = components.as_object_mut() {
        complete_components(components);
    }
    let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or("");
        if COMMANDS.contains(&id)
            && let Some(operation) = operation.as_object_mut()
            && let Some(parameters) =
                operation.entry("parameters").or_insert_with(|| json!([])).as_array_mut()
        {
            parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        }
    }
}

fn complete_components(components: &mut Map<String, Value>) {
    components.insert(
        "securitySchemes".to_owned(),
        json!({
            "bearer": { "type": "http", "scheme": "bearer", "description": "a session's token" },
            "cookie": { "type": "apiKey", "in": "cookie", "name": "__Host-tuan_session",
                "description": "a browser's session; named tuan_session in a demo" },
        }),
    );
    components.insert(
        "parameters".to_owned(),
        json!({ "IdempotencyKey": { "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "1 to 255 visible ASCII characters, new for each thing you do",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$" } } }),
    );
    let schemas = components.entry("schemas").or_insert_with(|| json!({}));
    if let Some(schemas) = schemas.as_object_mut() {
        for (name, schema) in
            [("Problem", schema_of::<base::Problem>()), ("FieldProblem", schema_of::<base::FieldProblem>())]
        {
            schemas.entry(name).or_insert(schema);
        }
    }
}

fn schema_of<T: utoipa::PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap_or_default()
}

fn tags_of(paths: &Map<String, Value>) -> std::collections::BTreeSet<String> {
    let operations = paths.values().filter_map(Value::as_object).flat_map(Map::values);
    let tags = operations.filter_map(|operation| operation.get("tags")?.as_array()).flatten();
    tags.filter_map(|tag| tag.as_str().map(str::to_owned)).collect()
}
