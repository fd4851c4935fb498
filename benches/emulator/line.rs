//! A connection that is kept, and calls over it.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, header};
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub(crate) struct Line {
    sender: SendRequest<Body>,
    host: String,
}

impl Line {
    pub(crate) async fn open(host: &str) -> Line {
        let stream = TcpStream::connect(host).await.expect("it listens");
        stream.set_nodelay(true).expect("a socket");
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.expect("HTTP");
        tokio::spawn(connection);
        Line {
            sender,
            host: host.to_owned(),
        }
    }

    async fn send(
        &mut self,
        route: &str,
        kind: &str,
        arg: Option<&str>,
        body: Bytes,
    ) -> Response<Incoming> {
        let mut request = Request::post(format!("/2/{route}"))
            .header(header::HOST, &self.host)
            .header(header::AUTHORIZATION, "Bearer emulator-access-token")
            .header(header::CONTENT_TYPE, kind);
        if let Some(arg) = arg {
            request = request.header("dropbox-api-arg", arg);
        }
        let request = request.body(Body::from(body)).expect("a request");
        self.sender.ready().await.expect("the connection is kept");
        let sent = self.sender.send_request(request);
        let sent = tokio::time::timeout(Duration::from_secs(120), sent).await;
        sent.expect("it answers in time").expect("an answer")
    }

    /// An rpc call that works.
    pub(crate) async fn rpc(&mut self, route: &str, arg: &str) -> Bytes {
        let response = self.send(
            route,
            "application/json",
            None,
            Bytes::copy_from_slice(arg.as_bytes()),
        );
        read(response.await).await
    }

    /// An upload that works.
    pub(crate) async fn upload(&mut self, route: &str, arg: &str, body: Bytes) -> Bytes {
        let response = self.send(route, "application/octet-stream", Some(arg), body);
        read(response.await).await
    }

    /// A download; the body is still to be read.
    pub(crate) async fn download(&mut self, arg: &str) -> Incoming {
        let response = self.send(
            "files/download",
            "application/octet-stream",
            Some(arg),
            Bytes::new(),
        );
        let response = response.await;
        assert_eq!(response.status(), 200);
        response.into_body()
    }
}

async fn read(response: Response<Incoming>) -> Bytes {
    let status = response.status();
    let body = axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await;
    let body = body.expect("a body");
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    body
}
