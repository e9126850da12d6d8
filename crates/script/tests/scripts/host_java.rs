//! Where Java's own classes differ from Java's on purpose. What is the same is in the programs `tests/golden/java_*.py`.

use crate::python2::values;

const IMPORTS: &str = "\
import java
from java.io import File
from java.lang import Boolean, Integer, String, StringBuilder, System
from java.net import URL
from java.util import TimeZone
def raised(f):
    try:
        return f()
    except:
        return str(sys.exc_info()[1])
";

/// Kinder than Java, or without what scripts must not have.
#[tokio::test]
async fn some_differences_are_meant() {
    values(
        IMPORTS,
        &[
            ("String('a') == 'a', String('a') + 'b', len(String('abc')), String('ABC').lower()", "(True, 'ab', 3, 'abc')"),
            ("Integer('5') + 1, isinstance(5, Integer), Boolean('true') is True", "(6, True, True)"),
            ("StringBuilder().append(True).toString()", "'true'"),
            ("String.format('%c%c', 'z', 65)", "'zA'"),
            ("raised(lambda: File('/etc/passwd').exists())", "'java.lang.SecurityException: scripts have no file system: /etc/passwd'"),
            ("raised(lambda: java.io.FileInputStream('/etc/passwd'))", "'java.lang.SecurityException: scripts have no file system: /etc/passwd'"),
            ("raised(lambda: URL('https://example.com').openConnection())", "'java.lang.UnsupportedOperationException: scripts have no sockets: use HttpService'"),
            ("raised(lambda: TimeZone.getTimeZone('Europe/Paris'))", "\"java.lang.IllegalArgumentException: the zone 'Europe/Paris' is not provided: use UTC or GMT+hh:mm\""),
            ("TimeZone.getTimeZone('GMT+2').getID(), TimeZone.getDefault().getID()", "('GMT+02:00', 'UTC')"),
            ("raised(lambda: System.exit(1))", "'java.lang.SecurityException: scripts may not end the server'"),
            ("System.getenv('PATH'), System.getProperty('user.home')", "(None, None)"),
        ],
    )
    .await;
}
