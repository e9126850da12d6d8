//! Scripts in Gluu's style, written for these tests, with a host that answers by hand.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod cage;
mod desk;
mod golden;
mod host_gluu;
mod host_java;
mod host_third;
mod limits;
mod loading;
mod login;
mod modules;
mod neighbours;
mod public_script;
mod python2;
mod python3;
mod shipped;
mod stytch;
