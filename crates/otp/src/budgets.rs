//! What a message spends, so that every kind of message spends the same.

use sallyport_base::Id;

use crate::{
    Otp, address::Address, allowance::Budget, delivery::Origin, keys::Mac, method::Method,
    phone_number::PhoneNumber, recipient::Found, send::Order, user::User,
};

/// The budget that is money.
const COST: &str = "cost";

/// What the name of every budget for questions begins with.
const LOOKUP: &str = "lookup ";

/// What a code spends: of its address, its user, the network that asked for it, and its project.
pub fn of_code<'a>(otp: &'a Otp, order: &Order, found: &Found) -> Vec<Budget<'a>> {
    let mut budgets = vec![of_address(otp, &order.address), of_user(otp, found.user.id)];
    budgets.extend(of_network(otp, &order.delivery.origin, &found.method));
    budgets.extend(of_project(otp, &order.address));
    budgets
}

/// What a notice spends. No network asked for it, and nothing of its user: whoever spent that on codes
/// to a number of their own would silence it.
pub fn of_notice<'a>(otp: &'a Otp, to: &Method) -> Vec<Budget<'a>> {
    let mut budgets = vec![of_address(otp, &to.address)];
    budgets.extend(of_project(otp, &to.address));
    budgets
}

/// What a question about a number spends: as much as a message, but by itself, so that a number that
/// is asked about is still sent to.
pub fn of_lookup<'a>(otp: &'a Otp, order: &Order, found: &Found) -> Vec<Budget<'a>> {
    let mut budgets = of_code(otp, order, found);
    budgets.retain(|budget| budget.subject != COST);
    for budget in &mut budgets {
        budget.subject.insert_str(0, LOOKUP);
        budget.is_shared = false;
    }
    budgets
}

/// Under which names an address is counted: its messages, and the questions about it.
pub fn subjects_of_address(mac: &Mac) -> [String; 2] {
    with_lookup(address_subject(mac))
}

/// Under which names a user is counted.
pub fn subjects_of_user(user_id: Id<User>) -> [String; 2] {
    with_lookup(user_subject(user_id))
}

fn with_lookup(subject: String) -> [String; 2] {
    let lookup = format!("{LOOKUP}{subject}");
    [subject, lookup]
}

fn address_subject(mac: &Mac) -> String {
    format!("number {}", mac.as_str())
}

fn user_subject(user_id: Id<User>) -> String {
    format!("user {user_id}")
}

fn of_address<'a>(otp: &'a Otp, address: &Address) -> Budget<'a> {
    let subject = address_subject(&otp.keys().address(address));
    Budget::of_messages(subject, "per_number", &otp.limits().per_number)
}

fn of_user(otp: &Otp, user_id: Id<User>) -> Budget<'_> {
    Budget::of_messages(user_subject(user_id), "per_user", &otp.limits().per_user)
}

fn of_network<'a>(otp: &'a Otp, origin: &Origin, method: &Method) -> Vec<Budget<'a>> {
    let limits = otp.limits();
    let Some(network) = origin.network() else {
        return Vec::new();
    };
    let mac = otp.keys().subject("network", &network);
    let subject = format!("ip {}", mac.as_str());
    let mut budgets = vec![Budget::of_messages(subject, "per_ip", &limits.per_ip)];
    if !method.verified {
        let subject = format!("ip to strangers {}", mac.as_str());
        budgets.push(Budget::of_messages(
            subject,
            "per_ip_to_strangers",
            &limits.per_ip_to_strangers,
        ));
    }
    budgets
}

fn of_project<'a>(otp: &'a Otp, address: &Address) -> Vec<Budget<'a>> {
    let limits = otp.limits();
    let mut budgets = match address {
        Address::Phone(number) => of_prefix(otp, number),
        Address::Email(_) => Vec::new(),
    };
    let subject = "project".to_owned();
    budgets.push(Budget::of_messages(subject, "per_project", &limits.per_project).shared());
    budgets
}

fn of_prefix<'a>(otp: &'a Otp, number: &PhoneNumber) -> Vec<Budget<'a>> {
    let limits = otp.limits();
    let subject = format!("prefix {}", number.prefix());
    let mut budgets = vec![Budget::of_messages(subject, "per_prefix", &limits.per_prefix).shared()];
    if let Some(price) = limits.prices.get(number.country()) {
        budgets.push(Budget {
            subject: COST.to_owned(),
            limit: "cost_per_project",
            windows: &limits.cost_per_project,
            amount: *price,
            is_shared: true,
        });
    }
    budgets
}
