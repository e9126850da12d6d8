use std::time::Duration;

use sallyport_base::Secret;
use sallyport_script::{Answer, ShortMessage, SmppAddress};
use sallyport_smpp::{Address, Settings, SmppError};

use crate::outbound::{Outbound, ScriptHosts};

/// How long each of connecting, binding and handing over may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends a script's message to the message centre that it names, if an administrator named it too.
pub(crate) async fn send(
    outbound: &Outbound,
    hosts: &ScriptHosts,
    message: ShortMessage,
) -> Answer {
    let ShortMessage { host, port, .. } = &message;
    if !hosts.is_message_centre(host) && !outbound.is_named(host, *port) {
        tracing::warn!(event = "script.host_refused", host = %host, "a script named a message centre that nobody allowed");
        return Answer::Refused(format!(
            "{host} is neither the property smpp_server of this script nor allowed by the administrator"
        ));
    }
    let settings = settings(&message);
    match sallyport_smpp::send(&settings, &submitted(message)).await {
        Ok(id) => Answer::Text(Some(id)),
        Err(cause) => {
            tracing::warn!(host = %settings, cause = %cause, "a message centre did not take a script's message");
            failure(&cause)
        }
    }
}

fn settings(message: &ShortMessage) -> Settings {
    Settings {
        password: Secret::from(message.password.expose()),
        system_type: message.system_type.clone(),
        patience: PATIENCE,
        ..Settings::new(
            message.host.as_str(),
            message.port,
            message.system_id.as_str(),
        )
    }
}

fn submitted(message: ShortMessage) -> sallyport_smpp::ShortMessage {
    sallyport_smpp::ShortMessage {
        service_type: message.service_type,
        from: address(message.source),
        to: address(message.destination),
        esm_class: message.esm_class,
        protocol_id: message.protocol_id,
        priority: message.priority,
        schedule: message.schedule,
        validity: message.validity,
        registered_delivery: message.registered_delivery,
        replace_if_present: message.replace_if_present,
        data_coding: message.data_coding,
        default_message: message.default_message,
        content: message.content,
    }
}

fn address(of: SmppAddress) -> Address {
    Address {
        ton: of.ton,
        npi: of.npi,
        text: of.text,
    }
}

/// What the script is told: whether the message centre said no, or nothing.
fn failure(cause: &SmppError) -> Answer {
    match cause {
        SmppError::Refused(_) | SmppError::Throttled(_) => Answer::Rejected(cause.to_string()),
        SmppError::Unreachable(_)
        | SmppError::Unbound(_)
        | SmppError::Unsendable(_)
        | SmppError::Unanswered(_) => Answer::Unreachable(cause.to_string()),
    }
}
