//! One browser with a fresh profile, spoken to over WebDriver. Everything waits until it is so, for at most [`PATIENCE`].

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use engine::identity;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use testkit::{Actor, TestApp};
use thirtyfour::prelude::*;
use thirtyfour::{Cookie, Key, LoggingPrefsLogLevel};
use tokio::runtime::Runtime;

/// How long anything may take on a busy machine. Nothing waits longer than it must.
const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(25);

const SWITCHES: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

pub struct Browser {
    runtime: Runtime,
    driver: Option<WebDriver>,
    /// Ends after the browser.
    _process: Process,
    _profile: TempDir,
    base: String,
}

/// The driver's process; it ends with us, whatever happens.
struct Process {
    child: Child,
    /// Held open: a driver that cannot say anything ends.
    _said: BufReader<ChildStdout>,
    address: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A tool's path from the environment. Without it a test leaves itself out, unless it was told that it must not.
pub fn tool(name: &str) -> anyhow::Result<Option<PathBuf>> {
    let found = std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_file());
    if found.is_none() {
        if std::env::var_os("VOUCH_REQUIRE_BROWSER").is_some_and(|value| value == "1") {
            bail!("{name} names no file, and VOUCH_REQUIRE_BROWSER is set");
        }
        eprintln!("left out: {name} names no file (cargo xtask test sets it)");
    }
    Ok(found)
}

impl Browser {
    /// `None` where there is no browser to test with.
    pub fn start(app: &TestApp) -> anyhow::Result<Option<Self>> {
        let (Some(browser), Some(driver)) = (tool("VOUCH_BROWSER")?, tool("VOUCH_BROWSER_DRIVER")?) else {
            return Ok(None);
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let process = Process::start(&driver)?;
        let profile = tempfile::tempdir()?;
        let capabilities = capabilities(&browser, profile.path())?;
        let driver =
            runtime.block_on(WebDriver::new(&process.address, capabilities)).context("starting the browser")?;
        let started =
            Self { runtime, driver: Some(driver), _process: process, _profile: profile, base: app.base_url.clone() };
        started.size(1440, 900)?;
        started.colours("light")?;
        Ok(Some(started))
    }

    fn driver(&self) -> anyhow::Result<&WebDriver> {
        self.driver.as_ref().context("the browser has ended")
    }

    /// Comes in as somebody, with a session as signing in gives it.
    pub fn enter(&self, app: &TestApp, actor: &Actor) -> anyhow::Result<()> {
        let secret = identity::begin(&app.engine, actor.id)?;
        // Cookies can be set only where one is.
        self.go("/favicon.ico")?;
        let driver = self.driver()?;
        self.runtime.block_on(async {
            driver.delete_all_cookies().await?;
            driver.add_cookie(Cookie::new("vouch_session", secret.reveal())).await
        })?;
        Ok(())
    }

    pub fn leave(&self) -> anyhow::Result<()> {
        self.go("/favicon.ico")?;
        Ok(self.runtime.block_on(self.driver()?.delete_all_cookies())?)
    }

    /// A page at an address of ours, loaded whole.
    pub fn go(&self, path: &str) -> anyhow::Result<()> {
        let address = format!("{}{path}", self.base);
        self.runtime.block_on(self.driver()?.goto(address)).with_context(|| format!("going to {path}"))
    }

    pub fn reload(&self) -> anyhow::Result<()> {
        Ok(self.runtime.block_on(self.driver()?.refresh())?)
    }

    /// The value of a script's `return`.
    pub fn js(&self, script: &str, given: &[Json]) -> anyhow::Result<Json> {
        let answer = self.runtime.block_on(self.driver()?.execute(script, given.to_vec()))?;
        Ok(answer.json().clone())
    }

    /// What a script hands to its last argument.
    pub fn js_later(&self, script: &str, given: &[Json]) -> anyhow::Result<Json> {
        let answer = self.runtime.block_on(self.driver()?.execute_async(script, given.to_vec()))?;
        Ok(answer.json().clone())
    }

    /// Waits until an expression holds; gives its value.
    pub fn wait(&self, expression: &str) -> anyhow::Result<Json> {
        let script = format!("return ({expression})");
        self.until(expression, async |driver| {
            let value = driver.execute(script.as_str(), Vec::new()).await?.json().clone();
            let holds = !matches!(&value, Json::Null | Json::Bool(false)) && value != json!("") && value != json!(0);
            Ok(holds.then_some(value))
        })
    }

    pub fn holds(&self, expression: &str) -> anyhow::Result<bool> {
        Ok(self.js(&format!("return Boolean({expression})"), &[])?.as_bool() == Some(true))
    }

    /// Waits until the page says this somewhere that is seen.
    pub fn wait_for_text(&self, text: &str) -> anyhow::Result<()> {
        self.wait(&format!("document.body.innerText.includes({})", json!(text))).map(drop)
    }

    pub fn wait_for_path(&self, path: &str) -> anyhow::Result<()> {
        self.wait(&format!("document.readyState === 'complete' && location.pathname === {}", json!(path))).map(drop)
    }

    /// Clicks what is seen under this selector, once it is there and nothing lies over it.
    pub fn click(&self, selector: &str) -> anyhow::Result<()> {
        self.until(&format!("clicking {selector}"), async |driver| {
            let Some(element) = seen(driver, selector).await? else { return Ok(None) };
            stands_still(driver, &element).await?;
            element.click().await?;
            Ok(Some(()))
        })
    }

    /// Clicks the link or button that says this.
    pub fn click_text(&self, text: &str) -> anyhow::Result<()> {
        let quoted = json!(text).to_string();
        let way = format!("//*[self::a or self::button or self::summary][contains(normalize-space(.), {quoted})]");
        self.until(&format!("clicking {text}"), async |driver| {
            for element in driver.find_all(By::XPath(way.as_str())).await? {
                if element.is_displayed().await? {
                    stands_still(driver, &element).await?;
                    element.click().await?;
                    return Ok(Some(()));
                }
            }
            Ok(None)
        })
    }

    /// Puts text into a field in place of what stood there.
    pub fn fill(&self, selector: &str, text: &str) -> anyhow::Result<()> {
        self.until(&format!("filling {selector}"), async |driver| {
            let Some(field) = seen(driver, selector).await? else { return Ok(None) };
            if field.prop("value").await?.is_some_and(|value| !value.is_empty()) {
                field.clear().await?;
            }
            field.send_keys(text).await?;
            Ok(Some(()))
        })
    }

    /// Presses keys one after another, wherever the focus is.
    pub fn press(&self, keys: &str) -> anyhow::Result<()> {
        let actions = self.driver()?.action_chain_with_delay(None, None).send_keys(keys);
        Ok(self.runtime.block_on(actions.perform())?)
    }

    pub fn press_key(&self, key: Key) -> anyhow::Result<()> {
        let actions = self.driver()?.action_chain().key_down(key.clone()).key_up(key);
        Ok(self.runtime.block_on(actions.perform())?)
    }

    pub fn press_with_control(&self, key: char) -> anyhow::Result<()> {
        let actions =
            self.driver()?.action_chain().key_down(Key::Control).key_down(key).key_up(key).key_up(Key::Control);
        Ok(self.runtime.block_on(actions.perform())?)
    }

    /// The size of the page, smaller than any window if need be.
    pub fn size(&self, width: u32, height: u32) -> anyhow::Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
    }

    /// The system's colours, and no movement, so that nothing is looked at half-way.
    pub fn colours(&self, scheme: &str) -> anyhow::Result<()> {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features }))
    }

    /// Switches the scripts of pages off or on; what this module asks for still runs.
    pub fn scripts(&self, on: bool) -> anyhow::Result<()> {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !on }))
    }

    fn devtools(&self, method: &str, given: Json) -> anyhow::Result<()> {
        let cdp = self.driver()?.cdp();
        self.runtime.block_on(cdp.send_raw(method, given)).with_context(|| method.to_owned())?;
        Ok(())
    }

    pub fn screenshot(&self, file: &Path) -> anyhow::Result<()> {
        Ok(self.runtime.block_on(self.driver()?.screenshot(file))?)
    }

    /// Errors of the console since the last call: of scripts, and of the content policy. Refusals that a test provokes
    /// are none.
    pub fn complaints(&self) -> anyhow::Result<Vec<String>> {
        let entries = self.runtime.block_on(self.driver()?.browser_log())?;
        let errors = entries.into_iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message);
        Ok(errors.filter(|message| !message.contains("the server responded with a status of 4")).collect())
    }

    /// Tries until there is something; the last error says why there was nothing.
    fn until<T>(
        &self,
        what: &str,
        attempt: impl AsyncFn(&WebDriver) -> WebDriverResult<Option<T>>,
    ) -> anyhow::Result<T> {
        let driver = self.driver()?;
        let mut last = None;
        let tries = async {
            loop {
                match attempt(driver).await {
                    Ok(Some(found)) => return found,
                    Ok(None) => {}
                    Err(error) => last = Some(error),
                }
                tokio::time::sleep(GLANCE).await;
            }
        };
        let found = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, tries).await });
        if let Ok(found) = found {
            return Ok(found);
        }
        let here = self.js("return location.href + '\\n' + document.body.innerText.slice(0, 1500)", &[]);
        let here = here.map(|here| here.as_str().unwrap_or_default().to_owned()).unwrap_or_default();
        bail!("waited in vain: {what}{}\nat {here}", last.map(|error| format!(" ({error})")).unwrap_or_default())
    }
}

/// The first element under a selector that somebody could see.
async fn seen(driver: &WebDriver, selector: &str) -> WebDriverResult<Option<WebElement>> {
    for element in driver.find_all(By::Css(selector)).await? {
        if element.is_displayed().await? {
            return Ok(Some(element));
        }
    }
    Ok(None)
}

/// Brings an element into sight, and waits until it does not move any more.
async fn stands_still(driver: &WebDriver, element: &WebElement) -> WebDriverResult<()> {
    const PLACE: &str = "
        const [element] = arguments;
        element.scrollIntoView({ block: 'center', behavior: 'instant' });
        const box = element.getBoundingClientRect();
        return [box.x, box.y, box.width, box.height];";
    let mut last = Json::Null;
    loop {
        let now = driver.execute(PLACE, vec![element.to_json()?]).await?.json().clone();
        if now == last {
            return Ok(());
        }
        last = now;
        tokio::time::sleep(GLANCE).await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let Some(driver) = self.driver.take() else { return };
        let browser = driver.capabilities().get("goog:processID").and_then(Json::as_u64);
        let quit = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, driver.quit()).await });
        // A browser that would not go by itself must not stay behind.
        if let (false, Some(browser)) = (matches!(quit, Ok(Ok(()))), browser) {
            drop(Command::new("kill").arg(browser.to_string()).status());
        }
    }
}

impl Process {
    fn start(driver: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(driver);
        command
            .args(["--port=0", "--log-level=SEVERE"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().with_context(|| format!("starting {}", driver.display()))?;
        let mut said = BufReader::new(child.stdout.take().context("the driver has no output")?);
        let mut line = String::new();
        while said.read_line(&mut line)? > 0 {
            let port = line.trim_end().trim_end_matches('.').rsplit_once("started successfully on port ");
            if let Some((_, port)) = port {
                let address = format!("http://127.0.0.1:{port}");
                return Ok(Self { child, _said: said, address });
            }
            line.clear();
        }
        bail!("{} ended without saying its port", driver.display())
    }
}

fn capabilities(browser: &Path, profile: &Path) -> anyhow::Result<thirtyfour::ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    capabilities.set_binary(&browser.to_string_lossy())?;
    for switch in SWITCHES {
        capabilities.add_arg(switch)?;
    }
    capabilities.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    Ok(capabilities)
}
