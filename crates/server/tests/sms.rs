//! Sign-in codes over a gateway, as a gateway sees it.
#![cfg(test)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::http::Http;
use testkit::process::Place;

const SECRET: &str = "between-us-and-the-gateway";

/// What a gateway was asked.
struct Asked {
    timestamp: String,
    signature: String,
    body: String,
}

/// A gateway that answers with these statuses, the last one for ever.
fn gateway(statuses: &'static [u16]) -> (SocketAddr, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, asked) = channel();
    std::thread::spawn(move || {
        for n in 0.. {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = std::collections::BTreeMap::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim().split_once(": ") else {
                    if line.trim().is_empty() { break } else { continue }
                };
                head.insert(name.to_ascii_lowercase(), value.to_owned());
            }
            let mut body = vec![0; head["content-length"].parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let body = String::from_utf8(body).unwrap();
            let status = statuses[statuses.len().min(n + 1) - 1];
            // Some gateways repeat what they were sent.
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).unwrap();
            let (timestamp, signature) = (head["x-tuan-timestamp"].clone(), head["x-tuan-signature"].clone());
            if tell.send(Asked { timestamp, signature, body }).is_err() {
                return;
            }
        }
    });
    (address, asked)
}

fn is_signed(asked: &Asked) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{}.{}", asked.timestamp, asked.body).as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    hex == asked.signature
}

/// A code reaches its gateway although that fails at first, and stays out of the log.
fn a_code_is_sent(database: Option<String>) {
    const PHONE: &str = "13812345678";
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        program: PathBuf::from(env!("CARGO_BIN_EXE_tuan")),
        folder: folder.path().join("store"),
        database,
    };
    assert!(place.run(&["demo", "--no-serve", "--empty"]).status.success());
    let (address, asked) = gateway(&[500, 200]);
    let url = format!("http://{address}/send?key=of-the-gateway");
    let server =
        place.serve(&[("TUAN_SMS_URL", url.as_str()), ("TUAN_SMS_SECRET", SECRET), ("TUAN_LOG", "debug")]);
    let listens = server.address;
    let asked: Vec<Asked> = std::thread::scope(|scope| {
        scope.spawn(|| {
            testkit::block_on(async move {
                let mut http = Http::new(listens, "");
                let asked = http.send("POST", "/api/v1/sign-in/codes", "", &json!({ "phone": PHONE })).await;
                assert_eq!(asked.unwrap().status, 202);
            });
        });
        (0..2).map(|_| asked.recv_timeout(Duration::from_secs(30)).unwrap()).collect()
    });
    assert!(asked.iter().all(is_signed));
    let bodies: Vec<Value> = asked.iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect();
    assert_eq!(bodies[0], bodies[1], "the same message, with the same id");
    assert_eq!((&bodies[0]["to"], &bodies[0]["kind"]), (&json!("+8613812345678"), &json!("sign_in_code")));
    let code = bodies[0]["code"].as_str().unwrap().to_owned();
    assert!(code.len() == 6 && bodies[0]["text"].as_str().unwrap().contains(&code));
    // Whoever reads the message signs in, and the code is sent no more.
    let own = code.clone();
    testkit::block_on(async move {
        let body = json!({ "phone": PHONE, "code": own, "deliver": "bearer" });
        let signed_in = Http::new(listens, "").send("POST", "/api/v1/sessions", "", &body).await.unwrap();
        assert_eq!(signed_in.status, 201);
    });
    let log = server.kill_and_read_log();
    assert!(log.contains("the SMS gateway answered 500"), "{log}");
    for secret in [PHONE, SECRET, "of-the-gateway"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    let is_digit = |c: char| c.is_ascii_digit();
    let numbers: Vec<&str> = log.split(|c| !is_digit(c)).filter(|word| *word == code).collect();
    // A fraction of a second may happen to look like it, at the most once or twice.
    assert!(numbers.len() < 3 && !log.contains(&format!("\"{code}\"")), "the code is in {log}");
}

mod a_code_is_sent_over_a_gateway {
    #[test]
    fn sqlite() {
        super::a_code_is_sent(None);
    }

    #[test]
    fn postgres() {
        super::a_code_is_sent(Some(testkit::fresh_database()));
    }
}
