use clap::Args;
use sallyport_flow::Issuer;
use sallyport_otp::{Gateway, Otp};

use crate::{
    app::keep_tidy,
    command::{
        Door, Place, Premises, StopSignals, Upkeep, output,
        serve::{certificate, gateways, passcode_listener, refuse_home_of_demo},
    },
    config::{ListenAddress, PasscodeService},
    passcode_service::{Common, passcode_service},
    routes,
};

/// Runs the passcode service alone, without the pages and endpoints of OpenID Connect.
///
/// It is the service of `sallyport serve` on the same home and store, so that both may run at once.
/// The section `passcode_service` of sallyport.toml decides everything but `enabled`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport otp serve
  sallyport otp serve --listen 10.0.0.5:8081 --store postgres://sallyport@db.example.com/sallyport")]
pub struct Serve {
    /// The address and port to listen on, in place of passcode_service.listen of sallyport.toml.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<ListenAddress>,
}

impl Serve {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        refuse_home_of_demo(&place.home)?;
        let premises = Premises::create(&place).await?;
        let section = self.section(&premises);
        let issuer = issuer(&premises)?;
        let otp = service(
            &premises,
            &section,
            gateways(&section, &premises.home)?,
            &issuer,
        )?;
        let option = "--listen or passcode_service.listen";
        let listener = passcode_listener(section.listen, option, &issuer, || {
            certificate(&premises, issuer.host())
        });
        let listener = listener.await?;
        output::print(&format!(
            "The passcode service listens on {}\n",
            listener.address()
        ))?;
        let mut signals = StopSignals::watch()?;
        let (store, random) = (premises.store.clone(), premises.random.clone());
        let router = routes::passcode_service(otp.clone(), store, random);
        let door = Door::open(listener, router);
        let tidy = Upkeep::of("removing what expired", {
            let (otp, premises) = (otp.clone(), premises.clone());
            move || {
                let (otp, premises) = (otp.clone(), premises.clone());
                async move { keep_tidy(|| otp.purge(premises.now())).await }
            }
        });
        let courier = Upkeep::of("sending messages", {
            let otp = otp.clone();
            move || {
                let otp = otp.clone();
                async move { otp.send_messages().await }
            }
        });
        signals.told().await;
        let closing = async {
            door.close().await;
            tidy.end();
            otp.stop_sending().await;
            courier.end();
            premises.store.close().await;
        };
        signals.close(closing).await;
        Ok(())
    }

    fn section(&self, premises: &Premises) -> PasscodeService {
        let section = premises.config.passcode_service.clone();
        PasscodeService {
            enabled: true,
            listen: self.listen.unwrap_or(section.listen),
            ..section
        }
    }
}

/// The provider whose page asks for codes.
fn issuer(premises: &Premises) -> anyhow::Result<Issuer> {
    let server = &premises.config.server;
    Ok(server.issuer_at(server.listen.0.port())?)
}

fn service(
    premises: &Premises,
    section: &PasscodeService,
    gateways: Vec<Gateway>,
    issuer: &Issuer,
) -> anyhow::Result<Otp> {
    let common = Common {
        home: premises.home.path(),
        store: &premises.store,
        clock: &premises.clock,
        random: &premises.random,
        vault: &premises.vault,
    };
    passcode_service(section, &common, gateways, issuer)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sallyport_otp::{Environment, Project};

    use super::*;
    use crate::tls::install_crypto;

    const CONFIG: &str = "[server]\nissuer = \"https://login.example.com\"\n[passcode_service]\nlisten = \"127.0.0.1:0\"\ngateways = [{ kind = \"webhook\", url = \"http://127.0.0.1:1/\", secret = \"0123456789abcdef\" }]";

    async fn premises(toml: &str) -> (tempfile::TempDir, Premises) {
        install_crypto();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sallyport.toml"), toml).unwrap();
        let place = Place {
            home: folder.path().to_owned(),
            store: None,
        };
        let premises = Premises::create(&place).await.unwrap();
        (folder, premises)
    }

    #[tokio::test]
    async fn the_service_runs_without_the_provider_on_the_same_store() {
        let (_folder, premises) = premises(CONFIG).await;
        let mut tx = premises.store.begin().await.unwrap();
        let now = premises.now();
        let (project, secret) = Project::create(&mut tx, Environment::Test, now, &premises.random)
            .await
            .unwrap();
        tx.commit().await.unwrap();

        let section = Serve { listen: None }.section(&premises);
        assert!(section.enabled, "whatever the configuration says");
        let issuer = issuer(&premises).unwrap();
        assert_eq!(issuer.host(), "login.example.com");
        let gateways = gateways(&section, &premises.home).unwrap();
        let otp = service(&premises, &section, gateways, &issuer).unwrap();
        let listener = passcode_listener(section.listen, "--listen", &issuer, || {
            panic!("this machine alone hears it")
        });
        let listener = listener.await.unwrap();
        let url = format!("http://{}/v1/debug/whoami", listener.address());
        let (store, random) = (premises.store.clone(), premises.random.clone());
        let router = routes::passcode_service(otp, store, random);
        let door = Door::open(listener, router);
        let answer = reqwest::Client::builder()
            .build()
            .unwrap()
            .get(url)
            .basic_auth(&project.id, Some(secret.expose()))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        door.close().await;
    }

    #[tokio::test]
    async fn it_does_not_listen_for_other_machines_without_tls() {
        let http = CONFIG.replace("https://login.example.com", "http://localhost");
        let (folder, _premises) = premises(&http).await;
        let place = Place {
            home: folder.path().to_owned(),
            store: None,
        };
        let listen = Some("0.0.0.0:0".parse().unwrap());
        let error = Serve { listen }.run(place).await.unwrap_err().to_string();
        assert!(error.contains("is no loopback address"), "{error}");
    }

    #[tokio::test]
    async fn without_a_gateway_there_is_nothing_to_send_by() {
        let (_folder, premises) = premises("").await;
        let section = &premises.config.passcode_service;
        let found = gateways(section, &premises.home);
        let error = found.unwrap_err().to_string();
        assert!(error.contains("gateways"), "{error}");
    }
}
