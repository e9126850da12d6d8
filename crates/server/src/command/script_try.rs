use std::{collections::BTreeMap, fmt::Write, path::Path, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use sallyport_flow::{NewScript, Trial, Tried, TriedCall};
use sallyport_script::{Returned, ScriptError};

use super::{
    Premises, output, rehearsal,
    script::find,
    script_content::{Content, NamedValue},
};

/// Runs one step of a script on this home, and says what it did.
///
/// People and passwords are looked up for real. Nothing is changed, sent or counted unless --live is
/// given; then everything is done that the script asks for, under the rules of a login. The script is
/// not kept. What it prints goes to standard error.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport script try mymethod.py --step 1 --param username=alice --param password='correct horse'
  sallyport script try mymethod.py --step 2 --person alice --session mail_code=123456 --param passcode=123456
  sallyport script try stytch --step 1 --param username=alice --param password='correct horse' --live")]
pub(super) struct Try {
    /// A file with a script, or the name of a stored one.
    #[arg(value_name = "FILE|NAME")]
    script: String,
    #[command(flatten)]
    content: Content,
    /// The step that the form is of.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=32))]
    step: u32,
    /// Who passed the steps before.
    #[arg(long, value_name = "UID")]
    person: Option<String>,
    /// A field of the form. May be given more than once.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<NamedValue>,
    /// A session attribute as an earlier step left it. May be given more than once.
    #[arg(long = "session", value_name = "NAME=VALUE")]
    session: Vec<NamedValue>,
    /// Changes and sends what the script asks for.
    #[arg(long)]
    live: bool,
}

impl Try {
    pub(super) async fn run(mut self, premises: &Premises) -> anyhow::Result<()> {
        let script = self.script(premises).await?;
        let flow = rehearsal::flow(premises)?;
        let rehearsal = rehearsal::start(&flow, &script).await?;
        let trial = self.trial(premises).await?;
        let tried = rehearsal.step(&flow, trial).await?;
        let masks = self.masks(&script);
        output::print(&masked(self.report(&tried)?, &masks))?;
        if tried.is_refused() {
            bail!("the server would not show the page of this step: the script said no");
        }
        match tried.calls.into_iter().find_map(|call| call.result.err()) {
            Some(error) => bail!(masked(error.message, &masks)),
            None => Ok(()),
        }
    }

    async fn script(&mut self, premises: &Premises) -> anyhow::Result<NewScript> {
        let path = Path::new(&self.script);
        if !path.is_file() {
            let before = find(premises, &self.script).await?;
            return self.content.script(&self.script, before.as_ref());
        }
        let stem = path.file_stem().map(|stem| stem.to_string_lossy());
        let name = stem.unwrap_or_default().into_owned();
        self.content.file = Some(path.to_owned());
        // What is stored under the name of the file lends its properties.
        let before = find(premises, &name).await?;
        self.content.script(&name, before.as_ref())
    }

    async fn trial(&self, premises: &Premises) -> anyhow::Result<Trial> {
        let person = match &self.person {
            Some(uid) => Some(
                premises
                    .people()
                    .find_by_uid(uid)
                    .await?
                    .with_context(|| format!("there is no person {uid}"))?,
            ),
            None => None,
        };
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for NamedValue { name, value } in &self.parameters {
            let values = parameters.entry(name.clone()).or_default();
            values.push(value.clone());
        }
        let session = self.session.iter();
        Ok(Trial {
            step: self.step,
            parameters,
            session: session
                .map(|it| (it.name.clone(), it.value.clone()))
                .collect(),
            person: person.filter(|_| self.step > 1),
            is_live: self.live,
        })
    }

    /// What was typed as a password, and hidden properties.
    fn masks(&self, script: &NewScript) -> Vec<String> {
        let typed = self.parameters.iter();
        let typed = typed.filter(|parameter| parameter.name == "password");
        let hidden = script.properties.iter().filter(|property| property.hide);
        typed
            .map(|parameter| parameter.value.clone())
            .chain(hidden.map(|property| property.value2.clone()))
            .filter(|secret| secret.len() >= 3)
            .collect()
    }

    fn report(&self, tried: &Tried) -> anyhow::Result<String> {
        let mut text = String::new();
        let rows: Vec<_> = tried.calls.iter().map(call_row).collect();
        text += &output::table(["METHOD", "RESULT", "TIME", "WAITED"], &rows);
        let rows: Vec<_> = tried
            .questions
            .iter()
            .map(|asked| {
                [
                    asked.kind.to_owned(),
                    asked.about.clone(),
                    asked.answer.to_owned(),
                ]
            })
            .collect();
        if !rows.is_empty() {
            write!(
                text,
                "\n{}",
                output::table(["ASKED", "ABOUT", "ANSWER"], &rows)
            )?;
        }
        for (name, value) in &tried.session {
            match value {
                Some(value) => writeln!(text, "\nsession: {name} = {value}")?,
                None => writeln!(text, "\nsession: {name} removed")?,
            }
        }
        for message in &tried.messages {
            writeln!(text, "\nmessage ({:?}): {}", message.severity, message.text)?;
        }
        if let Some(redirect) = &tried.redirect {
            writeln!(text, "\nredirect: {redirect}")?;
        }
        for error in tried
            .calls
            .iter()
            .filter_map(|call| call.result.as_ref().err())
        {
            writeln!(text, "\n{}", error.traceback)?;
        }
        if !self.live {
            text += "\nNothing was changed, sent or counted; --live does it for real.\n";
        }
        Ok(text)
    }
}

fn call_row(call: &TriedCall) -> [String; 4] {
    let method = match call.call.step() {
        Some(step) => format!("{}({step})", call.call.method()),
        None => call.call.method().to_owned(),
    };
    let result = match &call.result {
        Ok(returned) => shown(returned),
        Err(ScriptError { kind, .. }) => format!("{kind:?}"),
    };
    [method, result, millis(call.took), millis(call.waited)]
}

/// As Python writes it.
fn shown(returned: &Returned) -> String {
    match returned {
        Returned::None => "None".to_owned(),
        Returned::Bool(true) => "True".to_owned(),
        Returned::Bool(false) => "False".to_owned(),
        Returned::Int(number) => number.to_string(),
        Returned::Text(text) => format!("{text:?}"),
        Returned::Texts(texts) => format!("{texts:?}"),
        Returned::Map(map) => format!("{map:?}"),
    }
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn masked(mut text: String, secrets: &[String]) -> String {
    for secret in secrets {
        text = text.replace(secret.as_str(), "••••••");
    }
    text
}
