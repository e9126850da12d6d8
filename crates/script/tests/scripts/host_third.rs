//! Classes of third parties' jars, as far as this server has them.

use std::sync::Mutex;

use sallyport_script::{Answer, Call, HttpResponse, Question, Returned, Scene};

use crate::{
    desk::{Desk, property, source, with_body},
    python2::values,
};

/// Runs a body of `getPageForStep` in a script with properties; the host answers by hand.
async fn run(
    imports: &str,
    body: &str,
    properties: &[(&str, &str)],
    host: impl FnMut(Question) -> Answer,
) -> (String, Vec<String>) {
    let desk = Desk::new();
    let mut source = source(&format!("{imports}\n{}", with_body(body)));
    source.properties = properties.iter().map(|(n, v)| property(n, v)).collect();
    let script = desk.try_load(source, crate::desk::nobody).await.unwrap();
    let call = Call::GetPageForStep { step: 1 };
    let (returned, _) = desk.call(&script, Scene::default(), call, host).await;
    match returned.unwrap() {
        Returned::Text(text) => (text, desk.printed()),
        other => panic!("a text is wanted, not {other:?}"),
    }
}

/// RFC 4226 appendix D and RFC 6238 appendix B.
#[tokio::test]
async fn one_time_passwords_are_those_of_the_rfcs() {
    values(
        "from com.lochbridge.oath.otp import HOTP, HOTPValidator, TOTP, TOTPValidator, HmacShaAlgorithm\nfrom com.lochbridge.oath.otp.keyprovisioning import OTPAuthURIBuilder, OTPKey\nfrom com.lochbridge.oath.otp.keyprovisioning.OTPKey import OTPType\nfrom com.google.common.io import BaseEncoding\nfrom java.util.concurrent import TimeUnit\nfrom java.security import SecureRandom\nimport jarray\nk = '12345678901234567890'\nk32 = '12345678901234567890123456789012'\nk64 = k * 3 + '1234'\ndef totp(key, sha, seconds):\n    return TOTP.key(key).digits(8).timeStep(TimeUnit.SECONDS.toMillis(30)).hmacSha(sha).build(seconds * 1000L).value()\n",
        &[
            (
                "[HOTP.key(k).digits(6).movingFactor(i).build().value() for i in range(10)]",
                "['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489']",
            ),
            (
                "[totp(k, HmacShaAlgorithm.HMAC_SHA_1, t) for t in (59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000)]",
                "['94287082', '07081804', '14050471', '89005924', '69279037', '65353130']",
            ),
            (
                "[totp(k32, HmacShaAlgorithm.HMAC_SHA_256, t) for t in (59, 1111111109, 20000000000)]",
                "['46119246', '68084774', '77737706']",
            ),
            (
                "[totp(k64, HmacShaAlgorithm.HMAC_SHA_512, t) for t in (59, 1111111109, 20000000000)]",
                "['90693936', '25091201', '47863826']",
            ),
            (
                "[(r.isValid(), r.getNewMovingFactor()) for r in [HOTPValidator.lookAheadWindow(2).validate(k, f, 6, '969429') for f in (0, 1, 3, 4)]]",
                "[(False, 0), (True, 4), (True, 4), (False, 4)]",
            ),
            (
                "[TOTPValidator.window(w).validate(k, 30000, 8, HmacShaAlgorithm.HMAC_SHA_1, '94287082', t * 1000L) for w, t in ((0, 59), (0, 60), (1, 60), (1, 119))]",
                "[True, False, True, False]",
            ),
            (
                "OTPAuthURIBuilder.fromKey(OTPKey('ABC', OTPType.TOTP)).label('Acme Co:al ice@x').issuer('Acme Co').digits(6).timeStep(30000).build().toUriString()",
                "'otpauth://totp/Acme%20Co:al%20ice@x?secret=ABC&issuer=Acme%20Co&digits=6&period=30'",
            ),
            (
                "OTPAuthURIBuilder.fromKey(OTPKey('ABC', OTPType.HOTP)).label('alice').issuer('A').digits(8).build().toUriString()",
                "'otpauth://hotp/alice?secret=ABC&issuer=A&digits=8&counter=0'",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_random_key_goes_to_an_app_and_comes_back() {
    let body = "key = jarray.zeros(20, 'b')\nSecureRandom().nextBytes(key)\ntext = BaseEncoding.base64Url().encode(key)\nback = BaseEncoding.base64Url().decode(text)\nassert back == key and len(set(key)) > 2\nassert BaseEncoding.base32().omitPadding().decode(BaseEncoding.base32().omitPadding().encode(key)) == key\nreturn 'same' if TOTP.key(key).build().value() == TOTP.key(back).build().value() else 'other'";
    let imports = "import jarray\nfrom java.security import SecureRandom\nfrom com.google.common.io import BaseEncoding\nfrom com.lochbridge.oath.otp import TOTP";
    assert_eq!(run(imports, body, &[], crate::desk::nobody).await.0, "same");
}

/// RFC 4648 §10.
#[tokio::test]
async fn encodings_are_those_of_the_rfc() {
    values(
        "from com.google.common.io import BaseEncoding\nfrom org.apache.commons.codec.binary import Base64, Hex\nfrom org.apache.commons.codec.digest import DigestUtils\n",
        &[
            ("[BaseEncoding.base32().encode('foobar'[:n]) for n in range(7)]", "['', 'MY======', 'MZXQ====', 'MZXW6===', 'MZXW6YQ=', 'MZXW6YTB', 'MZXW6YTBOI======']"),
            ("[BaseEncoding.base32().decode(t).tostring() for t in ('MZXW6YTBOI======', 'MZXW6YTBOI')]", "['foobar', 'foobar']"),
            ("BaseEncoding.base64().encode('fooba'), BaseEncoding.base64Url().omitPadding().encode('\\xfb\\xff'), BaseEncoding.base16().lowerCase().encode('foo')", "('Zm9vYmE=', '-_8', '666f6f')"),
            ("Base64.decodeBase64('Zm9v\\nYmE').tostring(), Base64.decodeBase64('-_8').tostring(), Base64.encodeBase64String('foob')", "('fooba', '\\xfb\\xff', 'Zm9vYg==')"),
            ("Base64.encodeBase64URLSafeString('\\xfb\\xff'), Hex.encodeHexString('\\x00\\xff'), Hex.decodeHex('00ff')", "('-_8', '00ff', array('b', [0, -1]))"),
            ("DigestUtils.sha256Hex('abc')[:16], DigestUtils.md5('abc')[0]", "('ba7816bf8f01cfea', -112)"),
        ],
    )
    .await;
}

#[tokio::test]
async fn json_is_read_and_written_by_both_libraries() {
    values(
        "from org.json import JSONObject, JSONArray\nimport org.codehaus.jettison.json.JSONArray as JettisonArray\nfrom org.codehaus.jettison.json import JSONObject as Jettison\no = JSONObject('{\"zebra\": 1, \"a\": [1, 2.5, null, {\"b\": \"</x\"}], \"ok\": true, \"n\": null, \"t\": \"12\"}')\ndef raised(f):\n    try:\n        return f()\n    except:\n        return str(sys.exc_info()[1])\n",
        &[
            ("o.get('zebra'), o.getString('t'), o.getInt('t'), o.getBoolean('ok'), o.has('x'), o.isNull('n'), o.length()", "(1, '12', 12, True, False, True, 5)"),
            ("o.optString('x'), o.optString('x', None), o.optLong('zebra'), o.optJSONArray('x'), o.optInt('x', 7)", "('', None, 1, None, 7)"),
            ("o.getJSONArray('a').getJSONObject(3).getString('b'), o.getJSONArray('a').toString()", "('</x', '[1,2.5,null,{\"b\":\"<\\\\/x\"}]')"),
            ("raised(lambda: o.get('x')), raised(lambda: o.getString('zebra'))", "('org.json.JSONException: JSONObject[\"x\"] not found.', 'org.json.JSONException: JSONObject[\"zebra\"] is not a string.')"),
            ("raised(lambda: JSONObject('x'))", "\"org.json.JSONException: A JSONObject text must begin with '{' at 1 [character 2 line 1]\""),
            ("Jettison().put('zebra', 1).put('a', {'x': [True, None]}).toString()", "'{\"zebra\":1,\"a\":{\"x\":[true,null]}}'"),
            ("JSONArray([1, 'a']).put(2).length(), JettisonArray('[3]').get(0), list(JSONArray('[1,2]'))", "(3, 3, [1, 2])"),
            ("sorted(JSONObject('{\"b\":1,\"a\":2}').keySet()), JSONObject({'k': [1]}).toString(), bool(JSONObject())", "(['a', 'b'], '{\"k\":[1]}', True)"),
        ],
    )
    .await;
}

#[tokio::test]
async fn times_of_ldap_are_read_and_written() {
    values(
        "from com.unboundid.util import StaticUtils\nfrom java.util import Date, GregorianCalendar, TimeZone\nnow = Date(1700000000000L)\nc = GregorianCalendar(TimeZone.getTimeZone('UTC'))\nc.setTime(now)\nc.add(c.DATE, 90)\n",
        &[
            ("StaticUtils.encodeGeneralizedTime(c.getTime())", "'20240212221320.000Z'"),
            ("[StaticUtils.decodeGeneralizedTime(t).getTime() for t in ('20240212221320.000Z', '20240212221320Z', '20240213001320.5+0200', '202402122213Z')]", "[1707776000000L, 1707776000000L, 1707776000500L, 1707775980000L]"),
            ("now.compareTo(StaticUtils.decodeGeneralizedTime('20240212221320.000Z'))", "-1"),
        ],
    )
    .await;
}

/// NIST SP 800-38A (F.1, F.2, F.5), the GCM specification (test case 4), RFC 4231 (test case 2), RFC 6070.
#[tokio::test]
async fn ciphers_give_the_known_answers() {
    values(
        "from javax.crypto import Cipher, Mac, SecretKeyFactory\nfrom javax.crypto.spec import SecretKeySpec, IvParameterSpec, GCMParameterSpec, PBEKeySpec\ndef key(h):\n    return SecretKeySpec(h.decode('hex'), 'AES')\nk128 = key('2b7e151628aed2a6abf7158809cf4f3c')\nk192 = key('8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b')\nk256 = key('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4')\niv = IvParameterSpec('000102030405060708090a0b0c0d0e0f'.decode('hex'))\nblocks = '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51'.decode('hex')\ndef run(name, mode, k, p, data):\n    c = Cipher.getInstance(name)\n    if p is None:\n        c.init(mode, k)\n    else:\n        c.init(mode, k, p)\n    return c.doFinal(data).tostring().encode('hex')\ndef raised(f):\n    try:\n        return f()\n    except:\n        return str(sys.exc_info()[1])\ngcm = GCMParameterSpec(128, 'cafebabefacedbaddecaf888'.decode('hex'))\nE, D = Cipher.ENCRYPT_MODE, Cipher.DECRYPT_MODE\n",
        &[
            ("[run('AES/ECB/NoPadding', E, k, None, blocks)[:32] for k in (k128, k192, k256)]", "['3ad77bb40d7a3660a89ecaf32466ef97', 'bd334f1d6e45f25ff712a214571fa5cc', 'f3eed1bdb5d2a03c064b5a7e3db181f8']"),
            ("[run('AES/CBC/NoPadding', E, k, iv, blocks) for k in (k128, k256)]", "['7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2', 'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d']"),
            ("run('AES/CTR/NoPadding', E, k128, IvParameterSpec('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'.decode('hex')), blocks)", "'874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff'"),
            ("run('AES/CBC/PKCS5Padding', D, k128, iv, run('AES/CBC/PKCS5Padding', E, k128, iv, 'hello').decode('hex')).decode('hex')", "'hello'"),
            ("len(run('AES', E, k128, None, 'x' * 16)) / 2, raised(lambda: run('AES/CBC/NoPadding', E, k128, iv, 'x'))", "(32, 'javax.crypto.IllegalBlockSizeException: Input length not multiple of 16 bytes')"),
            ("raised(lambda: run('AES/CBC/PKCS5Padding', D, k128, iv, 'x' * 16))[:37]", "'javax.crypto.BadPaddingException: Giv'"),
            ("run('AES/GCM/NoPadding', E, key('00000000000000000000000000000000'), GCMParameterSpec(128, '\\0' * 12), '\\0' * 16)", "'0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf'"),
            ("raised(lambda: run('AES/GCM/NoPadding', D, k128, gcm, 'x' * 32))", "'javax.crypto.AEADBadTagException: Tag mismatch'"),
            ("raised(lambda: Cipher.getInstance('DES')), raised(lambda: run('AES', E, SecretKeySpec('short', 'AES'), None, 'x'))", "('java.security.NoSuchAlgorithmException: Cannot find any provider supporting DES', 'java.security.InvalidKeyException: Invalid AES key length: 5 bytes')"),
            ("SecretKeyFactory.getInstance('PBKDF2WithHmacSHA1').generateSecret(PBEKeySpec('password', 'salt', 2, 160)).getEncoded().tostring().encode('hex')", "'ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957'"),
        ],
    )
    .await;
}

/// Recorded from a JVM.
#[tokio::test]
async fn a_cipher_works_in_pieces() {
    values(
        "from javax.crypto import Cipher\nfrom javax.crypto.spec import SecretKeySpec, IvParameterSpec, GCMParameterSpec\nimport jarray\nk = SecretKeySpec('0123456789abcdef', 'AES')\niv = IvParameterSpec('fedcba9876543210')\nc = Cipher.getInstance('AES/CBC/PKCS5Padding')\nc.init(Cipher.ENCRYPT_MODE, k, iv)\ndef hexed(data):\n    return data.tostring().encode('hex')\npieces = [hexed(c.update(jarray.zeros(20, 'b'))), hexed(c.update(jarray.zeros(20, 'b'))), hexed(c.doFinal(jarray.zeros(3, 'b')))]\ng = Cipher.getInstance('AES/GCM/NoPadding')\ng.init(Cipher.ENCRYPT_MODE, SecretKeySpec('feffe9928665731c6d6a8f9467308308'.decode('hex'), 'AES'), GCMParameterSpec(128, 'cafebabefacedbaddecaf888'.decode('hex')))\ng.updateAAD('feedfacedeadbeeffeedfacedeadbeefabaddad2'.decode('hex'))\nd = Cipher.getInstance('AES/CBC/PKCS5Padding')\nd.init(Cipher.DECRYPT_MODE, k, iv)\n",
        &[
            ("pieces", "['0b4bd671f6707f09b838c3d6ca1c6a3d', '488420437f7a24e4a299b2661ea8fee3', 'bc979ad4e6ad72f96067f3a2c65a3725']"),
            ("hexed(c.doFinal(jarray.zeros(43, 'b'))) == ''.join(pieces)", "True"),
            ("len(d.update(''.join(pieces).decode('hex'))), len(d.doFinal())", "(32, 11)"),
            ("hexed(g.doFinal('hello'))", "'f3d7408bb638557fcf7a3900b0f3251fe31482add5'"),
        ],
    )
    .await;
}

/// Keys and tokens made by a JVM.
const KEYS: &str = r#"{"keys":[{"kty":"RSA","kid":"r","n":"qSNUyHmI3UlSXzEEAINnA8rFKo1pmxEXaIziKXp1p-T3nEeCShCnm3VOBnlGMo0sBdc3G9IdyH0wWUQx_Hs_p8TVBSXYv-vMngvg5tZbPqA2_mHURoe5-PJGwpPDLyOuHu3PowYCyxQUYKL0oemeTUIZqMpb6T24PmTmyyBVXObQl60EBltgW-DiDrFbX8p0bIVeuD1y_Ra5vqKmT47m6ahs8KU_u4YBMXqmBXHWi-CheBRpGjEuxvv6gIjDbNKCxtjCQJ3fwFhoPv5ogg7e6jdodmzbURzycMF2ieMcLxjJ2JoD84Y_fKSTMOFhBFV6Wa8gNEPM4sBq9wpciF5ruQ","e":"AQAB","d":"BNNmHX-xNt4bEG37tx-IqogoKrwE67iXvkMJx2Tv8zHCWlZEeoRB4fq9dowSg4n5W_PNZdjvgltHDD74vaNPGERyjv5q0iQCTy6X1MJAMXfdBdJI_hesh9SyzeWtI5zNIKMIofY_kWeB4tV3bSC3JG1qwcD_URbymS4kEx7ZrKg54suvvKIwtNYF09M1NF_12HPropAsN_wTHOZ7if7nqQKdaI61BbPrfj_ojhuIds63wfFtlotbC2XwcaNmw3G-85psJvOSga_WzqCtQpNMCj_OFbYuG1QAckO7LX5PmOWnBuTGx7PtuXNauwOZFTZAGY94QC1e7JI3o08mJvbdEQ","p":"zv6POaMYGX4E3XMRmmKsn7RAKEXIdQICLFV58qefGOpxtzuQsh9gwjQBYMSUoKZ5gFaRMfMWVktMzeUw4_2x5nmGhMYcpMyFGOlT8JSra_IoNHuLOtlFprZ2gyT6LMtsNg9pZn3gE9mMmhQZrn3M2Ts7AxfwPwweUzSovAi_Jsk","q":"0S5jFBX0STUkD3HG3wLyXem-Pnm9SsOtmgbdCNDCjXCEtPcJayOA7h992XQfuH5WgNvNG2YFhvimG87TFf7pyxf-8sLqUASQ_wI5ErNzn2OfGTZZOSuV9A2lKeMJnABUpEbl374ltbUwWiEiHI1eINQI6B_aK_C6mtg66--pZXE","dp":"pH3Gc5cX36o1U4XNx1ICvCcRlO9fjRw7fd-vORXbaIFmPKYpJmOpEKsjLTMKqV-hzkr8tyTl602Li1NGtuc0KGMKcxi8Snn8iv9gpR5_2xhkutAypGFk6Ea3hyArbs15ALzelYQSPbPz971hazitQTPAgYTUdkW7E4QVUtfgj4E","dq":"LNkYLv9B_8wf7hvDup6kHhR2UGjDd9saRlLAYxp3C-Ia4b2xTEIxa1xfHBc0kdasbzYw9HXcK4L2AjJGuYmM0JlVdPDrUbqY58OvPt4wpPSz8LDhUkuQ--FNDvz5W3QKsantsRnQdfPh6QD_kkWQ79LmEfZ6TT9wkrBXeaxJklE","qi":"cnCWZbkACzmUM3lgOJ238i-5m7wGrbpGDzGfngF-Q3CtC1XUH0YXP0NWMAbMQftiqIO1a5To53BwDDeILgSQvEN20HBZv11r-siixe4qCRX72FJUgeRZL6YygoQmxeiDVB2dD1LcAslMKQxCwBnFEX2w25OoI5d11cNYT8rHQb8"},{"kty":"EC","crv":"P-256","kid":"e","x":"BIJYzC3XIDU-nZjuadSF0fr5YsLEO-1q52jAr4gCMKw","y":"ZbgtCRV5_2Y2dO3jjd8CBNveBysjfnQdksuOmTHlQnI","d":"U2hiZpYhQMgwRwf4sP_6bQXwJp4NI-h3wiORFd__AIE"}]}"#;
const PUBLIC: &str = r#"{"keys":[{"kty":"RSA","kid":"r","n":"qSNUyHmI3UlSXzEEAINnA8rFKo1pmxEXaIziKXp1p-T3nEeCShCnm3VOBnlGMo0sBdc3G9IdyH0wWUQx_Hs_p8TVBSXYv-vMngvg5tZbPqA2_mHURoe5-PJGwpPDLyOuHu3PowYCyxQUYKL0oemeTUIZqMpb6T24PmTmyyBVXObQl60EBltgW-DiDrFbX8p0bIVeuD1y_Ra5vqKmT47m6ahs8KU_u4YBMXqmBXHWi-CheBRpGjEuxvv6gIjDbNKCxtjCQJ3fwFhoPv5ogg7e6jdodmzbURzycMF2ieMcLxjJ2JoD84Y_fKSTMOFhBFV6Wa8gNEPM4sBq9wpciF5ruQ","e":"AQAB"},{"kty":"EC","crv":"P-256","kid":"e","x":"BIJYzC3XIDU-nZjuadSF0fr5YsLEO-1q52jAr4gCMKw","y":"ZbgtCRV5_2Y2dO3jjd8CBNveBysjfnQdksuOmTHlQnI"}]}"#;
const TOKENS: [&str; 3] = [
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMDAwMCwiZGF0YSI6ImQiLCJhdWQiOlsiYSIsImIiXX0.RilRcmTA1Qe8uyLLgTxrHy3TuJSKzpeK_zomxazckpIOnyDZa3Lh323KC1jxsnjaulQMXOoIaPH0tIHdz5aK4YRnk9kaSWgiovNdPifeUY2lQiaOP7E8USQvVFYuxD7TQ7Dj1O0zqDVxMrvLTf4aXDYIjaG14CdCmWDGbGfnCZYw1sAm9bWhJu1ikwyPmeQ5Nx4qggwWFG80li8p0UalPom-a3h2ZdABvd4K5pSk8Vp0K3zB8mu0ilojbMmnoNzj1RcUKhILxpcX0m9GeV50Va_lAHwYaaj8gqNHJL76wbTNxj-UNtNng1-sbYc7oZzmy5Kjw408plV33T0ELd1v3w",
    "eyJhbGciOiJQUzI1NiIsImtpZCI6InIifQ.eyJzdWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMDAwMCwiZGF0YSI6ImQiLCJhdWQiOlsiYSIsImIiXX0.nMu6-zx06mXnFL-Au00TLEEvhH-nBTwiRTFH6qwdm9X2Y5pc2283AIJobdFseDoiD36lphk2V6wCsPV7j0Sp7HL7Uh9gSu7ZILmID0PVvVG-1YxCrpD8CQcXlgcKhbgvuUBE6duz7DZrdsWqXv183JAa1dCuINO30CxqW4Jbrln2nQRGkBj_UZMclBVrNSX0KidZb7JhOIVtkzwVddMgBzK4DJdI5MdHe3SVnPICbZyprYDjP4SFx2flj7KqPPITR4mFhetQv-7U5ePr50JP290wmBgI48r9PWoxPg4HkCAu7MAa5JR6fXXAm3UEpbv1AK6m6-1hhW5nETWNMMFuoQ",
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUifQ.eyJzdWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMDAwMCwiZGF0YSI6ImQiLCJhdWQiOlsiYSIsImIiXX0.ZCmh1N7TMqPjvvELL15R3Q6qroWfa7Ac6nTxazpJ06_I8JRy39NveAiae4X_feQN7-tAi2Sh907b9a8F9pPQtg",
];

#[tokio::test]
async fn tokens_are_parsed_verified_and_signed() {
    let preamble = format!(
        "from org.gluu.oxauth.model.jwt import Jwt, JwtClaimName\nfrom org.gluu.oxauth.model.crypto import OxAuthCryptoProvider, CryptoProviderFactory\nfrom org.gluu.oxauth.model.crypto.signature import SignatureAlgorithm\nfrom org.gluu.oxauth.model.util import Base64Util\nfrom org.json import JSONObject\npublic = JSONObject('{PUBLIC}')\nown = OxAuthCryptoProvider('{KEYS}', 'secret', None)\nnone = OxAuthCryptoProvider('/etc/certs/keys.jks', 'secret', None)\ntexts = {TOKENS:?}\ntokens = [Jwt.parse(t) for t in texts]\ndef check(t, keys, provider=none, signature=None):\n    return provider.verifySignature(t.getSigningInput(), signature or t.getEncodedSignature(), t.getHeader().getKeyId(), keys, None, t.getHeader().getSignatureAlgorithm())\ndef raised(f):\n    try:\n        return f()\n    except:\n        return str(sys.exc_info()[1])\n"
    );
    values(
        &preamble,
        &[
            ("[check(t, public) for t in tokens]", "[True, True, True]"),
            ("[check(t, None, own) for t in tokens]", "[True, True, True]"),
            ("[check(t, public, none, u.getEncodedSignature()) for t, u in zip(tokens, tokens[1:] + tokens[:1])]", "[False, False, False]"),
            ("[check(t, public, none, t.getEncodedSignature()[:-4]) for t in tokens]", "[False, False, False]"),
            ("[t.getHeader().getAlgorithm().getName() for t in tokens]", "['RS256', 'PS256', 'ES256']"),
            ("tokens[0].getClaims().getClaimAsString('sub'), tokens[0].claims.getClaimAsDate(JwtClaimName.EXPIRATION_TIME).time, tokens[0].getClaims().getClaimAsStringList('aud').toString(), tokens[0].claims.getClaim('x')", "('alice', 1700000000000L, '[a, b]', None)"),
            ("[t.toString() for t in tokens] == texts", "True"),
            ("[none.verifySignature('alice', own.sign('alice', k, None, a), k, public, None, a) for k, a in (('r', SignatureAlgorithm.RS256), ('r', SignatureAlgorithm.PS512), ('e', SignatureAlgorithm.ES256))]", "[True, True, True]"),
            ("own.sign('a.b', None, 'key', SignatureAlgorithm.HS256)", "'3Rfj8sed4y4_P6ZlA-NMcRtY1BnrkQ9eKdFQXOc6rgg'"),
            ("none.verifySignature('a.b', '', None, None, None, SignatureAlgorithm.NONE)", "False"),
            ("[none.verifySignature('a.b', own.sign('a.b', None, s, SignatureAlgorithm.HS256), None, None, s, SignatureAlgorithm.HS256) for s in ('',)]", "[False]"),
            ("[none.verifySignature('a.b', own.sign('a.b', None, s, SignatureAlgorithm.HS512), None, None, 'key', SignatureAlgorithm.HS512) for s in ('key', 'kez')]", "[True, False]"),
            ("raised(lambda: check(tokens[0], None))[:78]", "\"java.lang.UnsupportedOperationException: the key 'r' is in a key store, which \""),
            ("raised(lambda: Jwt.parse('a')), Jwt.parse(''), Jwt.parseSilently('x.y.z')", "('org.gluu.oxauth.model.exception.InvalidJwtException: Invalid JWT format.', None, None)"),
            ("raised(lambda: own.sign('a', 'unknown', None, SignatureAlgorithm.RS256))[:60]", "'java.lang.RuntimeException: Failed to find private key by ki'"),
            ("Base64Util.base64urldecodeToString('eyJhIjoxfQ'), Base64Util.base64urlencode('\\xfb\\xff')", "('{\"a\":1}', '-_8')"),
        ],
    )
    .await;
}

#[tokio::test]
async fn bcrypt_hashes_are_made_and_compared() {
    values(
        "from org.gluu.util.security import BCrypt\nh = BCrypt.hashpw('secret', BCrypt.gensalt(4))\n",
        &[
            ("BCrypt.hashpw('U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.')", "'$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'"),
            ("BCrypt.checkpw('secret', h), BCrypt.checkpw('Secret', h), h[:7]", "(True, False, '$2a$04$')"),
            ("BCrypt.hashpw('secret', h) == h", "True"),
        ],
    )
    .await;
}

fn http(status: u16, body: &str) -> Answer {
    Answer::Http(HttpResponse {
        status,
        reason: String::new(),
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: body.into(),
    })
}

const TWILIO: &str = "import com.twilio.Twilio as Twilio\nimport com.twilio.rest.api.v2010.account.Message as Message\nimport com.twilio.type.PhoneNumber as PhoneNumber\nfrom com.twilio.exception import ApiException";

#[tokio::test]
async fn a_message_by_twilio_is_one_request() {
    let body = "Twilio.init('AC1', 's3cret')\nm = Message.creator(PhoneNumber('+46700000001'), PhoneNumber('+1555'), 'Your code is 123456').create()\nreturn '%s %s %s' % (m.getSid(), m.getStatus(), m.getErrorCode())";
    let asked = Mutex::new(Vec::new());
    let answer = |question| {
        asked.lock().unwrap().push(question);
        http(
            201,
            r#"{"sid": "SM1", "status": "queued", "error_code": null}"#,
        )
    };
    let (text, _) = run(TWILIO, body, &[], answer).await;
    assert_eq!(text, "SM1 queued None");
    let expected = Question::Http {
        method: "POST".into(),
        url: "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json".into(),
        headers: [
            ("Authorization", "Basic QUMxOnMzY3JldA=="),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec(),
        body: b"To=%2B46700000001&From=%2B1555&Body=Your+code+is+123456".to_vec(),
    };
    assert!(asked.into_inner().unwrap() == [expected]);
}

#[tokio::test]
async fn what_twilio_says_no_to_is_an_exception() {
    let body = "Twilio.init('AC1', 's3cret')\ntry:\n    Message.creator(PhoneNumber('x'), 'MG1', 'b').create()\nexcept ApiException, e:\n    return '%s %s %s' % (e.getCode(), e.getStatusCode(), e.getMessage())";
    let base = [("TWILIO_BASE_URL", "http://127.0.0.1:9/")];
    let answer = |question| {
        let Question::Http { url, body, .. } = question else {
            panic!("HTTP is wanted")
        };
        assert_eq!(
            url,
            "http://127.0.0.1:9/2010-04-01/Accounts/AC1/Messages.json"
        );
        assert_eq!(body, b"To=x&MessagingServiceSid=MG1&Body=b");
        http(
            400,
            r#"{"code": 21211, "message": "Invalid 'To'", "status": 400}"#,
        )
    };
    assert_eq!(
        run(TWILIO, body, &base, answer).await.0,
        "21211 400 Invalid 'To'"
    );
    let unanswered = |_| Answer::Unreachable("refused".into());
    let body = "Twilio.init('AC1', 's3cret')\ntry:\n    Message.creator(PhoneNumber('x'), PhoneNumber('y'), 'b').create()\nexcept:\n    return str(sys.exc_info()[1])";
    let (text, _) = run(TWILIO, body, &[], unanswered).await;
    assert_eq!(
        text,
        "com.twilio.exception.ApiConnectionException: Message creation failed: Unable to connect to server"
    );
}

const SMPP: &str = "from java.util import Date\nfrom java.io import IOException\nfrom org.jsmpp import InvalidResponseException, PDUException\nfrom org.jsmpp.bean import Alphabet, BindType, ESMClass, GeneralDataCoding, MessageClass, NumberingPlanIndicator, RegisteredDelivery, SMSCDeliveryReceipt, TypeOfNumber\nfrom org.jsmpp.extra import NegativeResponseException, ResponseTimeoutException\nfrom org.jsmpp.session import BindParameter, SMPPSession\nfrom org.jsmpp.util import AbsoluteTimeFormatter, TimeFormatter";
const SEND: &str = "session = SMPPSession()\nsession.setTransactionTimer(10000)\nsession.connectAndBind('smsc.example', 2775, BindParameter(BindType.BIND_TX, 'gluu', 'pw', None, TypeOfNumber.ALPHANUMERIC, NumberingPlanIndicator.ISDN, None))\ntry:\n    return session.submitShortMessage('CMT', TypeOfNumber.ALPHANUMERIC, NumberingPlanIndicator.ISDN, 'Gluu OTP', getattr(TypeOfNumber, 'INTERNATIONAL'), NumberingPlanIndicator.ISDN, '46700000001', ESMClass(), 0, 3, AbsoluteTimeFormatter().format(Date(1700000000123L)), None, RegisteredDelivery(SMSCDeliveryReceipt.DEFAULT), 0, GeneralDataCoding(Alphabet.ALPHA_DEFAULT, MessageClass.CLASS1, False), 0, '123456 is your passcode')\nexcept NegativeResponseException as e:\n    return 'negative %s' % e\nexcept IOException as e:\n    return 'io %s' % e\nfinally:\n    session.unbindAndClose()";

#[tokio::test]
async fn a_message_by_smpp_is_one_question() {
    let answer = |question| {
        let json = serde_json::to_value(&question).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "ask": "smpp", "host": "smsc.example", "port": 2775, "system_id": "gluu", "password": "pw", "system_type": "",
                "service_type": "CMT", "source": {"ton": 5, "npi": 1, "text": "Gluu OTP"},
                "destination": {"ton": 1, "npi": 1, "text": "46700000001"}, "esm_class": 0, "protocol_id": 0, "priority": 3,
                "schedule": "231114221320100+", "validity": "", "registered_delivery": 0, "replace_if_present": 0,
                "data_coding": 17, "default_message": 0, "content": "123456 is your passcode",
            })
        );
        Answer::Text(Some("id-1".into()))
    };
    assert_eq!(run(SMPP, SEND, &[], answer).await.0, "id-1");
}

#[tokio::test]
async fn a_message_centre_that_says_no_or_nothing_is_an_exception() {
    let no = |_| Answer::Rejected("ESME_RINVDSTADR".into());
    let nothing = |_| Answer::Unreachable("refused".into());
    assert_eq!(
        run(SMPP, SEND, &[], no).await.0,
        "negative org.jsmpp.extra.NegativeResponseException: ESME_RINVDSTADR"
    );
    assert_eq!(
        run(SMPP, SEND, &[], nothing).await.0,
        "io java.io.IOException: refused"
    );
}

const APACHE: &str = "import json\nfrom java.io import BufferedReader, InputStreamReader\nfrom java.net import URI\nfrom org.apache.commons.io import IOUtils\nfrom org.apache.http import HttpStatus\nfrom org.apache.http.client.entity import UrlEncodedFormEntity\nfrom org.apache.http.client.methods import HttpDelete, HttpGet, HttpPost\nfrom org.apache.http.client.utils import URIBuilder\nfrom org.apache.http.entity import ContentType, StringEntity\nfrom org.apache.http.entity.mime import MultipartEntityBuilder\nfrom org.apache.http.impl.client import HttpClientBuilder\nfrom org.apache.http.message import BasicNameValuePair";

#[tokio::test]
async fn requests_are_built_and_sent() {
    let body = "client = HttpClientBuilder.create().setUserAgent('x').build()\nget = HttpGet(URIBuilder('https://api.example/a?x=1').addParameter('y', 'a b').build())\nget.setHeader('Authorization', 'Bearer t')\nr = client.execute(get)\nassert r.getStatusLine().getStatusCode() == HttpStatus.SC_OK\nreader = BufferedReader(InputStreamReader(r.getEntity().getContent(), 'UTF-8'), 8)\nline = reader.readLine()\nr.close()\nget.releaseConnection()\npost = HttpPost('https://api.example/form')\npost.setEntity(UrlEncodedFormEntity([BasicNameValuePair('a', 'x y'), BasicNameValuePair('b', '&')], 'UTF-8'))\nclient.execute(post)\npost.setEntity(StringEntity('{}', ContentType.APPLICATION_JSON))\nclient.execute(post)\nm = MultipartEntityBuilder.create().setBoundary('B').addBinaryBody('file', '\\x00\\xff', ContentType.APPLICATION_OCTET_STREAM, 'gluu\"\\r\\n.wav').addTextBody('id', '7', ContentType.TEXT_PLAIN)\npost.setEntity(m.build())\nanswer = IOUtils.toString(client.execute(post).getEntity().getContent(), 'UTF-8')\nclient.execute(HttpDelete(URI('https://api.example/d')))\nreturn line + answer";
    let asked = Mutex::new(Vec::new());
    let answer = |question| {
        asked.lock().unwrap().push(question);
        http(200, "{\n\"a\": \"\u{e9}\"}")
    };
    assert_eq!(
        run(APACHE, body, &[], answer).await.0,
        "{{\n\"a\": \"\u{e9}\"}"
    );
    let asked: Vec<_> = asked
        .into_inner()
        .unwrap()
        .into_iter()
        .map(|question| match question {
            Question::Http {
                method,
                url,
                headers,
                body,
            } => {
                let headers: Vec<_> = headers
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect();
                (
                    method,
                    url,
                    headers.join(", "),
                    String::from_utf8_lossy(&body).into_owned(),
                )
            }
            other => panic!("HTTP is wanted, not {other:?}"),
        })
        .collect();
    let form = "https://api.example/form";
    let expected = [
        (
            "GET",
            "https://api.example/a?x=1&y=a+b",
            "Authorization: Bearer t",
            "",
        ),
        (
            "POST",
            form,
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8",
            "a=x+y&b=%26",
        ),
        (
            "POST",
            form,
            "Content-Type: application/json; charset=UTF-8",
            "{}",
        ),
        (
            "POST",
            form,
            "Content-Type: multipart/form-data; boundary=B",
            "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"gluu%22%0D%0A.wav\"\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\u{fffd}\r\n--B\r\nContent-Disposition: form-data; name=\"id\"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n7\r\n--B--\r\n",
        ),
        ("DELETE", "https://api.example/d", "", ""),
    ];
    let expected =
        expected.map(|(m, u, h, b)| (m.to_owned(), u.to_owned(), h.to_owned(), b.to_owned()));
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn packages_are_imported_whole() {
    let body =
        "return ArrayList(Arrays.asList('a', Cipher.getInstance('AES').getAlgorithm())).toString()";
    let imports = "from java.util import *\nfrom javax.crypto import *";
    assert_eq!(
        run(imports, body, &[], crate::desk::nobody).await.0,
        "[a, AES]"
    );
}
