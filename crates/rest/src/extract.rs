//! Input: checked by type before a handler sees it; what does not fit is refused with a problem.

use axum::extract::{FromRequest, FromRequestParts, Request, rejection};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use base::Problem;
use serde::de::DeserializeOwned;

use crate::{Ctx, Refused};

/// A JSON body, in and out.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// Parameters of the path.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// Parameters of the query.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

/// What a parser says without what it was given: that may be a password in the wrong place, and a refusal is copied into
/// reports. Names of fields stay.
fn without_given(message: &str) -> String {
    let starts = ["invalid type: ", "invalid value: ", "unknown variant "].into_iter();
    let Some(start) = starts.filter_map(|start| message.find(start)).min() else { return message.to_owned() };
    // What is expected comes last, whatever stands in what was given.
    let Some((given, expected)) = message.rsplit_once(", expected") else { return message.to_owned() };
    let kind = |given: &str| given.split(['"', '`']).next().unwrap_or("").trim_end().to_owned();
    match (message.get(..start), given.get(start..)) {
        (Some(before), Some(given)) => format!("{before}{}, expected{expected}", kind(given)),
        _ => message.to_owned(),
    }
}

/// Reads a body as JSON; says what is wrong and where.
pub(crate) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        let detail = format!("the body does not fit: {}", without_given(&error.to_string()));
        let code = if error.is_data() { "body.invalid" } else { "body.malformed" };
        Refused(Problem::new(400, code, detail).with_field("", code, place))
    })
}

fn body_refused(rejection: &rejection::BytesRejection) -> Refused {
    let problem = match rejection.status().as_u16() {
        413 => Problem::new(413, "body.too_large", "the body is larger than this route takes"),
        status => Problem::new(status, "body.unreadable", "the body could not be read"),
    };
    Refused(problem)
}

pub(crate) async fn read_body(request: Request, ctx: &Ctx) -> Result<bytes::Bytes, Refused> {
    bytes::Bytes::from_request(request, ctx).await.map_err(|rejection| body_refused(&rejection))
}

pub(crate) fn must_be_json(parts: &axum::http::HeaderMap) -> Result<(), Refused> {
    let value =
        parts.get(axum::http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = value.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Refused(Problem::new(415, "body.not_json", "send the body as Content-Type: application/json")))
    }
}

impl<T: DeserializeOwned> FromRequest<Ctx> for Json<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, ctx: &Ctx) -> Result<Self, Refused> {
        must_be_json(request.headers())?;
        let body = read_body(request, ctx).await?;
        parse_json(&body).map(Self)
    }
}

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Ctx> for Path<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Refused> {
        // An id of another form names nothing that exists.
        match axum::extract::Path::from_request_parts(parts, ctx).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(error) => {
                let detail = format!("no such address: {}", error.body_text());
                Err(Refused(Problem::new(404, "not_found", detail)))
            }
        }
    }
}

impl<T: DeserializeOwned> FromRequestParts<Ctx> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Refused> {
        match axum::extract::Query::from_request_parts(parts, ctx).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => Err(Refused(Problem::new(400, "query.invalid", without_given(&error.body_text())))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_what_is_wrong_and_not_what_was_given() {
        #[derive(serde::Deserialize, Debug)]
        #[serde(deny_unknown_fields, rename_all = "snake_case")]
        enum Kind {
            Good,
        }
        fn told<T: DeserializeOwned>(json: &str) -> String {
            without_given(&serde_json::from_str::<T>(json).err().unwrap().to_string())
        }
        let cases = [
            (
                told::<bool>(r#""secret, expected a `b`""#),
                "invalid type: string, expected a boolean at line 1 column 24",
            ),
            (told::<String>("13812345678"), "invalid type: integer, expected a string at line 1 column 11"),
            (told::<u8>("1380"), "invalid value: integer, expected u8 at line 1 column 4"),
            (told::<String>("[1]"), "invalid type: sequence, expected a string at line 1 column 0"),
            (told::<Kind>(r#""secret""#), "unknown variant, expected `good` at line 1 column 8"),
            (told::<String>("{"), "invalid type: map, expected a string at line 1 column 0"),
            (told::<bool>("tru"), "EOF while parsing a value at line 1 column 3"),
        ];
        for (told, wanted) in cases {
            assert_eq!(told, wanted);
        }
        let query = "Failed to deserialize query string: state: unknown variant `a`, expected `b`";
        assert_eq!(
            without_given(query),
            "Failed to deserialize query string: state: unknown variant, expected `b`"
        );
    }
}
