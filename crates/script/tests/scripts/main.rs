//! Scripts in Gluu's style, written for these tests, with a host that answers by hand.

mod cage;
mod desk;
mod limits;
mod public_script;
mod loading;
mod login;
mod python2;
mod python3;
mod stytch;
