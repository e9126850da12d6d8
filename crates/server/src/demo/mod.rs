//! `sallyport demo`: the whole product on one machine, with people, an application and a telephone.
//!
//! Nothing here is part of `sallyport serve`. The demo uses the same server, the same passcode
//! service over HTTP and the same commands as everybody else.

mod application;
mod furnishing;
mod id_token;
mod landing;
mod people;
mod relying_party;
mod telephone;

use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use anyhow::{Context, bail};
use axum::{
    Router,
    routing::{get, post},
};
use clap::Args;
use sallyport_flow::Issuer;
use sallyport_otp::Gateway;

use crate::{
    App,
    command::{Place, Premises, Station, StopSignals, print},
    listen::Listener,
};

pub use application::DemoState;
pub use furnishing::{Furnishing, lives_in};
pub use people::PASSWORD;

/// Shows a whole login on this machine: the server, three people, an application and a telephone.
///
/// Nothing needs to be configured. Everything is kept in a home directory of its own,
/// ./sallyport-demo, so the demo goes on where it was stopped; `--home ./sallyport-demo` lets the
/// other commands work on it. It speaks plain http, which is why it listens on this machine only.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport demo
  sallyport person list --home ./sallyport-demo

Then open http://localhost:8080 in a browser.")]
pub struct Demo {
    /// Where the server listens: 127.0.0.1 or [::1], and a port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the passcode service listens: a loopback address and a port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    otp_listen: SocketAddr,
}

impl Demo {
    pub(crate) async fn run(self, place: Place) -> anyhow::Result<()> {
        refuse_strange_address(self.listen)?;
        refuse_real_home(&place)?;
        let premises = Premises::create(&place).await?;
        let listener = Listener::bind(self.listen, "--listen").await?.plain()?;
        let passcodes = Listener::bind(self.otp_listen, "--otp-listen")
            .await?
            .plain()?;
        let issuer = issuer_of(listener.address())?;
        let station = Station::build(&premises, issuer, vec![Gateway::telephone()]).await?;
        let furnishing = Furnishing::arrange(&station.app, &premises, passcodes.address()).await?;
        let state = DemoState::new(&station.app, &furnishing)?;
        let mut signals = StopSignals::watch()?;
        let mut serving = station.serve(listener, station.app.router(routes(state)));
        let passcode_router = station.app.passcode_router();
        serving.also(
            passcodes,
            passcode_router.context("the demo has a passcode service")?,
        );
        print(&welcome(&station.app, &furnishing)?)?;
        signals.told().await;
        signals.close(serving.close()).await;
        Ok(())
    }
}

/// The pages of the demo, which stand beside those of the server.
pub fn routes(state: DemoState) -> Router {
    Router::new()
        .route("/", get(landing::show))
        .route("/demo", get(application::show))
        .route("/demo/start", get(application::start))
        .route("/demo/callback", get(application::callback))
        .route("/demo/sign-out", post(application::sign_out))
        .route("/demo/phone", get(telephone::show))
        .route("/demo/phone.json", get(telephone::json))
        .with_state(state)
}

/// People with a password that everybody knows do not belong into the home of a real server.
fn refuse_real_home(place: &Place) -> anyhow::Result<()> {
    if place.home.join("sallyport.key").exists() && !lives_in(&place.home) {
        bail!(
            "{} is the home of a server; the demo would add people whose password everybody knows. Name another with --home",
            place.home.display()
        );
    }
    Ok(())
}

/// An application that speaks plain http is accepted at these two addresses alone (RFC 8252 §7.3), and
/// the demo has one. Said before a home is made.
fn refuse_strange_address(address: SocketAddr) -> anyhow::Result<()> {
    let accepted: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    if !accepted.contains(&address.ip()) {
        bail!(
            "the demo speaks plain http, which is for 127.0.0.1 and [::1] only; run it with --listen 127.0.0.1:{} in place of {address}",
            address.port()
        );
    }
    Ok(())
}

/// Browsers know this machine as `localhost`.
fn issuer_of(address: SocketAddr) -> anyhow::Result<Issuer> {
    let port = address.port();
    let text = if address.ip() == Ipv4Addr::LOCALHOST {
        format!("http://localhost:{port}")
    } else {
        format!("http://{address}")
    };
    Ok(Issuer::parse(&text)?)
}

fn welcome(app: &App, furnishing: &Furnishing) -> anyhow::Result<String> {
    let issuer = app.flow.issuer();
    let mut text = String::new();
    writeln!(text, "\nThe demo is ready. Open {issuer} in a browser.\n")?;
    writeln!(text, "  Application   {}", issuer.join("/demo"))?;
    writeln!(text, "  Telephone     {}", issuer.join("/demo/phone"))?;
    writeln!(text, "  People        {}", people::names().join(", "))?;
    writeln!(text, "  Password      {PASSWORD}\n")?;
    writeln!(text, "  Passcode service {}", furnishing.passcode_service)?;
    writeln!(text, "  Project id    {}", furnishing.project_id)?;
    writeln!(text, "  Secret        {}\n", furnishing.secret.expose())?;
    writeln!(
        text,
        "Stop it with Ctrl-C; everything is kept for the next start."
    )?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_its_application_cannot_have_is_refused_before_a_home_is_made() {
        let folder = tempfile::tempdir().unwrap();
        for listen in ["127.0.0.2:0", "0.0.0.0:0"] {
            let demo = Demo {
                listen: listen.parse().unwrap(),
                otp_listen: "127.0.0.1:0".parse().unwrap(),
            };
            let place = Place {
                home: folder.path().join("home"),
                store: None,
            };
            let error = demo.run(place).await.unwrap_err().to_string();
            assert!(error.ends_with(&format!("in place of {listen}")), "{error}");
        }
        assert!(!folder.path().join("home").exists());
    }

    #[test]
    fn the_issuer_is_where_the_demo_listens() {
        for (listen, issuer) in [
            ("127.0.0.1:8080", "http://localhost:8080"),
            ("[::1]:9000", "http://[::1]:9000"),
        ] {
            let found = issuer_of(listen.parse().unwrap()).unwrap();
            assert_eq!(found.to_string(), issuer);
        }
    }
}
