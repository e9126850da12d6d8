//! The cryptography behind `javax.crypto`, `java.security` and Gluu's tokens: what Python's library does not have.

use aws_lc_rs::{
    aead, cipher,
    cipher::{
        DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
    },
    error::Unspecified,
    rand::SystemRandom,
    rsa, signature,
};

pub(crate) use _sallyport_crypto::module_def;

/// A block of AES, in bytes.
const BLOCK: usize = 16;

/// How blocks are chained; the padding is the caller's.
#[derive(Clone, Copy)]
enum Chaining {
    Ecb,
    Cbc([u8; BLOCK]),
    Ctr([u8; BLOCK]),
}

impl Chaining {
    fn parse(mode: &str, iv: &[u8]) -> Option<Self> {
        match mode {
            "ECB" => Some(Self::Ecb),
            "CBC" => Some(Self::Cbc(iv.try_into().ok()?)),
            "CTR" => Some(Self::Ctr(iv.try_into().ok()?)),
            _ => None,
        }
    }
}

fn aes_key(key: &[u8]) -> Result<UnboundCipherKey, Unspecified> {
    let algorithm = match key.len() {
        16 => &cipher::AES_128,
        24 => &cipher::AES_192,
        32 => &cipher::AES_256,
        _ => return Err(Unspecified),
    };
    UnboundCipherKey::new(algorithm, key)
}

fn aes_encrypt(key: &[u8], chaining: Chaining, data: &mut [u8]) -> Result<(), Unspecified> {
    let key = aes_key(key)?;
    let (key, context) = match chaining {
        Chaining::Ecb => (EncryptingKey::ecb(key)?, EncryptionContext::None),
        Chaining::Cbc(iv) => (
            EncryptingKey::cbc(key)?,
            EncryptionContext::Iv128(iv.into()),
        ),
        Chaining::Ctr(iv) => (
            EncryptingKey::ctr(key)?,
            EncryptionContext::Iv128(iv.into()),
        ),
    };
    key.less_safe_encrypt(data, context).map(drop)
}

fn aes_decrypt(key: &[u8], chaining: Chaining, data: &mut [u8]) -> Result<(), Unspecified> {
    let key = aes_key(key)?;
    let (key, context) = match chaining {
        Chaining::Ecb => (DecryptingKey::ecb(key)?, DecryptionContext::None),
        Chaining::Cbc(iv) => (
            DecryptingKey::cbc(key)?,
            DecryptionContext::Iv128(iv.into()),
        ),
        Chaining::Ctr(iv) => (
            DecryptingKey::ctr(key)?,
            DecryptionContext::Iv128(iv.into()),
        ),
    };
    key.decrypt(data, context).map(drop)
}

fn gcm_key(key: &[u8]) -> Result<aead::LessSafeKey, Unspecified> {
    let algorithm = match key.len() {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        32 => &aead::AES_256_GCM,
        _ => return Err(Unspecified),
    };
    Ok(aead::LessSafeKey::new(aead::UnboundKey::new(
        algorithm, key,
    )?))
}

/// Ciphertext with the tag of 16 bytes behind it.
fn gcm_seal(key: &[u8], nonce: &[u8], aad: &[u8], data: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce)?;
    let mut sealed = data.to_vec();
    gcm_key(key)?.seal_in_place_append_tag(nonce, aead::Aad::from(aad), &mut sealed)?;
    Ok(sealed)
}

fn gcm_open(key: &[u8], nonce: &[u8], aad: &[u8], data: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce)?;
    let mut opened = data.to_vec();
    let plain = gcm_key(key)?.open_in_place(nonce, aead::Aad::from(aad), &mut opened)?;
    Ok(plain.to_vec())
}

fn rsa_verification(name: &str) -> Option<&'static signature::RsaParameters> {
    Some(match name {
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
        "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn rsa_signing(name: &str) -> Option<&'static dyn signature::RsaEncoding> {
    Some(match name {
        "RS256" => &signature::RSA_PKCS1_SHA256,
        "RS384" => &signature::RSA_PKCS1_SHA384,
        "RS512" => &signature::RSA_PKCS1_SHA512,
        "PS256" => &signature::RSA_PSS_SHA256,
        "PS384" => &signature::RSA_PSS_SHA384,
        "PS512" => &signature::RSA_PSS_SHA512,
        _ => return None,
    })
}

fn ec_verification(name: &str) -> Option<&'static signature::EcdsaVerificationAlgorithm> {
    Some(match name {
        "ES256" => &signature::ECDSA_P256_SHA256_FIXED,
        "ES384" => &signature::ECDSA_P384_SHA384_FIXED,
        "ES512" => &signature::ECDSA_P521_SHA512_FIXED,
        _ => return None,
    })
}

fn ec_signing(name: &str) -> Option<&'static signature::EcdsaSigningAlgorithm> {
    Some(match name {
        "ES256" => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        "ES384" => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        "ES512" => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
        _ => return None,
    })
}

/// The numbers of an RSA key pair as a JSON Web Key carries them (RFC 7518 §6.3), in the order
/// n, e, d, p, q, dp, dq, qi.
fn sign_rsa(name: &str, numbers: &[Vec<u8>], message: &[u8]) -> Option<Vec<u8>> {
    let [n, e, d, p, q, dp, dq, qi] = numbers else {
        return None;
    };
    let components = rsa::KeyPairComponents {
        public_key: rsa::PublicKeyComponents { n, e },
        d,
        p,
        q,
        dP: dp,
        dQ: dq,
        qInv: qi,
    };
    let key = rsa::KeyPair::from_components(&components).ok()?;
    let mut signed = vec![0; key.public_modulus_len()];
    key.sign(
        rsa_signing(name)?,
        &SystemRandom::new(),
        message,
        &mut signed,
    )
    .ok()?;
    Some(signed)
}

/// `point` is the public key, uncompressed (SEC 1 §2.3.3).
fn sign_ec(name: &str, secret: &[u8], point: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let algorithm = ec_signing(name)?;
    let key =
        signature::EcdsaKeyPair::from_private_key_and_public_key(algorithm, secret, point).ok()?;
    let signed = key.sign(&SystemRandom::new(), message).ok()?;
    Some(signed.as_ref().to_vec())
}

#[rustpython_vm::pymodule]
mod _sallyport_crypto {
    use rustpython_vm::{
        PyResult, VirtualMachine,
        builtins::{PyBytesRef, PyUtf8StrRef},
        function::ArgBytesLike,
    };

    use super::{Chaining, aes_decrypt, aes_encrypt, gcm_open, gcm_seal};

    /// AES over whole blocks (`CTR`: any length), without padding.
    #[pyfunction]
    fn aes(
        encrypt: bool,
        mode: PyUtf8StrRef,
        key: ArgBytesLike,
        iv: ArgBytesLike,
        data: ArgBytesLike,
        vm: &VirtualMachine,
    ) -> PyResult<PyBytesRef> {
        let chaining = Chaining::parse(mode.as_str(), &iv.borrow_buf()).ok_or_else(|| {
            vm.new_value_error("the mode does not go with the initialisation vector")
        })?;
        let mut data = data.borrow_buf().to_vec();
        let work = if encrypt { aes_encrypt } else { aes_decrypt };
        work(&key.borrow_buf(), chaining, &mut data).map_err(|_| {
            vm.new_value_error("the cipher refused the key or the length of the data")
        })?;
        Ok(vm.ctx.new_bytes(data))
    }

    /// AES in Galois/counter mode, with a nonce of 12 bytes and a tag of 16 behind the ciphertext.
    #[pyfunction]
    fn aes_gcm(
        encrypt: bool,
        key: ArgBytesLike,
        nonce: ArgBytesLike,
        aad: ArgBytesLike,
        data: ArgBytesLike,
        vm: &VirtualMachine,
    ) -> PyResult<PyBytesRef> {
        let work = if encrypt { gcm_seal } else { gcm_open };
        let done = work(
            &key.borrow_buf(),
            &nonce.borrow_buf(),
            &aad.borrow_buf(),
            &data.borrow_buf(),
        )
        .map_err(|_| vm.new_value_error("the data does not go with key, nonce and tag"))?;
        Ok(vm.ctx.new_bytes(done))
    }

    /// Whether an RSA signature (`RS256`, `PS256` …) is that of the key with modulus `n` and exponent `e`.
    #[pyfunction]
    fn verify_rsa(
        algorithm: PyUtf8StrRef,
        n: ArgBytesLike,
        e: ArgBytesLike,
        message: ArgBytesLike,
        signature: ArgBytesLike,
    ) -> bool {
        let (n, e) = (n.borrow_buf(), e.borrow_buf());
        let key = aws_lc_rs::rsa::PublicKeyComponents { n: &*n, e: &*e };
        super::rsa_verification(algorithm.as_str()).is_some_and(|parameters| {
            key.verify(parameters, &message.borrow_buf(), &signature.borrow_buf())
                .is_ok()
        })
    }

    /// Whether an ECDSA signature (`ES256` …, r and s behind each other) is that of the key `point`.
    #[pyfunction]
    fn verify_ec(
        algorithm: PyUtf8StrRef,
        point: ArgBytesLike,
        message: ArgBytesLike,
        signature: ArgBytesLike,
    ) -> bool {
        super::ec_verification(algorithm.as_str()).is_some_and(|algorithm| {
            aws_lc_rs::signature::UnparsedPublicKey::new(algorithm, &*point.borrow_buf())
                .verify(&message.borrow_buf(), &signature.borrow_buf())
                .is_ok()
        })
    }

    /// `None` when the key is not one.
    #[pyfunction]
    fn sign_rsa(
        algorithm: PyUtf8StrRef,
        numbers: Vec<PyBytesRef>,
        message: ArgBytesLike,
        vm: &VirtualMachine,
    ) -> Option<PyBytesRef> {
        let numbers: Vec<Vec<u8>> = numbers.iter().map(|n| n.as_bytes().to_vec()).collect();
        let signed = super::sign_rsa(algorithm.as_str(), &numbers, &message.borrow_buf())?;
        Some(vm.ctx.new_bytes(signed))
    }

    /// `None` when the key is not one.
    #[pyfunction]
    fn sign_ec(
        algorithm: PyUtf8StrRef,
        secret: ArgBytesLike,
        point: ArgBytesLike,
        message: ArgBytesLike,
        vm: &VirtualMachine,
    ) -> Option<PyBytesRef> {
        let signed = super::sign_ec(
            algorithm.as_str(),
            &secret.borrow_buf(),
            &point.borrow_buf(),
            &message.borrow_buf(),
        )?;
        Some(vm.ctx.new_bytes(signed))
    }

    /// Whether `hashed` is a bcrypt hash of `password`. `None`: it is no bcrypt hash.
    #[pyfunction]
    fn bcrypt_verify(password: ArgBytesLike, hashed: PyUtf8StrRef) -> Option<bool> {
        bcrypt::verify(&*password.borrow_buf(), hashed.as_str()).ok()
    }

    /// A bcrypt hash in the form `$2a$`, with a salt of 16 bytes.
    #[pyfunction]
    fn bcrypt_hash(
        password: ArgBytesLike,
        cost: u32,
        salt: ArgBytesLike,
        vm: &VirtualMachine,
    ) -> PyResult<String> {
        let salt: [u8; 16] = (*salt.borrow_buf())
            .try_into()
            .map_err(|_| vm.new_value_error("a salt has 16 bytes"))?;
        bcrypt::hash_with_salt(&*password.borrow_buf(), cost, salt)
            .map(|parts| parts.format_for_version(bcrypt::Version::TwoA))
            .map_err(|error| vm.new_value_error(error.to_string()))
    }
}
