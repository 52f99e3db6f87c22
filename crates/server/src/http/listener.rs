//! Sockets: HTTP/1.1 with time-outs, a cap on connections, and an end that loses no request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::guard::Peer;

/// How long a client may take to send a request's head, and stay without asking anything.
const HEAD_MAX: Duration = Duration::from_secs(10);
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Waits after the system refused to accept: usually too many open files.
const AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// Connections that may wait to be accepted. What comes beyond is not answered, and tries again a second later: when a
/// sale opens, thousands come within one moment. The system may have a lower limit of its own.
const BACKLOG: i32 = 4_096;

/// How long a client may leave what it asked for unread before its connection is cut: it would keep its place for ever.
const UNREAD_MAX: Duration = Duration::from_secs(60);

/// A bound socket.
pub(crate) struct Listener(std::net::TcpListener);

impl Listener {
    /// Binds `address`; port 0 takes any free one.
    ///
    /// # Errors
    /// When it is taken or not ours.
    pub(crate) fn bind(address: SocketAddr) -> Result<Self> {
        let listener =
            std::net::TcpListener::bind(address).with_context(|| format!("listen on {address}"))?;
        listener.set_nonblocking(true)?;
        // The standard library lets 128 wait.
        SockRef::from(&listener).listen(BACKLOG)?;
        let listener = Self(listener);
        listener.cut_unread_after(UNREAD_MAX)?;
        Ok(listener)
    }

    /// What is accepted here is cut when nobody takes what was sent for so long; only Linux knows how.
    fn cut_unread_after(&self, time: Duration) -> std::io::Result<()> {
        #[cfg(target_os = "linux")]
        SockRef::from(&self.0).set_tcp_user_timeout(Some(time))?;
        #[cfg(not(target_os = "linux"))]
        let _ = time;
        Ok(())
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_addr()?)
    }
}

/// Answers requests until `stopping`; then finishes what is under way, `drain` at most.
///
/// # Errors
/// When the socket cannot be used.
pub(crate) async fn serve(
    listener: Listener,
    router: Router,
    connections_max: usize,
    mut stopping: watch::Receiver<bool>,
    drain: Duration,
) -> Result<()> {
    let listener = TcpListener::from_std(listener.0)?;
    let permits = Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_owned() => permit?,
            () = stopped(&mut stopping) => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(AFTER_REFUSAL).await;
                    continue;
                }
            },
            () = stopped(&mut stopping) => break,
        };
        let connection = graceful.watch(connection(stream, peer, router.clone()));
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when the time to drain was over");
    }
    connections.shutdown().await;
    Ok(())
}

/// Waits until told to stop, or until nobody could tell any more.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    while !*stopping.borrow_and_update() {
        if stopping.changed().await.is_err() {
            return;
        }
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no delay");
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        // Most requests have no body, and need no box for it.
        let mut request =
            request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        request.extensions_mut().insert(Peer(peer.ip()));
        router.clone().oneshot(request)
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .keep_alive(true)
        .serve_connection(TokioIo::new(stream), service)
}

#[cfg(test)]
mod tests {
    use axum::extract::Request;
    use axum::middleware::{Next, from_fn};
    use axum::routing::get;
    use serde_json::Value;
    use testkit::http::Http;
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::http::around;

    #[test]
    fn a_crowd_is_let_in_before_anybody_is_accepted() {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.address().unwrap();
        // A connection there is no room for is given up after a while; the system tries it again after a second.
        let wait = Duration::from_millis(500);
        let connect = |_| std::net::TcpStream::connect_timeout(&address, wait);
        let crowd: Vec<_> = (0..400).map(connect).map_while(Result::ok).collect();
        assert_eq!(crowd.len(), 400);
    }

    // Elsewhere the system has no such limit.
    #[cfg(target_os = "linux")]
    #[test]
    fn who_reads_nothing_loses_the_connection() {
        testkit::block_on(async {
            let listener = Listener::bind(([127, 0, 0, 1], 0).into()).unwrap();
            listener.cut_unread_after(Duration::from_millis(500)).unwrap();
            let address = listener.address().unwrap();
            let big = get(async || vec![0_u8; 64 << 20]);
            let router = Router::new().route("/big", big).route("/fine", get(async || "fine"));
            let (stop, stopping) = watch::channel(false);
            let mut serving = JoinSet::new();
            // One place: whoever comes second is answered when the first is gone.
            serving.spawn(serve(listener, router, 1, stopping, Duration::from_secs(5)));
            let mut idle = TcpStream::connect(address).await.unwrap();
            idle.write_all(b"GET /big HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
            idle.readable().await.unwrap();
            let mut http = Http::new(address, "");
            let answer =
                tokio::time::timeout(HEAD_MAX / 2, http.send("GET", "/fine", "", &Value::Null)).await;
            assert_eq!(answer.unwrap().unwrap().status, 200);
            drop(idle);
            stop.send_replace(true);
            serving.join_all().await.into_iter().for_each(Result::unwrap);
        });
    }

    #[test]
    fn a_handler_that_panics_answers_and_the_server_lives_on() {
        async fn panics() -> &'static str {
            panic!("as the test wants")
        }
        testkit::block_on(async {
            let listener = Listener::bind(([127, 0, 0, 1], 0).into()).unwrap();
            let address = listener.address().unwrap();
            let router = Router::new().route("/panics", get(panics)).route("/fine", get(async || "fine"));
            let caught = async |request: Request, next: Next| {
                let answer = async { Ok(next.run(request).await) };
                around::in_time(Duration::from_secs(5), answer).await
            };
            let router = router.layer(from_fn(caught));
            let (stop, stopping) = watch::channel(false);
            let mut serving = JoinSet::new();
            serving.spawn(serve(listener, router, 4, stopping, Duration::from_secs(5)));
            let mut http = Http::new(address, "");
            for _ in 0..3 {
                let answer = http.send("GET", "/panics", "", &Value::Null).await.unwrap();
                assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
                assert_eq!(answer.header("content-type"), Some("application/problem+json"));
                assert!(!answer.text().contains("as the test wants"));
                assert_eq!(http.send("GET", "/fine", "", &Value::Null).await.unwrap().status, 200);
            }
            stop.send_replace(true);
            serving.join_all().await.into_iter().for_each(Result::unwrap);
        });
    }
}
