//! The answer to a request that was refused (RFC 9457).

use serde::{Deserialize, Serialize};

/// Why a request was refused: a stable code for programs, a detail for people who write programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// A relative reference that names the problem: `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable, dotted: `order.not_found`.
    pub code: String,
    /// What was tried and what to do.
    pub detail: String,
    /// What is wrong with which part of the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// Names the request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Seconds after which trying again makes sense; sent as `Retry-After` too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

/// What is wrong with one part of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901) into the body, or the name of a parameter.
    pub pointer: String,
    /// Stable code.
    pub code: String,
    /// What is wrong.
    pub detail: String,
}

impl Problem {
    /// A problem with nothing but status, code and detail.
    pub fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{code}"),
            status,
            code: code.to_owned(),
            detail: detail.into(),
            fields: Vec::new(),
            request_id: None,
            retry_after_s: None,
        }
    }

    /// The same problem, with one more field.
    #[must_use]
    pub fn with_field(mut self, pointer: &str, code: &str, detail: impl Into<String>) -> Self {
        self.fields.push(FieldProblem {
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            detail: detail.into(),
        });
        self
    }

    /// The same problem, with the seconds after which to try again.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}
