use sallyport_base::{Conn, Id};

use crate::{profile::ExternalId, project::Project, refusal::Refusal, user::User};

/// How a client names a user: by the id of this service or by its own.
pub enum UserName {
    Id(Id<User>),
    External(ExternalId),
}

impl UserName {
    pub fn check(project: &Project, text: &str) -> Result<Self, Refusal> {
        project
            .environment
            .parse("user", text)
            .map(Self::Id)
            .or_else(|| ExternalId::parse(text).map(Self::External))
            .ok_or(Refusal::InvalidUserId)
    }

    pub async fn load(&self, conn: &mut Conn, project: &Project) -> Result<User, Refusal> {
        match self {
            Self::Id(id) => User::find(conn, project, *id).await?,
            Self::External(id) => User::find_by_external_id(conn, project, id).await?,
        }
        .ok_or(Refusal::UserNotFound)
    }
}
