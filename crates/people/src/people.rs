use std::collections::BTreeMap;

use sallyport_base::{Id, Random, Secret, Store, Timestamp, Tx};

use crate::{
    Attribute, Attributes, Directory, Hasher, PeopleError, Person,
    directory::{self, Entry},
    password::{self, StoredPassword},
};

/// Who exists, and whether a password is theirs.
#[derive(Clone, Debug)]
pub struct People {
    directory: Directory,
    random: Random,
    hasher: Hasher,
}

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewPerson {
    pub uid: String,
    /// By Gluu's names, in any case. Without a `gluuStatus` the person is `active`.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Without one the person cannot log in until it is set.
    pub password: Option<Secret>,
}

/// What came of a name and a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PasswordCheck {
    Right(Person),
    /// The password is wrong, or there is no such person; nobody must be able to tell which.
    Wrong,
    /// The password is right and the person may not log in. Whoever typed it is told the same as
    /// for a wrong one; a log may say more.
    Inactive,
}

/// When the password was set, as a directory says it.
const PASSWORD_CHANGED: &str = "pwdChangedTime";

/// Attributes that were checked, by Gluu's spelling.
type Checked = BTreeMap<&'static str, Vec<String>>;

impl People {
    pub fn new(store: Store, random: Random, hasher: Hasher) -> Self {
        Self {
            directory: Directory::Sql(store),
            random,
            hasher,
        }
    }

    pub async fn find(&self, id: Id<Person>) -> Result<Option<Person>, PeopleError> {
        let Directory::Sql(store) = &self.directory;
        let entry = directory::find(&mut *store.reader().await?, id).await?;
        Ok(entry.map(|entry| entry.person))
    }

    /// Whatever the case of the name, and with or without space around it.
    pub async fn find_by_uid(&self, uid: &str) -> Result<Option<Person>, PeopleError> {
        Ok(self.entry_by_uid(uid).await?.map(|entry| entry.person))
    }

    /// Those who have `value` among the values of the attribute `name`, whatever the case of both.
    pub async fn find_by_attribute(
        &self,
        name: &str,
        value: &str,
        limit: i64,
    ) -> Result<Vec<Person>, PeopleError> {
        match Attribute::named(name)?.name {
            "uid" => Ok(self.find_by_uid(value).await?.into_iter().collect()),
            "inum" => match Id::parse(value) {
                Some(id) => Ok(self.find(id).await?.into_iter().collect()),
                None => Ok(Vec::new()),
            },
            name => {
                let Directory::Sql(store) = &self.directory;
                let mut reader = store.reader().await?;
                let found = directory::find_by_attribute(&mut reader, name, value, limit).await?;
                Ok(people(found))
            }
        }
    }

    /// At most `limit` people in the order of their login names, after `after_uid`.
    pub async fn list(
        &self,
        after_uid: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Person>, PeopleError> {
        let Directory::Sql(store) = &self.directory;
        let mut reader = store.reader().await?;
        let found = directory::list(&mut reader, after_uid.unwrap_or_default(), limit).await?;
        Ok(people(found))
    }

    pub async fn add(&self, new: NewPerson, now: Timestamp) -> Result<Person, PeopleError> {
        let mut attributes = check_new_person(&new)?;
        let password = match &new.password {
            Some(password) => Some(self.hash(password).await?),
            None => None,
        };
        if password.is_some() {
            attributes.insert(PASSWORD_CHANGED, vec![generalized_time(now)]);
        }
        let id = Id::new(now, &self.random);
        let Directory::Sql(store) = &self.directory;
        let mut tx = store.begin().await?;
        if !directory::insert(&mut tx, id, &new.uid, password, now).await? {
            return Err(PeopleError::Duplicate { uid: new.uid });
        }
        set_attributes(&mut tx, id, &attributes).await?;
        tx.commit().await?;
        Ok(Person {
            id,
            attributes: Attributes::new(id, &new.uid, attributes),
            uid: new.uid,
            created_at: now,
            updated_at: now,
        })
    }

    /// Sets each attribute of `changes` to its values; none remove it. `None` when there is no
    /// such person. All of it happens or nothing.
    pub async fn change(
        &self,
        id: Id<Person>,
        changes: &BTreeMap<String, Vec<String>>,
        now: Timestamp,
    ) -> Result<Option<Person>, PeopleError> {
        let changes = check_attributes(changes)?;
        let Directory::Sql(store) = &self.directory;
        let mut tx = store.begin().await?;
        if !directory::touch(&mut tx, id, now).await? {
            return Ok(None);
        }
        set_attributes(&mut tx, id, &changes).await?;
        let changed = directory::find(&mut tx, id).await?;
        tx.commit().await?;
        Ok(changed.map(|entry| entry.person))
    }

    /// Whether there was such a person.
    pub async fn remove(&self, id: Id<Person>) -> Result<bool, PeopleError> {
        let Directory::Sql(store) = &self.directory;
        let mut tx = store.begin().await?;
        let removed = directory::remove(&mut tx, id).await?;
        tx.commit().await?;
        Ok(removed)
    }

    /// Whether there is such a person.
    pub async fn set_password(
        &self,
        id: Id<Person>,
        password: &Secret,
        now: Timestamp,
    ) -> Result<bool, PeopleError> {
        let hashed = self.hash(password).await?;
        let Directory::Sql(store) = &self.directory;
        let mut tx = store.begin().await?;
        let set = directory::set_password(&mut tx, id, hashed, now).await?;
        if set {
            let changed = [generalized_time(now)];
            directory::set_attribute(&mut tx, id, PASSWORD_CHANGED, &changed).await?;
        }
        tx.commit().await?;
        Ok(set)
    }

    /// Whether the password is that of the person. An unknown person, and one without a password,
    /// take the same work as a wrong password.
    pub async fn check_password(
        &self,
        uid: &str,
        password: &Secret,
    ) -> Result<PasswordCheck, PeopleError> {
        let Some((person, text)) = self.person_with_password(uid).await? else {
            self.hasher
                .hash(password, password::salt(&self.random))
                .await?;
            return Ok(PasswordCheck::Wrong);
        };
        let stored = StoredPassword::parse(&text)?;
        let outdated = stored.is_outdated(self.hasher.params());
        if !self.hasher.verify(password, stored).await? {
            return Ok(PasswordCheck::Wrong);
        }
        if outdated {
            self.try_to_upgrade(person.id, &text, password).await;
        }
        Ok(if person.is_active() {
            PasswordCheck::Right(person)
        } else {
            PasswordCheck::Inactive
        })
    }

    async fn person_with_password(
        &self,
        uid: &str,
    ) -> Result<Option<(Person, String)>, PeopleError> {
        let entry = self.entry_by_uid(uid).await?;
        Ok(entry.and_then(|entry| Some((entry.person, entry.password?))))
    }

    async fn entry_by_uid(&self, uid: &str) -> Result<Option<Entry>, PeopleError> {
        let Directory::Sql(store) = &self.directory;
        let mut reader = store.reader().await?;
        Ok(directory::find_by_uid(&mut reader, uid.trim()).await?)
    }

    async fn hash(&self, password: &Secret) -> Result<String, PeopleError> {
        password::check_new(password)?;
        self.hasher
            .hash(password, password::salt(&self.random))
            .await
    }

    /// A password that cannot be hashed anew today is as right as before: the next login tries again.
    async fn try_to_upgrade(&self, id: Id<Person>, old: &str, password: &Secret) {
        if let Err(cause) = self.upgrade(id, old, password).await {
            tracing::warn!(person.id = %id, error = %cause, "a password keeps its old hash");
        }
    }

    async fn upgrade(
        &self,
        id: Id<Person>,
        old: &str,
        password: &Secret,
    ) -> Result<(), PeopleError> {
        let new = self
            .hasher
            .hash(password, password::salt(&self.random))
            .await?;
        let Directory::Sql(store) = &self.directory;
        let mut tx = store.begin().await?;
        directory::upgrade_password(&mut tx, id, old, &new).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// RFC 4517 §3.3.13, such as `20261124093000Z`.
fn generalized_time(moment: Timestamp) -> String {
    moment.rfc3339().replace(['-', ':', 'T'], "")
}

fn people(entries: Vec<Entry>) -> Vec<Person> {
    entries.into_iter().map(|entry| entry.person).collect()
}

fn check_new_person(new: &NewPerson) -> Result<Checked, PeopleError> {
    Attribute::named("uid")?.check(std::slice::from_ref(&new.uid))?;
    let mut attributes = check_attributes(&new.attributes)?;
    attributes.remove("uid");
    attributes
        .entry("gluuStatus")
        .or_insert_with(|| vec!["active".to_owned()]);
    Ok(attributes)
}

fn check_attributes(attributes: &BTreeMap<String, Vec<String>>) -> Result<Checked, PeopleError> {
    let mut checked = Checked::new();
    for (name, values) in attributes {
        let attribute = Attribute::named(name)?;
        if checked
            .insert(attribute.name, attribute.check(values)?)
            .is_some()
        {
            return Err(PeopleError::Invalid {
                attribute: attribute.name.to_owned(),
                why: "it is given twice, in two spellings".to_owned(),
            });
        }
    }
    Ok(checked)
}

async fn set_attributes(
    tx: &mut Tx,
    id: Id<Person>,
    attributes: &Checked,
) -> Result<(), PeopleError> {
    for (name, values) in attributes {
        match (*name, values.as_slice()) {
            ("uid", [uid]) => rename(tx, id, uid).await?,
            (name, values) => directory::set_attribute(tx, id, name, values).await?,
        }
    }
    Ok(())
}

async fn rename(tx: &mut Tx, id: Id<Person>, uid: &str) -> Result<(), PeopleError> {
    directory::rename(tx, id, uid).await.map_err(|error| {
        if error.is_unique_violation() {
            PeopleError::Duplicate {
                uid: uid.to_owned(),
            }
        } else {
            error.into()
        }
    })
}
