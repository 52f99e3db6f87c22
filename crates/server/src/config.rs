//! Settings: a default, one TOML file, the environment (`TUAN_…`), the command line; the last one wins.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use db::Location;

use crate::providers::SECTIONS;

/// One setting: its name, what it is when nothing is said, whether it is a secret, and what it does.
struct Key {
    name: &'static str,
    default: &'static str,
    is_secret: bool,
}

const fn key(name: &'static str, default: &'static str) -> Key {
    Key { name, default, is_secret: false }
}

const fn secret(name: &'static str) -> Key {
    Key { name, default: "", is_secret: true }
}

/// All settings. `docs/configuration.md` says what they do.
const KEYS: &[Key] = &[
    key("listen", "127.0.0.1:8080"),
    key("metrics_listen", ""),
    key("dir", "data"),
    secret("database"),
    key("database_connections", "8"),
    key("database_isolation", "snapshot"),
    key("waiting_max", "4096"),
    key("roles", "web,worker"),
    key("public_url", ""),
    key("connections_max", "4096"),
    key("request_seconds", "30"),
    key("drain_seconds", "30"),
    key("anonymous_writes_per_minute", ""),
    key("trust_forwarded", "false"),
    secret("sandbox_secret"),
    secret("entry_secret"),
    key("secret_key_file", ""),
    secret("sms_url"),
    secret("sms_secret"),
    key("log", "info"),
];

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    Default,
    File,
    Environment,
    CommandLine,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::CommandLine => "command line",
        })
    }
}

/// The settings with where they come from.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    values: BTreeMap<&'static str, (String, Origin)>,
    sections: BTreeMap<&'static str, toml::Table>,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Roles {
    /// Answers requests.
    pub(crate) web: bool,
    /// Delivers events and runs jobs.
    pub(crate) worker: bool,
}

impl Config {
    /// Reads the file and the environment; `given` is what the command line says.
    ///
    /// # Errors
    /// When the file cannot be read or has an unknown key, or a value cannot be understood.
    pub(crate) fn load(file: Option<&Path>, given: &[(&'static str, Option<String>)]) -> Result<Self> {
        let environment = KEYS.iter().filter_map(|key| Some((key.name, environment(key.name)?))).collect();
        let file = match file {
            None => toml::Table::new(),
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
                text.parse().with_context(|| format!("understand {}", path.display()))?
            }
        };
        Self::of(&file, environment, given)
    }

    fn of(
        file: &toml::Table,
        environment: BTreeMap<&'static str, String>,
        given: &[(&'static str, Option<String>)],
    ) -> Result<Self> {
        let mut values: BTreeMap<_, _> =
            KEYS.iter().map(|key| (key.name, (key.default.to_owned(), Origin::Default))).collect();
        let mut sections = BTreeMap::new();
        for (name, value) in file {
            let section = SECTIONS.into_iter().find(|section| *section == name.as_str());
            if let (Some(section), toml::Value::Table(table)) = (section, value) {
                sections.insert(section, table.clone());
                continue;
            }
            let Some(slot) = values.get_mut(name.as_str()) else { bail!("unknown setting {name:?}") };
            let text = match value {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            *slot = (text, Origin::File);
        }
        values.extend(environment.into_iter().map(|(name, value)| (name, (value, Origin::Environment))));
        for (name, value) in given {
            if let Some(value) = value {
                values.insert(name, (value.clone(), Origin::CommandLine));
            }
        }
        let config = Self { values, sections };
        config.check()?;
        Ok(config)
    }

    /// Reads every typed value once, so that a mistake is told at start.
    fn check(&self) -> Result<()> {
        crate::providers::check(self)?;
        self.listen()?;
        self.metrics_listen()?;
        self.roles()?;
        for name in ["connections_max", "database_connections", "waiting_max", "request_seconds"] {
            if self.number(name)? == 0 {
                bail!("{name} is at least 1: with 0 nothing would be answered");
            }
        }
        self.number("drain_seconds")?;
        crate::log::check(self.text("log"))?;
        self.flag("trust_forwarded")?;
        self.anonymous_writes_per_minute(true)?;
        let sms_url = self.text("sms_url");
        if !sms_url.is_empty() && !sms_url.starts_with("https://") && !sms_url.starts_with("http://") {
            bail!("sms_url is an address such as https://sms.example/send");
        }
        Ok(())
    }

    /// A section of the file; `None` when it is not there.
    pub(crate) fn section(&self, name: &str) -> Option<&toml::Table> {
        self.sections.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |(value, _)| value)
    }

    pub(crate) fn number(&self, name: &str) -> Result<u64> {
        self.text(name)
            .parse()
            .with_context(|| format!("{name} is a whole number, not {:?}", self.text(name)))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        self.text(name).parse().with_context(|| format!("{name} is true or false, not {:?}", self.text(name)))
    }

    pub(crate) fn listen(&self) -> Result<SocketAddr> {
        let text = self.text("listen");
        text.parse().with_context(|| format!("listen is an address such as 127.0.0.1:8080, not {text:?}"))
    }

    pub(crate) fn metrics_listen(&self) -> Result<Option<SocketAddr>> {
        let text = self.text("metrics_listen");
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).with_context(|| format!("metrics_listen is an address, not {text:?}"))
    }

    pub(crate) fn roles(&self) -> Result<Roles> {
        let mut roles = Roles { web: false, worker: false };
        for role in self.text("roles").split(',').map(str::trim).filter(|role| !role.is_empty()) {
            match role {
                "web" => roles.web = true,
                "worker" => roles.worker = true,
                other => bail!("there is no role {other:?}: web, worker"),
            }
        }
        if roles.web || roles.worker { Ok(roles) } else { bail!("roles is empty: web, worker or both") }
    }

    /// Writes that one address may make a minute without being signed in; a demo is generous.
    pub(crate) fn anonymous_writes_per_minute(&self, is_demo: bool) -> Result<u32> {
        let text = self.text("anonymous_writes_per_minute");
        if text.is_empty() {
            return Ok(if is_demo { 600_000 } else { 120 });
        }
        text.parse().with_context(|| format!("anonymous_writes_per_minute is a whole number, not {text:?}"))
    }

    /// The folder of the store, pictures and the like.
    pub(crate) fn dir(&self) -> PathBuf {
        PathBuf::from(self.text("dir"))
    }

    /// The file with the key of the secrets in the store.
    pub(crate) fn secret_key_file(&self) -> PathBuf {
        match self.text("secret_key_file") {
            "" => self.dir().join("secret.key"),
            file => PathBuf::from(file),
        }
    }

    /// Where the store is.
    pub(crate) fn location(&self) -> Location {
        let database = self.text("database");
        if database.is_empty() {
            Location::File(self.dir().join("tuan.db"))
        } else {
            Location::Postgres(database.to_owned())
        }
    }

    /// What must be set before strangers may use this server; empty when all is.
    pub(crate) fn unsafe_defaults(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if !self.text("public_url").starts_with("https://") {
            missing.push("public_url: where people reach this server, https://…".to_owned());
        }
        if (1..16).contains(&self.text("sandbox_secret").len()) {
            missing
                .push("sandbox_secret: at least 16 characters, or none: then there is no sandbox".to_owned());
        }
        if self.text("entry_secret").len() < 16 {
            missing.push(
                "entry_secret: at least 16 random characters that sign shared links; keep it, links break without"
                    .to_owned(),
            );
        }
        if self.text("sms_url").is_empty() {
            missing.push("sms_url: where sign-in codes are sent to; nobody can sign in without".to_owned());
        }
        if self.text("sms_secret").len() < 16 {
            missing
                .push("sms_secret: at least 16 characters that only you and the SMS gateway know".to_owned());
        }
        missing
    }

    /// Name, value and origin of every setting; secrets are not shown.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |key: &Key| {
            let (value, origin) = self.values.get(key.name)?;
            let shown = if key.is_secret && !value.is_empty() { "(secret)" } else { value };
            Some(format!("{:<28} {:<32} {origin}", key.name, format!("{shown:?}")))
        };
        // Sections hold names of files with secrets, never the secrets.
        let sections = self.sections.iter().flat_map(|(section, table)| {
            table.iter().map(move |(key, value)| {
                format!("{:<28} {:<32} file", format!("{section}.{key}"), value.to_string())
            })
        });
        KEYS.iter().filter_map(line).chain(sections).collect()
    }
}

/// A setting from the environment: `listen` is `TUAN_LISTEN`.
fn environment(name: &str) -> Option<String> {
    std::env::var(format!("TUAN_{}", name.to_ascii_uppercase())).ok()
}

/// The folder with data for imports and replays, if one is named: `TUAN_DATA`.
pub(crate) fn data_folder() -> Option<PathBuf> {
    std::env::var_os("TUAN_DATA").map(PathBuf::from)
}

/// Where to write down every distinct statement, if asked to: `TUAN_SQL_LOG`, for the portability check.
pub(crate) fn sql_log() -> Option<PathBuf> {
    std::env::var_os("TUAN_SQL_LOG").map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file: &str, given: &[(&'static str, Option<String>)]) -> Result<Config> {
        Config::of(&file.parse().unwrap(), BTreeMap::from([("log", "debug".to_owned())]), given)
    }

    #[test]
    fn the_last_one_wins_and_is_named() {
        let given = [("listen", Some("127.0.0.1:1".to_owned())), ("dir", None)];
        let config = of("listen = \"127.0.0.1:2\"\nlog = \"warn\"\nconnections_max = 7", &given).unwrap();
        assert_eq!(config.text("listen"), "127.0.0.1:1");
        assert_eq!(config.text("log"), "debug");
        assert_eq!(config.number("connections_max").unwrap(), 7);
        let lines = config.lines().join("\n");
        assert!(lines.contains("command line") && lines.contains("environment") && lines.contains("file"));
    }

    #[test]
    fn mistakes_are_told_at_start() {
        assert!(of("lisen = 1", &[]).is_err());
        assert!(of("roles = \"web,scheduler\"", &[]).is_err());
        assert!(of("connections_max = \"many\"", &[]).is_err());
        assert!(of("listen = \"8080\"", &[]).is_err());
        assert!(of("connections_max = 0", &[]).is_err());
        assert!(of("[wechat_pay]\napp_id = \"wx1\"", &[]).is_err());
        assert!(of("[other_pay]\napp_id = \"wx1\"", &[]).is_err());
        let whole = "app_id = \"wx1\"\nmerchant = \"19\"\ncertificate_serial = \"A\"\n\
            private_key_file = \"/k\"\napi_v3_key_file = \"/a\"\n";
        let config = of(&format!("[wechat_pay]\n{whole}"), &[]).unwrap();
        assert!(config.lines().iter().any(|line| line.starts_with("wechat_pay.private_key_file")));
        assert!(of(&format!("[wechat_pay]\n{whole}private_key = \"x\""), &[]).is_err());
        assert!(of("", &[("log", Some("tuan=loud".to_owned()))]).is_err());
        of("drain_seconds = 0", &[("log", Some("info,db=debug".to_owned()))]).unwrap();
    }

    #[test]
    fn what_is_unsafe_is_listed_and_secrets_are_not_shown() {
        assert_eq!(of("", &[]).unwrap().unsafe_defaults().len(), 4);
        assert_eq!(of("sandbox_secret = \"short\"", &[]).unwrap().unsafe_defaults().len(), 5);
        let config = of(
            "public_url = \"https://shop.example\"\nsandbox_secret = \"0123456789abcdef\"\nentry_secret = \"0123456789abcdef\"\nsms_url = \"https://sms.example/send\"\nsms_secret = \"0123456789abcdef\"\ndatabase = \"postgres://a:b@c\"",
            &[],
        );
        let config = config.unwrap();
        assert!(config.unsafe_defaults().is_empty());
        assert!(!config.lines().join("\n").contains("a:b") && !config.lines().join("\n").contains("0123"));
    }
}
