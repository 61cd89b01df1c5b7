import Testing

@testable import Configuration

/// A secret is read from where it is kept, and shown nowhere.
@Suite struct SecretTests {
    private func gateway(password: String) -> String {
        let auth = "[{basic: {username: u, password: \(password)}}]"
        return Gateway(sources: "sources: [{name: hooks, webhook: {auth: \(auth)}}]\n").text
    }

    @Test(arguments: [
        ("plain", "plain"), ("1234", "1234"), ("0123", "0123"), ("no", "no"), ("'~'", "~"),
        ("{env: SECRET}", "from env"), ("{file: /s/a}", "from file"), ("{file: /s/crlf}", "x"),
        ("{file: /s/two}", nil), ("\"ä ö\"", "ä ö"),
    ])
    func `a secret is a text, a file's or a variable's`(yaml: String, expected: String?) {
        let files = ["/s/a": "from file\n", "/s/crlf": "x\r\n", "/s/two": "x\n\n"]
        let outcome = read(
            gateway(password: yaml), environment: ["SECRET": "from env"], files: files)
        let auth = outcome.settings?.sources.first?.webhook?.auth
        #expect(auth == expected.map { [.basic(username: "u", password: Secret($0))] })
    }

    @Test(arguments: [
        ("{env: NONE}", "the environment variable 'NONE' is not set"),
        ("{env: EMPTY}", "the environment variable 'EMPTY' is empty"),
        ("{file: /none}", "the file '/none' can't be read: no such file"),
        ("{file: /empty}", "the file '/empty' is empty"),
        ("{file: /newline}", "the file '/newline' is empty"),
        ("{file: /long}", "the file '/long' is no secret: it holds line ends or control"),
        ("{file: /lines}", "the file '/lines' is no secret: it holds line ends or control"),
        ("''", "the text is empty"), ("\"a\\nb\"", "the text is no secret"),
    ])
    func `a secret that can't be had is an error`(yaml: String, sentence: String) {
        let files = [
            "/empty": "", "/newline": "\n", "/long": String(repeating: "x", count: 4097),
            "/lines": "a\nb\n",
        ]
        let outcome = read(gateway(password: yaml), environment: ["EMPTY": ""], files: files)
        #expect(outcome.codes == [.secretUnavailable])
        #expect(outcome.diagnostics.first?.sentence.hasPrefix(sentence) == true, "\(outcome.lines)")
    }

    @Test(arguments: ["~", "[a]", "{canary}", "{file: }", "{env: a, file: b}", "{}", "{value: x}"])
    func `what is no secret is told its shapes`(yaml: String) {
        let outcome = read(gateway(password: yaml))
        #expect(outcome.codes == [.wrongType])
        #expect(
            outcome.diagnostics.first?.sentence
                == "expected a text, {file: path} or {env: NAME}")
    }

    @Test func `a file that is no UTF-8 is no secret`() {
        let reader = Reader(file: "f", environment: { _ in nil }, readFile: { _ in [0xFF] })
        let path = Node(
            place: Place(), content: .scalar(Scalar(text: "/s", isPlain: true)))
        let entry = Node.Entry(key: "file", keyPlace: Place(), value: path)
        #expect(reader.secret(Node(place: Place(), content: .mapping([entry]))) == nil)
        #expect(reader.sortedDiagnostics().map(\.code) == [.secretUnavailable])
    }

    /// Each text holds the secret beside a mistake, so that the mistake's line could show it.
    @Test(arguments: [
        "{password: canary, x: }", "{password: [canary]}", "{password: {canary: canary}}",
        "{password: {canary}}", "{pasword: canary}", "{username: 'a:b', password: canary}",
        "{password: canary, password: canary}", "{password: \"canary\\q\"}", "{password: @canary}",
        "{password: *canary}", "{password: !!canary canary}", "{password: 'canary",
    ])
    func `no message shows a secret`(basic: String) {
        for auth in ["auth: [{basic: \(basic)}]", "auth:\n      - basic:\n          \(basic)"] {
            let sources = "sources:\n  - name: hooks\n    webhook:\n      \(auth)\n"
            let outcome = read(Gateway(sources: sources).text)
            #expect(outcome.settings == nil)
            for diagnostic in outcome.diagnostics {
                // The tag and the misspelt key are no secrets; their values are.
                let shown = diagnostic.detailedDescription
                    .replacing("tag:yaml.org,2002:canary", with: "")
                #expect(!shown.contains("canary"), "\(shown)")
            }
        }
    }

    @Test func `a line on which only a secret stands is not shown`() {
        let basic = "auth: [{basic: {username: u, password:\n\n      canary}}], zzz: 1"
        let outcome = read(
            Gateway(sources: "sources: [{name: hooks, webhook: {\(basic)}}]\n").text)
        #expect(outcome.codes == [.unknownKey])
        #expect(outcome.diagnostics.map(\.line) == [6])
        #expect(outcome.diagnostics.allSatisfy { $0.sourceLine == nil })
    }

    @Test func `no damaged file shows a secret`() {
        let text = Array(gateway(password: "canary").utf8)
        for place in text.indices {
            for octet in "\n\"'[{}]:-*&!@ ".utf8 {
                var changed = text
                changed[place] = octet
                let outcome = read(changed)
                for diagnostic in outcome.diagnostics {
                    #expect(!diagnostic.detailedDescription.contains("canary"), "\(diagnostic)")
                }
            }
        }
    }

    @Test func `settings are shown without their secrets`() throws {
        let rest = "admin: {auth: [{basic: {username: a, password: canary}}]}\n"
        let sinks = "sinks: [{name: console, uri: 'https://x/in?key=canary'}]\n"
        let text = gateway(password: "canary").replacing(
            "sinks: [{name: console, console: {}}]\n", with: sinks)
        let settings = try #require(read(text + rest).settings)
        #expect(!settings.maskedYAML.contains("canary"))
        #expect(settings.maskedYAML.contains("password: \"***\""))
        #expect(settings.maskedYAML.contains("uri: \"https://x/in?***\""))
        #expect(!"\(settings.sources) \(settings.admin)".contains("canary"))
        let router = Router().provider.replacing("password: p", with: "password: canary")
        #expect(
            read(Router(provider: router).text).settings?.maskedYAML.contains("canary") == false)
    }
}
