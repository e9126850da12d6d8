//! How many forms a login and its network have sent, and what the next one must prove: each may cost
//! a message.

use sallyport_base::{Timestamp, Tx, network_of};
use serde::Serialize;

use crate::{
    Flow, FlowError, Login,
    proof_of_work::{Challenge, Proof},
    scene::PageRequest,
    tries::{self, Limit, Subject},
};

/// The field of a form that carries the proof.
pub(crate) const FIELD: &str = "form_proof";

/// What a page puts into its form.
#[derive(Serialize)]
pub(crate) struct FormProof {
    /// What the field [`FIELD`] holds until the page has done its work.
    challenge: String,
    /// With how many zero bits the digest of the field must begin.
    bits: u32,
    /// How many seconds the page must be open without the work; `None` while the form needs no
    /// proof, or the page says so already.
    pub(crate) wait_seconds: Option<u64>,
}

/// Why a form is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// The work was not done, and its page was not open for long enough.
    Unproven,
    /// What it carries is of no page, of another one, or was sent before: by a second tab, or the way
    /// back.
    Used,
}

/// Counts a form for its login and its network, before anything is done with it. Where it is refused,
/// `tx` is to be dropped, so that it counts nothing.
pub(crate) async fn count(
    tx: &mut Tx,
    flow: &Flow,
    login: &mut Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Result<(), Refused>, FlowError> {
    let rule = flow.limits().proof_of_work;
    let network = network(request);
    let of_login = login.count_form(tx).await?;
    let of_network = tries::add(tx, forms_of(&network), rule.free.window, now).await?;
    if of_login.max(of_network) > rule.free.count
        && let Err(refused) = check(tx, flow, login, of_login, request, now).await?
    {
        return Ok(Err(refused));
    }
    login.forms = of_login;
    Ok(Ok(()))
}

/// Whether a form carries its proof, or comes from a page that was open for long enough. One whose
/// number `of_login` is not the next is behind another form with the same proof.
async fn check(
    tx: &mut Tx,
    flow: &Flow,
    login: &Login,
    of_login: i64,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Result<(), Refused>, FlowError> {
    if of_login != login.forms + 1 {
        return Ok(Err(Refused::Used));
    }
    let rule = flow.limits().proof_of_work;
    let field = request.parameters.first(FIELD).unwrap_or_default();
    match challenge(login).check(flow.vault(), field, rule.bits, now) {
        Proof::Work => Ok(Ok(())),
        Proof::Age(age) if age >= rule.wait => {
            let one = Limit {
                count: 1,
                window: rule.wait,
            };
            let is_first = tries::count(tx, waited(&network(request)), one, now).await?;
            Ok(is_first.then_some(()).ok_or(Refused::Unproven))
        }
        Proof::Age(_) => Ok(Err(Refused::Unproven)),
        Proof::Nothing => Ok(Err(Refused::Used)),
    }
}

/// What the page of a login puts into its form; `None` when no form ever needs a proof.
pub(crate) async fn proof_for(
    flow: &Flow,
    login: &Login,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Option<FormProof>, FlowError> {
    let rule = flow.limits().proof_of_work;
    if rule.is_off() {
        return Ok(None);
    }
    let network = network(request);
    let mut reader = flow.store().reader().await?;
    let of_network = tries::look(&mut reader, forms_of(&network), now).await?;
    let is_due = login.forms.max(of_network) >= rule.free.count;
    Ok(Some(FormProof {
        challenge: challenge(login).field(flow.vault(), now),
        bits: rule.bits,
        wait_seconds: is_due.then_some(rule.wait.as_secs()),
    }))
}

/// Gives the forms of a login that ended in success back to its network, so that a house full of
/// people who sign in is not taken for a program.
pub(crate) async fn give_back(
    tx: &mut Tx,
    login: &Login,
    request: &PageRequest,
) -> Result<(), FlowError> {
    if login.authentication.is_some() && login.forms > 0 {
        tries::give_back(tx, forms_of(&network(request)), login.forms).await?;
    }
    Ok(())
}

fn challenge(login: &Login) -> Challenge {
    Challenge {
        login: login.id,
        forms: login.forms,
    }
}

fn network(request: &PageRequest) -> String {
    request
        .remote_ip
        .map_or_else(|| "unknown".to_owned(), network_of)
}

fn forms_of(network: &str) -> Subject<'_> {
    Subject {
        kind: "forms of a network",
        who: network,
    }
}

/// Forms that were taken because their page was open for long enough.
fn waited(network: &str) -> Subject<'_> {
    Subject {
        kind: "forms that waited",
        who: network,
    }
}
