use std::collections::BTreeMap;

use sallyport_base::{Id, Random, Secret, Timestamp, params, testing::ScratchStore};

use crate::{Argon2Params, Hasher, NewPerson, PasswordCheck, People, PeopleError, Person, SCHEMA};

const NOW: Timestamp = Timestamp::from_seconds(1_795_512_600);
const LATER: Timestamp = Timestamp::from_seconds(1_795_512_700);

struct Scratch {
    people: People,
    hasher: Hasher,
    scratch: ScratchStore,
}

impl Scratch {
    async fn new() -> Self {
        Self::with_params(Argon2Params::new(8, 1, 1, None).unwrap()).await
    }

    async fn with_params(params: Argon2Params) -> Self {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let hasher = Hasher::start(1, 8, params);
        Self {
            people: People::new(scratch.store.clone(), Random::system(), hasher.clone()),
            hasher,
            scratch,
        }
    }

    async fn add(&self, uid: &str, attributes: &[(&str, &[&str])]) -> Person {
        self.try_add(uid, attributes).await.unwrap()
    }

    async fn try_add(
        &self,
        uid: &str,
        attributes: &[(&str, &[&str])],
    ) -> Result<Person, PeopleError> {
        let new = NewPerson {
            uid: uid.to_owned(),
            attributes: map(attributes),
            password: Some("sally-port-demo".into()),
        };
        self.people.add(new, NOW).await
    }

    async fn check(&self, uid: &str, password: &str) -> PasswordCheck {
        self.people
            .check_password(uid, &Secret::from(password))
            .await
            .unwrap()
    }

    async fn stored_password(&self, id: Id<Person>) -> String {
        let mut reader = self.scratch.store.reader().await.unwrap();
        let row = reader
            .row("SELECT password FROM people WHERE id = $1", params![id])
            .await
            .unwrap();
        row.unwrap().get("password").unwrap()
    }
}

fn map(attributes: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    attributes
        .iter()
        .map(|(name, values)| {
            let values = values.iter().map(ToString::to_string).collect();
            (name.to_string(), values)
        })
        .collect()
}

#[tokio::test]
async fn a_person_is_found_again_with_every_value_in_order() {
    let db = Scratch::new().await;
    let numbers: &[&str] = &["+12025550109", "+12025550101"];
    let alice = db
        .add(
            "Alice",
            &[("MAIL", &["Alice@Example.com"]), ("mobile", numbers)],
        )
        .await;
    assert_eq!(alice.attributes.all("mobile"), numbers);
    assert_eq!(alice.attributes.first("mail"), Some("Alice@Example.com"));
    assert_eq!(alice.attributes.first("uid"), Some("Alice"));
    assert_eq!(
        alice.attributes.first("inum"),
        Some(alice.id.to_string().as_str())
    );
    assert_eq!(alice.attributes.first("sn"), None);
    assert!(alice.is_active());
    assert_eq!(db.people.find(alice.id).await.unwrap(), Some(alice.clone()));
    assert_eq!(db.people.find_by_uid(" aLICE ").await.unwrap(), Some(alice));
    assert_eq!(db.people.find_by_uid("bob").await.unwrap(), None);
}

#[tokio::test]
async fn letters_beyond_ascii_are_compared_without_case_too() {
    let db = Scratch::new().await;
    let person = db.add("Åsa", &[("displayName", &["ÅSA ÖBERG"])]).await;
    assert_eq!(
        db.people.find_by_uid("åsa").await.unwrap().unwrap().id,
        person.id
    );
    let found = db
        .people
        .find_by_attribute("displayName", "åsa öberg", 9)
        .await
        .unwrap();
    assert_eq!(found, [person]);
}

#[tokio::test]
async fn a_person_is_found_by_any_value_of_an_attribute() {
    let db = Scratch::new().await;
    let alice = db.add("alice", &[("mobile", &["+1", "+2"])]).await;
    let bruno = db.add("bruno", &[("mobile", &["+2"])]).await;
    let long = "x".repeat(5000);
    let chen = db.add("chen", &[("oxMobileDevices", &[&long])]).await;
    for (name, value, limit, expected) in [
        ("mobile", "+1", 9, vec![&alice]),
        ("MOBILE", "+2", 9, vec![&alice, &bruno]),
        ("mobile", "+2", 1, vec![&alice]),
        ("mobile", "+", 9, vec![]),
        ("uid", "BRUNO", 9, vec![&bruno]),
        ("oxMobileDevices", &long, 9, vec![&chen]),
        ("inum", &bruno.id.to_string(), 9, vec![&bruno]),
        ("inum", "not an id", 9, vec![]),
    ] {
        let found = db
            .people
            .find_by_attribute(name, value, limit)
            .await
            .unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{name}={value}");
    }
    let unknown = db
        .people
        .find_by_attribute("colour", "blue", 9)
        .await
        .unwrap_err();
    assert!(matches!(unknown, PeopleError::UnknownAttribute { .. }));
}

#[tokio::test]
async fn a_login_name_is_given_once_whatever_its_case() {
    let db = Scratch::new().await;
    db.add("alice", &[]).await;
    let again = db
        .try_add("ALICE", &[("sn", &["Other"])])
        .await
        .unwrap_err();
    assert_eq!(again.to_string(), "there is a person ALICE already");
    let bruno = db.add("bruno", &[]).await;
    let taken = db
        .people
        .change(bruno.id, &map(&[("uid", &["Alice"])]), LATER)
        .await;
    assert!(matches!(taken, Err(PeopleError::Duplicate { uid }) if uid == "Alice"));
    assert_eq!(db.people.list(None, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_change_sets_and_removes_and_leaves_the_rest() {
    let db = Scratch::new().await;
    let alice = db
        .add(
            "alice",
            &[("mobile", &["+1", "+2"]), ("sn", &["A"]), ("cn", &["C"])],
        )
        .await;
    let changes = map(&[
        ("mobile", &["+3"]),
        ("SN", &[]),
        ("uid", &["alicia"]),
        ("title", &[""]),
    ]);
    let changed = db
        .people
        .change(alice.id, &changes, LATER)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(changed.attributes.all("mobile"), ["+3"]);
    assert_eq!(changed.attributes.all("sn"), [""; 0]);
    assert_eq!(changed.attributes.first("cn"), Some("C"));
    assert_eq!(changed.attributes.first("title"), None);
    assert_eq!(changed.uid, "alicia");
    assert_eq!((changed.created_at, changed.updated_at), (NOW, LATER));
    assert_eq!(
        db.people.find_by_uid("alicia").await.unwrap(),
        Some(changed)
    );
    assert_eq!(
        db.people
            .find_by_attribute("mobile", "+1", 9)
            .await
            .unwrap(),
        []
    );
    let nobody = Id::new(NOW, &Random::system());
    assert_eq!(
        db.people.change(nobody, &changes, LATER).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_refused_change_changes_nothing() {
    let db = Scratch::new().await;
    let alice = db.add("alice", &[("sn", &["A"])]).await;
    for changes in [
        map(&[("cn", &["new"]), ("inum", &["x"])]),
        map(&[("cn", &["new"]), ("sn", &["one", "two"])]),
        map(&[("cn", &["new"]), ("CN", &["newer"])]),
        map(&[("cn", &["new"]), ("uid", &[])]),
        map(&[("cn", &["new"]), ("nosuch", &[])]),
    ] {
        assert!(
            db.people.change(alice.id, &changes, LATER).await.is_err(),
            "{changes:?}"
        );
    }
    assert_eq!(db.people.find(alice.id).await.unwrap(), Some(alice));
}

#[tokio::test]
async fn people_are_listed_page_by_page_in_the_order_of_their_names() {
    let db = Scratch::new().await;
    for uid in ["chen", "Alice", "bruno"] {
        db.add(uid, &[]).await;
    }
    let page = db.people.list(None, 2).await.unwrap();
    assert_eq!(
        page.iter().map(|p| &p.uid).collect::<Vec<_>>(),
        ["Alice", "bruno"]
    );
    let rest = db.people.list(Some("BRUNO"), 2).await.unwrap();
    assert_eq!(rest.iter().map(|p| &p.uid).collect::<Vec<_>>(), ["chen"]);
}

#[tokio::test]
async fn a_removed_person_is_gone_with_everything_known_of_them() {
    let db = Scratch::new().await;
    let alice = db.add("alice", &[("mobile", &["+1"])]).await;
    assert!(db.people.remove(alice.id).await.unwrap());
    assert!(!db.people.remove(alice.id).await.unwrap());
    assert_eq!(db.people.find(alice.id).await.unwrap(), None);
    assert_eq!(
        db.people
            .find_by_attribute("mobile", "+1", 9)
            .await
            .unwrap(),
        []
    );
    db.add("alice", &[]).await;
}

#[tokio::test]
async fn a_password_is_right_for_its_person_only() {
    let db = Scratch::new().await;
    let alice = db.add("alice", &[]).await;
    assert_eq!(
        db.check("ALICE", "sally-port-demo").await,
        PasswordCheck::Right(alice.clone())
    );
    assert_eq!(
        db.check("alice", "sally-port-demO").await,
        PasswordCheck::Wrong
    );
    assert_eq!(db.check("alice", "").await, PasswordCheck::Wrong);
    assert!(
        db.people
            .set_password(alice.id, &"new".into(), LATER)
            .await
            .unwrap()
    );
    assert_eq!(
        db.check("alice", "sally-port-demo").await,
        PasswordCheck::Wrong
    );
    assert!(matches!(
        db.check("alice", "new").await,
        PasswordCheck::Right(_)
    ));
}

#[tokio::test]
async fn unknown_people_and_wrong_passwords_take_the_same_work() {
    let db = Scratch::new().await;
    db.add("alice", &[]).await;
    let no_password = NewPerson {
        uid: "nopass".to_owned(),
        attributes: BTreeMap::new(),
        password: None,
    };
    db.people.add(no_password, NOW).await.unwrap();
    for (uid, password) in [
        ("alice", "sally-port-demo"),
        ("alice", "wrong"),
        ("nobody", "wrong"),
        ("nobody", ""),
        ("nopass", ""),
    ] {
        let before = db.hasher.hashes();
        db.check(uid, password).await;
        assert_eq!(db.hasher.hashes() - before, 1, "{uid} {password}");
    }
}

#[tokio::test]
async fn somebody_who_is_not_active_is_not_let_in() {
    let db = Scratch::new().await;
    let alice = db.add("alice", &[("gluuStatus", &["inactive"])]).await;
    assert_eq!(
        db.check("alice", "sally-port-demo").await,
        PasswordCheck::Inactive
    );
    assert_eq!(db.check("alice", "wrong").await, PasswordCheck::Wrong);
    // As in Gluu, a person without the attribute is not active either.
    db.people
        .change(alice.id, &map(&[("gluuStatus", &[])]), LATER)
        .await
        .unwrap();
    assert_eq!(
        db.check("alice", "sally-port-demo").await,
        PasswordCheck::Inactive
    );
}

#[tokio::test]
async fn a_password_that_is_none_is_refused() {
    let db = Scratch::new().await;
    let alice = db.add("alice", &[]).await;
    let long = "x".repeat(1025);
    for password in ["", "nul\0", &long] {
        let refused = db
            .people
            .set_password(alice.id, &password.into(), LATER)
            .await;
        assert!(matches!(refused, Err(PeopleError::Password { .. })));
    }
    assert!(matches!(
        db.check("alice", "sally-port-demo").await,
        PasswordCheck::Right(_)
    ));
}

#[tokio::test]
async fn a_password_is_hashed_again_when_the_parameters_changed() {
    let db = Scratch::new().await;
    let alice = db.add("alice", &[]).await;
    let stronger = Hasher::start(1, 8, Argon2Params::new(16, 1, 1, None).unwrap());
    let people = People::new(db.scratch.store.clone(), Random::system(), stronger.clone());
    let wrong = people
        .check_password("alice", &"wrong".into())
        .await
        .unwrap();
    assert_eq!(wrong, PasswordCheck::Wrong);
    assert!(db.stored_password(alice.id).await.contains("$m=8,"));
    for hashes in [3, 4] {
        let right = people
            .check_password("alice", &"sally-port-demo".into())
            .await
            .unwrap();
        assert!(matches!(right, PasswordCheck::Right(_)));
        assert!(db.stored_password(alice.id).await.contains("$m=16,"));
        assert_eq!(
            stronger.hashes(),
            hashes,
            "only the first login hashes again"
        );
    }
}

#[tokio::test]
async fn a_stored_password_that_is_no_hash_is_an_error_and_not_a_wrong_password() {
    let db = Scratch::new().await;
    let alice = db.add("alice", &[]).await;
    let mut tx = db.scratch.store.begin().await.unwrap();
    tx.execute(
        "UPDATE people SET password = 'plain' WHERE id = $1",
        params![alice.id],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let error = db
        .people
        .check_password("alice", &"plain".into())
        .await
        .unwrap_err();
    assert!(matches!(error, PeopleError::StoredPassword { .. }));
}
