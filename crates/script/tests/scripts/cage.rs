//! Attempts to get out of the cage. Nothing outside may be reachable by any of them.

use sallyport_script::{Call, ErrorKind, Limits, Returned, Scene};

use crate::desk::{Desk, nobody, with_body};

/// Runs a body in Python 3, which has more ways out.
async fn attempt(desk: &Desk, body: &str) -> Result<Returned, sallyport_script::ScriptError> {
    let text = format!("# sallyport: language=python3\n{}", with_body(body));
    let source = crate::desk::source(&text);
    match desk.try_load(source, nobody).await {
        Ok(script) => {
            desk.call(
                &script,
                Scene::default(),
                Call::GetPageForStep { step: 1 },
                nobody,
            )
            .await
            .0
        }
        Err(error) => Err(sallyport_script::ScriptError {
            message: error.message,
            traceback: error.traceback,
            kind: ErrorKind::NotLoaded,
        }),
    }
}

/// How a script gets hold of the real import function.
const REAL_IMPORT: &str = "import json\nreal = json.codecs.builtins.__import__\n";

#[tokio::test]
async fn what_scripts_must_not_import_is_refused_by_name() {
    let desk = Desk::new();
    let names = [
        "os",
        "posix",
        "nt",
        "io",
        "_io",
        "socket",
        "_socket",
        "select",
        "signal",
        "subprocess",
        "multiprocessing",
        "ctypes",
        "_ctypes",
        "mmap",
        "marshal",
        "gc",
        "_thread",
        "_interpreters",
        "_testinternalcapi",
        "importlib",
        "builtins",
        "pickle",
        "_pickle",
        "inspect",
        "code",
        "codeop",
        "types",
        "pty",
        "resource",
        "ssl",
        "http.client",
        "urllib.request",
        "faulthandler",
        "_imp",
        "atexit",
        "sp_runtime",
        "_sallyport",
        "os.path",
        "shutil",
        "tempfile",
        "pathlib",
        "runpy",
        "zipimport",
        "logging",
        "traceback",
        "dis",
        "_codecs",
        "codecs",
    ];
    for name in names {
        let error = attempt(&desk, &format!("import {name}\nreturn 'out'"))
            .await
            .unwrap_err();
        assert!(
            error.message.contains(&format!(
                "Python module '{name}' is not available to scripts"
            )),
            "{}",
            error.message
        );
        let dynamic = format!("return str(__import__('{name}', None, None, ['x'], 0))");
        assert!(attempt(&desk, &dynamic).await.is_err(), "{name}");
    }
    assert!(
        attempt(&desk, "from . import x\nreturn 'out'")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn builtins_that_reach_out_are_not_there() {
    let desk = Desk::new();
    let bodies = [
        "return open('/etc/passwd').read()",
        "return str(eval('1'))",
        "exec('x = 1')\nreturn 'out'",
        "return str(compile('1', 'x', 'eval'))",
        "breakpoint()\nreturn 'out'",
        "return input()",
    ];
    for body in bodies {
        let error = attempt(&desk, body).await.unwrap_err();
        assert!(
            error.message.contains("is not provided to scripts"),
            "{body}: {}",
            error.message
        );
    }
}

#[tokio::test]
async fn with_the_real_import_there_is_still_no_host() {
    let desk = Desk::new();
    let names = [
        "_posix",
        "_socket",
        "select",
        "_signal",
        "_ctypes",
        "mmap",
        "_posixsubprocess",
        "_multiprocessing",
        "fcntl",
        "resource",
        "termios",
        "_interpreters",
        "_interpchannels",
        "_testinternalcapi",
        "_remote_debugging",
        "socket",
        "subprocess",
        "ctypes",
        "multiprocessing",
        "pwd",
        "grp",
        "syslog",
        "faulthandler",
        "_ssl",
        "_uuid",
        "atexit",
        "_posixshmem",
        "_sqlite3",
        "nt",
        "msvcrt",
    ];
    for name in names {
        let body = format!("{REAL_IMPORT}real('{name}')\nreturn 'out'");
        let error = attempt(&desk, &body).await.unwrap_err();
        assert_eq!(
            error.kind,
            ErrorKind::Exception,
            "{name}: {}",
            error.message
        );
    }
}

#[tokio::test]
async fn no_file_socket_process_or_environment_is_reachable() {
    let desk = Desk::new();
    let bodies = [
        "real('io').open('/etc/passwd').read()",
        "real('io').open('/tmp/sallyport-escape', 'w').write('x')",
        "real('io').open(0).read()",
        "real('io').open(1, 'w').write('x')",
        "real('_io').FileIO('/etc/passwd').read()",
        "real('_io').open_code('/etc/passwd').read()",
        "json.codecs.open('/etc/passwd').read()",
        "json.codecs.builtins.open('/etc/passwd').read()",
        "real('os').system('id')",
        "real('posix').system('id')",
        "real('posix').listdir('/')",
        "real('os').popen('id').read()",
        "real('os').listdir('/')",
        "real('os').fork()",
        "real('os').environ['PATH']",
        "real('os').kill(1, 9)",
        "real('pathlib').Path('/etc/passwd').read_text()",
        "real('tempfile').mkstemp()",
        "real('shutil').rmtree('/tmp/x')",
        "real('urllib.request').urlopen('file:///etc/passwd').read()",
        "real('http.client').HTTPConnection('127.0.0.1').request('GET', '/')",
        "real('zipimport').zipimporter('/tmp/x.zip')",
        "real('runpy').run_path('/tmp/x.py')",
        "real('linecache').getlines('/etc/passwd')[0]",
        "real('fileinput').input('/etc/passwd').readline()",
        "real('tokenize').open('/etc/passwd').read()",
        "real('_thread').start_new_thread(print, ('x',))",
        "real('threading').Thread(target=print).start()",
        "real('gc').collect()",
        "[real('sys').modules.pop('_thread'), real('_thread').start_new_thread(print, ('x',))]",
        "real('marshal').loads(b'x')",
        "real('signal').raise_signal(9)",
        "real('getpass').getuser()",
        "real('concurrent.futures')",
        "real('asyncio').run(None)",
    ];
    for body in bodies {
        let result = attempt(
            &desk,
            &format!("{REAL_IMPORT}x = {body}\nreturn 'out: ' + str(x)"),
        )
        .await;
        let contained = matches!(&result, Err(error) if error.kind == ErrorKind::Exception);
        assert!(contained, "{body}: {result:?}");
    }
    assert!(!std::path::Path::new("/tmp/sallyport-escape").exists());
}

#[tokio::test]
async fn walks_over_classes_frames_and_formats_lead_to_nothing() {
    let desk = Desk::new();
    let bodies = [
        // Every class there is: none of them opens anything.
        "for c in ().__class__.__base__.__subclasses__():\n    if c.__name__ in ('FileIO', 'Popen', 'socket', 'BufferedReader') and c.__module__ not in ('_io', '_pyio'):\n        return c.__name__\nfor c in ().__class__.__base__.__subclasses__():\n    if c.__name__ == 'FileIO':\n        return c('/etc/passwd').read().decode()",
        // Functions lead to their globals, which lead to builtins.
        "import json\ng = json.loads.__globals__\nreturn g['__builtins__']['open']('/etc/passwd').read()",
        "try:\n    1 / 0\nexcept Exception as e:\n    f = e.__traceback__.tb_frame\n    while f.f_back:\n        f = f.f_back\n    return f.f_builtins['open']('/etc/passwd').read()",
        "import sys\nreturn sys._getframe(0).f_back.f_globals['sys'].modules['os'].listdir('/')",
        "return '{0.__class__.__init__.__globals__[sys]}'.format(self)",
        "class P:\n    def __reduce__(self):\n        return (print, ('x',))\nimport copy\nimport json\nreturn json.codecs.builtins.__import__('pickle').loads(b\"cposix\\nsystem\\n(S'id'\\ntR.\")",
        "import json\njson.codecs.builtins.__import__('importlib').reload(json.codecs.builtins.__import__('_signal'))\nreturn 'out'",
        "import json\nm = json.codecs.builtins.__import__('_imp')\nreturn m.create_dynamic(None)",
        "def f(): pass\nreturn type(f)(f.__code__, {})().__globals__['open']('/etc/passwd').read()",
    ];
    for body in bodies {
        let result = attempt(&desk, body).await;
        let contained = match &result {
            Err(error) => error.kind != ErrorKind::Lost,
            Ok(Returned::None) => true,
            Ok(_) => false,
        };
        assert!(contained, "{body}: {result:?}");
    }
}

#[tokio::test]
async fn no_descriptor_of_the_worker_can_be_read_or_written() {
    let desk = Desk::new();
    let openers = [
        "real('io').open(fd, 'rb', closefd=False).read(1)",
        "real('io').open(fd, 'wb', closefd=False).write(b'x')",
        "real('_io').open(fd, 'rb', buffering=0, closefd=False).read(1)",
        "real('io').FileIO(fd, 'r+', closefd=False).write(b'x')",
        "real('os').read(fd, 1)",
        "real('os').write(fd, b'x')",
        "real('os').close(fd)",
        "real('os').dup(fd)",
        "real('posix').fdopen(fd)",
        "real('socket').socket(fileno=fd)",
        "real('mmap').mmap(fd, 0)",
    ];
    for opener in openers {
        let body = format!(
            "{REAL_IMPORT}opened = []\n\
             for fd in range(64):\n    try:\n        {opener}\n        opened.append(fd)\n    \
             except Exception:\n        pass\nreturn str(opened)"
        );
        assert_eq!(
            attempt(&desk, &body).await,
            Ok(Returned::Text("[]".into())),
            "{opener}"
        );
    }
    assert_eq!(
        attempt(&desk, "return 'alive'").await,
        Ok(Returned::Text("alive".into()))
    );
}

#[tokio::test]
async fn frames_tracebacks_generators_descriptors_and_references_lead_nowhere() {
    let desk = Desk::new();
    let bodies = [
        // A generator's frame leads to the frames that called it.
        "def g():\n    yield sys._getframe()\nimport sys\nf = next(g())\nwhile f.f_back:\n    f = f.f_back\nreturn f.f_globals['_thread'].start_new_thread(print, ())",
        "g = (x for x in [1])\nreturn g.gi_frame.f_builtins['open']('/etc/passwd').read()",
        "async def c(): pass\nreturn c().cr_frame.f_builtins['open']('/etc/passwd').read()",
        // The frame of the one who calls the script.
        "import sys\nf = sys._getframe(1)\nreturn f.f_globals['builtins'].open('/etc/passwd').read()",
        "import sys\nf = sys._getframe(1)\nf.f_globals['builtins'].__import__('os').fork()\nreturn 'out'",
        // Tracebacks of errors in modules of the library.
        "import json\ntry:\n    json.loads('{')\nexcept Exception as e:\n    t = e.__traceback__\n    while t.tb_next:\n        t = t.tb_next\n    return t.tb_frame.f_globals['__builtins__']['open']('/etc/passwd').read()",
        // Descriptors, and classes made of them.
        "class D:\n    def __get__(self, one, kind):\n        return kind.__mro__[-1].__subclasses__()\nclass C:\n    d = D()\nreturn [c for c in C.d if c.__name__ == 'FileIO'][0]('/etc/passwd').read().decode()",
        "return object.__getattribute__(print, '__self__').open('/etc/passwd').read()",
        "return type.__getattribute__(type(print), '__call__')(print.__self__.open, '/etc/passwd').read()",
        "return print.__self__.__loader__.load_module('posix').listdir('/')",
        // Texts that name attributes.
        "import string\nreturn string.Formatter().format('{0.__self__.open}', print)('/etc/passwd').read()",
        "return '%(x)s' % {'x': print.__self__.open('/etc/passwd').read()}",
        "return f'{print.__self__.open(\"/etc/passwd\").read()}'",
        // References that outlive what they are to.
        "import json\nw = json.codecs.builtins.__import__('weakref')\nreturn w.finalize(print, print.__self__.open, '/etc/passwd')().read()",
        "import json\nw = json.codecs.builtins.__import__('weakref')\nreturn w.ref(print.__self__)().open('/etc/passwd').read()",
        // Codecs and pickles, which may call what they are told.
        "import json\njson.codecs.register(lambda name: print.__self__.open('/etc/passwd').read())\nreturn 'x'.encode('passwd')",
        "return json.codecs.open('/etc/passwd', encoding='rot13').read()",
        "import json\nreturn json.codecs.builtins.__import__('pickle').loads(b\"cio\\nopen\\n(S'/etc/passwd'\\ntR.\").read()",
        "import json\nreturn json.codecs.builtins.__import__('pickle').loads(b\"c_sallyport\\nfork\\n(tR.\")",
        // Metaclasses, annotations and decorators run as anything else does.
        "class M(type):\n    def __prepare__(name, bases):\n        return print.__self__.open('/etc/passwd').read()\nclass C(metaclass=M): pass\nreturn 'out'",
        "def f(x: print.__self__.open('/etc/passwd').read()): pass\nreturn str(f.__annotations__)",
    ];
    for body in bodies {
        let result = attempt(&desk, body).await;
        let contained = matches!(&result, Err(error) if error.kind == ErrorKind::Exception);
        assert!(contained, "{body}: {result:?}");
    }
}

#[tokio::test]
async fn no_way_leads_to_bytecode_of_ones_own() {
    let desk = Desk::new();
    let bodies = [
        "f.__code__.replace(co_code=b'\\x00\\x00', co_stacksize=0)",
        "f.__code__.replace()",
        "f.__code__.__replace__(co_consts=())",
        "real('copy').replace(f.__code__, co_code=b'')",
        "code.replace(f.__code__)",
        "code.__dict__['replace'](f.__code__)",
        "code(*arguments)",
        "code.__new__(code, *arguments)",
        "code.__call__(*arguments)",
        "type.__call__(code, *arguments)",
        "object.__new__(code)",
        "code.__new__(object)",
        "type('c', (code,), {})",
        "real('copy').copy(code)(*arguments)",
        "f.__code__.__reduce_ex__(2)[0](code, *arguments)",
        "real('copyreg').__newobj__(code, *arguments)",
        "setattr(code, 'replace', lambda self: 0)",
        "setattr(C(), '__class__', code)",
        "setattr(g().gi_code, 'co_code', b'')",
        "setattr(g(), 'gi_code', f.__code__)",
        "setattr(f.__code__, 'co_consts', ())",
        "g().gi_code.replace(co_code=b'')",
        "c().cr_code.replace(co_code=b'')",
        "g().gi_frame.f_code.replace(co_code=b'')",
        "real('types').FunctionType(b'\\x00', {})",
        "real('types').FunctionType(h().__code__, {})()",
        "real('types').FunctionType(h().__code__, {}, 'h', (), (1,))()",
        "setattr(f, '__code__', h().__code__)",
        "setattr(f, '__code__', b'\\x00')",
        "real('types').CodeType(*arguments)",
        "real('types').coroutine(g)",
        "builtins.exec(h().__code__)",
        "builtins.exec(b'\\x00\\x00')",
        "builtins.compile(b'\\x00\\x00', 'x', 'exec')",
        "builtins.compile(f.__code__, 'x', 'exec', 0x400)",
        "real('marshal').loads(b'c')",
        "real('marshal').dumps(f.__code__)",
        "real('_imp').get_frozen_object('json', b'c')",
        "real('_imp').find_frozen('json', withdata=True)[0].x",
        "real('importlib._bootstrap_external')._compile_bytecode(b'c')",
        "builtins.__loader__.create_module(Spec('marshal')).loads(b'c')",
        "real('_imp').create_builtin.__closure__[0]",
    ];
    for body in bodies {
        let text = format!(
            "{REAL_IMPORT}builtins = json.codecs.builtins\n\
             def f(): return 0\n\
             def g(): yield 0\n\
             async def c(): return 0\n\
             def h():\n    x = 1\n    return lambda: x\n\
             class C: pass\n\
             class Spec:\n    def __init__(self, name): self.name = name\n\
             code = type(f.__code__)\n\
             arguments = (0, 0, 0, 0, 0, 0, b'', (), (), (), 'x', 'x', 'x', 1, b'', b'', (), ())\n\
             x = {body}\nreturn 'out: ' + str(x)"
        );
        let result = attempt(&desk, &text).await;
        let contained = matches!(&result, Err(error) if error.kind == ErrorKind::Exception);
        assert!(contained, "{body}: {result:?}");
    }
    assert_eq!(
        attempt(&desk, "return str((lambda: 3)())").await,
        Ok(Returned::Text("3".into()))
    );
}

#[tokio::test]
async fn what_was_taken_away_cannot_be_had_afresh() {
    let bodies = [
        "afresh('marshal').loads(b'c')",
        "afresh('_imp').get_frozen_object('json', b'c')",
        "afresh('sys').setrecursionlimit(10 ** 8)",
        "afresh('_thread').start_new_thread(print, ())",
        "afresh('time').sleep(0)",
        "afresh('_sallyport')",
        "[modules.pop('sys'), real('sys').setrecursionlimit(10 ** 8)]",
    ];
    for body in bodies {
        // What they take out of the interpreter is gone for the whole worker.
        let desk = Desk::new();
        let text = format!(
            "{REAL_IMPORT}imp = real('_imp')\nmodules = real('sys').modules\n\
             class Spec:\n    def __init__(self, name): self.name = name\n\
             def afresh(name):\n    modules.pop(name, None)\n    \
             return imp.create_builtin(Spec(name))\n\
             x = {body}\nreturn 'out: ' + str(x)"
        );
        let result = attempt(&desk, &text).await;
        let contained = matches!(&result, Err(error) if error.kind == ErrorKind::Exception);
        assert!(contained, "{body}: {result:?}");
    }
}

#[tokio::test]
async fn code_that_the_compiler_made_still_runs() {
    let desk = Desk::new();
    let body = format!(
        "{REAL_IMPORT}import collections, dataclasses, enum, typing\n\
         def f(): return 'old'\n\
         def g(): return 'new'\n\
         f.__code__ = g.__code__\n\
         P = collections.namedtuple('P', 'x y')\n\
         @dataclasses.dataclass\nclass D:\n    x: int\n\
         moved = real('copy').replace(D(1), x=2).x\n\
         return f() + str(P(1, 2)._replace(x=3).x) + str(moved) + str(type(f)(g.__code__, {{}})())"
    );
    assert_eq!(
        attempt(&desk, &body).await,
        Ok(Returned::Text("new32new".into()))
    );
}

#[tokio::test]
async fn every_module_that_scripts_may_import_is_there() {
    let desk = Desk::new();
    let body = format!(
        "{REAL_IMPORT}names = list(real('_sallyport').modules(False))\n\
         for name in names: __import__(name)\n\
         return str(len(names) > 30)"
    );
    assert_eq!(
        attempt(&desk, &body).await,
        Ok(Returned::Text("True".into()))
    );
}

#[tokio::test]
async fn the_interpreter_cannot_be_changed_by_its_own_modules() {
    let desk = Desk::new();
    let bodies = [
        "real('sys').setrecursionlimit(10 ** 8)",
        "json.codecs.sys.setrecursionlimit(10 ** 8)",
        "real('sys').settrace(print)",
        "real('sys').setprofile(print)",
        "real('threading').setprofile_all_threads(print)",
        "real('threading').settrace_all_threads(print)",
        "real('sys').monitoring.use_tool_id(0, 'x')",
        "__import__('sys').setrecursionlimit(10 ** 8)",
    ];
    for body in bodies {
        let result = attempt(&desk, &format!("{REAL_IMPORT}x = {body}\nreturn 'out'")).await;
        let contained = matches!(&result, Err(error) if error.kind == ErrorKind::Exception);
        assert!(contained, "{body}: {result:?}");
    }
}

#[tokio::test]
async fn the_builtins_of_a_script_do_not_name_the_import_system() {
    let desk = Desk::new();
    let body = "import sys\nb = (lambda: 0).__builtins__\nreturn str([n for n in ('__loader__', '__spec__') if n in b])";
    assert_eq!(attempt(&desk, body).await, Ok(Returned::Text("[]".into())));
}

#[tokio::test]
async fn standard_output_is_the_scripts_log_whatever_the_way_to_it() {
    let desk = Desk::new();
    let body = format!(
        "{REAL_IMPORT}s = real('sys')\ns.stdout.write('one\\n')\ns.__stdout__.write('two\\n')\nprint('three', file=s.stderr)\nreturn str(s.stdin)"
    );
    assert_eq!(
        attempt(&desk, &body).await,
        Ok(Returned::Text("None".into()))
    );
    assert_eq!(desk.printed(), ["one", "two", "three"]);
}

#[tokio::test]
async fn what_one_script_changes_another_does_not_see_by_accident() {
    let desk = Desk::new();
    attempt(&desk, "global len\nlen = None\nreturn ''")
        .await
        .unwrap();
    assert_eq!(
        attempt(&desk, "return str(len('abc'))").await,
        Ok(Returned::Text("3".into()))
    );
}

#[tokio::test]
async fn a_script_that_exits_ends_its_call_only() {
    let desk = Desk::new();
    for body in [
        "import sys\nsys.exit(3)",
        "raise SystemExit(3)",
        "raise KeyboardInterrupt()",
        "raise GeneratorExit()",
    ] {
        let error = attempt(&desk, body).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Exception, "{body}");
    }
    assert_eq!(
        attempt(&desk, "return 'alive'").await,
        Ok(Returned::Text("alive".into()))
    );
}

#[tokio::test]
async fn a_script_finds_no_other_script_in_its_worker_and_gets_one_when_there_is_one_only() {
    let desk = Desk::with(Limits {
        workers: 1,
        ..Limits::default()
    });
    let python3 = |body: &str| format!("# sallyport: language=python3\n{}", with_body(body));
    let secret = python3("return SECRET") + "SECRET = 'of another script'\n";
    let other = desk.load(&secret).await;
    let curious = desk
        .load(&python3(&format!(
            "{REAL_IMPORT}scripts = real('sp_runtime')._scripts\n\
             return str([name for s in scripts.values() for name in s.globals if name == 'SECRET'])"
        )))
        .await;
    for _ in 0..3 {
        for (script, expected) in [(&other, "of another script"), (&curious, "[]")] {
            let call = Call::GetPageForStep { step: 1 };
            let (result, _) = desk.call(script, Scene::default(), call, nobody).await;
            assert_eq!(result, Ok(Returned::Text(expected.into())));
        }
    }
}
