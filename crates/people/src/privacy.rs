//! What is kept about the person who asks: to read, to take along, and to have taken away.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use base::PersonId;
use db::{Db, DbError, Lane, Rx, Tx, Value};
use rest::{Common, Ctx, Fate, Held, Json, Member, Personal, Refused, StepUpNeeded};
use serde::{Deserialize, Serialize};
use work::{Failure, JobHandler, JobRow, JobRun};

use crate::events::MemberErased;
use crate::limits::{ARCHIVES_PER_PERSON, Counted, TooMany, count};
use crate::store;

/// The job that takes away what other modules keep about somebody who has left.
const ERASE: &str = "people.erase";
/// It begins so long after the person left: requests that were under way then have come to their end.
const ERASE_AFTER_S: i64 = 60;

/// What each module keeps about people. Put into the context's extensions at start.
#[derive(Clone, Default)]
pub struct Everything(pub Vec<Personal>);

impl Everything {
    fn of(ctx: &Ctx) -> Arc<Self> {
        ctx.extension::<Self>().unwrap_or_default()
    }

    fn held(&self) -> impl Iterator<Item = Held> + '_ {
        self.0.iter().flat_map(|module| module.held.iter().copied())
    }

    fn binds(&self, rx: &mut Rx, person: PersonId) -> Result<Vec<&'static str>, DbError> {
        let mut all = Vec::new();
        for binds in self.0.iter().filter_map(|module| module.binds) {
            all.extend(binds(rx, person)?);
        }
        Ok(all)
    }
}

/// One kind of rows that is kept.
#[derive(Serialize, utoipa::ToSchema)]
struct PrivacyKind {
    /// The module and the thing; the archive has its rows under this name.
    name: &'static str,
    /// What becomes of it when the person leaves: `removed`, `kept` or `expires`.
    #[schema(value_type = String)]
    fate: Fate,
}

/// What is kept about the person, and whether the person can leave.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Privacy {
    kinds: Vec<PrivacyKind>,
    /// What must come to an end before the account can be erased, as codes such as `orders.open`; nothing is in the
    /// way when it is empty.
    binds: Vec<&'static str>,
}

/// What is kept about the person who asks, and what stands in the way of leaving.
#[utoipa::path(get, path = "/api/v1/me/privacy", tag = "people", responses((status = 200, body = Privacy), Common))]
pub(crate) async fn me_privacy_get(
    ctx: rest::State,
    Member(actor): Member,
) -> Result<Json<Privacy>, Refused> {
    let everything = Everything::of(&ctx);
    let kinds = everything.held().map(|held| PrivacyKind { name: held.name, fate: held.fate }).collect();
    let binds = ctx.db().read::<_, DbError, _>(move |rx| everything.binds(rx, actor.person)).await?;
    Ok(Json(Privacy { kinds, binds }))
}

#[derive(Debug, thiserror::Error, rest::Problem)]
pub(crate) enum PrivacyError {
    #[error(transparent)]
    #[problem(transparent)]
    TooMany(#[from] TooMany),
    #[error(transparent)]
    #[problem(transparent)]
    StepUp(#[from] StepUpNeeded),
    #[error("something must come to an end first, see `binds` of GET /api/v1/me/privacy: {0}")]
    #[problem(409, "me.bound")]
    Bound(String),
    #[error(transparent)]
    #[problem(internal)]
    Db(#[from] DbError),
}

/// Where the writing of an archive is.
struct Writing {
    db: Db,
    /// What is still to be read, and of whom.
    parts: VecDeque<(Held, PersonId)>,
    /// Where the first part goes on.
    after: Option<Vec<Value>>,
    /// The name of the part whose rows were written last, while its bracket is open.
    open: Option<&'static str>,
    has_rows: bool,
    is_closed: bool,
}

impl Writing {
    /// The next piece of the archive; nothing when it is whole.
    async fn next(&mut self) -> Result<Option<String>, DbError> {
        let Some((held, person)) = self.parts.front().copied() else {
            let is_last = !std::mem::replace(&mut self.is_closed, true);
            let bracket = if self.open.is_some() { "\n]" } else { "" };
            return Ok(is_last.then(|| format!("{bracket}}}}}\n")));
        };
        let after = self.after.take();
        let read = move |rx: &mut Rx| held.read(rx, person, after.clone());
        let found = self.db.read_in::<_, DbError, _>(Lane::Background, read).await?;
        if found.after.is_none() {
            self.parts.pop_front();
        }
        self.after = found.after;
        let mut text = String::new();
        if self.open != Some(held.name) {
            text.push_str(if self.open.is_some() { "\n],\n" } else { "\n" });
            text.push_str(&format!("\"{}\":[", held.name));
            (self.open, self.has_rows) = (Some(held.name), false);
        }
        for row in found.rows {
            text.push_str(if self.has_rows { ",\n" } else { "\n" });
            self.has_rows = true;
            text.push_str(&serde_json::to_string(&row).map_err(|error| DbError::Bug(error.to_string()))?);
        }
        Ok(Some(text))
    }
}

/// Everything that is kept about the person, as one JSON file: under `held` the rows of each kind that `GET
/// /api/v1/me/privacy` names, times in UTC, money in minor units. Ten times a day, for who proved within ten minutes who
/// it is. A file that was cut off does not parse.
#[utoipa::path(post, path = "/api/v1/me/archive", tag = "people",
    responses((status = 200, description = "the archive", content_type = "application/json"), PrivacyError, Common))]
pub(crate) async fn me_archive_create(ctx: rest::State, Member(actor): Member) -> Result<Response, Refused> {
    let now = ctx.now();
    actor.must_be_proven(now)?;
    let person = actor.person;
    let begin = move |tx: &mut Tx| match count(tx, ARCHIVES_PER_PERSON, &person.to_string())? {
        Counted::Fine => Ok(store::guests_of(tx, person)?),
        Counted::TooMany(wait) => Err(PrivacyError::TooMany(wait)),
    };
    let guests = ctx.db().write(Lane::Interactive, begin).await?;
    let who: Vec<PersonId> = std::iter::once(person).chain(guests).collect();
    let everything = Everything::of(&ctx);
    let parts = everything.held().flat_map(|held| who.iter().map(move |person| (held, *person))).collect();
    let writing =
        Writing { db: ctx.db().clone(), parts, after: None, open: None, has_rows: false, is_closed: false };
    let head = format!("{{\"person\":\"{person}\",\"made_at\":\"{now}\",\"held\":{{");
    Ok(archive(head, writing))
}

fn archive(head: String, writing: Writing) -> Response {
    let first = futures_util::stream::once(std::future::ready(Ok(head)));
    let rest = futures_util::stream::try_unfold(writing, async |mut writing| {
        let text = writing.next().await?;
        Ok::<_, DbError>(text.map(|text| (text, writing)))
    });
    let mut response = Response::new(Body::from_stream(futures_util::StreamExt::chain(first, rest)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"archive.json\""),
    );
    response
}

/// What must be said so that nobody erases an account by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EraseWord)]
enum Word {
    /// Everything is understood.
    Erase,
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EraseBody {
    /// `erase`.
    #[expect(dead_code, reason = "that it can be read is what counts")]
    word: Word,
}

fn erase(tx: &mut Tx, everything: &Everything, person: PersonId) -> Result<(), PrivacyError> {
    let binds = everything.binds(tx, person)?;
    if !binds.is_empty() {
        return Err(PrivacyError::Bound(binds.join(", ")));
    }
    let phone = store::find_person(tx, person)?.and_then(|row| row.phone);
    if !store::erase_person(tx, person, phone.as_deref())? {
        // Another device with the same account was faster.
        return Ok(());
    }
    tx.publish(&MemberErased { person })?;
    let from = tx.now().plus_seconds(ERASE_AFTER_S);
    Ok(work::enqueue(tx, ERASE, &person.to_string(), "", from)?)
}

/// Erases the account of the person who asks, for good: at once nobody can sign in to it and its number is free; what
/// the modules keep is taken away within minutes. For who proved within ten minutes who it is.
#[utoipa::path(post, path = "/api/v1/me/erase", tag = "people", request_body = EraseBody,
    responses((status = 204), PrivacyError, Common))]
pub(crate) async fn me_erase(
    ctx: rest::State,
    Member(actor): Member,
    Json(_): Json<EraseBody>,
) -> Result<StatusCode, Refused> {
    actor.must_be_proven(ctx.now())?;
    let everything = Everything::of(&ctx);
    let run = move |tx: &mut Tx| erase(tx, &everything, actor.person);
    ctx.db().write(Lane::Interactive, run).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn jobs(ctx: &Ctx) -> Vec<JobHandler> {
    let (db, everything) = (ctx.db().clone(), Everything::of(ctx));
    let run = move |job: JobRow| -> std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>> {
        let (db, everything) = (db.clone(), Arc::clone(&everything));
        Box::pin(async move { forget(&db, &everything, &job).await })
    };
    vec![JobHandler { kind: ERASE, run: JobRun::Outside(Arc::new(run)) }]
}

/// Lets each module take away what it keeps, in small transactions; may be cut off and begun again anywhere.
async fn forget(db: &Db, everything: &Everything, job: &JobRow) -> Result<(), Failure> {
    let person: PersonId = Failure::check(job.key.parse())?;
    let guests = move |rx: &mut Rx| store::guests_of(rx, person);
    let mut who = db.read_in::<_, DbError, _>(Lane::Background, guests).await?;
    who.push(person);
    for erase in everything.0.iter().filter_map(|module| module.erase) {
        for person in who.iter().copied() {
            while db.write::<_, DbError, _>(Lane::Background, move |tx| erase(tx, person)).await? > 0 {}
        }
    }
    Ok(())
}
