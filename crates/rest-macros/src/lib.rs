//! `#[derive(Problem)]`: what an error enum answers over HTTP, and what the OpenAPI file says of it.
//!
//! Use it as `rest::Problem`; the crate `rest` defines what the generated code calls. A crate that derives it
//! depends on `axum`, `base`, `rest` and `utoipa`.
#![warn(missing_docs)]

mod problem;

/// Implements `rest::ToProblem`, `utoipa::IntoResponses` and `axum::response::IntoResponse` for an error enum.
///
/// Each variant carries one attribute:
/// - `#[problem(404, "order.not_found")]`: the HTTP status and the stable code; the detail is the variant's
///   `Display` text. `retry_after = 1` adds the seconds after which trying again makes sense.
/// - `#[problem(transparent)]` on a variant with one field: what the inner error says.
/// - `#[problem(internal)]`: the same, for errors of the infrastructure, whose own problem hides the cause.
#[proc_macro_derive(Problem, attributes(problem))]
pub fn derive_problem(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    problem::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
