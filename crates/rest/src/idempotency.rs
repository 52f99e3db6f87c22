//! Requests that must not be carried out twice.
//!
//! The answer is written in the same transaction as the effect. A request with the same key and body gets the same
//! answer; with another body, 422; while its twin is under way on this node, 409. A refusal changes nothing, and is
//! remembered too.

use std::collections::HashSet;

use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::Problem;
use db::{Db, DbError, Lane, Migrations, Rx, Tx, params};
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use work::{Failure, JobHandler, Progress, Upkeep};

use crate::{Actor, Ctx, Refused, ToProblem, extract};

/// This crate's tables.
pub const MIGRATIONS: Migrations = db::migrations!("rest": 1 "rest" "../migrations/0001_rest.sql");

const KEY_MAX: usize = 255;
/// How long answers are kept: 7 days and an hour. What moves money must be (INV-46); the others are as well, so that
/// nothing has to say which it is.
const KEPT_S: i64 = 7 * 86_400 + 3_600;
const PURGE_BATCH: i64 = 500;

/// Marks a request that must not be carried out twice: its `Idempotency-Key`, its route and a hash of its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    key: String,
    route: String,
    hash: [u8; 32],
}

/// A JSON body with an `Idempotency-Key`.
#[derive(Clone, Debug)]
pub struct Command<T> {
    /// The mark; give it to [`Ctx::once`].
    pub once: Once,
    /// The body.
    pub body: T,
}

impl<T: DeserializeOwned> FromRequest<Ctx> for Command<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, ctx: &Ctx) -> Result<Self, Refused> {
        let key = read_key(&request)?;
        let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let route = format!("{} {path}", request.method());
        let target = request.uri().path_and_query().map_or(String::new(), ToString::to_string);
        let has_json = extract::must_be_json(request.headers());
        let body = extract::read_body(request, ctx).await?;
        // A verb without input may come without a body; it then reads as {}.
        let content: &[u8] = if body.is_empty() { b"{}" } else { &body };
        if !body.is_empty() {
            has_json?;
        }
        let mut hash = Sha256::new();
        hash.update(target.as_bytes());
        hash.update([0]);
        hash.update(content);
        let once = Once { key, route, hash: hash.finalize().into() };
        Ok(Self { once, body: extract::parse_json(content)? })
    }
}

fn read_key(request: &Request) -> Result<String, Refused> {
    let missing = || {
        let detail =
            "send an Idempotency-Key header of 1 to 255 visible ASCII characters, new for each thing you do";
        Refused(Problem::new(400, "idempotency.key_missing", detail))
    };
    let key =
        request.headers().get("idempotency-key").and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    let is_fine = !key.is_empty() && key.len() <= KEY_MAX && key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_fine { Ok(key.to_owned()) } else { Err(missing()) }
}

/// Keys under way on this node.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<HashSet<(String, String)>>);

struct Flight<'a> {
    all: &'a InFlight,
    key: (String, String),
}

impl InFlight {
    fn enter(&self, scope: &str, key: &str) -> Option<Flight<'_>> {
        let key = (scope.to_owned(), key.to_owned());
        // Two statements: a `Flight` that is made and dropped would take the lock again and free the twin's key.
        let is_new = self.0.lock().insert(key.clone());
        is_new.then(|| Flight { all: self, key })
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.all.0.lock().remove(&self.key);
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    body: String,
    is_replay: bool,
}

impl Answer {
    /// A refusal as it is repeated; `None` for one that holds only now.
    fn of_refusal(problem: &Problem) -> Option<Self> {
        let is_final = (400..500).contains(&problem.status) && problem.retry_after_s.is_none();
        is_final.then(|| Self {
            status: problem.status,
            body: serde_json::to_string(problem).unwrap_or_default(),
            is_replay: false,
        })
    }
}

/// Marks an answer that must go out to the byte as it is: a repetition of its request gets the same.
#[derive(Clone, Copy, Debug)]
pub struct Verbatim;

/// What the transaction says, besides its result.
enum Said<E> {
    /// Refused, with something to be taken back first.
    Refused(E),
    /// Refused for now: not to be remembered.
    Told(Problem),
    OtherRequest,
    Store(DbError),
}

impl<E> From<DbError> for Said<E> {
    fn from(error: DbError) -> Self {
        Self::Store(error)
    }
}

impl Ctx {
    /// Carries out `command` once for this key, person and route; answers `status` with what it returns.
    ///
    /// # Errors
    /// What the command refuses; 422 `idempotency.key_reused`; 409 `idempotency.in_flight`.
    pub async fn once<T, E, F>(
        &self,
        actor: &Actor,
        once: &Once,
        status: StatusCode,
        command: F,
    ) -> Result<Response, Refused>
    where
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Serialize,
        E: ToProblem + From<DbError> + Send + 'static,
    {
        self.once_keyed(actor, once, status, None, command).await
    }

    /// Like [`Ctx::once`], one after the other for commands with the same `hot` key.
    ///
    /// # Errors
    /// As [`Ctx::once`].
    pub async fn once_keyed<T, E, F>(
        &self,
        actor: &Actor,
        once: &Once,
        status: StatusCode,
        hot: Option<u64>,
        mut command: F,
    ) -> Result<Response, Refused>
    where
        F: FnMut(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Serialize,
        E: ToProblem + From<DbError> + Send + 'static,
    {
        let scope = format!("main|{}|{}", actor.person, once.route);
        let Some(_flight) = self.in_flight().enter(&scope, &once.key) else {
            let detail = "a request with this Idempotency-Key is under way; ask again in a moment";
            return Err(Refused(Problem::new(409, "idempotency.in_flight", detail).with_retry_after(1)));
        };
        let (own, own_scope) = (once.clone(), scope.clone());
        let run = move |tx: &mut Tx| -> Result<Answer, Said<E>> {
            if let Some(answer) = stored(tx, &own_scope, &own)? {
                return answer.ok_or(Said::OtherRequest);
            }
            let answer = match command(tx) {
                Ok(value) => {
                    let body =
                        serde_json::to_string(&value).map_err(|error| DbError::Bug(error.to_string()))?;
                    Answer { status: status.as_u16(), body, is_replay: false }
                }
                // Nothing is there to be taken back: the refusal is written down at once. When a sale is over,
                // that is nearly every answer.
                Err(error) if tx.is_untouched() => {
                    let problem = error.problem();
                    Answer::of_refusal(&problem).ok_or(Said::Told(problem))?
                }
                Err(error) => return Err(Said::Refused(error)),
            };
            store(tx, &own_scope, &own, &answer)?;
            Ok(answer)
        };
        let done = match hot {
            None => self.db().write(Lane::Interactive, run).await,
            Some(key) => self.db().write_keyed(Lane::Interactive, key, run).await,
        };
        match done {
            Ok(answer) => Ok(answer.into_response()),
            Err(Said::Store(error)) => Err(error.into()),
            Err(Said::OtherRequest) => Err(key_reused()),
            Err(Said::Told(problem)) => Err(Refused(problem)),
            Err(Said::Refused(error)) => remember(self.db(), scope, once.clone(), error.problem()).await,
        }
    }
}

fn key_reused() -> Refused {
    let detail = "this Idempotency-Key was used for another request; use a new key for each thing you do";
    Refused(Problem::new(422, "idempotency.key_reused", detail))
}

/// Writes a refusal down, so that a repeated request is refused alike; nothing else of the command was kept.
async fn remember(db: &Db, scope: String, once: Once, problem: Problem) -> Result<Response, Refused> {
    let Some(answer) = Answer::of_refusal(&problem) else { return Err(Refused(problem)) };
    let kept = db.write::<_, DbError, _>(Lane::Interactive, move |tx| {
        // A twin on another node may have got through in the meantime: its answer holds.
        if let Some(before) = stored(tx, &scope, &once)? {
            return Ok(before);
        }
        store(tx, &scope, &once, &answer)?;
        Ok(Some(answer.clone()))
    });
    match kept.await? {
        Some(answer) => Ok(answer.into_response()),
        None => Err(key_reused()),
    }
}

/// Where the answer to a key stands. Sixteen bytes, and not the texts themselves: an index of those, which come in no
/// order, was a fifth of all pages that a checkout writes on SQLite.
fn place(scope: &str, key: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(scope.as_bytes());
    hash.update([0]);
    hash.update(key.as_bytes());
    hash.finalize().iter().take(16).copied().collect()
}

/// `None`: not seen yet. `Some(None)`: seen with another content.
fn stored(rx: &mut Rx, scope: &str, once: &Once) -> Result<Option<Option<Answer>>, DbError> {
    let row: Option<([u8; 32], i64, String)> = rx.opt(
        "SELECT request_hash, status, body FROM rest_idempotency WHERE id = :id",
        params!["id" => place(scope, &once.key)],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    Ok(row.map(|(hash, status, body)| {
        let status = u16::try_from(status).unwrap_or(500);
        (hash == once.hash).then_some(Answer { status, body, is_replay: true })
    }))
}

/// Keeps an answer. Should a twin on another node be faster, the transaction runs again, and finds the twin's.
fn store(tx: &mut Tx, scope: &str, once: &Once, answer: &Answer) -> Result<(), DbError> {
    let now = tx.now();
    tx.later_new(
        "INSERT INTO rest_idempotency (id, scope, key, request_hash, status, body, money, created_at)
         VALUES (:id, :scope, :key, :hash, :status, :body, 1, :now)",
        params![
            "id" => place(scope, &once.key), "scope" => scope, "key" => &once.key, "hash" => once.hash, "status" => answer.status,
            "body" => &answer.body, "now" => now,
        ],
    )
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let is_problem = status.is_client_error() || status.is_server_error();
        let kind = if is_problem { "application/problem+json" } else { "application/json" };
        let mut response = (status, [(header::CONTENT_TYPE, kind)], self.body).into_response();
        response.extensions_mut().insert(Verbatim);
        if self.is_replay {
            response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}

/// Removes answers that are past their time.
pub fn upkeep() -> Vec<JobHandler> {
    vec![Upkeep { kind: "rest.purge_answers", every_s: 600, run: |tx, _| purge(tx) }.into()]
}

fn purge(tx: &mut Tx) -> Result<Progress, Failure> {
    let old = tx.now().plus_seconds(-KEPT_S);
    let removed = tx.execute(
        "DELETE FROM rest_idempotency WHERE id IN (SELECT id FROM rest_idempotency
         WHERE created_at < :old ORDER BY created_at, id LIMIT :batch)",
        params!["old" => old, "batch" => PURGE_BATCH],
    )?;
    Ok(Progress::by_count(removed, PURGE_BATCH.unsigned_abs()))
}
