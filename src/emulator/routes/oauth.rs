//! `/oauth2/token`

use std::collections::HashMap;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;
use url::form_urlencoded;

use super::super::answer::{Answer, Refusal};
use super::super::call::{Call, Outcome};
use super::super::state::account::{APP_KEY, APP_SECRET};

/// How long an access token lasts: four hours.
const LIFETIME: Duration = Duration::from_secs(14_400);

/// Bytes in the form, at most.
const LARGEST_FORM: usize = 64 * 1024;

pub(super) async fn token(call: &mut Call) -> Outcome {
    let form = Form::read(call).await?;
    let (key, secret) = form.client(&call.parts.headers)?;
    if key != APP_KEY || secret.is_some_and(|secret| secret != APP_SECRET) {
        return Err(refuse(
            "invalid_client",
            "Invalid client_id or client_secret",
        ));
    }
    match form.field("grant_type") {
        Some("refresh_token") => refresh(call, &form),
        Some(other) => Err(refuse(
            "unsupported_grant_type",
            &format!("grant_type {other:?} is not supported"),
        )),
        None => Err(refuse(
            "invalid_request",
            "missing required field \"grant_type\"",
        )),
    }
}

fn refresh(call: &Call, form: &Form) -> Outcome {
    let Some(token) = form.field("refresh_token") else {
        return Err(refuse(
            "invalid_request",
            "missing required field \"refresh_token\"",
        ));
    };
    let expires = call.shared.clock.now() + LIFETIME;
    let mut state = call.shared.state();
    let state = &mut *state;
    let Some(access) = state.grants.refresh(token, expires, &mut state.mint) else {
        return Err(refuse(
            "invalid_grant",
            "refresh token is invalid or revoked",
        ));
    };
    Ok(Answer::json(
        &json!({ "access_token": access, "token_type": "bearer", "expires_in": LIFETIME.as_secs() }),
    ))
}

/// 400 with an error of RFC 6749, 5.2.
fn refuse(error: &str, description: &str) -> Refusal {
    let body = json!({ "error": error, "error_description": description });
    Refusal::Other(Box::new(Answer::failure(StatusCode::BAD_REQUEST, &body)))
}

/// The parameters, wherever the client put them: body, query string, or both. Of a name that comes twice the first counts.
struct Form(HashMap<String, String>);

impl Form {
    async fn read(call: &mut Call) -> Result<Form, Refusal> {
        let too_large = |_| refuse("invalid_request", "the form is too large");
        let body = call.body.collect(LARGEST_FORM).await.map_err(too_large)?;
        let form = call
            .parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(is_form);
        let body: &[u8] = if form { &body } else { &[] };
        let query = call.parts.uri.query().unwrap_or_default();
        let mut fields = HashMap::new();
        for (name, value) in
            form_urlencoded::parse(body).chain(form_urlencoded::parse(query.as_bytes()))
        {
            fields
                .entry(name.into_owned())
                .or_insert_with(|| value.into_owned());
        }
        Ok(Form(fields))
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The app's key and secret, from the form or by HTTP Basic; not both (RFC 6749, 2.3).
    fn client(&self, headers: &HeaderMap) -> Result<(String, Option<String>), Refusal> {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let basic = given.and_then(|value| value.strip_prefix("Basic "));
        match (basic, self.field("client_id")) {
            (Some(_), Some(_)) => Err(refuse("invalid_request", "unknown field \"client_id\"")),
            (None, None) => Err(refuse(
                "invalid_request",
                "missing required field \"client_id\"",
            )),
            (None, Some(key)) => Ok((
                key.to_owned(),
                self.field("client_secret").map(str::to_owned),
            )),
            (Some(basic), None) => {
                let pair = STANDARD
                    .decode(basic.trim())
                    .ok()
                    .and_then(|pair| String::from_utf8(pair).ok());
                let pair =
                    pair.ok_or_else(|| refuse("invalid_client", "malformed Basic credentials"))?;
                let (key, secret) = pair.split_once(':').unwrap_or((&pair, ""));
                Ok((key.to_owned(), Some(secret.to_owned())))
            }
        }
    }
}

fn is_form(kind: &HeaderValue) -> bool {
    kind.to_str().is_ok_and(|kind| {
        kind.trim_start()
            .starts_with("application/x-www-form-urlencoded")
    })
}
