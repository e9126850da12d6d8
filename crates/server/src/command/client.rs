use std::{collections::BTreeSet, fmt::Write};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use sallyport_oidc::{
    Algorithm, AuthMethod, Client as Stored, GrantType, RedirectUri, Registration, Scopes,
};

use super::{Place, Premises, output};

/// Applications that people sign in to.
#[derive(Debug, Subcommand)]
pub(super) enum Client {
    Add(Add),
    Show(Show),
    Remove(Remove),
    List(List),
}

/// Registers an application, and prints its secret, which is not shown again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport client add books --name 'Riverbank Books' --redirect-uri https://books.example/callback
  sallyport client add phone-app --name 'Phone app' --public --redirect-uri com.example.app:/signed-in --acr stytch")]
pub(super) struct Add {
    /// The client_id.
    id: String,
    /// What people read when they are asked to allow something.
    #[arg(long)]
    name: String,
    /// Where browsers are sent after the login; it is compared character by character. May be given
    /// more than once.
    #[arg(long = "redirect-uri", value_name = "URL", required = true)]
    redirect_uris: Vec<String>,
    /// Where browsers may be sent after signing out. May be given more than once.
    #[arg(long = "post-logout-redirect-uri", value_name = "URL")]
    post_logout_redirect_uris: Vec<String>,
    /// The application cannot keep a secret, as one on a phone or in a browser. It must use PKCE.
    #[arg(long, conflicts_with = "secret_in_body")]
    public: bool,
    /// The application sends its secret in the body of the request (client_secret_post) and not in
    /// the Authorization header (client_secret_basic).
    #[arg(long)]
    secret_in_body: bool,
    /// The most that it may ask for, with spaces between.
    #[arg(long, default_value = "openid profile email")]
    scope: String,
    /// Lets it have refresh tokens.
    #[arg(long)]
    refresh_tokens: bool,
    /// The login method when it asks for none, such as stytch. May be given more than once, the
    /// preferred one first.
    #[arg(long = "acr", value_name = "NAME")]
    acrs: Vec<String>,
    /// How its ID tokens are signed.
    #[arg(long, value_enum, default_value_t = Signature::Rs256)]
    signature: Signature,
    /// People are not asked whether they allow it what it asks for. For your own applications.
    #[arg(long)]
    trusted: bool,
}

/// Shows what was agreed with an application.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport client show books")]
pub(super) struct Show {
    id: String,
}

/// Removes an application, with every token that it was issued.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport client remove books")]
pub(super) struct Remove {
    id: String,
}

/// Lists the applications.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport client list")]
pub(super) struct List {}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Signature {
    /// RSA, which every application understands.
    #[value(name = "RS256")]
    Rs256,
    /// ECDSA with P-256.
    #[value(name = "ES256")]
    Es256,
    /// Ed25519.
    #[value(name = "EdDSA")]
    EdDsa,
}

impl Signature {
    const fn algorithm(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::Rs256,
            Self::Es256 => Algorithm::Es256,
            Self::EdDsa => Algorithm::EdDsa,
        }
    }
}

impl Client {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let premises = Premises::open(&place).await?;
        match self {
            Self::Add(add) => add.run(&premises).await,
            Self::Show(show) => show.run(&premises).await,
            Self::Remove(remove) => remove.run(&premises).await,
            Self::List(_) => list(&premises).await,
        }
    }
}

impl Add {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let id = self.id.clone();
        let registration = self.registration()?;
        let mut tx = premises.store.begin().await?;
        let (client, secret) =
            Stored::add(&mut tx, &id, registration, premises.now(), &premises.random).await?;
        tx.commit().await?;
        let mut text = format!("client_id={}\n", client.id);
        if let Some(secret) = secret {
            writeln!(text, "client_secret={}", secret.expose())?;
        }
        output::print(&text)?;
        Ok(())
    }

    fn registration(self) -> anyhow::Result<Registration> {
        let mut grant_types = BTreeSet::from([GrantType::AuthorizationCode]);
        if self.refresh_tokens {
            grant_types.insert(GrantType::RefreshToken);
        }
        Ok(Registration {
            token_endpoint_auth_method: self.auth_method(),
            client_name: self.name,
            redirect_uris: addresses(&self.redirect_uris)?,
            post_logout_redirect_uris: addresses(&self.post_logout_redirect_uris)?,
            grant_types,
            scope: check_scope(&self.scope)?,
            default_acr_values: self.acrs,
            id_token_signed_response_alg: self.signature.algorithm(),
            trusted: self.trusted,
        })
    }

    const fn auth_method(&self) -> AuthMethod {
        if self.public {
            AuthMethod::None
        } else if self.secret_in_body {
            AuthMethod::ClientSecretPost
        } else {
            AuthMethod::ClientSecretBasic
        }
    }
}

fn addresses(texts: &[String]) -> anyhow::Result<Vec<RedirectUri>> {
    Ok(texts
        .iter()
        .map(|text| RedirectUri::check(text))
        .collect::<Result<_, _>>()?)
}

fn check_scope(text: &str) -> anyhow::Result<Scopes> {
    Scopes::check(text).with_context(|| {
        let known: Vec<&str> = sallyport_oidc::Scope::ALL
            .iter()
            .map(|scope| scope.name())
            .collect();
        format!(
            "--scope {text:?} has an unknown name; known are {}",
            known.join(", ")
        )
    })
}

impl Show {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let found = Stored::find(&mut *premises.store.reader().await?, &self.id).await?;
        let client = found.with_context(|| unknown(&self.id))?;
        let registration = serde_json::to_string_pretty(&client.registration)?;
        output::print(&format!(
            "client_id: {}\nadded: {}\n{registration}\n",
            client.id,
            client.created_at.rfc3339()
        ))?;
        Ok(())
    }
}

impl Remove {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let mut tx = premises.store.begin().await?;
        if !Stored::remove(&mut tx, &self.id).await? {
            bail!(unknown(&self.id));
        }
        tx.commit().await?;
        output::print(&format!("Removed {}.\n", self.id))?;
        Ok(())
    }
}

async fn list(premises: &Premises) -> anyhow::Result<()> {
    let clients = Stored::list(&mut *premises.store.reader().await?).await?;
    let rows: Vec<_> = clients.into_iter().map(row).collect();
    output::print(&output::table(
        ["CLIENT_ID", "NAME", "METHOD", "REDIRECT_URI"],
        &rows,
    ))?;
    Ok(())
}

fn row(client: Stored) -> [String; 4] {
    let registration = client.registration;
    let addresses: Vec<&str> = registration
        .redirect_uris
        .iter()
        .map(RedirectUri::as_str)
        .collect();
    [
        client.id,
        registration.client_name,
        registration.token_endpoint_auth_method.name().to_owned(),
        addresses.join(" "),
    ]
}

fn unknown(id: &str) -> String {
    format!("there is no client {id}; `sallyport client list` shows all")
}
