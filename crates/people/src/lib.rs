//! Who is who: persons, sign-in, sessions, addresses, shops and their staff.
//!
//! A person is a guest until a phone number is proven; what a guest did stays with the member. Sessions are read on
//! every request, so that a sign-out, a ban or a changed right takes effect at once. See the crate's README.

mod acts;
mod addresses;
pub mod api;
mod ban;
mod demo;
mod events;
mod invitations;
mod jobs;
mod limits;
mod me;
mod members;
mod merchants;
mod model;
mod password;
mod personal;
mod privacy;
mod second;
mod secret_key;
mod sessions;
mod sign_in;
mod sms;
mod staff;
mod step_up;
mod store;
mod totp;

use db::Migrations;
use rest::{Ctx, MergeGuest, Module, OpenApiRouter, routes};

pub use limits::ClientAddress;

/// This module's tables.
pub const MIGRATIONS: Migrations = db::migrations!("people":
    1 "people" "../migrations/0001_people.sql",
    2 "to send" "../migrations/0002_to_send.sql",
    3 "act target" "../migrations/0003_act_target.sql",
    4 "guests" "../migrations/0004_guests.sql",
    5 "invitations" "../migrations/0005_invitations.sql",
    6 "second factor" "../migrations/0006_second_factor.sql",
);

/// What all modules do when a guest turns out to be a member. Put into the context's extensions at start.
#[derive(Clone, Default)]
pub struct Hooks(pub Vec<MergeGuest>);

/// The module.
pub fn module() -> Module {
    Module {
        routes: routes(),
        jobs: jobs::handlers(),
        outside: Some(privacy::jobs),
        personal: personal::PERSONAL,
        ..Module::new(MIGRATIONS)
    }
}

fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::from(axum::Router::new())
        .routes(routes!(sign_in::session_guest_create))
        .routes(routes!(sign_in::sign_in_code_create))
        .routes(routes!(sign_in::session_create, sessions::session_list))
        .routes(routes!(sign_in::session_password_create))
        .routes(routes!(sessions::session_end))
        .routes(routes!(sessions::session_end_others))
        .routes(routes!(sessions::session_sign_out))
        .routes(routes!(me::me_get, me::me_update))
        .routes(routes!(password::me_password_set))
        .routes(routes!(privacy::me_privacy_get))
        .routes(routes!(privacy::me_archive_create))
        .routes(routes!(privacy::me_erase))
        .routes(routes!(second::me_security_get))
        .routes(routes!(second::totp_begin, second::totp_remove))
        .routes(routes!(second::totp_confirm))
        .routes(routes!(second::recovery_code_renew))
        .routes(routes!(second::person_totp_reset))
        .routes(routes!(second::merchant_security_get, second::merchant_security_update))
        .routes(routes!(step_up::step_up))
        .routes(routes!(step_up::step_up_code_create))
        .routes(routes!(addresses::address_list, addresses::address_create))
        .routes(routes!(addresses::address_update, addresses::address_delete))
        .routes(routes!(merchants::merchant_list, merchants::merchant_create))
        .routes(routes!(merchants::merchant_get))
        .routes(routes!(staff::staff_list, staff::staff_create))
        .routes(routes!(staff::staff_update, staff::staff_delete))
        .routes(routes!(invitations::invitation_accept))
        .routes(routes!(invitations::invitation_decline))
        .routes(routes!(acts::merchant_act_list))
        .routes(routes!(acts::act_list))
        .routes(routes!(members::person_list))
        .routes(routes!(members::person_get))
        .routes(routes!(members::name_list))
        .routes(routes!(ban::person_ban))
        .routes(routes!(ban::person_unban))
        .routes(routes!(demo::demo_code_get))
}
