//! What a message spends, so that every kind of message spends the same.

use sallyport_base::Id;

use crate::{
    Otp, address::Address, allowance::Budget, delivery::Origin, method::Method, recipient::Found,
    send::Order, user::User,
};

/// What a code spends: of its address, its user, the network that asked for it, and its project.
pub fn of_code<'a>(otp: &'a Otp, order: &Order, found: &Found) -> Vec<Budget<'a>> {
    let mut budgets = of_user(otp, found.user.id, &order.address);
    budgets.extend(of_network(otp, &order.delivery.origin, &found.method));
    budgets.extend(of_project(otp, &order.address));
    budgets
}

/// What a notice spends: no network asked for it.
pub fn of_notice<'a>(otp: &'a Otp, to: &Method) -> Vec<Budget<'a>> {
    let mut budgets = of_user(otp, to.user_id, &to.address);
    budgets.extend(of_project(otp, &to.address));
    budgets
}

fn of_user<'a>(otp: &'a Otp, user_id: Id<User>, address: &Address) -> Vec<Budget<'a>> {
    let limits = otp.limits();
    let mac = otp.keys().address(address);
    vec![
        Budget::of_messages(format!("number {}", mac.as_str()), &limits.per_number),
        Budget::of_messages(format!("user {user_id}"), &limits.per_user),
    ]
}

fn of_network<'a>(otp: &'a Otp, origin: &Origin, method: &Method) -> Vec<Budget<'a>> {
    let limits = otp.limits();
    let Some(network) = origin.network() else {
        return Vec::new();
    };
    let mac = otp.keys().subject("network", &network);
    let mut budgets = vec![Budget::of_messages(
        format!("ip {}", mac.as_str()),
        &limits.per_ip,
    )];
    if !method.verified {
        let subject = format!("ip to strangers {}", mac.as_str());
        budgets.push(Budget::of_messages(subject, &limits.per_ip_to_strangers));
    }
    budgets
}

fn of_project<'a>(otp: &'a Otp, address: &Address) -> Vec<Budget<'a>> {
    let limits = otp.limits();
    let mut budgets = Vec::new();
    if let Address::Phone(number) = address {
        let subject = format!("prefix {}", number.prefix());
        budgets.push(Budget::of_messages(subject, &limits.per_prefix));
        if let Some(price) = limits.prices.get(number.country()) {
            budgets.push(Budget {
                subject: "cost".to_owned(),
                windows: &limits.cost_per_project,
                amount: *price,
            });
        }
    }
    budgets.push(Budget::of_messages(
        "project".to_owned(),
        &limits.per_project,
    ));
    budgets
}
