//! What a script sends to others: requests, text messages and mail, and how many of them may go out.

use std::time::Duration;

use sallyport_script::{Answer, HttpResponse, ShortMessage};

use super::Host;
use crate::{
    FlowError,
    loaded_script::LoadedScript,
    mail::{Letter, Recipient},
    short_message,
    tries::{self, Subject},
};

#[derive(PartialEq, Eq)]
pub(super) struct Mail {
    pub to: Vec<Recipient>,
    pub letter: Letter,
}

#[derive(PartialEq, Eq)]
pub(super) struct SentRequest {
    pub method: String,
    pub url: String,
    pub body: Vec<u8>,
}

impl Host<'_> {
    /// Two identical requests that change something are one within a step: the second gets the
    /// answer of the first, and no second message is sent.
    pub(super) async fn http(
        &mut self,
        request: SentRequest,
        headers: &[(String, String)],
    ) -> Result<Answer, FlowError> {
        if let Some((_, earlier)) = self.sent.iter().find(|(sent, _)| *sent == request) {
            return Ok(earlier.clone());
        }
        let sends_passcode = self.script.is_some_and(|s| s.sends_passcode(&request.url));
        if sends_passcode && !self.may_send_passcode().await? {
            self.send_failed = true;
            return Ok(Answer::Http(too_many_sends()));
        }
        let outbound = self.flow.outbound();
        let answer = outbound
            .send(
                self.hosts,
                &request.method,
                &request.url,
                headers,
                request.body.clone(),
            )
            .await;
        let succeeded = matches!(&answer, Answer::Http(response) if response.status < 300);
        self.send_failed |= sends_passcode && !succeeded;
        if request.method != "GET" {
            self.sent.push((request, answer.clone()));
        }
        Ok(answer)
    }

    /// As with HTTP, two identical messages in a step are one.
    pub(super) async fn short_message(
        &mut self,
        message: ShortMessage,
    ) -> Result<Answer, FlowError> {
        let request = SentRequest {
            method: "SMPP".to_owned(),
            url: format!(
                "{}:{} {}",
                message.host, message.port, message.destination.text
            ),
            body: message.content.clone(),
        };
        if let Some((_, earlier)) = self.sent.iter().find(|(sent, _)| *sent == request) {
            return Ok(earlier.clone());
        }
        if !self.may_send_passcode().await? {
            self.send_failed = true;
            return Ok(Answer::Rejected(
                "this person was sent too many messages, or is not known yet".to_owned(),
            ));
        }
        let answer = short_message::send(self.flow.outbound(), self.hosts, message).await;
        self.send_failed |= !matches!(answer, Answer::Text(_));
        self.sent.push((request, answer.clone()));
        Ok(answer)
    }

    /// Each recipient gets a message of its own, and sees no other. Two identical messages in one
    /// step are one.
    pub(super) async fn mail(&mut self, mail: Mail) -> Result<Answer, FlowError> {
        let Some(mailer) = self.flow.mailer() else {
            let why = "no mail server is configured: the section [mail] of sallyport.toml";
            return Ok(Answer::Refused(why.to_owned()));
        };
        if let Some((_, earlier)) = self.mailed.iter().find(|(sent, _)| *sent == mail) {
            return Ok(earlier.clone());
        }
        if let Some(why) = self.mail_complaint(&mail.to).await? {
            return Ok(Answer::Refused(why.to_owned()));
        }
        let mut answer = Answer::Done;
        for recipient in &mail.to {
            if let Err(why) = mailer.send(recipient, &mail.letter, self.now).await {
                tracing::warn!(event = "mail.failed", script.name = %self.own_name, cause = %why, "the mail server did not take a message");
                answer = Answer::Unreachable(why);
                break;
            }
            tracing::info!(event = "mail.sent", script.name = %self.own_name, "a script sent a message");
        }
        self.mailed.push((mail, answer.clone()));
        Ok(answer)
    }

    /// Why a message may not go out. Before a password was right it goes to people of this server
    /// and to the addresses in the script's properties only, so that nobody can have it written to
    /// strangers. An address is counted whoever asks, and so is the person who signs in.
    async fn mail_complaint(&self, to: &[Recipient]) -> Result<Option<&'static str>, FlowError> {
        for recipient in to {
            if !self.has_password() && !self.knows(recipient).await? {
                tracing::warn!(event = "mail.refused", script.name = %self.own_name, "a script would have written to a stranger for nobody");
                return Ok(Some(
                    "before a password was right, mail goes to people of this server only",
                ));
            }
        }
        let person = self.known.map(|known| known.id.to_string());
        let addresses = to.iter().map(|recipient| recipient.address().to_owned());
        let (short, day) = (self.flow.limits().sends, self.flow.limits().sends_per_day);
        let mut allowed = true;
        let mut tx = self.flow.store().begin().await?;
        for who in addresses.chain(person) {
            allowed &= tries::count(&mut tx, sends("mails", &who), short, self.now).await?
                && tries::count(&mut tx, sends("mails a day", &who), day, self.now).await?;
        }
        tx.commit().await?;
        if allowed {
            return Ok(None);
        }
        tracing::warn!(event = "mail.limited", script.name = %self.own_name, "too much mail for one person or address");
        Ok(Some("too many messages for this person or this address"))
    }

    async fn knows(&self, recipient: &Recipient) -> Result<bool, FlowError> {
        if self
            .script
            .is_some_and(|script| script.addressees().contains(recipient))
        {
            return Ok(true);
        }
        let people = self.flow.people();
        let found = people
            .find_by_attribute("mail", recipient.address(), 1)
            .await?;
        Ok(!found.is_empty())
    }

    /// Counts a message for whom the login is about, and says whether it may go out. Where a script
    /// works without passwords and found nobody, what was typed counts instead, so that nobody can
    /// tell by the limit who exists.
    async fn may_send_passcode(&self) -> Result<bool, FlowError> {
        let typed = self
            .typed
            .filter(|_| self.script.is_some_and(LoadedScript::vouches));
        let who = match (self.known, typed) {
            (Some(known), _) => known.id.to_string(),
            (None, Some(name)) => format!("name {name}"),
            (None, None) => {
                tracing::warn!(
                    event = "passcode.refused",
                    "a script would have sent a passcode for nobody"
                );
                return Ok(false);
            }
        };
        let limits = self.flow.limits();
        let mut tx = self.flow.store().begin().await?;
        let (short, day) = (limits.sends, limits.sends_per_day);
        let allowed = tries::count(&mut tx, sends("sends", &who), short, self.now).await?
            && tries::count(&mut tx, sends("sends a day", &who), day, self.now).await?;
        tx.commit().await?;
        if !allowed {
            let person = self.known.map(|known| known.id.to_string());
            tracing::warn!(
                event = "passcode.limited",
                person.id = person,
                "too many passcodes were asked for"
            );
        }
        Ok(allowed)
    }
}

fn sends<'w>(kind: &'static str, who: &'w str) -> Subject<'w> {
    Subject { kind, who }
}

/// What Stytch says when there were too many (429 `too_many_requests`).
fn too_many_sends() -> HttpResponse {
    let wait = Duration::from_secs(60).as_secs().to_string();
    HttpResponse {
        status: 429,
        reason: "Too Many Requests".to_owned(),
        headers: vec![("retry-after".to_owned(), wait)],
        body: br#"{"status_code":429,"error_type":"too_many_requests","error_message":"Too many passcodes for this person.","error_url":"","request_id":""}"#.to_vec(),
    }
}
