//! What the demo puts into the store at each start, unless it is there.

use std::{fs, io, net::SocketAddr, path::Path};

use anyhow::{Context, anyhow};
use sallyport_base::{Digest, Secret};
use sallyport_flow::{NewScript, ScriptEntry, ScriptName};
use sallyport_oidc::{AuthMethod, Client, RedirectUri, Registration, Scopes};
use sallyport_otp::{Environment, Project};
use sallyport_script::{Language, Property};
use serde::{Deserialize, Serialize};

use super::people;
use crate::{
    App,
    command::{Premises, shipped_script},
};

/// The client_id of the demo application.
pub const CLIENT_ID: &str = "demo";

const SCRIPT: &str = "stytch";

/// What the demo remembers in the home, for itself: the secret of the passcode service is nowhere
/// else in clear, and the demo prints it at each start.
const NOTES: &str = "demo.json";

/// Whether a demo was started in this home.
pub fn lives_in(home: &Path) -> bool {
    home.join(NOTES).exists()
}

#[derive(Clone, Serialize, Deserialize)]
struct Notes {
    project_id: String,
    secret: String,
    /// Of the script as the demo stored it last. What differs in the store is the operator's.
    script: Option<Digest>,
}

/// Where the parts of the demo are, and how a script proves itself to the passcode service.
#[derive(Clone, Debug)]
pub struct Furnishing {
    /// `http://127.0.0.1:8081`.
    pub passcode_service: String,
    pub project_id: String,
    pub secret: Secret,
}

impl Furnishing {
    /// Makes sure that there are people, the project of the passcode service, the script `stytch`
    /// with its properties, and the client `demo`.
    pub async fn arrange(
        app: &App,
        premises: &Premises,
        passcodes: SocketAddr,
    ) -> anyhow::Result<Self> {
        people::settle(&app.people, premises.now())
            .await
            .context("the people of the demo")?;
        let mut notes = project(premises).await.context("the project of the demo")?;
        let furnishing = Self {
            passcode_service: format!("http://{passcodes}"),
            project_id: notes.project_id.clone(),
            secret: Secret::from(notes.secret.as_str()),
        };
        arrange_script(premises, &furnishing, &mut notes)
            .await
            .context("the script of the demo")?;
        register_client(app, premises)
            .await
            .context("the application of the demo")?;
        Ok(furnishing)
    }

    fn properties(&self) -> Vec<Property> {
        let url = |path: &str| format!("{}{path}", self.passcode_service);
        [
            ("SMS_ENDPOINT", url("/v1/otps/sms/send"), false),
            ("AUTH_ENDPOINT", url("/v1/otps/authenticate"), false),
            (
                "ENROLL_ENDPOINT",
                url("/v1/otps/sms/login_or_create"),
                false,
            ),
            ("PROJECT_ID", self.project_id.clone(), false),
            ("SECRET", self.secret.expose().to_owned(), true),
            ("STATUS_ENDPOINT", url("/sallyport/v1/deliveries"), false),
        ]
        .into_iter()
        .map(|(name, value, hide)| Property {
            value1: name.to_owned(),
            value2: value,
            hide,
            description: None,
        })
        .collect()
    }
}

/// The project that the notes name, or a new one when there are no notes or another store.
async fn project(premises: &Premises) -> anyhow::Result<Notes> {
    if let Some(notes) = read_notes(premises)? {
        let mut reader = premises.store.reader().await?;
        if Project::find(&mut reader, &notes.project_id)
            .await?
            .is_some()
        {
            return Ok(notes);
        }
    }
    let mut tx = premises.store.begin().await?;
    let (project, secret) =
        Project::create(&mut tx, Environment::Test, premises.now(), &premises.random).await?;
    tx.commit().await?;
    let notes = Notes {
        project_id: project.id.to_string(),
        secret: secret.expose().to_owned(),
        script: None,
    };
    write_notes(premises, &notes)?;
    Ok(notes)
}

fn read_notes(premises: &Premises) -> anyhow::Result<Option<Notes>> {
    let path = premises.home.path().join(NOTES);
    match fs::read(&path) {
        Ok(json) => serde_json::from_slice(&json).map(Some).map_err(|cause| {
            anyhow!(
                "{} is damaged ({cause}); remove it to begin anew",
                path.display()
            )
        }),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause).with_context(|| path.display().to_string()),
    }
}

fn write_notes(premises: &Premises, notes: &Notes) -> anyhow::Result<()> {
    let json = serde_json::to_vec_pretty(notes)?;
    Ok(premises.home.write_private(NOTES, &json)?)
}

/// Stores the script that ships with the product, unless the operator put another in its place or
/// gave it other properties.
async fn arrange_script(
    premises: &Premises,
    furnishing: &Furnishing,
    notes: &mut Notes,
) -> anyhow::Result<()> {
    let wanted = shipped(furnishing)?;
    let mark = mark(&wanted.text, &wanted.properties)?;
    let mut tx = premises.store.begin().await?;
    if let Some(stored) = ScriptEntry::find(&mut tx, &premises.vault, SCRIPT).await? {
        let found = self::mark(&stored.version.text, &stored.version.properties)?;
        if found == mark {
            return Ok(());
        }
        if notes.script != Some(found) {
            tracing::info!(
                script.name = SCRIPT,
                "the script was changed by somebody else and stays as it is"
            );
            return Ok(());
        }
    }
    ScriptEntry::save(&mut tx, &premises.vault, &wanted, premises.now()).await?;
    tx.commit().await?;
    notes.script = Some(mark);
    write_notes(premises, notes)
}

fn shipped(furnishing: &Furnishing) -> anyhow::Result<NewScript> {
    let text = shipped_script(SCRIPT).context("the script is part of the product")?;
    let name = ScriptName::check(SCRIPT).map_err(anyhow::Error::msg)?;
    let language = Language::declared_in(text).unwrap_or(Language::Python2);
    Ok(NewScript {
        description: "Password, then a passcode by SMS from the service of the demo".to_owned(),
        properties: furnishing.properties(),
        enabled: true,
        ..NewScript::new(name, text.to_owned(), language)
    })
}

/// Tells one version of a script from another.
fn mark(text: &str, properties: &[Property]) -> anyhow::Result<Digest> {
    let version = serde_json::to_vec(&(text, properties))?;
    Ok(Digest::of(&version))
}

async fn register_client(app: &App, premises: &Premises) -> anyhow::Result<()> {
    let address = |path: &str| RedirectUri::check(&app.flow.issuer().join(path));
    let registration = Registration {
        client_name: "Demo application".to_owned(),
        redirect_uris: vec![address("/demo/callback")?],
        post_logout_redirect_uris: vec![address("/demo")?],
        token_endpoint_auth_method: AuthMethod::None,
        scope: Scopes::known_in("openid profile email address phone"),
        ..Registration::default()
    };
    let mut tx = premises.store.begin().await?;
    Client::put(
        &mut tx,
        CLIENT_ID,
        registration,
        premises.now(),
        &premises.random,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sallyport_flow::Issuer;
    use sallyport_otp::Gateway;

    use super::*;
    use crate::command::{Place, Station};

    struct Demo {
        folder: tempfile::TempDir,
        premises: Premises,
        app: App,
    }

    impl Demo {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let place = Place {
                home: folder.path().to_owned(),
                store: None,
            };
            let premises = Premises::create(&place).await.unwrap();
            let issuer = Issuer::parse("http://localhost:8080").unwrap();
            let station = Station::build(&premises, issuer, vec![Gateway::telephone()])
                .await
                .unwrap();
            Self {
                folder,
                premises,
                app: station.app,
            }
        }

        async fn arrange(&self, port: u16) -> Furnishing {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            Furnishing::arrange(&self.app, &self.premises, address)
                .await
                .unwrap()
        }

        async fn script(&self) -> ScriptEntry {
            let mut reader = self.premises.store.reader().await.unwrap();
            let found = ScriptEntry::find(&mut reader, &self.premises.vault, SCRIPT).await;
            found.unwrap().unwrap()
        }
    }

    #[tokio::test]
    async fn a_second_start_changes_nothing() {
        let demo = Demo::new().await;
        let first = demo.arrange(8081).await;
        let alice = demo.app.people.find_by_uid("alice").await.unwrap().unwrap();
        let moved = [("mobile".to_owned(), vec!["+12025550199".to_owned()])].into();
        demo.app
            .people
            .change(alice.id, &moved, demo.premises.now())
            .await
            .unwrap();

        let again = demo.arrange(8081).await;
        assert_eq!(again.project_id, first.project_id);
        assert_eq!(again.secret.expose(), first.secret.expose());
        assert_eq!(demo.script().await.version.revision, 1);
        let alice = demo.app.people.find_by_uid("alice").await.unwrap().unwrap();
        assert_eq!(alice.attributes.first("mobile"), Some("+12025550199"));
    }

    #[tokio::test]
    async fn the_script_follows_the_passcode_service_to_another_address() {
        let demo = Demo::new().await;
        demo.arrange(8081).await;
        demo.arrange(9091).await;
        let script = demo.script().await;
        assert_eq!(
            script.version.properties[0].value2,
            "http://127.0.0.1:9091/v1/otps/sms/send"
        );
        assert!(script.version.properties[4].hide, "the secret is hidden");
        assert_eq!(
            script.version.properties[5].value2,
            "http://127.0.0.1:9091/sallyport/v1/deliveries"
        );
    }

    #[tokio::test]
    async fn a_script_that_the_operator_put_there_stays() {
        let demo = Demo::new().await;
        demo.arrange(8081).await;
        let before = demo.script().await;
        let own = NewScript {
            properties: before.version.properties,
            enabled: true,
            ..NewScript::new(
                ScriptName::check(SCRIPT).unwrap(),
                "# mine".to_owned(),
                Language::Python2,
            )
        };
        let mut tx = demo.premises.store.begin().await.unwrap();
        ScriptEntry::save(&mut tx, &demo.premises.vault, &own, demo.premises.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        demo.arrange(8081).await;
        assert_eq!(demo.script().await.version.text, "# mine");
    }

    #[tokio::test]
    async fn damaged_notes_are_named_and_not_replaced() {
        let demo = Demo::new().await;
        let notes = demo.folder.path().join(NOTES);
        fs::write(&notes, "{").unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 8081));
        let Err(error) = Furnishing::arrange(&demo.app, &demo.premises, address).await else {
            panic!("the notes are damaged");
        };
        assert!(
            format!("{error:#}").contains("demo.json is damaged"),
            "{error:#}"
        );
        assert_eq!(fs::read_to_string(notes).unwrap(), "{");
    }
}
