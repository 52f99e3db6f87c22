//! A PostgreSQL server for tests: in a temporary folder, on a free port, ended with the process.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

struct Server {
    url: String,
    /// The other end is read by the shell that minds the server: when this process ends, however it ends, the
    /// pipe closes, and the shell ends the server and removes its folder.
    _minder: Option<Child>,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The address of a new, empty database.
#[expect(clippy::disallowed_methods, reason = "the test kit makes databases, it does not use the store")]
pub fn fresh_database() -> String {
    let server = SERVER.get_or_init(start);
    let name = format!("t{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut client =
        Client::connect(&format!("{}/postgres", server.url), NoTls).expect("the test server answers");
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).expect("an old database can be dropped");
    client.batch_execute(&format!("CREATE DATABASE {name}")).expect("databases can be created");
    format!("{}/{name}", server.url)
}

fn start() -> Server {
    if let Ok(url) = std::env::var("TEST_POSTGRES_URL") {
        return Server { url: url.trim_end_matches('/').to_owned(), _minder: None };
    }
    let folder =
        tempfile::Builder::new().prefix("tuan-postgres-").tempdir().expect("a temporary folder").keep();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).expect("permissions");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
    // PostgreSQL refuses to run as root; Debian's package brings a user for it.
    let script = r#"
        cd /
        if [ "$(id -u)" = 0 ]; then as="runuser -u postgres --"; else as=""; fi
        $as "$1" -D "$3/data" -U tuan -A trust -E UTF8 --locale=C -N >/dev/null || exit 1
        $as "$2" -D "$3/data" -p "$4" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$3" \
            -c max_connections=400 -c shared_buffers=256MB >"$3/log" 2>&1 &
        cat >/dev/null
        kill -INT "$(head -n 1 "$3/data/postmaster.pid")"; wait; rm -rf "$3""#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(program("initdb")).arg(program("postgres")).arg(&folder);
    let minder =
        command.arg(port.to_string()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let minder = minder.spawn().expect("a shell starts");
    let url = format!("postgres://tuan@127.0.0.1:{port}");
    wait_for(&url);
    Server { url, _minder: Some(minder) }
}

#[expect(clippy::disallowed_methods, reason = "waiting for a server to come up")]
fn wait_for(url: &str) {
    let started = Instant::now();
    while Client::connect(&format!("{url}/postgres"), NoTls).is_err() {
        assert!(started.elapsed() < Duration::from_secs(30), "PostgreSQL does not come up");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn program(name: &str) -> PathBuf {
    let versions =
        ["17", "16", "15"].map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin/{name}")));
    versions.into_iter().find(|path| path.exists()).unwrap_or_else(|| Path::new(name).to_path_buf())
}
