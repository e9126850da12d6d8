//! A home directory with what a login needs, made for one measurement.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

use sallyport_base::{Random, Timestamp};
use sallyport_flow::{NewScript, ScriptEntry, ScriptName};
use sallyport_oidc::{AuthMethod, Client, GrantType, Registration};
use sallyport_otp::{Environment, Project};
use sallyport_people::{Argon2Params, Hasher, NewPerson, People};
use sallyport_script::{Language, Property, Template, WorkerProgram};
use sallyport_server::command::{Place, Premises};
use tokio::task::JoinSet;

use crate::gateway;

pub const CALLBACK: &str = "https://app.example.com/callback";
pub const CLIENT: &str = "figures";
pub const PASSWORD: &str = "correct horse battery staple";
pub const SCRIPT: &str = include_str!("../../../../scripts/stytch.py");

/// The limits of the passcode service, so high that no figure meets them.
const NO_LIMITS: &str = "resend_seconds = [0, 0, 0], \
    per_number = [{ count = 1000000, minutes = 10 }], per_user = [{ count = 1000000, minutes = 10 }], \
    per_ip = [{ count = 1000000, minutes = 5 }], per_ip_to_strangers = [{ count = 1000000, minutes = 60 }], \
    per_prefix = [{ count = 1000000, minutes = 60 }], per_project = [{ count = 1000000, minutes = 1440 }]";

/// The home of one server. It is removed in the end.
pub struct House {
    pub folder: PathBuf,
    pub premises: Premises,
    pub listen: SocketAddr,
    /// Where the passcode service listens, if it runs.
    pub passcodes: SocketAddr,
}

/// The project id and the secret of a caller of the passcode service.
pub struct Caller {
    project: String,
    secret: String,
}

impl House {
    /// A server with the passcode service, whose messages go to `gateway`, or without it.
    pub async fn build(gateway: Option<&gateway::Gateway>) -> anyhow::Result<Self> {
        let folder =
            std::env::temp_dir().join(format!("sallyport-figures-{}", Random::system().uuid()));
        fs::create_dir(&folder)?;
        let (listen, passcodes) = (free_address()?, free_address()?);
        let mut config = format!(
            "[server]\nissuer = \"http://localhost:{}\"\nlisten = \"{listen}\"\n\
             [proof_of_work]\nafter = 1000000\n",
            listen.port()
        );
        if let Some(gateway) = gateway {
            config += &format!(
                "[passcode_service]\nenabled = true\nlisten = \"{passcodes}\"\nhost = \"localhost\"\n\
                 limits = {{ {NO_LIMITS} }}\n\
                 gateways = [{{ kind = \"webhook\", url = \"{}\", secret = \"{}\" }}]\n",
                gateway.url,
                gateway::SECRET
            );
        }
        fs::write(folder.join("sallyport.toml"), config)?;
        let place = Place {
            home: folder.clone(),
            store: None,
        };
        let premises = Premises::create(&place).await?;
        Ok(Self {
            folder,
            premises,
            listen,
            passcodes,
        })
    }

    pub fn issuer(&self) -> String {
        format!("http://localhost:{}", self.listen.port())
    }

    /// Somebody who may call this house's passcode service.
    pub async fn caller(&self) -> anyhow::Result<Caller> {
        let Premises { store, random, .. } = &self.premises;
        let mut tx = store.begin().await?;
        let (project, secret) =
            Project::create(&mut tx, Environment::Test, self.now(), random).await?;
        tx.commit().await?;
        Ok(Caller {
            project: project.id.to_string(),
            secret: secret.expose().to_owned(),
        })
    }

    /// The public client [`CLIENT`], and the script `stytch` with the passcode service of `other`.
    pub async fn furnish(&self, other: &Self, caller: &Caller) -> anyhow::Result<()> {
        let Premises {
            store,
            random,
            vault,
            ..
        } = &self.premises;
        let mut tx = store.begin().await?;
        Client::add(&mut tx, CLIENT, registration()?, self.now(), random).await?;
        ScriptEntry::save(
            &mut tx,
            vault,
            &script(other.passcodes, caller)?,
            self.now(),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// People with [`PASSWORD`] and a phone each. With `current` their passwords are hashed as the
    /// server does it; otherwise fast, and the server does it again at their first login.
    pub async fn people(
        &self,
        numbers: std::ops::Range<usize>,
        current: bool,
    ) -> anyhow::Result<()> {
        let params = match current {
            true => Argon2Params::default(),
            false => Argon2Params::new(8, 1, 1, None).map_err(anyhow::Error::msg)?,
        };
        let Premises { store, random, .. } = &self.premises;
        let hasher = Hasher::start(2, numbers.len(), params);
        let people = People::new(store.clone(), random.clone(), hasher);
        let mut adding = JoinSet::new();
        for number in numbers {
            let (people, now) = (people.clone(), self.now());
            adding.spawn(async move { people.add(person(number), now).await });
        }
        while let Some(added) = adding.join_next().await {
            added??;
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.premises.now()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Err(cause) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} was left behind: {cause}", self.folder.display());
        }
    }
}

pub fn uid(number: usize) -> String {
    format!("person-{number:04}")
}

/// A number of the range that is kept for fiction and tests, and others of its area.
pub fn phone(number: usize) -> String {
    format!("+1202555{number:04}")
}

fn person(number: usize) -> NewPerson {
    let attribute = |name: &str, value: String| (name.to_owned(), vec![value]);
    NewPerson {
        uid: uid(number),
        attributes: [
            attribute("givenName", format!("Person {number}")),
            attribute("sn", "Example".to_owned()),
            attribute("mail", format!("{}@example.com", uid(number))),
            attribute("mobile", phone(number)),
        ]
        .into(),
        password: Some(PASSWORD.into()),
    }
}

fn registration() -> anyhow::Result<Registration> {
    Ok(Registration {
        client_name: "The application".to_owned(),
        redirect_uris: vec![CALLBACK.parse()?],
        token_endpoint_auth_method: AuthMethod::None,
        grant_types: GrantType::ALL.into(),
        scope: "openid profile email".parse()?,
        trusted: true,
        ..Registration::default()
    })
}

fn script(passcodes: SocketAddr, caller: &Caller) -> anyhow::Result<NewScript> {
    let name = ScriptName::check("stytch").map_err(anyhow::Error::msg)?;
    Ok(NewScript {
        properties: properties(
            &format!("http://{passcodes}"),
            &caller.project,
            &caller.secret,
        ),
        level: 10,
        enabled: true,
        ..NewScript::new(name, SCRIPT.to_owned(), Language::Python3)
    })
}

/// The five properties of the script `stytch`.
pub fn properties(service: &str, project: &str, secret: &str) -> Vec<Property> {
    let property = |name: &str, value: String| Property {
        value1: name.to_owned(),
        value2: value,
        hide: name == "SECRET",
        description: None,
    };
    vec![
        property("SMS_ENDPOINT", format!("{service}/v1/otps/sms/send")),
        property(
            "ENROLL_ENDPOINT",
            format!("{service}/v1/otps/sms/login_or_create"),
        ),
        property("AUTH_ENDPOINT", format!("{service}/v1/otps/authenticate")),
        property("PROJECT_ID", project.to_owned()),
        property("SECRET", secret.to_owned()),
    ]
}

/// An address that nobody listened on a moment ago.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Where script workers come from.
pub fn template() -> Template {
    Template::of(WorkerProgram::at(env!("CARGO_BIN_EXE_sallyport")))
}
