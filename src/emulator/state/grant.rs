//! Apps, and what their users allowed them: codes, access tokens, refresh tokens.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::super::mint::Mint;
use super::AccountId;
use super::account::standing_token;

/// How long an access token lasts: four hours.
pub(in super::super) const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_hours(4);

/// How long a code lasts: ten minutes.
const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// Every scope that a route asks for, and those that any app may have besides.
pub(in super::super) const SCOPES: [&str; 12] = [
    "account_info.read",
    "account_info.write",
    "contacts.read",
    "file_requests.read",
    "files.content.read",
    "files.content.write",
    "files.metadata.read",
    "files.metadata.write",
    "files.permanent_delete",
    "sharing.read",
    "sharing.write",
    "openid",
];

/// An app.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct App {
    pub(in super::super) key: &'static str,
    pub(in super::super) secret: &'static str,
    pub(in super::super) name: &'static str,
    pub(in super::super) redirect_uris: &'static [&'static str],
}

/// The apps that the emulator knows.
const APPS: [App; 1] = [App {
    key: "emulator-app",
    secret: "emulator-secret",
    name: "Emulator app",
    redirect_uris: &["http://localhost", "http://localhost:9999"],
}];

impl App {
    pub(in super::super) fn of(key: &str) -> Option<App> {
        APPS.into_iter().find(|app| app.key == key)
    }
}

/// What a user allowed an app, and the tokens that come of it.
#[derive(Clone, Debug)]
struct Grant {
    account: AccountId,
    app: &'static str,
    scopes: Vec<String>,
    /// Whether the code was exchanged with a verifier: then the refresh needs no secret.
    public: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct GrantId(usize);

/// What a token opens.
#[derive(Clone, Debug)]
pub(in super::super) struct Access {
    pub(in super::super) account: AccountId,
    /// `None`: it never expires.
    pub(in super::super) expires: Option<Timestamp>,
    pub(in super::super) scopes: Vec<String>,
    grant: GrantId,
}

/// What an app asks a user for.
#[derive(Clone, Debug)]
pub(in super::super) struct Request {
    pub(in super::super) app: &'static str,
    pub(in super::super) redirect_uri: Option<String>,
    pub(in super::super) challenge: Option<Challenge>,
    pub(in super::super) scopes: Vec<String>,
    /// Whether a refresh token is wanted.
    pub(in super::super) offline: bool,
}

/// What binds a code to who asked for it (RFC 7636).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Challenge {
    Plain(String),
    S256(String),
}

impl Challenge {
    fn admits(&self, verifier: &str) -> bool {
        match self {
            Challenge::Plain(challenge) => challenge == verifier,
            Challenge::S256(challenge) => {
                *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
            }
        }
    }
}

/// A code that waits to be exchanged.
#[derive(Debug)]
struct Code {
    request: Request,
    account: AccountId,
    expires: Timestamp,
}

/// How an app shows that a code is its own.
pub(in super::super) struct Proof<'a> {
    pub(in super::super) app: &'a str,
    pub(in super::super) with_secret: bool,
    pub(in super::super) verifier: Option<&'a str>,
    pub(in super::super) redirect_uri: Option<&'a str>,
}

/// Tokens for an app.
#[derive(Debug)]
pub(in super::super) struct Tokens {
    pub(in super::super) access: String,
    pub(in super::super) refresh: Option<String>,
    pub(in super::super) account: AccountId,
    pub(in super::super) scopes: Vec<String>,
}

/// Why no tokens are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum TokenError {
    NoSuchCode,
    WrongRedirectUri,
    WrongVerifier,
    NoSecret,
    NoSuchRefreshToken,
    WrongScope,
}

/// Who may call.
#[derive(Debug, Default)]
pub(in super::super) struct Grants {
    allowed: Vec<Grant>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, GrantId>,
}

impl Grants {
    /// The standing tokens of an account: they open everything and never expire.
    pub(in super::super) fn add_standing(&mut self, name: &str, account: AccountId) {
        let scopes: Vec<String> = SCOPES.map(str::to_owned).into();
        let grant = self.add(Grant {
            account,
            app: APPS[0].key,
            scopes: scopes.clone(),
            public: true,
        });
        let access = Access {
            account,
            expires: None,
            scopes,
            grant,
        };
        self.access.insert(standing_token("access", name), access);
        self.refresh.insert(standing_token("refresh", name), grant);
    }

    fn add(&mut self, grant: Grant) -> GrantId {
        self.allowed.push(grant);
        GrantId(self.allowed.len() - 1)
    }

    pub(in super::super) fn access(&self, token: &str) -> Option<&Access> {
        self.access.get(token)
    }

    /// A user said yes: the code for the app.
    pub(in super::super) fn allow(
        &mut self,
        request: Request,
        account: AccountId,
        now: Timestamp,
        mint: &mut Mint,
    ) -> String {
        let code = mint.code();
        let expires = now + CODE_LIFETIME;
        let waiting = Code {
            request,
            account,
            expires,
        };
        self.codes.insert(code.clone(), waiting);
        code
    }

    /// Exchanges a code. It is spent, whether the proof is right or not.
    pub(in super::super) fn exchange(
        &mut self,
        code: &str,
        proof: &Proof<'_>,
        now: Timestamp,
        mint: &mut Mint,
    ) -> Result<Tokens, TokenError> {
        let code = self.codes.remove(code);
        let fresh = |code: &Code| code.expires > now && code.request.app == proof.app;
        let code = code.filter(fresh).ok_or(TokenError::NoSuchCode)?;
        let Request {
            app,
            redirect_uri,
            challenge,
            scopes,
            offline,
        } = code.request;
        if redirect_uri.as_deref() != proof.redirect_uri {
            return Err(TokenError::WrongRedirectUri);
        }
        match (&challenge, proof.verifier) {
            (Some(challenge), Some(verifier)) if challenge.admits(verifier) => {}
            (None, None) if proof.with_secret => {}
            (None, None) => return Err(TokenError::NoSecret),
            _ => return Err(TokenError::WrongVerifier),
        }
        let grant = self.add(Grant {
            account: code.account,
            app,
            scopes: scopes.clone(),
            public: challenge.is_some(),
        });
        let refresh = offline.then(|| mint.refresh_token());
        if let Some(refresh) = &refresh {
            self.refresh.insert(refresh.clone(), grant);
        }
        Ok(Tokens {
            access: self.issue(grant, scopes.clone(), now, mint),
            refresh,
            account: code.account,
            scopes,
        })
    }

    /// A new access token for who holds a refresh token; `scopes` may narrow it.
    pub(in super::super) fn refresh(
        &mut self,
        token: &str,
        proof: &Proof<'_>,
        scopes: Option<Vec<String>>,
        now: Timestamp,
        mint: &mut Mint,
    ) -> Result<Tokens, TokenError> {
        let id = *self
            .refresh
            .get(token)
            .ok_or(TokenError::NoSuchRefreshToken)?;
        let grant = self.allowed[id.0].clone();
        if grant.app != proof.app {
            return Err(TokenError::NoSuchRefreshToken);
        }
        if !grant.public && !proof.with_secret {
            return Err(TokenError::NoSecret);
        }
        let scopes = scopes.unwrap_or_else(|| grant.scopes.clone());
        if scopes.iter().any(|scope| !grant.scopes.contains(scope)) {
            return Err(TokenError::WrongScope);
        }
        Ok(Tokens {
            access: self.issue(id, scopes.clone(), now, mint),
            refresh: None,
            account: grant.account,
            scopes,
        })
    }

    fn issue(
        &mut self,
        grant: GrantId,
        scopes: Vec<String>,
        now: Timestamp,
        mint: &mut Mint,
    ) -> String {
        let token = mint.access_token();
        let access = Access {
            account: self.allowed[grant.0].account,
            expires: Some(now + ACCESS_LIFETIME),
            scopes,
            grant,
        };
        self.access.insert(token.clone(), access);
        token
    }

    /// Ends a token, the refresh token that it came from, and all its siblings.
    pub(in super::super) fn revoke(&mut self, token: &str) {
        let Some(grant) = self.access.get(token).map(|access| access.grant) else {
            return;
        };
        self.access.retain(|_, access| access.grant != grant);
        self.refresh.retain(|_, id| *id != grant);
    }
}
