/// Texts that take the place of a section of the small file, and what is said about them.
typealias Mistakes = [(String, [String])]

let sectionMistakes: Mistakes = [
    (
        "lisseners: []\n",
        ["f:7:1: error: unknown key 'lisseners'; did you mean 'listeners'? [unknown-key]"]
    ),
    ("zzz: []\n", ["f:7:1: error: unknown key 'zzz' [unknown-key]"]),
    ("log: [info]\n", ["f:7:6: error: expected a mapping, found a list at log [wrong-type]"]),
    ("log: {}\n", []),
    (
        "log: {level: [a]}\n",
        ["f:7:14: error: expected a single value, found a list at log.level [wrong-type]"]
    ),
    (
        "log: {level: }\n",
        ["f:7:14: error: expected a single value, found nothing at log.level [wrong-type]"]
    ),
    (
        "log: {level: warn}\n",
        [
            "f:7:14: error: 'warn' is not one of trace, debug, info, warning, error at log.level;"
                + " did you mean 'warning'? [invalid-value]"
        ]
    ),
    (
        "log: {format: jsn}\n",
        [
            "f:7:15: error: 'jsn' is not one of console, json at log.format; did you mean 'json'?"
                + " [invalid-value]"
        ]
    ),
    (
        "journal: {mode: yes}\n",
        ["f:7:17: error: 'yes' is not one of durable, memory at journal.mode [invalid-value]"]
    ),
    ("journal: {path: ''}\n", ["f:7:17: error: the text is empty at journal.path [invalid-value]"]),
    (
        "journal: {path: ~}\n",
        ["f:7:17: error: expected a single value, found nothing at journal.path [wrong-type]"]
    ),
    (
        "journal: {bytesLimit: 1KiB}\n",
        ["f:7:23: error: 1KiB is too small at journal.bytesLimit; the least is 1MiB [out-of-range]"]
    ),
    (
        "journal: {bytesLimit: 10GB}\n",
        [
            "f:7:23: error: '10GB' is not a size at journal.bytesLimit; the units are KiB, MiB and"
                + " GiB: 64KiB [invalid-value]"
        ]
    ),
    (
        "journal: {queueRequests: 1:30}\n",
        ["f:7:26: error: '1:30' is not a whole number at journal.queueRequests [invalid-value]"]
    ),
    (
        "journal: {queueRequests: '30'}\n",
        [
            "f:7:26: error: expected a whole number, found a text at journal.queueRequests; remove"
                + " the quotes [wrong-type]"
        ]
    ),
    (
        "journal: {queueRequests: 030}\n",
        [
            "f:7:26: error: '030' begins with a zero at journal.queueRequests; write decimal"
                + " numbers without leading zeros [invalid-value]"
        ]
    ),
    (
        "journal: {keepDelivered: 1.5h}\n",
        [
            "f:7:26: error: '1.5h' is not a duration at journal.keepDelivered; write whole"
                + " numbers: 90m, 1500ms [invalid-value]"
        ]
    ),
    (
        "shutdown: {timeout: 61m}\n",
        ["f:7:21: error: 61m is too large at shutdown.timeout; the most is 1h [out-of-range]"]
    ),
    (
        "admin: {control: '127.0.0.1:8083'}\n",
        [
            "f:7:18: error: '127.0.0.1:8083' is no socket in the file system at admin.control;"
                + " write unix:/run/veer/admin.sock, or off [invalid-value]"
        ]
    ),
    (
        "admin: {address: '127.0.0.1:8080'}\n",
        [
            "f:7:18: error: the address 127.0.0.1:8080 is taken by listeners[0].address at"
                + " admin.address [conflict]"
        ]
    ),
    (
        "admin: {address: '0.0.0.0:8082'}\n",
        [
            "f:7:8: warning: anyone who reaches this address can watch the events at admin; add"
                + " auth [open-endpoint]"
        ]
    ),
    (
        "admin: {auth: [basic]}\n",
        ["f:7:16: error: expected a mapping, found a text at admin.auth[0] [wrong-type]"]
    ),
]

let listenerMistakes: Mistakes = [
    (
        "listeners: []\n",
        ["f:3:12: error: the list is empty at listeners; add an item [missing-key]"]
    ),
    (
        "listeners: {}\n",
        ["f:3:12: error: expected a list, found a mapping at listeners [wrong-type]"]
    ),
    (
        "listeners: [{}]\n",
        ["f:3:13: error: the keys 'name' and 'address' are missing at listeners[0] [missing-key]"]
    ),
    (
        "listeners: [{name: local, address: 'localhost:8080'}]\n",
        [
            "f:3:36: error: 'localhost' is not an IP address at listeners[0].address; names are not"
                + " looked up: write 127.0.0.1:8080 or [::1]:8080 [invalid-value]"
        ]
    ),
    (
        "listeners: [{name: a, address: '[::1]:80'}, {name: a, address: '[0:0::1]:80'}]\n",
        [
            "f:3:52: error: the name 'a' is taken by listeners[0] at listeners[1].name"
                + " [duplicate-name]",
            "f:3:64: error: the address [::1]:80 is taken by listeners[0].address at"
                + " listeners[1].address [conflict]",
        ]
    ),
    ("listeners: [{name: a, address: '[::1]:0'}, {name: b, address: '[::1]:0'}]\n", []),
    (
        "listeners: [{name: a, address: '[::1]:80', limits: {bodyBytes: 32KiB}}]\n",
        [
            "f:3:64: error: 32KiB is too small at listeners[0].limits.bodyBytes; the least is 64KiB"
                + " [out-of-range]"
        ]
    ),
    (
        "listeners: [{name: a, address: '[::1]:80', limits: {attributeBytes: 64KiB}}]\n",
        [
            "f:3:69: error: 64KiB is too large at listeners[0].limits.attributeBytes; the most is"
                + " 65535 [out-of-range]"
        ]
    ),
    (
        "listeners: [{name: a, address: '[::1]:80', limits: {headerbytes: 1}}]\n",
        [
            "f:3:53: error: unknown key 'headerbytes' at listeners[0].limits; did you mean"
                + " 'headerBytes'? [unknown-key]"
        ]
    ),
]

let sourceMistakes: Mistakes = [
    (
        "sources: [{name: a}]\n",
        [
            "f:4:11: error: a source needs one of 'webhook', 'vcenter' at sources[0] [missing-key]"
        ]
    ),
    (
        "sources: [{name: a, vcenter: {address: x}}]\n",
        [
            "f:4:30: error: the keys 'username' and 'password' are missing at sources[0].vcenter"
                + " [missing-key]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {listeners: [lokal]}}]\n",
        [
            "f:4:43: error: no listener is named 'lokal' at sources[0].webhook.listeners[0]; did"
                + " you mean 'local'? [unknown-name]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {listeners: []}}]\n",
        [
            "f:4:42: error: the list is empty at sources[0].webhook.listeners; add an"
                + " item [missing-key]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {listeners: local}}]\n",
        [
            "f:4:42: error: expected a list, found a text at"
                + " sources[0].webhook.listeners [wrong-type]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {listeners: [local, local]}}]\n",
        ["f:4:50: error: 'local' is named twice at sources[0].webhook.listeners[1] [conflict]"]
    ),
    (
        "sources: [{name: a, webhook: {path: in}}]\n",
        [
            "f:4:37: error: 'in' does not begin with '/' at sources[0].webhook.path; write '/in'"
                + " [invalid-value]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {path: '/in?x'}}]\n",
        [
            "f:4:37: error: '/in?x' holds '?' or '#' at sources[0].webhook.path; a path has neither"
                + " query nor fragment [invalid-value]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {successStatus: 203}}]\n",
        [
            "f:4:46: error: 203 is not one of 200, 201, 202, 204 at"
                + " sources[0].webhook.successStatus"
                + " [invalid-value]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {}}, {name: b, webhook: {path: /webhook}}]\n",
        [
            "f:4:61: error: the path '/webhook' is taken by sources[0] on the same listener at"
                + " sources[1].webhook.path; give each source its own path or listeners [conflict]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {auth: [{}]}}]\n",
        [
            "f:4:38: error: an item of auth needs one of 'basic', 'bearer', 'jwt',"
                + " 'clientCertificate' at sources[0].webhook.auth[0] [missing-key]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {auth: }}]\n",
        [
            "f:4:37: error: expected a list, found nothing at sources[0].webhook.auth; write [] or"
                + " items [wrong-type]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {auth: [{basic: {username: 'a:b'}}]}}]\n",
        [
            "f:4:46: error: the key 'password' is missing at sources[0].webhook.auth[0].basic"
                + " [missing-key]",
            "f:4:57: error: a username can't hold ':' at sources[0].webhook.auth[0].basic.username"
                + " [invalid-value]",
        ]
    ),
    (
        "sources: [{name: a, horizon: {}}]\n",
        [
            "f:4:21: error: 'horizon' is not supported by this version yet at sources[0];"
                + " remove it [not-yet-supported]"
        ]
    ),
    (
        "sources: [{name: a, webhook: {handshake: {origins: ['a b']}, rateLimit: {burst: 1}}}]\n",
        [
            "f:4:53: error: 'a b' is not an origin at sources[0].webhook.handshake.origins[0];"
                + " write a name such as eventgrid.azure.net, *.example.com, or *"
                + " [invalid-value]",
            "f:4:73: error: the key 'requestsPerSecond' is missing at"
                + " sources[0].webhook.rateLimit [missing-key]",
        ]
    ),
    (
        "sources: [{name: a, webhook: {handshake: {origins: []}, duplicates: {window: 2d}}}]\n",
        [
            "f:4:52: error: the list is empty at sources[0].webhook.handshake.origins; add an item"
                + " [missing-key]",
            "f:4:78: error: '2d' is not a duration at sources[0].webhook.duplicates.window;"
                + " write days as hours: 24h [invalid-value]",
        ]
    ),
]

let sinkMistakes: Mistakes = [
    (
        "sinks: [{name: console}]\n",
        [
            "f:5:9: error: a sink needs one of 'uri', 'ref', 'console', 'discard', 'env' at"
                + " sinks[0] [missing-key]"
        ]
    ),
    (
        "sinks: [{name: console, console: {}, uri: 'http://x'}]\n",
        ["f:5:38: error: a sink can't be both 'console' and 'uri' at sinks[0] [conflict]"]
    ),
    (
        "sinks: [{name: console, console: {}, contentMode: binary}]\n",
        [
            "f:5:38: error: 'contentMode' has no meaning for the console sink at"
                + " sinks[0]; remove it"
                + " [conflict]"
        ]
    ),
    (
        "sinks: [{name: console, console: {color: on}}]\n",
        ["f:5:35: error: unknown key 'color' at sinks[0].console [unknown-key]"]
    ),
    (
        "sinks: [{name: console, ref: {kind: Broker}}]\n",
        [
            "f:5:30: error: the keys 'apiVersion' and 'name' are missing at sinks[0].ref"
                + " [missing-key]"
        ]
    ),
    (
        "sinks: [{name: console, uri: 'https://x', insecureSsl: true, concurrency: 0}]\n",
        [
            "f:5:43: error: unknown key 'insecureSsl' at sinks[0] [unknown-key]",
            "f:5:75: error: 0 is too small at sinks[0].concurrency; the least is 1 [out-of-range]",
        ]
    ),
    (
        "sinks: [{name: console, console: {}}, {name: spare, discard: {}}]\n",
        ["f:5:39: warning: no route sends events to 'spare' at sinks[1] [unused]"]
    ),
]

let routeMistakes: Mistakes = [
    (
        "routes: [{name: r}]\n",
        ["f:6:10: error: the key 'to' is missing at routes[0] [missing-key]"]
    ),
    (
        "routes: [{name: r, to: []}]\n",
        ["f:6:24: error: the list is empty at routes[0].to; add an item [missing-key]"]
    ),
    (
        "routes: [{name: r, from: [hook], to: [consol, console]}]\n",
        [
            "f:6:27: error: no source is named 'hook' at routes[0].from[0]; did you mean 'hooks'?"
                + " [unknown-name]",
            "f:6:39: error: no sink is named 'consol' at routes[0].to[0]; did you mean 'console'?"
                + " [unknown-name]",
        ]
    ),
    (
        "routes: [{name: r, to: [console, console]}]\n",
        ["f:6:34: error: 'console' is named twice at routes[0].to[1] [conflict]"]
    ),
    (
        "routes: [{name: r, to: [console]}, {name: r, to: [console]}]\n",
        ["f:6:43: error: the name 'r' is taken by routes[0] at routes[1].name [duplicate-name]"]
    ),
    (
        "routes: [{name: r, to: [console], delivery: {backoffDelay: 2m}}]\n",
        [
            "f:6:60: error: backoffDelay (2m) is longer than backoffDelayMax (1m) at"
                + " routes[0].delivery.backoffDelay [conflict]"
        ]
    ),
    (
        "routes: [{name: r, to: [console], delivery: {backoffPolicy: expontential}}]\n",
        [
            "f:6:61: error: 'expontential' is not one of exponential, linear at"
                + " routes[0].delivery.backoffPolicy; did you mean 'exponential'? [invalid-value]"
        ]
    ),
]
