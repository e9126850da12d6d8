"""StringIO and cStringIO."""

import io


class StringIO(io.StringIO):
    def __init__(self, text=""):
        super().__init__(text, newline="")

    @property
    def len(self):
        return len(self.getvalue())
