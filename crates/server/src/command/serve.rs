use std::{fmt::Write, io, path::Path, sync::Arc};

use anyhow::{anyhow, bail};
use axum::Router;
use clap::Args;
use rustls::ServerConfig;
use sallyport_base::{Id, Random, Secret};
use sallyport_flow::Issuer;
use sallyport_otp::Gateway;
use sallyport_people::{NewPerson, PeopleError, Person};

use super::{Place, Premises, Station, StopSignals, output};
use crate::{
    App,
    config::{ListenAddress, PasscodeService},
    demo,
    home::Home,
    listen::{Listener, Protection},
    tls::Certificate,
};

/// Runs the server until it is stopped.
///
/// The first start makes the home directory, with its keys and its store, and a person `admin`
/// whose password is printed once. Everything else is decided in sallyport.toml in the home.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport serve
  sallyport serve --home /var/lib/sallyport --listen 0.0.0.0:443 --store postgres://sallyport@db.example.com/sallyport")]
pub(super) struct Serve {
    /// The address and port to listen on, in place of server.listen of sallyport.toml.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<ListenAddress>,
}

impl Serve {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        refuse_home_of_demo(&place.home)?;
        let premises = Premises::create(&place).await?;
        let (listener, issuer, tls) = self.doors(&premises).await?;
        let section = &premises.config.passcode_service;
        let (passcodes, gateways) = if section.enabled {
            let listener =
                passcode_listener(section.listen, SERVICE_LISTEN, &issuer, || match tls {
                    Some(tls) => Ok(tls),
                    None => certificate(&premises, issuer.host()),
                });
            (Some(listener.await?), gateways(section, &premises.home)?)
        } else {
            (None, Vec::new())
        };
        let station = Station::build(&premises, issuer, gateways).await?;
        let mut said = format!("Sallyport answers at {}\n", station.app.flow.issuer());
        if let Some(listener) = &passcodes {
            writeln!(
                said,
                "The passcode service listens on {}",
                listener.address()
            )?;
        }
        match first_admin(&station.app).await? {
            Some(admin) => {
                admin
                    .announce(&station.app, said, &mut io::stdout())
                    .await?
            }
            None => output::print(&said)?,
        }
        let mut signals = StopSignals::watch()?;
        let router = station.app.router(Router::new());
        let mut serving = station.serve(listener, router);
        if let (Some(listener), Some(router)) = (passcodes, station.app.passcode_router()) {
            serving.also(listener, router);
        }
        signals.told().await;
        signals.close(serving.close()).await;
        Ok(())
    }

    /// Where the server listens, what it is called, and the certificate it shows.
    async fn doors(
        &self,
        premises: &Premises,
    ) -> anyhow::Result<(Listener, Issuer, Option<Arc<ServerConfig>>)> {
        let section = &premises.config.server;
        let ListenAddress(address) = self.listen.unwrap_or(section.listen);
        let option = "--listen or server.listen";
        let listener = Listener::bind(address, option).await?;
        let issuer = section.issuer_at(listener.address().port())?;
        match Protection::of_provider(&issuer, listener.address(), option)? {
            Protection::Loopback => Ok((listener.plain()?, issuer, None)),
            Protection::Tls => {
                let tls = certificate(premises, issuer.host())?;
                Ok((listener.with_tls(tls.clone()), issuer, Some(tls)))
            }
        }
    }
}

/// The operator's certificate, or one that is made for the host.
pub(super) fn certificate(premises: &Premises, host: &str) -> anyhow::Result<Arc<ServerConfig>> {
    let configured = Certificate::configured(&premises.config.server, premises.home.path());
    let certificate = match configured {
        Some(certificate) => certificate,
        None => Certificate::self_signed(&premises.home, host, premises.now())?,
    };
    Ok(certificate.server_config()?)
}

/// Everybody knows the password of the people of the demo.
pub(super) fn refuse_home_of_demo(home: &Path) -> anyhow::Result<()> {
    if demo::lives_in(home) {
        bail!(
            "{} is the home of the demo, whose people have a password that everybody knows; name another home with --home, or run `sallyport demo --home {0}`",
            home.display()
        );
    }
    Ok(())
}

/// What the address of the passcode service is changed with.
pub(super) const SERVICE_LISTEN: &str = "passcode_service.listen";

/// Where the passcode service listens. A certificate is asked for only where one is shown.
pub(super) async fn passcode_listener(
    ListenAddress(address): ListenAddress,
    option: &'static str,
    issuer: &Issuer,
    certificate: impl FnOnce() -> anyhow::Result<Arc<ServerConfig>>,
) -> anyhow::Result<Listener> {
    let protection = Protection::of_passcode_service(issuer, address, option)?;
    let listener = Listener::bind(address, option).await?;
    Ok(match protection {
        Protection::Tls => listener.with_tls(certificate()?),
        Protection::Loopback => listener.plain()?,
    })
}

pub(super) fn gateways(section: &PasscodeService, home: &Home) -> anyhow::Result<Vec<Gateway>> {
    section
        .gateways(home.path())
        .map_err(|why| anyhow!("passcode_service.gateways: {why}"))
}

/// The person `admin` of the first start.
struct FirstAdmin {
    id: Id<Person>,
    password: Secret,
}

impl FirstAdmin {
    /// Says the password, once. When nobody can be told it, there is no such person, and the next
    /// start makes another.
    async fn announce(
        self,
        app: &App,
        mut said: String,
        to: &mut impl io::Write,
    ) -> anyhow::Result<()> {
        writeln!(
            said,
            "\nThis is the first start: there is a person `admin` with the password\n\n    {}\n\nIt is not shown again.",
            self.password.expose()
        )?;
        if let Err(cause) = to.write_all(said.as_bytes()).and_then(|()| to.flush()) {
            app.people.remove(self.id).await?;
            return Err(anyhow!(cause).context(
                "the password of the first person cannot be shown on standard output, so that nobody was made",
            ));
        }
        Ok(())
    }
}

/// Makes the person `admin` when there is nobody at all.
async fn first_admin(app: &App) -> anyhow::Result<Option<FirstAdmin>> {
    if !app.people.list(None, 1).await?.is_empty() {
        return Ok(None);
    }
    let password = readable_password(app.flow.random());
    let admin = NewPerson {
        uid: "admin".to_owned(),
        attributes: [("displayName".to_owned(), vec!["Administrator".to_owned()])].into(),
        password: Some(password.clone()),
    };
    match app.people.add(admin, app.flow.clock().now()).await {
        Ok(person) => Ok(Some(FirstAdmin {
            id: person.id,
            password,
        })),
        // Another node on the same store was faster, and printed it.
        Err(PeopleError::Duplicate { .. }) => Ok(None),
        Err(cause) => Err(anyhow!(cause).context("the person admin")),
    }
}

/// 100 random bits in letters and digits that are not mistaken for each other.
fn readable_password(random: &Random) -> Secret {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";
    let letters = random
        .bytes::<20>()
        .map(|byte| LETTERS[usize::from(byte % 32)]);
    let groups: Vec<&str> = letters
        .chunks(5)
        .filter_map(|group| str::from_utf8(group).ok())
        .collect();
    Secret::from(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use sallyport_people::PasswordCheck;
    use tempfile::TempDir;

    use super::*;
    use crate::tls::install_crypto;

    /// A home with this configuration, opened as a command does.
    async fn premises(toml: &str) -> (TempDir, Premises) {
        install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        fs::write(home.join("sallyport.toml"), toml).unwrap();
        let premises = Premises::create(&place(&home)).await.unwrap();
        (folder, premises)
    }

    fn place(home: &Path) -> Place {
        Place {
            home: home.to_owned(),
            store: None,
        }
    }

    async fn station(premises: &Premises) -> Station {
        let issuer = Issuer::parse("https://localhost:8443").unwrap();
        Station::build(premises, issuer, Vec::new()).await.unwrap()
    }

    #[test]
    fn a_made_password_can_be_read_and_typed() {
        let random = Random::system();
        let password = readable_password(&random);
        assert_eq!(password.expose().len(), 23);
        assert!(password.expose().split('-').all(|group| group.len() == 5));
        assert_ne!(password.expose(), readable_password(&random).expose());
    }

    #[tokio::test]
    async fn without_anybody_to_tell_the_password_to_there_is_no_first_person() {
        /// A pipe whose reader has gone.
        struct Broken;
        impl io::Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (_folder, premises) = premises("").await;
        let app = station(&premises).await.app;
        let admin = first_admin(&app).await.unwrap().unwrap();
        let refused = admin.announce(&app, String::new(), &mut Broken).await;
        let why = refused.unwrap_err().to_string();
        assert!(why.contains("standard output"), "{why}");
        let admin = first_admin(&app).await.unwrap().unwrap();
        let (password, mut said) = (admin.password.clone(), Vec::new());
        admin
            .announce(&app, String::new(), &mut said)
            .await
            .unwrap();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains(password.expose()), "{said}");
        let check = app.people.check_password("admin", &password).await.unwrap();
        assert!(matches!(check, PasswordCheck::Right(_)));
    }

    #[tokio::test]
    async fn the_first_start_makes_an_admin_and_no_later_one_does() {
        let (_folder, premises) = premises("").await;
        let app = station(&premises).await.app;
        let FirstAdmin { password, .. } = first_admin(&app).await.unwrap().unwrap();
        let check = app.people.check_password("admin", &password).await.unwrap();
        let PasswordCheck::Right(admin) = check else {
            panic!("the printed password is right");
        };
        assert!(first_admin(&app).await.unwrap().is_none());
        // Not even when the operator removed it and made another person.
        let dora = NewPerson {
            uid: "dora".to_owned(),
            attributes: [].into(),
            password: None,
        };
        app.people.add(dora, premises.now()).await.unwrap();
        app.people.remove(admin.id).await.unwrap();
        assert!(first_admin(&app).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn the_home_of_the_demo_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("demo.json"), "{}").unwrap();
        let refused = Serve { listen: None }.run(place(folder.path())).await;
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("is the home of the demo"), "{error}");
        assert!(!folder.path().join("sallyport.key").exists());
    }

    #[tokio::test]
    async fn what_was_kept_is_there_after_a_restart() {
        let (folder, first) = premises("").await;
        let FirstAdmin { password, .. } = first_admin(&station(&first).await.app)
            .await
            .unwrap()
            .unwrap();
        drop(first);
        let again = Premises::open(&place(&folder.path().join("home")))
            .await
            .unwrap();
        let people = again.people();
        let check = people.check_password("admin", &password).await.unwrap();
        assert!(matches!(check, PasswordCheck::Right(_)));
    }

    #[tokio::test]
    async fn the_store_is_where_the_configuration_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("elsewhere.db");
        let (_home, premises) =
            premises(&format!("[store]\naddress = \"sqlite:{}\"", file.display())).await;
        assert!(file.exists());
        assert!(!premises.home.path().join("sallyport.db").exists());
    }

    #[tokio::test]
    async fn the_doors_follow_the_configuration_and_the_option_goes_before_it() {
        let free = Some("127.0.0.1:0".parse().unwrap());
        for (toml, issuer, tls) in [
            ("", "https://localhost:<port>", true),
            (
                "[server]\nissuer = \"https://login.example.com\"",
                "https://login.example.com",
                true,
            ),
            (
                "[server]\nissuer = \"http://localhost:8080\"",
                "http://localhost:8080",
                false,
            ),
        ] {
            let (_folder, premises) = premises(toml).await;
            let (listener, found, config) = Serve { listen: free }.doors(&premises).await.unwrap();
            let port = listener.address().port().to_string();
            assert_eq!(found.to_string(), issuer.replace("<port>", &port));
            assert_eq!(config.is_some(), tls, "{toml}");
        }
        let (_folder, premises) =
            premises("[server]\nissuer = \"http://localhost\"\nlisten = \"0.0.0.0:0\"").await;
        let Err(refused) = (Serve { listen: None }).doors(&premises).await else {
            panic!("plain http to the world is refused");
        };
        assert!(refused.to_string().starts_with("0.0.0.0:"), "{refused}");
    }

    #[tokio::test]
    async fn a_certificate_of_the_operator_is_shown() {
        let (_other, made) = premises("").await;
        let own = Certificate::self_signed(&made.home, "login.example.com", made.now()).unwrap();
        let toml = format!(
            "[server]\nissuer = \"https://login.example.com\"\ncertificate_file = {:?}\nkey_file = {:?}",
            own.certificate_file, own.key_file
        );
        let (_folder, premises) = premises(&toml).await;
        let free = Some("127.0.0.1:0".parse().unwrap());
        Serve { listen: free }.doors(&premises).await.unwrap();
        let files = fs::read_dir(premises.home.path()).unwrap();
        let names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(
            names.iter().all(|name| !name.starts_with("self-signed")),
            "{names:?}"
        );
    }

    #[tokio::test]
    async fn gateways_are_read_from_the_configuration() {
        let enabled = "[passcode_service]\nenabled = true\ngateways = [{ kind = \"webhook\", url = \"http://127.0.0.1:1/\", secret = \"s\" }]";
        let (_folder, with) = premises(enabled).await;
        let found = gateways(&with.config.passcode_service, &with.home);
        assert_eq!(found.unwrap().len(), 1);
        let (_folder, without) = premises("").await;
        let found = gateways(&without.config.passcode_service, &without.home);
        let error = found.unwrap_err().to_string();
        assert!(error.starts_with("passcode_service.gateways: "), "{error}");
    }

    #[tokio::test]
    async fn the_passcode_service_shows_a_certificate_where_others_could_read_along() {
        for (issuer, listen, shown) in [
            ("https://login.example.com", "127.0.0.1:0", Some(false)),
            ("https://login.example.com", "0.0.0.0:0", Some(true)),
            ("http://localhost", "127.0.0.1:0", Some(false)),
            ("http://localhost", "0.0.0.0:0", None),
        ] {
            let (_folder, premises) = premises("").await;
            let issuer = Issuer::parse(issuer).unwrap();
            let mut asked = false;
            let listener = passcode_listener(listen.parse().unwrap(), "--listen", &issuer, || {
                asked = true;
                certificate(&premises, issuer.host())
            });
            let served = listener.await.is_ok();
            assert_eq!(served.then_some(asked), shown, "{issuer} {listen}");
        }
    }
}
