//! Connections: an end that loses no request, a cap, and clients that stall or send too much.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::http::Http;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{USUAL, place, status, until};

/// Sends bytes on a connection of their own.
async fn begin(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream
}

/// All that comes until the server closes.
async fn end(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    // A reset is an end too.
    let read = stream.read_to_end(&mut all);
    tokio::time::timeout(Duration::from_secs(30), read).await.expect("the server closes").ok();
    String::from_utf8_lossy(&all).into_owned()
}

const BODY: &str = r#"{"phone":"13700000001"}"#;

fn head(length: usize) -> String {
    format!(
        "POST /api/v1/sign-in/codes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

async fn drain(database: Option<String>) {
    let (place, _folder) = tokio::task::spawn_blocking(move || place(database)).await.unwrap();
    let server = place.serve(&[USUAL]);
    let address = server.address;
    // Requests under way, whose bodies have not come in full yet.
    let mut under_way = Vec::new();
    for _ in 0..8 {
        under_way.push(begin(address, &format!("{}{}", head(BODY.len()), &BODY[..5])).await);
    }
    // All have arrived: this one came after them, and is answered.
    assert_eq!(status(&mut Http::new(address, ""), "/readyz").await, 200);
    server.terminate();
    let is_refused = async || TcpStream::connect(address).await.is_err();
    until("new connections are refused", Duration::from_secs(10), is_refused).await;
    for stream in &mut under_way {
        stream.write_all(&BODY.as_bytes()[5..]).await.unwrap();
    }
    for stream in under_way {
        let answer = end(stream).await;
        assert!(answer.starts_with("HTTP/1.1 202") || answer.starts_with("HTTP/1.1 429"), "{answer}");
    }
    let ended = tokio::task::spawn_blocking(move || server.wait(Duration::from_secs(30))).await.unwrap();
    assert!(ended.expect("it ends by itself").success());
    tokio::task::spawn_blocking(move || place.audit()).await.unwrap();
}

#[test]
fn an_end_loses_no_request_sqlite() {
    testkit::block_on(drain(None));
}

#[test]
fn an_end_loses_no_request_postgres() {
    let database = testkit::fresh_database();
    testkit::block_on(drain(Some(database)));
}

// The rest is about sockets, and the same whatever the store is.
#[test]
fn over_the_cap_connections_wait_and_the_others_work() {
    let (place, _folder) = place(None);
    testkit::block_on(async move {
        let server = place.serve(&[USUAL, ("TUAN_CONNECTIONS_MAX", "3")]);
        let mut inside: Vec<Http> = (0..3).map(|_| Http::new(server.address, "")).collect();
        for http in &mut inside {
            until_answered(http).await;
        }
        let address = server.address;
        let outside = tokio::task::spawn(async move { status(&mut Http::new(address, ""), "/livez").await });
        for _ in 0..20 {
            for http in &mut inside {
                assert_eq!(status(http, "/livez").await, 200);
            }
        }
        assert!(!outside.is_finished(), "a fourth connection is answered");
        inside.pop();
        assert_eq!(outside.await.unwrap(), 200);
    });
}

/// The connection that looked whether the server is up may still hold its place for a moment.
async fn until_answered(http: &mut Http) {
    let answer = http.send("GET", "/livez", "", &Value::Null);
    let answer = tokio::time::timeout(Duration::from_secs(10), answer).await.expect("an answer");
    assert_eq!(answer.unwrap().status, 200);
}

#[test]
fn clients_that_stall_or_send_too_much_are_cut() {
    let (place, _folder) = place(None);
    testkit::block_on(async move {
        let server = place.serve(&[USUAL, ("TUAN_REQUEST_SECONDS", "2")]);
        let address = server.address;
        let started = Instant::now();
        let head_stalls = begin(address, "GET /livez HTTP/1.1\r\nHost: loc").await;
        let idle = begin(address, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let body_stalls = begin(address, &format!("{}{}", head(BODY.len()), &BODY[..5])).await;
        let too_large = begin(address, &head(2 * 1024 * 1024)).await;
        let (head_ends, idle_ends, body_ends, large_ends) =
            tokio::join!(end(head_stalls), end(idle), end(body_stalls), end(too_large));
        assert!(head_ends.is_empty() || head_ends.starts_with("HTTP/1.1 408"), "{head_ends}");
        assert!(idle_ends.starts_with("HTTP/1.1 200"), "{idle_ends}");
        assert!(
            body_ends.starts_with("HTTP/1.1 503") && body_ends.contains("request.timeout"),
            "{body_ends}"
        );
        assert!(
            large_ends.starts_with("HTTP/1.1 413") && large_ends.contains("body.too_large"),
            "{large_ends}"
        );
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
        // One that does not say how much it sends is cut at the same size.
        let chunked = head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
        let mut stream = begin(address, &chunked).await;
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
        for _ in 0..32 {
            if stream.write_all(chunk.as_bytes()).await.is_err() {
                break;
            }
        }
        let answer = end(stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert_eq!(status(&mut Http::new(address, ""), "/readyz").await, 200);
    });
}
