"""The exceptions of java.* that scripts catch or raise."""

from sp_java import JavaException, Throwable, java_class


@java_class("java.lang.Error")
class Error(Throwable):
    pass


@java_class("java.lang.RuntimeException")
class RuntimeException(JavaException):
    pass


@java_class("java.lang.IllegalArgumentException")
class IllegalArgumentException(RuntimeException):
    pass


@java_class("java.lang.IllegalStateException")
class IllegalStateException(RuntimeException):
    pass


@java_class("java.lang.NumberFormatException")
class NumberFormatException(IllegalArgumentException):
    pass


@java_class("java.lang.NullPointerException")
class NullPointerException(RuntimeException):
    pass


@java_class("java.lang.ArithmeticException")
class ArithmeticException(RuntimeException):
    pass


@java_class("java.lang.ClassCastException")
class ClassCastException(RuntimeException):
    pass


@java_class("java.lang.SecurityException")
class SecurityException(RuntimeException):
    pass


@java_class("java.lang.UnsupportedOperationException")
class UnsupportedOperationException(RuntimeException):
    pass


@java_class("java.lang.IndexOutOfBoundsException", "java.lang.ArrayIndexOutOfBoundsException", "java.lang.StringIndexOutOfBoundsException")
class IndexOutOfBoundsException(RuntimeException):
    pass


@java_class("java.lang.InterruptedException")
class InterruptedException(JavaException):
    pass


@java_class("java.lang.ClassNotFoundException")
class ClassNotFoundException(JavaException):
    pass


@java_class("java.util.NoSuchElementException")
class NoSuchElementException(RuntimeException):
    pass


@java_class("java.io.IOException")
class IOException(JavaException):
    pass


@java_class("java.io.FileNotFoundException")
class FileNotFoundException(IOException):
    pass


@java_class("java.net.URISyntaxException")
class URISyntaxException(JavaException):
    pass


@java_class("java.net.MalformedURLException")
class MalformedURLException(IOException):
    pass


@java_class("java.net.UnknownHostException", "java.net.ConnectException", "java.net.SocketTimeoutException", "java.net.SocketException")
class UnknownHostException(IOException):
    pass


@java_class("java.text.ParseException")
class ParseException(JavaException):
    pass


@java_class("java.time.DateTimeException")
class DateTimeException(RuntimeException):
    pass


@java_class("java.time.format.DateTimeParseException")
class DateTimeParseException(DateTimeException):
    pass


@java_class("java.security.GeneralSecurityException")
class GeneralSecurityException(JavaException):
    pass


@java_class("java.security.NoSuchAlgorithmException")
class NoSuchAlgorithmException(GeneralSecurityException):
    pass


@java_class("java.security.InvalidKeyException")
class InvalidKeyException(GeneralSecurityException):
    pass


@java_class("java.security.InvalidAlgorithmParameterException")
class InvalidAlgorithmParameterException(GeneralSecurityException):
    pass


@java_class("javax.crypto.NoSuchPaddingException")
class NoSuchPaddingException(GeneralSecurityException):
    pass


@java_class("javax.crypto.IllegalBlockSizeException")
class IllegalBlockSizeException(GeneralSecurityException):
    pass


@java_class("javax.crypto.BadPaddingException")
class BadPaddingException(GeneralSecurityException):
    pass


@java_class("javax.crypto.AEADBadTagException")
class AEADBadTagException(BadPaddingException):
    pass
