//! The server as a process that can be killed.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Http, Reply};

/// Where a server's store is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The program.
    pub program: std::path::PathBuf,
    /// The folder with the store and the files.
    pub folder: std::path::PathBuf,
    /// The database's address, when it is not the file in the folder.
    pub database: Option<String>,
}

impl Place {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).arg("--dir").arg(&self.folder);
        if let Some(url) = &self.database {
            command.arg("--database").arg(url);
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command of the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Fills the store with the demo world.
    pub fn fill(&self) {
        let output = self.run(&["demo", "--no-serve"]);
        assert!(output.status.success(), "demo: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Makes a demo store with nobody in it but the operator.
    pub fn found(&self) {
        let output = self.run(&["demo", "--no-serve", "--empty"]);
        assert!(output.status.success(), "demo: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Checks every invariant; what fails is told.
    pub fn audit(&self) {
        let output = self.run(&["admin", "audit"]);
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "audit: {told} {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts the server on a free port, with more environment, and waits until it answers.
    pub fn serve(&self, environment: &[(&str, &str)]) -> Running {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        self.serve_at(([127, 0, 0, 1], port).into(), environment)
    }

    /// The same at an address that is known.
    pub fn serve_at(&self, address: SocketAddr, environment: &[(&str, &str)]) -> Running {
        let mut command = self.command(&["serve"]);
        command.arg("--listen").arg(address.to_string());
        command.envs(environment.iter().copied()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        // Its log is kept, so that a failed test can show it.
        let log = child.stderr.take().expect("a pipe");
        let lines =
            std::thread::spawn(move || BufReader::new(log).lines().map_while(Result::ok).collect::<Vec<_>>());
        let running = Running { child, address, log: Some(lines) };
        running.wait_until_it_answers();
        running
    }
}

/// A server that runs; it is killed when this is dropped.
pub struct Running {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    log: Option<std::thread::JoinHandle<Vec<String>>>,
}

impl Running {
    #[expect(clippy::disallowed_methods, reason = "waiting for a process to come up")]
    fn wait_until_it_answers(&self) {
        let started = Instant::now();
        while std::net::TcpStream::connect(self.address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "the server does not come up");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGKILL: no time for anything.
    pub fn kill(mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server ends");
    }

    /// SIGKILL; answers what it has written to its log.
    pub fn kill_and_read_log(mut self) -> String {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server ends");
        let lines = self.log.take().and_then(|log| log.join().ok()).unwrap_or_default();
        lines.join("\n")
    }

    /// SIGTERM: it is to finish what is under way, and end.
    pub fn terminate(&self) {
        let told = Command::new("kill").arg("-TERM").arg(self.id().to_string()).status();
        assert!(told.is_ok_and(|status| status.success()), "the server can be told to end");
    }

    /// Waits until it ends by itself.
    #[expect(clippy::disallowed_methods, reason = "waiting for a process to end")]
    pub fn wait(mut self, most: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        while started.elapsed() < most {
            if let Some(status) = self.child.try_wait().expect("the server can be asked") {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Signs somebody in by phone, the way the demo allows, over a connection of its own; answers the token.
///
/// # Errors
/// When the server goes away.
pub async fn sign_in(address: SocketAddr, phone: &str) -> std::io::Result<String> {
    sign_in_over(&mut Http::new(address, ""), phone).await
}

/// The same over a connection that is there; `http` must be nobody's.
///
/// # Errors
/// When the server goes away.
pub async fn sign_in_over(http: &mut Http, phone: &str) -> std::io::Result<String> {
    let asked = http.send("POST", "/api/v1/sign-in/codes", "", &json!({ "phone": phone })).await?;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let path = format!("/api/v1/demo/sign-in-codes?phone={}", phone.replace('+', "%2B"));
    let shown = http.send("GET", &path, "", &Value::Null).await?;
    // A refusal has a `code` too, which is not the one to sign in with.
    assert_eq!(shown.status, 200, "{}", shown.text());
    let body = json!({ "phone": phone, "code": shown.json().get("code"), "deliver": "bearer" });
    let session: Reply = http.send("POST", "/api/v1/sessions", "", &body).await?;
    assert_eq!(session.status, 201, "{}", session.text());
    let token = session.json().get("token").and_then(Value::as_str).map(str::to_owned);
    Ok(token.expect("a token"))
}
