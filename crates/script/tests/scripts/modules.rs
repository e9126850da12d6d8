//! Python modules of scripts in Python 2 that stand on the host, or on nothing.

use sallyport_script::{Answer, Call, HttpResponse, LogLevel, Question, Returned, Scene, Turn};

use crate::desk::{Desk, nobody, source, with_body};

/// What a body prints, with a host that answers.
async fn printed(body: &str, host: impl FnMut(Question) -> Answer) -> Vec<String> {
    let desk = Desk::new();
    let script = desk.load(&with_body(&format!("{body}\nreturn ''"))).await;
    let call = Call::GetPageForStep { step: 1 };
    desk.call(&script, Scene::default(), call, host)
        .await
        .0
        .unwrap();
    desk.printed()
}

fn answered(status: u16, body: &str) -> Answer {
    Answer::Http(HttpResponse {
        status,
        reason: if status == 200 { "OK" } else { "Bad Request" }.to_owned(),
        headers: vec![("X-Served-By".into(), "one".into())],
        body: body.as_bytes().to_vec(),
    })
}

#[tokio::test]
async fn urllib2_and_httplib_ask_the_host() {
    let body = "import urllib, urllib2, httplib, ssl\n\
        request = urllib2.Request('https://api.example/a', urllib.urlencode({'k': 'v w'}), {'X-one': '1'})\n\
        answer = urllib2.urlopen(request, timeout=5, context=ssl._create_unverified_context())\n\
        print answer.getcode(), answer.info().getheader('X-Served-By'), answer.read()\n\
        try:\n    urllib2.urlopen('https://api.example/refuse')\n\
        except urllib2.HTTPError, e:\n    print e, e.code, e.read()\n\
        try:\n    urllib2.urlopen('https://gone.example/')\n\
        except urllib2.URLError, e:\n    print e\n\
        connection = httplib.HTTPSConnection('api.example', 8443, timeout=5)\n\
        connection.request('PUT', '/b?c=d', 'body', {'Content-Type': 'text/plain'})\n\
        response = connection.getresponse()\n\
        print response.status, response.reason, response.getheader('x-served-by'), response.read()";
    let mut asked = Vec::new();
    let lines = printed(body, |question| {
        let Question::Http {
            method,
            url,
            headers,
            body,
        } = question
        else {
            return nobody(question);
        };
        let body = String::from_utf8(body).unwrap();
        asked.push(format!("{method} {url} {headers:?} {body}"));
        match url.as_str() {
            "https://api.example/refuse" => answered(400, "no"),
            "https://gone.example/" => Answer::Unreachable("connection refused".into()),
            _ => answered(200, "yes é"),
        }
    })
    .await;
    assert_eq!(
        lines,
        [
            "200 one yes é",
            "HTTP Error 400: Bad Request 400 no",
            "HTTP GET to gone.example: no answer: connection refused",
            "<urlopen error no answer from gone.example>",
            "200 OK one yes é",
        ]
    );
    assert_eq!(
        asked,
        [
            "POST https://api.example/a [(\"X-one\", \"1\"), (\"Content-type\", \"application/x-www-form-urlencoded\")] k=v+w",
            "GET https://api.example/refuse [] ",
            "GET https://gone.example/ [] ",
            "PUT https://api.example:8443/b?c=d [(\"Content-Type\", \"text/plain\")] body",
        ]
    );
}

#[tokio::test]
async fn smtplib_hands_mail_to_the_host() {
    let body = "import smtplib\nfrom email.mime.multipart import MIMEMultipart\nfrom email.mime.text import MIMEText\n\
        mail = MIMEMultipart('alternative')\nmail['Subject'] = 'Your code'\nmail['To'] = 'a@example.com'\n\
        mail.attach(MIMEText('Code 1', 'plain'))\nmail.attach(MIMEText('<b>1</b>', 'html'))\n\
        server = smtplib.SMTP('smtp.example', 587)\nserver.starttls()\nserver.login('u', 'p')\n\
        server.sendmail('me@example.com', ['a@example.com'], mail.as_string())\n\
        server.sendmail('me@example.com', 'b@example.com', 'From: me\\r\\nSubject: Plain\\r\\n\\r\\nText\\n')\n\
        server.quit()";
    let mut sent = Vec::new();
    printed(body, |question| {
        let Question::SendMail {
            to,
            subject,
            body,
            html,
            ..
        } = question
        else {
            return nobody(question);
        };
        sent.push(format!("{}|{subject}|{body}|{html:?}", to.join(" ")));
        Answer::Done
    })
    .await;
    assert_eq!(
        sent,
        [
            "a@example.com|Your code|Code 1|Some(\"<b>1</b>\")",
            "b@example.com|Plain|Text\n|None",
        ]
    );
}

#[tokio::test]
async fn logging_goes_to_the_log_of_the_script() {
    let desk = Desk::new();
    desk.eval(
        "import logging\nlogging.basicConfig(level=logging.INFO)\nlog = logging.getLogger('sms')\n\
        log.debug('never')\nlog.info('sent %s to %d', 'one', 2)\nlogging.error('lost')\n\
        try:\n    {}['k']\nexcept KeyError:\n    log.exception('failed')\nreturn ''",
    )
    .await
    .unwrap();
    let printed = desk.printed();
    assert_eq!(printed[..2], ["INFO:sms:sent one to 2", "ERROR:root:lost"]);
    assert_eq!(printed[2], "ERROR:sms:failed");
    assert_eq!(printed.last().unwrap(), "KeyError: 'k'");
    let levels: Vec<_> = desk.lines().iter().map(|line| line.level).collect();
    assert_eq!(levels[..2], [LogLevel::Info, LogLevel::Error]);
}

#[tokio::test]
async fn modules_without_a_host_give_no_way_out() {
    let body = "import os, ast, ssl, token, uuid, StringIO\nimport urllib.parse, email.mime.text\n\
        from urllib.request import urlopen\nfrom cStringIO import StringIO as Fast\nimport threading\n\
        print os.environ, os.getenv('PATH'), os.path.join('a', 'b'), os.path.exists('/etc/passwd'), len(os.urandom(4))\n\
        print hasattr(os, 'system'), hasattr(os, 'listdir'), hasattr(os, 'popen'), hasattr(ast, 'parse')\n\
        print ast.literal_eval(\"{'a': [1, None]}\"), ssl.CERT_NONE, urllib.parse.quote('a b')\n\
        print StringIO.StringIO('a\\nb').readlines(), Fast('x').read(), email.mime.text.MIMEText('t').get_payload()\n\
        print len(str(uuid.uuid4())), token.NAME\n\
        with threading.Lock():\n    print 'held'\n\
        try:\n    threading.Thread(target=len).start()\nexcept RuntimeError, e:\n    print e\n\
        try:\n    ssl.wrap_socket(None)\nexcept NotImplementedError, e:\n    print e";
    assert_eq!(
        printed(body, nobody).await,
        [
            "{} None a/b False 4",
            "False False False False",
            "{'a': [1, None]} 0 a%20b",
            "['a\\n', 'b'] x t",
            "36 1",
            "held",
            "scripts may not start threads",
            "scripts have no sockets",
        ]
    );
}

#[tokio::test]
async fn what_is_never_there_is_refused_with_the_reason() {
    let table = [
        (
            "import pickle",
            "sample.py, line 1: Python module 'pickle' is not available to scripts: it runs what it reads",
        ),
        (
            "from socket import socket",
            "sample.py, line 1: Python module 'socket' is not available to scripts: scripts have no sockets",
        ),
        (
            "x = 1\nexec 'x = 2'",
            "sample.py, line 2: `exec` is not provided",
        ),
    ];
    for (text, message) in table {
        let text = format!("{text}\n{}", with_body("return ''"));
        let error = Desk::new()
            .try_load(source(&text), nobody)
            .await
            .err()
            .unwrap();
        assert_eq!(error.message, message);
    }
}

#[tokio::test]
async fn broken_indentation_is_an_error_with_file_line_and_reason() {
    let table = [
        (
            "        if True:\n            pass\n       return ''",
            "sample.py, line 12: IndentationError",
        ),
        (
            "        if True:\n\treturn ''",
            "sample.py, line 11: IndentationError",
        ),
        (
            "        pass\n    def destroy(self, conf):\n    def other(self):\n        pass",
            "sample.py, line 12: IndentationError",
        ),
    ];
    let head = with_body("pass");
    for (tail, message) in table {
        let error = Desk::new().load_error(&format!("{head}{tail}\n")).await;
        assert!(error.message.starts_with(message), "{}", error.message);
        assert!(error.line.is_some());
    }
}

#[tokio::test]
async fn two_workers_draw_different_numbers() {
    let body = "import random, uuid\nreturn '%r %s' % (random.random(), uuid.uuid4())";
    let desk = Desk::new();
    let script = desk.load(&with_body(body)).await;
    // Both are on loan at once, so that they are two.
    let begin = || desk.engine.begin(&script, Scene::default());
    let (mut one, mut two) = (begin().await.unwrap(), begin().await.unwrap());
    let call = Call::GetPageForStep { step: 1 };
    let (first, second) = (one.call(call).await, two.call(call).await);
    let (Turn::Done(Ok(Returned::Text(first))), Turn::Done(Ok(Returned::Text(second)))) =
        (first, second)
    else {
        panic!("both return text");
    };
    for (one, other) in first.split(' ').zip(second.split(' ')) {
        assert_ne!(one, other);
    }
}
