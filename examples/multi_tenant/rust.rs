//! A tenant's application in Rust, with reqwest: spaces as values that are made, lent out by permission and used.
//!
//! Run it with `examples/multi_tenant/run rust` beside `./engram up`.

use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Method, StatusCode};
use serde_json::{json, Value};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

const SPACE: &str = "globex_example_rust";
const SHARED: &str = "common_knowledge";
const FOREIGN: &str = "acme_support";

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// An answer that is not the one asked for.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: String,
    retry_after: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{} {}", self.status.as_u16(), self.code)
    }
}

impl Error for Refusal {}

/// What credentials are exchanged for. A refresh token works once.
struct Tokens {
    access: String,
    refresh: String,
}

impl From<Value> for Tokens {
    fn from(answer: Value) -> Self {
        Self {
            access: text(&answer["access"]).to_owned(),
            refresh: text(&answer["refresh"]).to_owned(),
        }
    }
}

/// A tenant's connection to Engram: one pair of tokens, any number of tasks.
#[derive(Clone)]
struct Engram {
    http: reqwest::Client,
    api: Arc<str>,
    tokens: Option<Arc<Mutex<Tokens>>>,
    waited: Arc<AtomicUsize>,
}

impl Engram {
    fn new(url: &str) -> Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(30))
                .build()?,
            api: format!("{url}/api/v1/").into(),
            tokens: None,
            waited: Arc::default(),
        })
    }

    /// The same connection with a token for these credentials.
    async fn sign_in(&self, credentials: &Value) -> Result<Self> {
        let answer = self
            .send(Method::POST, "auth/token/", Some(credentials), None)
            .await?;
        Ok(Self {
            tokens: Some(Arc::new(Mutex::new(answer.into()))),
            ..self.clone()
        })
    }

    /// One request and its JSON answer; waits for as long as a 429 says.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        loop {
            match self.signed(method.clone(), path, body).await {
                Err(error) if is(&error, StatusCode::TOO_MANY_REQUESTS) => {
                    self.waited.fetch_add(1, Ordering::Relaxed);
                    let wait = error.downcast_ref::<Refusal>().and_then(|r| r.retry_after);
                    tokio::time::sleep(wait.ok_or("a 429 without Retry-After")?).await;
                }
                answer => return answer,
            }
        }
    }

    /// One attempt, and another with the next token if the one at hand has run out.
    async fn signed(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let tokens = self.tokens.as_ref().ok_or("not signed in")?;
        let used = tokens.lock().await.access.clone();
        let answer = self.send(method.clone(), path, body, Some(&used)).await;
        match answer {
            Err(error) if is(&error, StatusCode::UNAUTHORIZED) => {
                let next = self.renewed(tokens, &used).await?;
                self.send(method, path, body, Some(&next)).await
            }
            answer => answer,
        }
    }

    /// Whoever comes while the refresh token is being used waits for what comes of it.
    async fn renewed(&self, tokens: &Mutex<Tokens>, used: &str) -> Result<String> {
        let mut held = tokens.lock().await;
        if held.access == used {
            let body = json!({ "refresh": held.refresh });
            let answer = self
                .send(Method::POST, "auth/token/refresh/", Some(&body), None)
                .await?;
            *held = answer.into();
        }
        Ok(held.access.clone())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        token: Option<&str>,
    ) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.api));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let wait = response.headers().get(RETRY_AFTER).cloned();
        let answer: Value = response.json().await?;
        if status.is_success() {
            return Ok(answer);
        }
        Err(Refusal {
            status,
            code: text(&answer["errors"][0]["code"]).to_owned(),
            retry_after: wait
                .and_then(|value| value.to_str().ok()?.parse().ok())
                .map(Duration::from_secs),
        }
        .into())
    }

    /// Make a space, unless it is there from the last time.
    async fn create_space(&self, name: &str) -> Result<()> {
        match self
            .call(Method::POST, "spaces/", Some(&json!({ "name": name })))
            .await
        {
            Err(error) if is(&error, StatusCode::CONFLICT) => Ok(()),
            made => made.map(drop),
        }
    }

    fn space(&self, name: &'static str) -> Space {
        Space {
            engram: self.clone(),
            name,
        }
    }

    /// The spaces that a cue brings something to mind from.
    async fn recall(&self, spaces: &[&Space], query: &str) -> Result<BTreeSet<String>> {
        let names: Vec<_> = spaces.iter().map(|space| space.name).collect();
        let cue = json!({ "query": query, "spaces": names, "limit": 20 });
        let answer = self.call(Method::POST, "recall/", Some(&cue)).await?;
        let hits = answer["results"].as_array().into_iter().flatten();
        Ok(hits.map(|hit| text(&hit["space"]).to_owned()).collect())
    }
}

/// A space, as the tenant that opened it may use it.
#[derive(Clone)]
struct Space {
    engram: Engram,
    name: &'static str,
}

impl Space {
    async fn remember(&self, content: &str) -> Result<()> {
        let memory = json!({ "content": content, "session": "standup" });
        self.call(Method::POST, "memories/", Some(&memory))
            .await
            .map(drop)
    }

    async fn recall(&self, query: &str) -> Result<Value> {
        self.call(Method::POST, "recall/", Some(&json!({ "query": query })))
            .await
    }

    async fn list(&self) -> Result<Value> {
        self.call(Method::GET, "memories/?limit=1", None).await
    }

    async fn usage(&self) -> Result<Value> {
        self.call(Method::GET, "usage/", None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        self.engram
            .call(method, &format!("spaces/{}/{path}", self.name), body)
            .await
    }
}

fn is(error: &Box<dyn Error + Send + Sync>, status: StatusCode) -> bool {
    error
        .downcast_ref::<Refusal>()
        .is_some_and(|refusal| refusal.status == status)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// More calls at once than the space allows, in forty tasks; how many were answered.
async fn hurry(space: &Space, calls: usize) -> Result<usize> {
    const TASKS: usize = 40;
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let space = space.clone();
        tasks.spawn(async move {
            for _ in 0..calls / TASKS {
                space.list().await?;
            }
            Ok(calls / TASKS)
        });
    }
    tasks.join_all().await.into_iter().sum()
}

async fn use_spaces(engram: &Engram) -> Result<()> {
    let whoami = engram.call(Method::GET, "auth/whoami/", None).await?;
    let named: BTreeSet<_> = whoami["spaces"]
        .as_object()
        .into_iter()
        .flat_map(|spaces| spaces.keys().cloned())
        .collect();
    println!(
        "A token for {}: {}",
        text(&whoami["tenant"]),
        listed(&named)
    );

    let (ours, everyones) = (engram.space(SPACE), engram.space(SHARED));
    ours.remember("The importer closes its files with a context manager.")
        .await?;
    ours.remember("It has not leaked a file since.").await?;
    println!("Remembered 2 memories in {SPACE}");

    let from = engram
        .recall(
            &[&ours, &everyones],
            "context manager and the with statement",
        )
        .await?;
    println!("Recalled from {}", listed(&from));

    match engram.space(FOREIGN).recall("secrets").await {
        Ok(_) => return Err(format!("{FOREIGN} let us in").into()),
        Err(error) if error.is::<Refusal>() => println!("Refused at {FOREIGN}: {error}"),
        Err(error) => return Err(error),
    }

    let done = hurry(&ours, 120).await?;
    let some = if engram.waited.load(Ordering::Relaxed) > 0 {
        "some"
    } else {
        "none"
    };
    println!("{done} calls at once done, {some} of them told to wait");

    let total = &ours.usage().await?["total"];
    println!(
        "Used: {} of {} memories",
        total["memories"], total["capacity"]
    );
    Ok(())
}

fn listed(names: &BTreeSet<String>) -> String {
    names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

#[tokio::main]
async fn main() -> Result<()> {
    let engram = Engram::new(&env::var("ENGRAM_URL")?)?;
    let login = json!({
        "username": env::var("ENGRAM_USERNAME")?, "password": env::var("ENGRAM_PASSWORD")?, "tenant": "globex",
    });
    engram.sign_in(&login).await?.create_space(SPACE).await?;
    // A token names its spaces when it is made: the new one is in the next.
    let admin = engram.sign_in(&login).await?;
    let grants =
        json!({ "name": "rust example", "spaces": { SPACE: ["read", "write"], SHARED: ["read"] } });
    let key = admin.call(Method::POST, "keys/", Some(&grants)).await?;

    let used = async {
        let credentials = json!({ "api_key": key["api_key"] });
        use_spaces(&engram.sign_in(&credentials).await?).await
    }
    .await;
    let path = format!("keys/{}/", text(&key["id"]));
    let revoked = admin.call(Method::DELETE, &path, None).await;
    used.and(revoked.map(drop))
}
