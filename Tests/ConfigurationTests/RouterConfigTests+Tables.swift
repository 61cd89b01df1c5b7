/// A `RouterConfig` with a mistake, and what is said about it.
struct RouterMistake: Sendable {
    var router = Router()
    var expected: [String]
}

private let horizon = """
    eventProvider:
      type: horizon
      name: h
      horizon:
        address: https://horizon.example
        insecureSSL: false
        auth: {type: active_directory, activeDirectoryAuth: {domain: d, username: u, password: p}}

    """
private let openfaas = """
    eventProcessor:
      type: openfaas
      name: o
      openfaas:
        address: http://gateway.openfaas:8080
        async: false
        auth: {type: basic_auth, basicAuth: {username: admin, password: p}}

    """
private let eventBridge = """
    eventProcessor:
      type: aws_event_bridge
      name: a
      awsEventBridge:
        region: us-west-1
        eventBus: default
        ruleARN: arn:aws:events:us-west-1:1234567890:rule/vmware-event-router
        auth: {type: aws_access_key, awsAccessKeyAuth: {accessKey: A, secretKey: S}}

    """

private func knative(_ section: String) -> Router {
    Router(processor: "eventProcessor: {type: knative, knative: \(section)}\n")
}

private func webhook(_ section: String) -> Router {
    Router(provider: "eventProvider: {type: webhook, webhook: \(section)}\n")
}

let routerMistakes: [RouterMistake] = [
    RouterMistake(
        router: Router(provider: horizon),
        expected: [
            "f:4:9: error: 'horizon' is not supported by this version yet at eventProvider.type; of"
                + " the providers, webhook, vcenter and vcsim are [not-yet-supported]"
        ]),
    RouterMistake(
        router: Router(processor: openfaas),
        expected: [
            "f:11:9: error: 'openfaas' is not supported and not planned at eventProcessor.type; use"
                + " type knative with destination.uri, the address of any HTTP sink"
                + " [not-yet-supported]"
        ]),
    RouterMistake(
        router: Router(processor: eventBridge),
        expected: [
            "f:11:9: error: 'aws_event_bridge' is not supported and not planned at"
                + " eventProcessor.type; use type knative with destination.uri, the address of any"
                + " HTTP sink [not-yet-supported]"
        ]),
    RouterMistake(
        router: knative(
            "{encoding: binary, destination: {ref: {kind: Service}, uri: {path: /in}}}"),
        expected: [
            "f:10:80: error: the keys 'apiVersion' and 'name' are missing at"
                + " eventProcessor.knative.destination.ref [missing-key]"
        ]),
    RouterMistake(
        router: Router(provider: "", processor: "", metrics: ""),
        expected: [
            "f:1:1: error: the section 'eventProvider' is missing [missing-key]",
            "f:1:1: error: the section 'eventProcessor' is missing [missing-key]",
            "f:1:1: error: the section 'metricsProvider' is missing [missing-key]",
        ]),
    RouterMistake(
        router: Router(provider: "eventProvider: {type: webhoook, vcenter: }\n"),
        expected: [
            "f:3:23: error: invalid type specified: 'webhoook' at eventProvider.type; did you mean"
                + " 'webhook'? [invalid-value]"
        ]),
    RouterMistake(
        router: Router(provider: "eventProvider: {type: webhook, webhook: }\n"),
        expected: [
            "f:3:16: error: the section 'webhook' is missing at eventProvider [missing-key]"
        ]),
    RouterMistake(
        router: Router(metrics: "metricsProvider: {name: m}\n"),
        expected: ["f:17:18: error: the key 'type' is missing at metricsProvider [missing-key]"]),
    RouterMistake(
        router: webhook("{bindAddress: '1.2.3.4:5', auth: {type: basic_auth}}"),
        expected: [
            "f:3:74: error: the key 'basicAuth' is missing at eventProvider.webhook.auth"
                + " [missing-key]"
        ]),
    RouterMistake(
        router: webhook("{bindAddress: '1.2.3.4:5', path: /, auth: {basicAuth: {password: p}}}"),
        expected: [
            "f:3:74: error: the path must be more than '/' at eventProvider.webhook.path"
                + " [invalid-value]",
            "f:3:95: error: the text is empty at eventProvider.webhook.auth.basicAuth"
                + " [invalid-value]",
        ]),
    RouterMistake(
        router: webhook("{auth: none}"),
        expected: [
            "f:3:41: warning: anyone who reaches this address is let in at eventProvider.webhook;"
                + " add auth [open-endpoint]",
            "f:3:41: error: the key 'bindAddress' is missing at eventProvider.webhook"
                + " [missing-key]",
            "f:3:48: error: expected a mapping, found a text at eventProvider.webhook.auth"
                + " [wrong-type]",
        ]),
    RouterMistake(
        router: knative("{insecureSSL: yes, destination: {}, auth: {type: basic_auth}}"),
        expected: [
            "f:10:42: error: the key 'encoding' is missing at eventProcessor.knative; write binary"
                + " or structured [missing-key]",
            "f:10:56: error: 'yes' is not a boolean at eventProcessor.knative.insecureSSL; write"
                + " true or false, without quotes [wrong-type]",
            "f:10:74: error: one of 'ref' and 'uri' is needed at eventProcessor.knative.destination"
                + " [missing-key]",
            "f:10:84: warning: this section never had an effect and has none here at"
                + " eventProcessor.knative.auth [ignored]",
        ]),
    RouterMistake(
        router: knative("{encoding: Binary, destination: {uri: 'http://x'}}"),
        expected: [
            "f:10:53: error: 'Binary' is neither binary nor structured at"
                + " eventProcessor.knative.encoding; did you mean 'binary'? [invalid-value]",
            "f:10:74: error: one of 'ref' and 'uri' is needed at eventProcessor.knative.destination"
                + " [missing-key]",
            "f:10:80: error: expected a mapping, found a text at"
                + " eventProcessor.knative.destination.uri [wrong-type]",
        ]),
    RouterMistake(
        router: knative("{encoding: binary, destination: {uri: {Scheme: http, path: /x}}}"),
        expected: [
            "f:10:80: error: the key 'scheme' is missing at eventProcessor.knative.destination.uri"
                + " [missing-key]",
            "f:10:80: error: the key 'host' is missing at eventProcessor.knative.destination.uri"
                + " [missing-key]",
            "f:10:81: error: unknown key 'Scheme' at"
                + " eventProcessor.knative.destination.uri; did you"
                + " mean 'scheme'? [unknown-key]",
        ]),
    RouterMistake(
        router: knative("{encoding: binary, destination: {uri: {scheme: ftp, host: x}}}"),
        expected: [
            "f:10:80: error: the URI's scheme is neither http nor https at"
                + " eventProcessor.knative.destination.uri; write it like"
                + " https://sink.example/events [invalid-value]"
        ]),
    RouterMistake(
        router: knative("{encoding: binary, destination: {uri: {scheme: http, host: 'u:p@x'}}}"),
        expected: [
            "f:10:80: error: the URI holds user information at"
                + " eventProcessor.knative.destination.uri; remove it, with the '@';"
                + " URIs are logged"
                + " [invalid-value]"
        ]),
    RouterMistake(
        router: knative("{encoding: binary, destination: {uri: {scheme: http, host: 'x/y'}}}"),
        expected: [
            "f:10:80: error: the host holds more than a host and a port at"
                + " eventProcessor.knative.destination.uri [invalid-value]"
        ]),
    RouterMistake(
        router: Router(rest: "eventProvider: {}\nmetadata: {labels: [a]}\nfilters: []\n"),
        expected: [
            "f:23:1: error: duplicate key 'eventProvider'; the first is in line 3 [duplicate-key]",
            "f:24:20: error: expected a mapping, found a list at metadata.labels [wrong-type]",
            "f:25:1: error: unknown key 'filters' [unknown-key]",
        ]),
    RouterMistake(
        router: Router(
            provider: Router().provider + "  vcenter: {adress: x, insecureSSL: 'true'}\n"),
        expected: [
            "f:10:13: error: unknown key 'adress' at eventProvider.vcenter; did you mean 'address'?"
                + " [unknown-key]",
            "f:10:37: error: 'true' is not a boolean at eventProvider.vcenter.insecureSSL; write"
                + " true or false, without quotes [wrong-type]",
        ]),
]
