//! The built program over a folder of its own: commands, a server, people with tokens.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use testkit::Client;

pub struct Place {
    pub folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vouch"));
        command.args(args).arg("--data").arg(self.data());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What a command that succeeds prints.
    #[track_caller]
    pub fn does(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    pub fn serve(&self) -> Server {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let child = self.command(&["serve", "--listen", &address]).stdout(Stdio::null()).spawn().unwrap();
        let server = Server { child, client: Client::new(address) };
        server.until("/signin", |status| status == 200);
        server
    }

    /// A person with this role; a token that may do what the role may.
    pub fn somebody(&self, role: &str) -> String {
        let email = format!("{role}@example.org");
        self.does(&["user", "add", "--name", role, "--email", &email, "--role", role]);
        self.does(&["token", "create", "--user", &email]).trim().to_owned()
    }
}

pub struct Server {
    child: Child,
    pub client: Client,
}

impl Server {
    /// Asks until the answer is as wanted; what never comes fails the test.
    #[track_caller]
    pub fn until(&self, path: &str, wanted: impl Fn(u16) -> bool) {
        for _ in 0..300 {
            if wanted(self.client.get(path).status) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(wanted(self.client.get(path).status), "{path} never answered as expected");
    }

    /// As `kill -9` does it: no farewell, no last signature.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
