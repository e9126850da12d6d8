"""ssl: names that scripts hand on. TLS is the host's, which always checks certificates."""

CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED = range(3)
PROTOCOL_SSLv2, PROTOCOL_SSLv3, PROTOCOL_SSLv23, PROTOCOL_TLSv1, PROTOCOL_TLSv1_1, PROTOCOL_TLSv1_2 = range(6)
PROTOCOL_TLS = PROTOCOL_SSLv23
OP_ALL, OP_NO_SSLv2, OP_NO_SSLv3 = 0x80000BFF, 0x01000000, 0x02000000


class SSLError(IOError):
    pass


class CertificateError(ValueError):
    pass


class SSLContext:
    """Accepted, and not used."""

    def __init__(self, protocol=PROTOCOL_TLS):
        self.protocol = protocol
        self.check_hostname = True
        self.verify_mode = CERT_REQUIRED

    def load_verify_locations(self, *_, **__):
        pass

    load_cert_chain = load_default_certs = set_ciphers = load_verify_locations


def create_default_context(*_, **__):
    return SSLContext()


_create_unverified_context = _create_default_https_context = create_default_context


def wrap_socket(*_, **__):
    raise NotImplementedError("scripts have no sockets")
