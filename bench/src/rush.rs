//! Everybody at the same moment: what each asks for, how long it took, and what came of it.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};
use testkit::http::Http;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::crowd::{Answer, Lane, Person, ask};
use crate::figures::tell_once;
use crate::load::percentile;

/// What somebody wants.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) sku: String,
    /// What it costs, delivered.
    pub(crate) total: i64,
    /// The activity and the team to join; without it, what is wanted goes through the cart.
    pub(crate) deal: Value,
    /// Codes of refusals that mean: too late.
    pub(crate) too_late: &'static [&'static str],
}

/// How it ended for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Got,
    TooLate,
    Wrong,
}

/// What became of one wish.
pub(crate) struct Outcome {
    pub(crate) end: End,
    /// Each answer on the way, the last one included.
    pub(crate) answers_ms: Vec<f64>,
    /// From the moment all were let go to the last answer: also what was spent waiting for the connection.
    pub(crate) since_start_ms: f64,
}

impl Outcome {
    /// The answer that decided it.
    pub(crate) fn last_ms(&self) -> f64 {
        self.answers_ms.last().copied().unwrap_or(0.0)
    }
}

/// A rush that is over.
pub(crate) struct Rush {
    /// The lanes with an outcome for each of their people, in the order of their numbers.
    pub(crate) lanes: Vec<(Lane, Vec<Outcome>)>,
    /// Answers that said "not now".
    pub(crate) busy: u64,
    pub(crate) seconds: f64,
}

impl Rush {
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.lanes.iter().flat_map(|(_, outcomes)| outcomes)
    }

    pub(crate) fn count(&self, end: End) -> usize {
        self.outcomes().filter(|outcome| outcome.end == end).count()
    }

    /// Times of those whom it ended so for, sorted.
    pub(crate) fn times(&self, end: End, of: impl Fn(&Outcome) -> f64) -> Times {
        Times::of(self.outcomes().filter(|outcome| outcome.end == end).map(of).collect())
    }

    /// The time of every single answer.
    pub(crate) fn answers(&self) -> Times {
        Times::of(self.outcomes().flat_map(|outcome| outcome.answers_ms.iter().copied()).collect())
    }
}

/// Sorted times, in milliseconds.
pub(crate) struct Times(Vec<f64>);

impl Times {
    pub(crate) fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        Self(all)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn at(&self, percent: usize) -> f64 {
        percentile(&self.0, percent)
    }
}

/// One person on the way to what is wanted.
struct Buyer<'a> {
    http: &'a mut Http,
    person: &'a Person,
    wish: &'a Wish,
    answers_ms: Vec<f64>,
    busy: u64,
}

impl Buyer<'_> {
    async fn ask(&mut self, method: &str, path: &str, body: &Value) -> Result<Answer> {
        let key = format!("{}-{}", self.person.name, self.answers_ms.len());
        let answer = ask(self.http, method, path, &key, body).await?;
        self.answers_ms.push(answer.ms);
        self.busy += answer.busy;
        Ok(answer)
    }

    /// What an answer means when it is not the one that leads on.
    fn end(&self, answer: &Answer) -> End {
        let reply = &answer.reply;
        if reply.status == 409 && self.wish.too_late.contains(&reply.code().as_str()) {
            return End::TooLate;
        }
        tell_once(&format!("rush: {} {}", reply.status, reply.text()));
        End::Wrong
    }

    /// Into the cart, unless it is bought with others; order; pay from the wallet.
    async fn buy(&mut self) -> Result<End> {
        let (sku, deal) = (&self.wish.sku, &self.wish.deal);
        let source = if deal.is_null() {
            let put = self.ask("PUT", &format!("/cart/lines/{sku}"), &json!({ "qty": 1 })).await?;
            if put.reply.status != 200 {
                return Ok(self.end(&put));
            }
            json!({ "kind": "cart", "skus": [sku] })
        } else {
            json!({ "kind": "now", "sku": sku, "qty": 1, "deal": deal })
        };
        let body = json!({
            "source": source, "address": self.person.address, "expected_total_minor": self.wish.total
        });
        let placed = self.ask("POST", "/checkouts", &body).await?;
        if placed.reply.status != 201 {
            return Ok(self.end(&placed));
        }
        let body = json!({ "orders": placed.reply.json().get("orders"), "method": "wallet" });
        let paid = self.ask("POST", "/payments", &body).await?;
        Ok(if paid.reply.status == 201 { End::Got } else { self.end(&paid) })
    }
}

async fn run(
    number: usize,
    (mut lane, wishes): (Lane, Vec<Wish>),
    start: Arc<Barrier>,
) -> (usize, (Lane, Vec<Outcome>), u64) {
    start.wait().await;
    let (started, mut outcomes, mut all_busy) = (Instant::now(), Vec::new(), 0);
    for (place, wish) in wishes.iter().enumerate() {
        let Some((http, person)) = lane.as_person(place) else { break };
        let mut buyer = Buyer { http, person, wish, answers_ms: Vec::new(), busy: 0 };
        let end = buyer.buy().await.unwrap_or_else(|error| {
            tell_once(&format!("rush: {error:#}"));
            End::Wrong
        });
        all_busy += buyer.busy;
        let since_start_ms = started.elapsed().as_secs_f64() * 1_000.0;
        outcomes.push(Outcome { end, answers_ms: buyer.answers_ms, since_start_ms });
    }
    (number, (lane, outcomes), all_busy)
}

/// Lets everybody go at once; `wish` says what the person with this number, counted over all lanes, wants.
pub(crate) async fn rush(lanes: Vec<Lane>, wish: impl Fn(usize) -> Wish) -> Rush {
    let start = Arc::new(Barrier::new(lanes.len()));
    let (mut tasks, mut number, started) = (JoinSet::new(), 0, Instant::now());
    for lane in lanes {
        let wishes = (number..number + lane.people.len()).map(&wish).collect();
        let first = number;
        number += lane.people.len();
        tasks.spawn(run(first, (lane, wishes), Arc::clone(&start)));
    }
    let mut ended = tasks.join_all().await;
    let seconds = started.elapsed().as_secs_f64();
    ended.sort_by_key(|(number, ..)| *number);
    let busy = ended.iter().map(|(.., busy)| busy).sum();
    Rush { lanes: ended.into_iter().map(|(_, lane, _)| lane).collect(), busy, seconds }
}
