//! PostgreSQL servers for tests: in a temporary folder, on a free port, ended with the process.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

/// A server of one test, with its data on disk as in earnest (`fsync` on), to be stopped and started again.
pub struct PostgresServer {
    folder: PathBuf,
    port: u16,
    /// The other end is read by the shell that minds the server: when this process ends, however it ends, the
    /// pipe closes, and the shell ends the server and removes its folder.
    _minder: Child,
}

/// The server that the tests of this process share, by its address.
static SHARED: OnceLock<(String, Option<PostgresServer>)> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The address of a new, empty database.
pub fn fresh_database() -> String {
    let (url, _) = SHARED.get_or_init(|| match std::env::var("TEST_POSTGRES_URL") {
        Ok(url) => (url.trim_end_matches('/').to_owned(), None),
        Err(_) => {
            let own = PostgresServer::start();
            (own.url(), Some(own))
        }
    });
    make_database(url)
}

#[expect(clippy::disallowed_methods, reason = "the test kit makes databases, it does not use the store")]
fn make_database(url: &str) -> String {
    let name = format!("t{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut client = Client::connect(&format!("{url}/postgres"), NoTls).expect("the test server answers");
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).expect("an old database can be dropped");
    client.batch_execute(&format!("CREATE DATABASE {name}")).expect("databases can be created");
    format!("{url}/{name}")
}

/// Lets PostgreSQL look at the tables of a database now, which it does by itself within some minutes. What was written
/// since it looked the last time it knows nothing of, and then it plans the large joins of an audit blindly.
#[expect(clippy::disallowed_methods, reason = "the test kit minds databases, it does not use the store")]
pub fn analyze_database(url: &str) {
    let mut client = Client::connect(url, NoTls).expect("the test server answers");
    client.batch_execute("ANALYZE").expect("tables can be looked at");
}

/// How PostgreSQL goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Connections are ended in good order.
    Fast,
    /// Every process leaves at once; the next start recovers from the log.
    Immediate,
    /// The first process is killed with SIGKILL; the others notice.
    Killed,
}

impl PostgresServer {
    /// Makes an empty server and starts it.
    pub fn start() -> Self {
        let folder =
            tempfile::Builder::new().prefix("tuan-postgres-").tempdir().expect("a temporary folder").keep();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).expect("permissions");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let script = r#"
            cd /
            if [ "$(id -u)" = 0 ]; then as="runuser -u postgres --"; else as=""; fi
            $as "$1" -D "$3/data" -U tuan -A trust -E UTF8 --locale=C -N >/dev/null || exit 1
            echo made; cat >/dev/null
            $as "$2" -D "$3/data" -m immediate stop; rm -rf "$3""#;
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(program("initdb")).arg(program("pg_ctl")).arg(&folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut minder = command.spawn().expect("a shell starts");
        let mut line = String::new();
        BufReader::new(minder.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        assert_eq!(line, "made\n", "initdb failed");
        let server = Self { folder, port, _minder: minder };
        server.start_again();
        server
    }

    /// Its address, without a database.
    pub fn url(&self) -> String {
        format!("postgres://tuan@127.0.0.1:{}", self.port)
    }

    /// The address of a new, empty database on it.
    pub fn database(&self) -> String {
        make_database(&self.url())
    }

    /// Starts it on the same port and data; answers once it takes connections.
    #[expect(clippy::disallowed_methods, reason = "waiting for what was killed to be gone, and to come up")]
    pub fn start_again(&self) {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=400 \
             -c shared_buffers=256MB",
            self.port,
            self.folder.display()
        );
        let log = self.folder.join("data/log");
        let started = Instant::now();
        // As long as a process of one that was killed is there, the next does not start.
        while !self.control(&["-w", "-l", &log.to_string_lossy(), "-o", &options, "start"]) {
            let told = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(60), "PostgreSQL does not come up: {told}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Stops it.
    pub fn stop(&self, how: Stop) {
        match how {
            Stop::Fast => assert!(self.control(&["-m", "fast", "-w", "stop"]), "PostgreSQL stops"),
            Stop::Immediate => assert!(self.control(&["-m", "immediate", "-w", "stop"]), "PostgreSQL stops"),
            Stop::Killed => signal("-KILL", &[self.first_process()]),
        }
    }

    /// Kills one process that serves a client with SIGKILL: PostgreSQL ends all others and recovers by itself.
    pub fn kill_a_session(&self) {
        let sessions = self.sessions();
        signal("-KILL", sessions.get(..1).expect("somebody is connected"));
    }

    /// Lets it hang: who is connected gets no answer any more, and neither does who connects.
    pub fn freeze(&self) -> Frozen {
        let mut processes = self.sessions();
        processes.push(self.first_process());
        signal("-STOP", &processes);
        Frozen(processes)
    }

    /// The processes that serve clients.
    #[expect(
        clippy::disallowed_methods,
        reason = "the test kit looks at the server, it does not use the store"
    )]
    fn sessions(&self) -> Vec<i32> {
        let mut client =
            Client::connect(&format!("{}/postgres", self.url()), NoTls).expect("the test server answers");
        let sql = "SELECT pid FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        client.query(sql, &[]).expect("sessions are listed").iter().map(|row| row.get(0)).collect()
    }

    fn first_process(&self) -> i32 {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).expect("it runs");
        file.lines().next().and_then(|line| line.parse().ok()).expect("a process")
    }

    /// Runs `pg_ctl`; whether it succeeded.
    fn control(&self, arguments: &[&str]) -> bool {
        // PostgreSQL refuses to run as root; Debian's package brings a user for it.
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| {
            use std::os::unix::fs::MetadataExt;
            own.uid() == 0
        });
        let mut command = if is_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program("pg_ctl"));
            command
        } else {
            Command::new(program("pg_ctl"))
        };
        command.arg("-D").arg(self.folder.join("data")).args(arguments).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().expect("pg_ctl starts").success()
    }
}

/// Processes that stand still until this is dropped.
pub struct Frozen(Vec<i32>);

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(which: &str, processes: &[i32]) {
    let told = Command::new("kill").arg(which).args(processes.iter().map(ToString::to_string)).status();
    assert!(told.is_ok_and(|status| status.success()), "PostgreSQL's processes can be signalled");
}

fn program(name: &str) -> PathBuf {
    let versions =
        ["17", "16", "15"].map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin/{name}")));
    versions.into_iter().find(|path| path.exists()).unwrap_or_else(|| Path::new(name).to_path_buf())
}
