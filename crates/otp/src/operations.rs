//! The calls of the service.

use crate::operation::{
    Field, Operation,
    Shape::{Any, FilledText, Flag, Integer, List, Map, Named, Object, OneOf, Pattern, Text, Time},
};

const PHONE_NUMBER: Field = Field::required(
    "phone_number",
    FilledText,
    "E.164, such as +12025550162. In a test project +10000000000 receives nothing and takes the code 000000.",
)
.such_as("+10000000000");

const EMAIL: Field = Field::required(
    "email",
    FilledText,
    "In a test project sandbox@stytch.com receives nothing and takes the code 000000.",
)
.such_as("sandbox@stytch.com");

const EXPIRATION: Field = Field::optional(
    "expiration_minutes",
    Integer { least: 1, most: 10 },
    "How long the code is valid.",
);

const ATTRIBUTES: Field = Field::optional(
    "attributes",
    Object(&[
        Field::optional("ip_address", Text, "Of the end user."),
        Field::optional("user_agent", Text, "Of the end user."),
    ]),
    "Where the end user is, as the caller says.",
);

const LOCALE: Field = Field::optional(
    "locale",
    Text,
    "The language of the message: en, es, pt-br, fr, it, de-DE, zh-Hans, ca-ES, ja, ru, nl, pl, tr, fa, vi or cs. Case and hyphens do not matter.",
);

const USER_ID: Field = Field::optional(
    "user_id",
    Text,
    "The id of the user, or the external_id: the address is added to this user.",
);

const SESSION_TOKEN: Field = Field::optional("session_token", Text, "Names the session.");

const SESSION_JWT: Field = Field::optional("session_jwt", Text, "Names the session.");

const AS_PENDING: Field = Field::optional(
    "create_user_as_pending",
    Flag,
    "A user who is created stays pending until the first right code.",
);

const LOGIN_TEMPLATE: Field = Field::optional("login_template_id", Text, "Ignored.");

const SIGNUP_TEMPLATE: Field = Field::optional("signup_template_id", Text, "Ignored.");

const SESSION_DURATION: Field = Field::optional(
    "session_duration_minutes",
    Integer {
        least: 5,
        most: 527_040,
    },
    "From now on. Absent: no session is opened, and one that exists ends when it would.",
);

const SESSION_CLAIMS: Field = Field::optional(
    "session_custom_claims",
    Map,
    "Of the session's JWT; at most 4 KB. null deletes a claim.",
);

const NAME: &[Field] = &[
    Field::optional("first_name", Text, "At most 128 characters."),
    Field::optional("middle_name", Text, "At most 128 characters."),
    Field::optional("last_name", Text, "At most 128 characters."),
];

const PROFILE_NAME: Field = Field::optional("name", Object(NAME), "Parts that are absent stay.");

const TRUSTED_METADATA: Field = Field::optional(
    "trusted_metadata",
    Map,
    "At most 20 keys and 4 KB. null deletes a key.",
);

const UNTRUSTED_METADATA: Field = Field::optional(
    "untrusted_metadata",
    Map,
    "At most 20 keys and 4 KB. null deletes a key.",
);

const EXTERNAL_ID: Field = Field::optional(
    "external_id",
    Text,
    "The caller's own id: 1 to 128 letters, digits, '.', '_', '-' and '|'.",
);

const ROLES: Field = Field::optional("roles", List(&Text), "At most 50.");

const PHONE_FACTOR: &[Field] = &[
    Field::required("phone_id", Text, ""),
    Field::required("phone_number", Text, ""),
];

const EMAIL_FACTOR: &[Field] = &[
    Field::required("email_id", Text, ""),
    Field::required("email_address", Text, ""),
];

const PHONES: Field = Field::required(
    "phone_numbers",
    List(&Object(&[
        Field::required("phone_id", Text, "Also the method_id of its codes."),
        Field::required("phone_number", Text, ""),
        Field::required("verified", Flag, ""),
    ])),
    "",
);

const EMAILS: Field = Field::required(
    "emails",
    List(&Object(&[
        Field::required("email_id", Text, "Also the method_id of its codes."),
        Field::required("email", Text, ""),
        Field::required("verified", Flag, ""),
    ])),
    "",
);

const CRYPTO_WALLETS: Field = Field::required("crypto_wallets", List(&Map), "Always empty.");

const USER_FIELDS: &[Field] = &[
    Field::required("user_id", Text, ""),
    Field::required("status", OneOf(&["active", "pending"]), ""),
    Field::required(
        "name",
        Object(&[
            Field::required("first_name", Text, ""),
            Field::required("middle_name", Text, ""),
            Field::required("last_name", Text, ""),
        ]),
        "",
    ),
    EMAILS,
    PHONES,
    Field::required("providers", List(&Map), "Always empty."),
    Field::required("webauthn_registrations", List(&Map), "Always empty."),
    Field::required("biometric_registrations", List(&Map), "Always empty."),
    Field::required("totps", List(&Map), "Always empty."),
    CRYPTO_WALLETS,
    Field::nullable("password", Map, "Always null."),
    Field::required("roles", List(&Text), ""),
    Field::required("is_locked", Flag, "After too many wrong codes."),
    Field::nullable("lock_created_at", Time, ""),
    Field::nullable("lock_expires_at", Time, ""),
    Field::required("created_at", Time, ""),
    Field::nullable("external_id", Text, ""),
    Field::required("trusted_metadata", Map, ""),
    Field::required("untrusted_metadata", Map, ""),
];

const USER: Field = Field::required("user", Named("User", USER_FIELDS), "");

const SESSION_SHAPE: crate::operation::Shape = Named(
    "Session",
    &[
        Field::required("session_id", Text, ""),
        Field::required("user_id", Text, ""),
        Field::required("started_at", Time, ""),
        Field::required("last_accessed_at", Time, ""),
        Field::required("expires_at", Time, ""),
        Field::required(
            "attributes",
            Object(&[
                Field::required("ip_address", Text, ""),
                Field::required("user_agent", Text, ""),
            ]),
            "Of the end user, as the caller said.",
        ),
        Field::required(
            "authentication_factors",
            List(&Object(&[
                Field::required("type", OneOf(&["otp"]), ""),
                Field::required("delivery_method", OneOf(&["sms", "whatsapp", "email"]), ""),
                Field::required("last_authenticated_at", Time, ""),
                Field::required("created_at", Time, ""),
                Field::required("updated_at", Time, ""),
                Field::optional("phone_number_factor", Object(PHONE_FACTOR), ""),
                Field::optional("email_factor", Object(EMAIL_FACTOR), ""),
            ])),
            "",
        ),
        Field::required("custom_claims", Map, ""),
        Field::required("roles", List(&Text), ""),
    ],
);

const ANSWERED_USER_ID: Field = Field::required("user_id", Text, "");
const ANSWERED_PHONE_ID: Field = Field::required("phone_id", Text, "The method_id of the code.");
const ANSWERED_EMAIL_ID: Field = Field::required("email_id", Text, "The method_id of the code.");
const USER_CREATED: Field = Field::required("user_created", Flag, "");

const SEND_TO_PHONE: &[Field] = &[
    PHONE_NUMBER,
    EXPIRATION,
    ATTRIBUTES,
    LOCALE,
    USER_ID,
    SESSION_TOKEN,
    SESSION_JWT,
];

const LOGIN_OR_CREATE_BY_PHONE: &[Field] =
    &[PHONE_NUMBER, EXPIRATION, ATTRIBUTES, LOCALE, AS_PENDING];

const SENT_TO_PHONE: &[Field] = &[ANSWERED_USER_ID, ANSWERED_PHONE_ID];

const LOGIN_BY_PHONE: &[Field] = &[ANSWERED_USER_ID, ANSWERED_PHONE_ID, USER_CREATED];

pub static SMS_SEND: Operation = Operation::post(
    "/v1/otps/sms/send",
    "Sends a code to a number that a user has, or adds the number to a user",
)
.takes(SEND_TO_PHONE)
.gives(SENT_TO_PHONE)
.refuses(&[404, 429]);

pub static SMS_LOGIN_OR_CREATE: Operation = Operation::post(
    "/v1/otps/sms/login_or_create",
    "Sends a code to a number, whose user is created when there is none",
)
.takes(LOGIN_OR_CREATE_BY_PHONE)
.gives(LOGIN_BY_PHONE)
.refuses(&[429]);

pub static WHATSAPP_SEND: Operation =
    Operation::post("/v1/otps/whatsapp/send", "The same as by SMS, by WhatsApp")
        .takes(SEND_TO_PHONE)
        .gives(SENT_TO_PHONE)
        .refuses(&[404, 429]);

pub static WHATSAPP_LOGIN_OR_CREATE: Operation = Operation::post(
    "/v1/otps/whatsapp/login_or_create",
    "The same as by SMS, by WhatsApp",
)
.takes(LOGIN_OR_CREATE_BY_PHONE)
.gives(LOGIN_BY_PHONE)
.refuses(&[429]);

pub static EMAIL_SEND: Operation =
    Operation::post("/v1/otps/email/send", "The same as by SMS, by e-mail")
        .takes(&[
            EMAIL,
            EXPIRATION,
            ATTRIBUTES,
            LOCALE,
            USER_ID,
            SESSION_TOKEN,
            SESSION_JWT,
            LOGIN_TEMPLATE,
            SIGNUP_TEMPLATE,
        ])
        .gives(&[ANSWERED_USER_ID, ANSWERED_EMAIL_ID])
        .refuses(&[404, 429]);

pub static EMAIL_LOGIN_OR_CREATE: Operation = Operation::post(
    "/v1/otps/email/login_or_create",
    "The same as by SMS, by e-mail",
)
.takes(&[
    EMAIL,
    EXPIRATION,
    ATTRIBUTES,
    LOCALE,
    AS_PENDING,
    LOGIN_TEMPLATE,
    SIGNUP_TEMPLATE,
])
.gives(&[ANSWERED_USER_ID, ANSWERED_EMAIL_ID, USER_CREATED])
.refuses(&[429]);

pub static AUTHENTICATE: Operation =
    Operation::post("/v1/otps/authenticate", "Says whether a code is right")
        .takes(&[
            Field::required(
                "method_id",
                FilledText,
                "The phone_id or email_id of a send.",
            ),
            Field::required("code", Pattern("^[0-9]{6}$"), "What was typed.").such_as("000000"),
            ATTRIBUTES,
            Field::optional(
                "options",
                Object(&[
                    Field::optional("ip_match_required", Flag, ""),
                    Field::optional("user_agent_match_required", Flag, ""),
                ]),
                "Whether the attributes must be those of the send.",
            ),
            SESSION_DURATION,
            SESSION_TOKEN,
            SESSION_JWT,
            SESSION_CLAIMS,
            Field::optional("telemetry_id", Text, "Ignored."),
        ])
        .gives(&[
            ANSWERED_USER_ID,
            Field::required("method_id", Text, ""),
            USER,
            Field::required("reset_sessions", Flag, ""),
            Field::required("session_token", Text, "Empty without a session."),
            Field::required("session_jwt", Text, "Empty without a session."),
            Field::nullable("session", SESSION_SHAPE, ""),
            Field::nullable("user_device", Map, "Always null."),
        ])
        .refuses(&[404, 429]);

pub static SESSIONS_LIST: Operation = Operation::get("/v1/sessions", "The live sessions of a user")
    .asks(&[Field::required(
        "user_id",
        FilledText,
        "The id or the external_id.",
    )])
    .gives(&[Field::required("sessions", List(&SESSION_SHAPE), "")])
    .refuses(&[404]);

pub static SESSIONS_JWKS: Operation = Operation::get(
    "/v1/sessions/jwks/{project_id}",
    "The public keys that verify session JWTs (RFC 7517)",
)
.for_everybody()
.gives(&[Field::required("keys", List(&Map), "")])
.refuses(&[404]);

pub static SESSIONS_AUTHENTICATE: Operation =
    Operation::post("/v1/sessions/authenticate", "Says whether a session lives")
        .takes(&[
            SESSION_TOKEN,
            SESSION_JWT,
            SESSION_DURATION,
            SESSION_CLAIMS,
            Field::optional(
                "authorization_check",
                Map,
                "Always refused: there are no roles.",
            ),
        ])
        .gives(&[
            Field::required("session", SESSION_SHAPE, ""),
            Field::required("session_token", Text, ""),
            Field::required("session_jwt", Text, "A new one, valid for five minutes."),
            USER,
            Field::nullable("verdict", Map, "Always null."),
        ])
        .refuses(&[403, 404, 429]);

pub static SESSIONS_REVOKE: Operation = Operation::post("/v1/sessions/revoke", "Ends a session")
    .takes(&[
        Field::optional("session_id", Text, ""),
        SESSION_TOKEN,
        SESSION_JWT,
    ])
    .refuses(&[404]);

pub static USERS_CREATE: Operation = Operation::post(
    "/v1/users",
    "Creates a user with an e-mail address, a phone number, or both",
)
.takes(&[
    Field::optional("email", Text, ""),
    Field::optional("phone_number", Text, "E.164."),
    PROFILE_NAME,
    ATTRIBUTES,
    AS_PENDING,
    TRUSTED_METADATA,
    UNTRUSTED_METADATA,
    EXTERNAL_ID,
    ROLES,
])
.gives(&[
    ANSWERED_USER_ID,
    Field::required("email_id", Text, "Empty without an e-mail address."),
    Field::required("phone_id", Text, "Empty without a phone number."),
    Field::required("status", OneOf(&["active", "pending"]), ""),
    USER,
]);

pub static USERS_SEARCH: Operation =
    Operation::post("/v1/users/search", "Finds users, the oldest first")
        .takes(&[
            Field::optional("cursor", Text, "The next_cursor of the page before."),
            Field::optional(
                "limit",
                Integer {
                    least: 1,
                    most: 1000,
                },
                "Of one page; 100 when absent.",
            ),
            Field::optional(
                "query",
                Object(&[
                    Field::optional("operator", OneOf(&["AND", "OR", ""]), ""),
                    Field::optional(
                        "operands",
                        List(&Object(&[
                            Field::required(
                                "filter_name",
                                OneOf(&[
                                    "status",
                                    "user_id",
                                    "phone_id",
                                    "email_id",
                                    "phone_number",
                                    "email_address",
                                    "phone_verified",
                                    "email_verified",
                                    "phone_number_fuzzy",
                                    "email_address_fuzzy",
                                    "full_name_fuzzy",
                                    "created_at_greater_than",
                                    "created_at_less_than",
                                    "created_at_between",
                                    "password_exists",
                                    "totp_id",
                                    "totp_verified",
                                    "webauthn_registration_id",
                                    "webauthn_registration_verified",
                                    "biometric_registration_id",
                                    "biometric_verified",
                                    "crypto_wallet_id",
                                    "crypto_wallet_address",
                                    "crypto_wallet_verified",
                                    "oauth_provider",
                                ]),
                                "",
                            ),
                            Field::required("filter_value", Any, ""),
                        ])),
                        "",
                    ),
                ]),
                "All operands must match, or one of them when the operator is OR.",
            ),
        ])
        .gives(&[
            Field::required("results", List(&Named("User", USER_FIELDS)), ""),
            Field::required(
                "results_metadata",
                Object(&[
                    Field::required(
                        "total",
                        Integer {
                            least: 0,
                            most: i64::MAX,
                        },
                        "",
                    ),
                    Field::nullable("next_cursor", Text, "null on the last page."),
                ]),
                "",
            ),
        ]);

pub static USERS_SHOW: Operation = Operation::get("/v1/users/{user_id}", "A user")
    .gives(USER_FIELDS)
    .refuses(&[404]);

pub static USERS_UPDATE: Operation = Operation::put("/v1/users/{user_id}", "Changes a user")
    .takes(&[
        PROFILE_NAME,
        ATTRIBUTES,
        TRUSTED_METADATA,
        UNTRUSTED_METADATA,
        EXTERNAL_ID,
        ROLES,
    ])
    .gives(&[ANSWERED_USER_ID, EMAILS, PHONES, CRYPTO_WALLETS, USER])
    .refuses(&[404]);

pub static USERS_DELETE: Operation = Operation::delete(
    "/v1/users/{user_id}",
    "Deletes a user with all addresses and sessions",
)
.gives(&[ANSWERED_USER_ID])
.refuses(&[404]);

pub static USERS_EXCHANGE: Operation = Operation::put(
    "/v1/users/{user_id}/exchange_primary_factor",
    "Puts another address in the place of the only one of a user",
)
.takes(&[
    Field::optional("email_address", Text, ""),
    Field::optional("phone_number", Text, "E.164."),
])
.gives(&[ANSWERED_USER_ID, USER])
.refuses(&[404]);

pub static USERS_DELETE_EXTERNAL_ID: Operation = Operation::delete(
    "/v1/users/{user_id}/external_id",
    "Takes the caller's own id from a user",
)
.gives(&[ANSWERED_USER_ID, USER])
.refuses(&[404]);

pub static USERS_DELETE_PHONE: Operation = Operation::delete(
    "/v1/users/phone_numbers/{phone_id}",
    "Deletes a phone number of a user who has another address",
)
.gives(&[ANSWERED_USER_ID, USER])
.refuses(&[404]);

pub static USERS_DELETE_EMAIL: Operation = Operation::delete(
    "/v1/users/emails/{email_id}",
    "Deletes an e-mail address of a user who has another address",
)
.gives(&[ANSWERED_USER_ID, USER])
.refuses(&[404]);

pub static WHOAMI: Operation = Operation::get("/v1/debug/whoami", "Whose credentials these are")
    .gives(&[
        Field::required("project_id", Text, ""),
        Field::required("name", Text, ""),
    ]);

pub static DELIVERIES_SHOW: Operation = Operation::get(
    "/sallyport/v1/deliveries/{method_id}",
    "What is known of the newest message with a code to a method. Not part of Stytch's API",
)
.gives(&[
    Field::required(
        "state",
        OneOf(&["queued", "sent", "delivered", "failed"]),
        "It is sent when a gateway took it, or may have; delivered or failed as the gateway says.",
    ),
    Field::required("queued_at", Time, "When the code was asked for."),
])
.refuses(&[404]);

pub static INBOUND_MESSAGES: Operation = Operation::post(
    "/sallyport/v1/inbound_messages",
    "A message that somebody sent back. Not part of Stytch's API",
)
.takes(&[
    Field::required("from", FilledText, "The sender, E.164.").such_as("+12025550162"),
    Field::required("text", FilledText, "What it says.").such_as("STOP"),
])
.gives(&[
    Field::required(
        "action",
        OneOf(&["opted_out", "opted_in", "help", "none"]),
        "What was done.",
    ),
    Field::required("reply", Text, "What to answer; empty for nothing."),
]);
