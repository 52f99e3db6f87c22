//! A connection that is cut around COMMIT: the program cannot know whether it was carried out, and still every
//! write that is acknowledged is there once, and none is there twice (INV-47, INV-48).

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base::{SystemClock, SystemRng};
use db::{Db, DbError, DbOptions, Lane, Location, params};
use tokio::task::JoinSet;

use crate::{Counted, TABLES, count};

const WRITERS: usize = 12;
const WRITES_EACH: i64 = 30;
/// How often a connection was cut before COMMIT reached the server, right after, and after the server had answered.
type Cuts = [AtomicUsize; 3];

/// Passes everything on between its clients and the server, but for every third COMMIT or so.
struct Proxy {
    server: String,
    /// Opening a store is not retried, and nothing is promised yet.
    is_armed: AtomicBool,
    commits: AtomicUsize,
    cuts: Cuts,
}

impl Proxy {
    /// Starts one before `server`; answers its port.
    fn start(server: &str) -> (Arc<Self>, u16) {
        let is_armed = AtomicBool::new(false);
        let proxy = Self {
            server: server.to_owned(),
            is_armed,
            commits: AtomicUsize::new(0),
            cuts: Default::default(),
        };
        let (proxy, listener) = (Arc::new(proxy), TcpListener::bind("127.0.0.1:0").unwrap());
        let port = listener.local_addr().unwrap().port();
        let own = Arc::clone(&proxy);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&own.server).unwrap();
                let (from_server, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let hold = Arc::new(AtomicUsize::new(0));
                let (proxy, held) = (Arc::clone(&own), Arc::clone(&hold));
                std::thread::spawn(move || drop(proxy.requests(client, server, &hold)));
                std::thread::spawn(move || drop(answers(from_server, to_client, &held)));
            }
        });
        (proxy, port)
    }

    /// Reads message by message, so that COMMIT is seen wherever it travels.
    fn requests(
        &self,
        mut client: TcpStream,
        mut server: TcpStream,
        hold: &AtomicUsize,
    ) -> std::io::Result<()> {
        // The first message has no letter.
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        server.write_all(&length)?;
        server.write_all(&rest(&mut client, length)?)?;
        loop {
            let mut kind = [0];
            if client.read_exact(&mut kind).is_err() {
                return server.shutdown(Shutdown::Both);
            }
            client.read_exact(&mut length)?;
            let body = rest(&mut client, length)?;
            let how = if kind == *b"Q" && body.ends_with(b"COMMIT\0") { self.draw() } else { None };
            if how == Some(0) {
                break;
            }
            if how == Some(2) {
                hold.store(1, Ordering::SeqCst);
            }
            server.write_all(&[&kind[..], &length, &body].concat())?;
            if how == Some(1) {
                break;
            }
        }
        client.shutdown(Shutdown::Both)?;
        server.shutdown(Shutdown::Both)
    }

    /// Whether this COMMIT is one to cut at, and how.
    fn draw(&self) -> Option<usize> {
        if !self.is_armed.load(Ordering::SeqCst) {
            return None;
        }
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        let drawn = (number.wrapping_mul(2_654_435_761) >> 7) % 9;
        let cut = self.cuts.get(drawn)?;
        cut.fetch_add(1, Ordering::SeqCst);
        Some(drawn)
    }
}

/// The rest of a message, after its length.
fn rest(stream: &mut TcpStream, length: [u8; 4]) -> std::io::Result<Vec<u8>> {
    let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
    stream.read_exact(&mut body)?;
    Ok(body)
}

/// Passes answers on; once held, it waits for that to COMMIT and cuts instead.
fn answers(mut server: TcpStream, mut client: TcpStream, held: &AtomicUsize) -> std::io::Result<()> {
    let (mut buffer, mut kept) = (vec![0; 65_536], Vec::new());
    loop {
        let read = server.read(&mut buffer)?;
        if held.load(Ordering::SeqCst) == 0 && read > 0 {
            client.write_all(&buffer[..read])?;
            continue;
        }
        kept.extend_from_slice(&buffer[..read]);
        // Ready for the next, with no transaction open: COMMIT was carried out, or refused.
        let ready = b"Z\0\0\0\x05I";
        if read == 0 || kept.windows(ready.len()).any(|part| part == ready) {
            client.shutdown(Shutdown::Both)?;
            return server.shutdown(Shutdown::Both);
        }
    }
}

/// One write: a row of its own, which could not be made twice, and one more in a counter, which could.
async fn write(db: Db, writer: usize, n: i64) -> Result<(), DbError> {
    db.write(Lane::Interactive, move |tx| {
        let name = format!("{writer}-{n}");
        tx.execute(
            "INSERT INTO probe_counter (name, n) VALUES (:name, :n)",
            params!["name" => &name, "n" => n],
        )?;
        let hot = format!("hot-{}", writer % 4);
        tx.execute("UPDATE probe_counter SET n = n + 1 WHERE name = :hot", params!["hot" => &hot])?;
        tx.publish(&Counted { name, n })
    })
    .await
}

// The wire is PostgreSQL's: there is none to cut on SQLite.
#[test]
fn a_connection_lost_around_commit_neither_loses_nor_doubles() {
    let url = testkit::fresh_database();
    let (head, rest) = url.split_once('@').unwrap();
    let (server, name) = rest.split_once('/').unwrap();
    let (proxy, port) = Proxy::start(server);
    let location = Location::Postgres(format!("{head}@127.0.0.1:{port}/{name}"));
    let options = DbOptions::new(location, Arc::new(SystemClock::default()), Arc::new(SystemRng));
    let db = Db::open(options, &[TABLES]).unwrap();
    testkit::block_on(async move {
        for hot in ["hot-0", "hot-1", "hot-2", "hot-3"] {
            crate::insert(&db, hot, 0).await.unwrap();
        }
        proxy.is_armed.store(true, Ordering::SeqCst);
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let db = db.clone();
            writers.spawn(async move {
                for n in 0..WRITES_EACH {
                    write(db.clone(), writer, n).await.unwrap();
                }
            });
        }
        writers.join_all().await;
        for hot in ["hot-0", "hot-1", "hot-2", "hot-3"] {
            assert_eq!(count(&db, hot).await, Some(WRITES_EACH * 3), "{hot}");
        }
        let sum = |sql: &'static str| {
            let db = db.clone();
            async move { db.read::<i64, DbError, _>(move |rx| rx.one(sql, &[], |row| row.get(0))).await.unwrap() }
        };
        let all = WRITES_EACH * i64::try_from(WRITERS).unwrap();
        assert_eq!(sum("SELECT COUNT(*) FROM probe_counter").await, all + 4);
        assert_eq!(sum("SELECT COUNT(*) FROM db_outbox").await, all);
        let cuts = proxy.cuts.each_ref().map(|cut| cut.load(Ordering::SeqCst));
        assert!(cuts.iter().all(|cut| *cut >= 10), "cut too seldom to say anything: {cuts:?}");
        db.close();
    });
}
