"""Classes of Gluu's that scripts name and that this server has no use for: they can be imported, and that is all."""

from sp_java import JavaException, import_only, java_class

import_only("org.gluu.oxauth.service.common.ApplicationFactory", partial="scripts do not reach other directories")
import_only("org.gluu.persist.ldap.impl.LdapEntryManagerFactory", partial="scripts do not reach other directories")
import_only("org.gluu.persist.service.PersistanceFactoryService", partial="scripts do not reach other directories")
import_only("org.gluu.service.net.NetworkService", partial="the network of the server is not shown to scripts")
import_only("org.gluu.fido2.client.Fido2ClientFactory", partial="there is no FIDO2 service")
import_only("org.gluu.oxauth.client.fido.u2f.FidoU2fClientFactory", partial="there is no U2F service")
import_only("org.gluu.oxnotify.client.NotifyClientFactory", partial="there is no push notification service")
import_only("org.gluu.oxauth.service.push.sns.PushSnsService", "org.gluu.oxauth.service.push.sns.PushPlatform", partial="there is no push notification service")
import_only("org.gluu.oxauth.client.fcm.FirebaseCloudMessagingClient", "org.gluu.oxauth.client.fcm.FirebaseCloudMessagingRequest", "org.gluu.oxauth.client.fcm.FirebaseCloudMessagingResponse", partial="there is no push notification service")
import_only("org.gluu.oxd.license.client.js.Product", "org.gluu.oxd.license.validator.LicenseValidator", partial="there is no Super Gluu service")
import_only("org.gluu.oxauth.client.TokenClient", "org.gluu.oxauth.client.TokenRequest", "org.gluu.oxauth.client.UserInfoClient", partial="call other providers with HttpService")
import_only("org.gluu.oxauth.client.RegisterClient", "org.gluu.oxauth.client.RegisterRequest", "org.gluu.oxauth.client.RegisterResponse", partial="call other providers with HttpService")
import_only("org.gluu.oxauth.cert.fingerprint.FingerprintHelper", partial="certificates of people are not checked by scripts")
import_only("org.gluu.oxauth.cert.validation.CRLCertificateVerifier", "org.gluu.oxauth.cert.validation.GenericCertificateVerifier", "org.gluu.oxauth.cert.validation.OCSPCertificateVerifier", "org.gluu.oxauth.cert.validation.PathCertificateVerifier", partial="certificates of people are not checked by scripts")
import_only("org.gluu.oxauth.cert.validation.model.ValidationStatus", partial="certificates of people are not checked by scripts")
import_only("org.gluu.oxauth.util.CertUtil", partial="certificates of people are not checked by scripts")
import_only("org.gluu.saml.AuthRequest", "org.gluu.saml.Response", "org.gluu.saml.SamlConfiguration", partial="there is no SAML")
import_only("org.gluu.idp.externalauth.AuthenticatedNameTranslator", "org.gluu.idp.externalauth.ShibOxAuthAuthServlet", partial="there is no SAML")
import_only("org.gluu.oxauth.ping.PPMRequestBroker", "org.gluu.oxauth.ping.ResponseTokenParser", "org.gluu.oxauth.ping.UserManagerBroker", partial="PingID's own classes are not there")
import_only("javax.security.auth.Subject", partial="there is no JAAS")


@java_class("org.gluu.oxauth.ping.HttpException", "org.gluu.oxauth.ping.TokenProcessingException", partial="to be caught; nothing here raises it")
class PingException(JavaException):
    pass
