//! A receiver on loopback that remembers what it got, and a server that sends to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use store::record::{Happening, Subscription};
use store::{TABLES, Value as Column};
use tokio::sync::watch;
use tokio_rustls::rustls::RootCertStore;

use crate::events::hub::Outlets;
use crate::events::webhook::Webhooks;
use crate::events::{EventSettings, courier, deliver};
use crate::testing::Server;

/// The answer that never comes.
pub const SILENCE: u16 = 0;

/// One delivery.
pub struct Got {
    pub headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Identifier and type, in a line.
    pub fn line(&self) -> String {
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        format!("{} {kind}", self.header("webhook-id"))
    }
}

#[derive(Clone, Default)]
pub struct Receiver {
    pub url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    /// One that answers with these statuses, then always with 204.
    pub async fn start(answers: &[u16]) -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver {
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
            got: Arc::default(),
            answers: Arc::new(Mutex::new(answers.iter().copied().collect())),
        };
        let router = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// What came since the last look.
    pub fn take(&self) -> Vec<Got> {
        std::mem::take(&mut self.got.lock().unwrap())
    }

    /// The same, a line each.
    pub fn lines(&self) -> Vec<String> {
        self.take().iter().map(Got::line).collect()
    }

    /// Waits until so many came.
    pub async fn wait(&self, count: usize) {
        while self.got.lock().unwrap().len() < count {
            tokio::task::yield_now().await;
        }
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    receiver.got.lock().unwrap().push(Got { headers, body });
    let answer = receiver.answers.lock().unwrap().pop_front();
    match answer.unwrap_or(204) {
        SILENCE => std::future::pending().await,
        status => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [("location", receiver.url.as_str())], "as told\n").into_response()
        }
    }
}

/// A server that may send over the network.
pub fn server() -> Server {
    let server = Server::open();
    open(&server);
    server
}

pub fn open(server: &Server) {
    let settings = EventSettings::default();
    server.app.events.open(Outlets {
        webhooks: Some(Webhooks::new(RootCertStore::empty(), &settings).unwrap()),
        ..Outlets::default()
    });
}

impl Server {
    /// Makes a subscription and answers its secret.
    pub async fn subscribe(&self, name: &str, url: &str, rest: Value) -> String {
        let mut wanted = json!({ "name": name, "url": url });
        let members = rest.as_object().unwrap().clone();
        wanted.as_object_mut().unwrap().extend(members);
        let answered = self.send("POST", "/api/v1/subscriptions", wanted).await;
        assert_eq!(answered.status, StatusCode::CREATED, "{}", answered.body);
        answered.json()["secret"].as_str().unwrap().to_owned()
    }

    /// Writes down that something happened, as the store would with the change itself.
    pub fn happens(&self, what: &[Happening]) {
        let table = TABLES.iter().find(|table| table.name == "event").unwrap();
        let metadata = &self.app.store.metadata;
        let first = 1 + metadata.outbox().unwrap().placed as i64;
        let row = |(id, happening): (i64, &Happening)| {
            let body = serde_json::to_vec(happening).unwrap();
            vec![
                Column::Integer(id),
                Column::Null,
                Column::Integer(self.app.clock.now().as_microsecond()),
                Column::Text(happening.kind().to_owned()),
                Column::Bytes(zstd::bulk::compress(&body, 3).unwrap()),
            ]
        };
        let rows: Vec<Vec<Column>> = (first..).zip(what).map(row).collect();
        metadata.load(table, &rows).unwrap();
        courier::due(&self.app).unwrap();
    }

    /// Brings every subscription what it is owed now.
    pub async fn deliver(&self) {
        let (_go_on, stop) = watch::channel(false);
        for name in courier::due(&self.app).unwrap() {
            let delivery = deliver::deliver(self.app.clone(), name, stop.clone());
            delivery.await.unwrap();
        }
    }

    pub fn subscription(&self, name: &str) -> Subscription {
        let found = self.app.store.metadata.subscription(name);
        found.unwrap().unwrap()
    }
}
