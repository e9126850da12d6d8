# sallyport: language=python3
"""Name and password, with a lock after too many wrong passwords.

Optional properties:
  MAX_WRONG      wrong passwords before a name is locked     5
  LOCK_MINUTES   how long it stays locked                   30

A name is locked whether it exists or not, with the same words after the same number of tries, so that a lock tells a
stranger nothing. Each try is counted before the password is looked at: of many tries at once no more than MAX_WRONG
are compared. While a name is locked not even the right password opens it. `sallyport person unlock NAME` ends a lock.
"""

from org.gluu.oxauth.security import Identity
from org.gluu.service.cdi.util import CdiUtil

from sallyport import LoginMethod, check_password, count, counted, forget_count, refuse

WRONG = "wrong passwords"
LOCKED = "locks"


class PersonAuthentication(LoginMethod):
    def start(self, properties):
        self.max_wrong = properties.number("MAX_WRONG", 5, least=1)
        self.seconds = properties.number("LOCK_MINUTES", 30, least=1) * 60

    def authenticate(self, configuration, parameters, step):
        name = CdiUtil.bean(Identity).getCredentials().getUsername()
        if not name:
            return False
        if counted(LOCKED, name) > 0:
            return self.refuse_locked()
        tries = count(WRONG, name, self.seconds)
        if tries > self.max_wrong:
            return self.refuse_locked()
        if check_password():
            forget_count(WRONG, name)
            return True
        if tries == self.max_wrong:
            return self.lock(name)
        return False

    def lock(self, name):
        """Locks from now on, so that the lock lasts its full time whenever the first wrong password was.

        The tries stay counted: for one that came at the same moment and did not see the lock, too.
        """
        count(LOCKED, name, self.seconds)
        print("Locked a name after %d wrong passwords" % self.max_wrong)
        return self.refuse_locked()

    def refuse_locked(self):
        return refuse("Too many wrong passwords. Try again in %d minutes." % (self.seconds // 60))
