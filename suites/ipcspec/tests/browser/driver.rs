//! A headless browser, driven by way of its WebDriver: commands are JSON over HTTP, one request each.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Whether the tests can run here: chromedriver finds the browser that it belongs to.
pub fn is_here() -> bool {
    Command::new("chromedriver").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A browser of its own for one test. It ends when it is dropped, however the test ends.
pub struct Browser {
    driver: Child,
    session: String,
    /// Removed after the browser has ended.
    _profile: TempDir,
}

impl Browser {
    /// Starts one that writes nothing outside a temporary directory and asks nothing of any network.
    pub fn start() -> Self {
        let mut driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        // "ChromeDriver was started successfully on port 40123."
        let port = lines.find_map(|line| Some(line.unwrap().split_once("successfully on port ")?.1.to_owned()));
        // Whatever it says from now on must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let port = port.expect("chromedriver names its port");
        let profile = TempDir::new().unwrap();
        let mut browser = Self {
            driver,
            session: format!("http://127.0.0.1:{}/session", port.trim_end_matches('.')),
            _profile: profile,
        };
        let directory = format!("--user-data-dir={}", browser._profile.path().display());
        let capabilities = json!({
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", directory,
            ] },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let session = browser.ask("", json!({ "capabilities": { "alwaysMatch": capabilities } }));
        browser.session += &format!("/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    /// Loads a page anew, even when only the fragment differs from the one before.
    pub fn open(&self, url: &str) {
        self.ask("/url", json!({ "url": "about:blank" }));
        self.ask("/url", json!({ "url": url }));
    }

    /// The value of a JavaScript expression, once it has one.
    pub fn value(&self, expression: &str) -> Value {
        self.ask("/execute/sync", json!({ "script": format!("return ({expression});"), "args": [] }))
    }

    /// Types into whatever has the focus.
    pub fn press(&self, keys: &str) {
        let strokes = keys.chars().flat_map(|key| [("keyDown", key), ("keyUp", key)]);
        let actions: Vec<_> = strokes.map(|(kind, key)| json!({ "type": kind, "value": key.to_string() })).collect();
        self.ask("/actions", json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }));
    }

    /// Gives the page other surroundings, by a command of the DevTools protocol.
    pub fn emulate(&self, command: &str, parameters: Value) {
        self.ask("/goog/cdp/execute", json!({ "cmd": command, "params": parameters }));
    }

    /// What the console has said since it was asked last.
    pub fn console(&self) -> Value {
        self.ask("/se/log", json!({ "type": "browser" }))
    }

    fn ask(&self, command: &str, parameters: Value) -> Value {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.post(format!("{}{command}", self.session)).send_json(parameters).unwrap();
        let answer: Value = answer.body_mut().read_json().unwrap();
        assert!(answer["value"]["error"].is_null(), "{command}: {answer:#}");
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser with the session; on its own it would leave it.
        let _ = ureq::delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
