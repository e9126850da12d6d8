# sallyport: language=python3
"""Name and password, and nothing else.

The smallest login method there is, to begin your own from. The host does the work: it compares the password with its
Argon2id hash, takes as long for a name that does not exist, and lets nobody try without end.
"""

from sallyport import LoginMethod, check_password


class PersonAuthentication(LoginMethod):
    def authenticate(self, configuration, parameters, step):
        return step == 1 and check_password()
