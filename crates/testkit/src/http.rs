//! A small HTTP/1.1 client over one connection that is kept: enough for tests and load, and cheap.

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A client of one server, for one person.
pub struct Http {
    address: SocketAddr,
    connection: Option<TcpStream>,
    token: String,
    user_agent: String,
    buffer: Vec<u8>,
}

/// An answer over the wire.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    head: String,
}

impl Reply {
    /// The body as JSON; null when it is not.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text, for messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of a problem; empty when it is none.
    pub fn code(&self) -> String {
        self.json().get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A header; the name's case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

impl Http {
    /// A client of the server at `address`; `token` is empty for nobody.
    pub fn new(address: SocketAddr, token: &str) -> Self {
        Self {
            address,
            connection: None,
            token: token.to_owned(),
            user_agent: String::new(),
            buffer: Vec::new(),
        }
    }

    /// Says from now on what kind of browser it is.
    pub fn set_user_agent(&mut self, user_agent: &str) {
        user_agent.clone_into(&mut self.user_agent);
    }

    /// Goes on as somebody else.
    pub fn set_token(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    /// Goes on at another address.
    pub fn set_address(&mut self, address: SocketAddr) {
        self.address = address;
        self.connection = None;
    }

    /// Sends a request and waits for the answer.
    ///
    /// # Errors
    /// When the server cannot be reached or goes away: whether it did what was asked is then unknown.
    pub async fn send(&mut self, method: &str, path: &str, key: &str, body: &Value) -> io::Result<Reply> {
        let is_reused = self.connection.is_some();
        let mut sent = self.try_send(method, path, key, body).await;
        if is_reused && sent.is_err() && self.buffer.is_empty() {
            // A server may close a connection that was idle, just as a request goes out on it. Repeating it is safe:
            // the key is the same.
            self.connection = None;
            sent = self.try_send(method, path, key, body).await;
        }
        if sent.is_err() {
            self.connection = None;
        }
        sent
    }

    async fn try_send(&mut self, method: &str, path: &str, key: &str, body: &Value) -> io::Result<Reply> {
        self.buffer.clear();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        if !self.token.is_empty() {
            head.push_str(&format!("Authorization: Bearer {}\r\n", self.token));
        }
        if !self.user_agent.is_empty() {
            head.push_str(&format!("User-Agent: {}\r\n", self.user_agent));
        }
        if !key.is_empty() {
            head.push_str(&format!("Idempotency-Key: {key}\r\n"));
        }
        let content = if body.is_null() { String::new() } else { body.to_string() };
        if !content.is_empty() {
            head.push_str("Content-Type: application/json\r\n");
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n{content}", content.len()));
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connection = TcpStream::connect(self.address).await?;
                connection.set_nodelay(true)?;
                connection
            }
        };
        connection.write_all(head.as_bytes()).await?;
        let reply = self.read(&mut connection).await?;
        self.connection = Some(connection);
        Ok(reply)
    }

    async fn read(&mut self, connection: &mut TcpStream) -> io::Result<Reply> {
        let head_end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            self.more(connection).await?;
        };
        let head = String::from_utf8_lossy(self.buffer.get(..head_end).unwrap_or_default()).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        let reply = Reply { status, body: Vec::new(), head };
        let body_start = head_end.saturating_add(4);
        let body = if reply.header("transfer-encoding") == Some("chunked") {
            self.read_chunks(connection, body_start).await?
        } else {
            let length = reply.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
            self.read_bytes(connection, body_start, length).await?
        };
        Ok(Reply { body, ..reply })
    }

    /// `length` bytes from `start` on.
    async fn read_bytes(
        &mut self,
        connection: &mut TcpStream,
        start: usize,
        length: usize,
    ) -> io::Result<Vec<u8>> {
        let end = start.saturating_add(length);
        while self.buffer.len() < end {
            self.more(connection).await?;
        }
        Ok(self.buffer.get(start..end).unwrap_or_default().to_vec())
    }

    /// A body in pieces (RFC 9112, 7.1), without trailers.
    async fn read_chunks(&mut self, connection: &mut TcpStream, start: usize) -> io::Result<Vec<u8>> {
        let (mut at, mut body) = (start, Vec::new());
        loop {
            let line_end = loop {
                match find(self.buffer.get(at..).unwrap_or_default(), b"\r\n") {
                    Some(length) => break at.saturating_add(length),
                    None => self.more(connection).await?,
                }
            };
            let size = String::from_utf8_lossy(self.buffer.get(at..line_end).unwrap_or_default());
            let size = usize::from_str_radix(size.trim(), 16).or(Err(broken()))?;
            let content = line_end.saturating_add(2);
            body.extend(self.read_bytes(connection, content, size).await?);
            at = content.saturating_add(size).saturating_add(2);
            self.read_bytes(connection, content, size.saturating_add(2)).await?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn more(&mut self, connection: &mut TcpStream) -> io::Result<()> {
        if connection.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
