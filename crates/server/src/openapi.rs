//! The OpenAPI 3.1 document: what the handlers say, plus what holds for all of them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::app::Assembly;

/// Operations that need an `Idempotency-Key`; a test asks each of them without one.
const COMMANDS: &[&str] = &[
    "activity_create",
    "address_create",
    "answer_accept",
    "answer_write",
    "article_propose",
    "article_restore",
    "article_write",
    "card_quit",
    "case_accept",
    "case_agree",
    "case_decide",
    "case_decline",
    "case_dispute",
    "case_open",
    "case_say",
    "case_send",
    "case_withdraw",
    "cash_payment_create",
    "checkout_create",
    "commission_approve",
    "commission_refuse",
    "coupon_claim",
    "coupon_help",
    "coupon_template_create",
    "coupon_template_pause",
    "coupon_template_resume",
    "coupon_template_stop",
    "demo_top_up",
    "deposit_deduct",
    "deposit_pay",
    "deposit_return",
    "entry_create",
    "flash_sale_create",
    "flash_sale_end",
    "flash_sale_pause",
    "flash_sale_resume",
    "invoice_ask",
    "invoice_issue",
    "invoice_refuse",
    "invoice_withdraw",
    "list_close",
    "list_create",
    "list_item_add",
    "list_item_remove",
    "list_item_vote",
    "list_join",
    "list_member_remove",
    "list_say",
    "merchant_create",
    "order_ship",
    "payment_create",
    "payout_approve",
    "payout_cancel",
    "payout_create",
    "payout_pay",
    "payout_reject",
    "points_check_in",
    "post_decide",
    "post_helpful",
    "post_report",
    "product_create",
    "promotion_create",
    "promotion_end",
    "promotion_pause",
    "promotion_start",
    "proposal_accept",
    "proposal_decline",
    "provider_difference_handle",
    "question_ask",
    "red_letter_issue",
    "refund_create",
    "review_follow_up",
    "review_reply",
    "review_write",
    "revision_hide",
    "staff_create",
    "stock_adjust",
    "synonym_create",
    "team_merge_offer",
];

/// Operations that need no session; a test compares them with the table of who may ask what.
const OPEN: &[&str] = &[
    "answer_list",
    "article_get",
    "category_list",
    "coupon_link_get",
    "coupon_offer_list",
    "demo_clock_advance",
    "demo_clock_get",
    "demo_code_get",
    "demo_get",
    "demo_sandbox_act",
    "entry_get",
    "entry_poster",
    "entry_qr",
    "fee_rules_get",
    "flash_sale_open_list",
    "invoice_terms_get",
    "membership_cards",
    "membership_get",
    "merchant_get",
    "payment_method_list",
    "picture_get",
    "points_program_get",
    "post_get",
    "product_activity_get",
    "product_flash_sale_get",
    "product_get",
    "product_list",
    "provider_notice",
    "question_list",
    "quote_create",
    "review_list",
    "review_summary_get",
    "revision_get",
    "revision_list",
    "search_hot",
    "search_products",
    "search_suggestions",
    "session_create",
    "session_guest_create",
    "session_password_create",
    "sign_in_code_create",
    "team_get",
    "team_list",
];

/// What whoever has a session may read about themselves, or may not know of: no right is missing there.
const OWN_READS: &[&str] = &[
    "address_list",
    "after_sale_options_get",
    "card_quit_get",
    "cart_get",
    "case_list",
    "list_get",
    "list_list",
    "me_get",
    "me_privacy_get",
    "me_security_get",
    "member_price_list",
    "merchant_dashboard_get",
    "merchant_fee_rules_get",
    "my_cards",
    "my_commission_list",
    "my_coupon_list",
    "my_income_get",
    "my_membership_get",
    "my_points_get",
    "my_points_list",
    "my_share_list",
    "order_invoice_get",
    "order_list",
    "order_review_list",
    "payment_code",
    "payment_get",
    "post_list",
    "proposal_list",
    "session_list",
    "wallet_entries",
    "wallet_get",
];

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
    require_what_is_always_there(root);
    let names = schema_names(root);
    let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            complete_operation(operation, path, &names);
            complete_responses(operation, method);
        }
    }
}

fn schema_names(root: &Map<String, Value>) -> BTreeSet<String> {
    let schemas = root.get("components").and_then(|components| components.get("schemas")?.as_object());
    schemas.map(|schemas| schemas.keys().cloned().collect()).unwrap_or_default()
}

fn complete_operation(operation: &mut Value, path: &str, names: &BTreeSet<String>) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or("").to_owned();
    let Some(operation) = operation.as_object_mut() else { return };
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    let Some(parameters) = parameters.as_array_mut() else { return };
    for name in path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name) {
        if !parameters.iter().any(|known| known.get("name").is_some_and(|known| known == name)) {
            parameters.push(path_parameter(name, names));
        }
    }
    if COMMANDS.contains(&id.as_str()) {
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    // A body of bytes is described as such, not as a list of numbers.
    let bodies = operation.get_mut("requestBody").and_then(|body| body.get_mut("content")?.as_object_mut());
    for (kind, content) in bodies.into_iter().flatten() {
        if kind != "application/json"
            && let Some(content) = content.as_object_mut()
        {
            content.insert("schema".to_owned(), json!({ "type": "string", "format": "binary" }));
        }
    }
}

/// Puts the shared statuses that this operation can answer in the place of `rest::Common`, beside its own codes.
fn complete_responses(operation: &mut Value, method: &str) {
    let is_shared = |status: u16| can_answer(operation, method, status);
    let shared: Vec<_> = rest::Common::STATUSES.iter().filter(|(status, _)| is_shared(*status)).collect();
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    let Some(common) = responses.remove("default") else { return };
    for (status, what) in shared {
        let response = responses.entry(status.to_string()).or_insert_with(|| common.clone());
        let own = response.get("description").filter(|_| *response != common).and_then(Value::as_str);
        let text = own.map_or_else(|| (*what).to_owned(), |own| format!("{own}; or {what}"));
        if let Some(response) = response.as_object_mut() {
            response.insert("description".to_owned(), json!(text));
        }
    }
}

/// Whether what all handlers share (input, sessions, rights, repetition, the store) can end with `status` here.
fn can_answer(operation: &Value, method: &str, status: u16) -> bool {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or("");
    let is_command = COMMANDS.contains(&id);
    let is_demo =
        operation.get("tags").and_then(Value::as_array).is_some_and(|tags| tags.contains(&json!("demo")));
    let parameters = operation.get("parameters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let has = |place: &str| parameters.iter().any(|one| one.get("in").is_some_and(|known| known == place));
    let body = operation.get("requestBody").and_then(|body| body.get("content")?.as_object());
    match status {
        400 => body.is_some() || is_command || has("query"),
        401 => !OPEN.contains(&id),
        // A write with a cookie may come from another site.
        403 => method != "get" || !(OPEN.contains(&id) || OWN_READS.contains(&id)),
        404 => has("path") || is_demo,
        409 | 422 => is_command,
        413 => body.is_some() || is_command,
        415 => body.is_some_and(|kinds| kinds.contains_key("application/json")),
        // Reading is not limited.
        429 => method != "get",
        _ => true,
    }
}

/// The parameter for a part of the path: an id of its kind where there is one.
fn path_parameter(name: &str, names: &BTreeSet<String>) -> Value {
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase()).into_iter();
    let id = format!("{}Id", first.chain(letters).collect::<String>());
    let schema = if names.contains(&id) {
        json!({ "$ref": format!("#/components/schemas/{id}") })
    } else {
        json!({ "type": "string" })
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

/// Fields of answers that may be missing; all others are always there, if only as `null`.
const MAY_BE_MISSING: &[(&str, &str)] =
    &[("Session", "token"), ("Problem", "fields"), ("Problem", "request_id"), ("Problem", "retry_after_s")];

/// An `Option` in an answer is written as `null`, so the field is required there; in a request it may be left out.
fn require_what_is_always_there(root: &mut Map<String, Value>) {
    let mut requested = BTreeSet::new();
    let paths = root.get("paths").and_then(Value::as_object).cloned().unwrap_or_default();
    for operation in paths.values().filter_map(Value::as_object).flat_map(Map::values) {
        collect(operation.get("requestBody").unwrap_or(&Value::Null), &mut requested);
    }
    let schemas = root.get_mut("components").and_then(|components| components.get_mut("schemas"));
    let Some(schemas) = schemas.and_then(Value::as_object_mut) else { return };
    let mut todo: Vec<String> = requested.iter().cloned().collect();
    while let Some(name) = todo.pop() {
        let mut deeper = BTreeSet::new();
        collect(schemas.get(&name).unwrap_or(&Value::Null), &mut deeper);
        todo.extend(deeper.into_iter().filter(|name| requested.insert(name.clone())));
    }
    for (name, schema) in schemas.iter_mut().filter(|(name, _)| !requested.contains(*name)) {
        require_all(schema, name);
    }
}

fn require_all(schema: &mut Value, name: &str) {
    match schema {
        Value::Array(parts) => parts.iter_mut().for_each(|part| require_all(part, name)),
        Value::Object(schema) => {
            let fields = schema.get("properties").and_then(Value::as_object);
            let all: Option<Vec<String>> = fields.map(|fields| {
                let is_there = |field: &&String| !MAY_BE_MISSING.contains(&(name, field.as_str()));
                fields.keys().filter(is_there).cloned().collect()
            });
            if let Some(all) = all.filter(|all| !all.is_empty()) {
                schema.insert("required".to_owned(), json!(all));
            }
            schema.values_mut().for_each(|part| require_all(part, name));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The names of the schemas that a part of the document refers to.
fn collect(part: &Value, names: &mut BTreeSet<String>) {
    match part {
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, names)),
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            names
                .extend(reference.and_then(|to| to.strip_prefix("#/components/schemas/")).map(str::to_owned));
            fields.values().for_each(|part| collect(part, names));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
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

fn tags_of(paths: &Map<String, Value>) -> BTreeSet<String> {
    let operations = paths.values().filter_map(Value::as_object).flat_map(Map::values);
    let tags = operations.filter_map(|operation| operation.get("tags")?.as_array()).flatten();
    tags.filter_map(|tag| tag.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn operations(document: &Value) -> Vec<&Value> {
        let paths = document["paths"].as_object().unwrap();
        paths.values().flat_map(|path| path.as_object().unwrap().values()).collect()
    }

    fn parsed() -> Value {
        serde_json::from_str(&document()).unwrap()
    }

    #[test]
    fn the_snapshot_is_what_the_handlers_say() {
        let snapshot = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json"));
        assert!(snapshot.unwrap() == document(), "run: cargo run -p server -- openapi > openapi.json");
    }

    #[test]
    fn operations_have_names_of_their_own_and_tell_of_refusals() {
        let document = parsed();
        let mut names = BTreeSet::new();
        for operation in operations(&document) {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name), "{name} is there twice");
            let statuses: Vec<_> = operation["responses"].as_object().unwrap().keys().collect();
            for class in ['2', '5'] {
                assert!(statuses.iter().any(|status| status.starts_with(class)), "{name} lacks {class}xx");
            }
            assert!(statuses.iter().all(|status| *status != "default"), "{name} says nothing exact");
        }
        assert!(COMMANDS.iter().all(|name| names.contains(name)), "a command has gone");
    }

    /// The table of who may ask what is tried out by the test `authorisation`, so it knows where 401 and 403 are real.
    #[test]
    fn refusals_of_people_are_told_of_where_the_table_has_them() {
        let document = parsed();
        let table = include_str!("../tests/it/authorisation.txt");
        let mut seen = 0;
        for row in table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let cells: Vec<_> = row.split(" | ").collect();
            let (method, path) = cells[0].split_once(' ').unwrap();
            let (method, path) = (method.to_lowercase(), path.trim().split('?').next().unwrap());
            // The table names some objects by what they are: a part in braces stands for any.
            let form = |path: &str| -> Vec<String> {
                let part = |part: &str| if part.starts_with('{') { "{}" } else { part }.to_owned();
                path.split('/').map(part).collect()
            };
            let paths = document["paths"].as_object().unwrap();
            let (_, operations) = paths.iter().find(|(known, _)| form(known) == form(path)).unwrap();
            let responses = &operations[&method]["responses"];
            let tells = |status: &str, of: &str| {
                responses[status]["description"].as_str().is_some_and(|text| text.contains(of))
            };
            let needs_session = cells[2].starts_with("401") && cells[1] != "provider";
            assert_eq!(tells("401", "auth.required"), needs_session, "401 of {row}");
            let is_read = method == "get";
            assert_eq!(tells("403", "auth.forbidden"), !is_read || cells[2].contains("403"), "403 of {row}");
            seen += 1;
        }
        assert_eq!(seen, operations(&document).len());
    }

    /// What an operation says itself stands beside what all have in common.
    #[test]
    fn shared_statuses_hide_no_code() {
        let document = parsed();
        let conflict = &document["paths"]["/api/v1/checkouts"]["post"]["responses"]["409"]["description"];
        for code in ["checkout.price_changed", "idempotency.in_flight"] {
            assert!(conflict.as_str().unwrap().contains(code), "{conflict}");
        }
        let reading = document["paths"]["/api/v1/categories"]["get"]["responses"].as_object().unwrap();
        assert_eq!(reading.keys().collect::<Vec<_>>(), ["200", "500", "503", "507"]);
    }

    #[test]
    fn whatever_is_referred_to_is_there() {
        let document = parsed();
        let mut names = BTreeSet::new();
        collect(&document, &mut names);
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object).unwrap();
        let missing: Vec<_> = names.iter().filter(|name| !schemas.contains_key(*name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn two_modules_never_give_one_name_to_two_things() {
        let mut seen = BTreeMap::new();
        for module in crate::app::modules() {
            let (_, document) = module.routes.split_for_parts();
            let document = serde_json::to_value(&document).unwrap();
            let Some(schemas) = document.pointer("/components/schemas").and_then(Value::as_object) else {
                continue;
            };
            for (name, schema) in schemas {
                let known = seen.entry(name.clone()).or_insert_with(|| (module.name, schema.clone()));
                assert_eq!(
                    known.1, *schema,
                    "{name} is one thing in {}, another in {}",
                    known.0, module.name
                );
            }
        }
    }
}
