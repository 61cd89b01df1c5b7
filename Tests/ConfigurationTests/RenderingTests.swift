import Foundation
import Testing

@testable import Configuration

@Suite struct RenderingTests {
    @Test func `the embedded defaults stay on this machine and raise no warning`() throws {
        let outcome = read(Settings.embeddedDefaults)
        #expect(outcome.lines == [])
        let settings = try #require(outcome.settings)
        #expect(settings.listeners.map(\.address) == [.ip([127, 0, 0, 1], port: 8080)])
        #expect(settings.admin.address == .ip([127, 0, 0, 1], port: 8082))
        #expect(settings.sources.map(\.name) == ["hooks"])
        #expect(settings.sources.map(\.webhook?.path) == ["/webhook"])
        #expect(settings.sinks == [SinkSettings(name: "console", target: .console)])
        #expect(settings.routes == [RouteSettings(name: "everything", sources: [0], sinks: [0])])
        #expect(settings.journal == JournalSettings())
    }

    @Test(arguments: [
        Settings.embeddedDefaults, Gateway().text,
        Gateway(
            listeners:
                "listeners: [{name: a, address: '[::1]:1'}, {name: no, address: 'unix:x y'}]\n",
            sources: "sources: [{name: 'on', webhook: {listeners: [no], path: '/a:b', "
                + "successStatus: 200, percentDecoding: off}}]\n",
            sinks: "sinks: [{name: '1', uri: 'http://[::1]:1/a,b'}, {name: n, discard: {}}]\n",
            routes: "routes: [{name: r, to: [n, '1'], delivery: {timeout: PT1.000000001S}}]\n",
            rest: "journal: {path: ' a\"b\\ü', bytesLimit: 1048577}\n"
        ).text,
        Gateway(
            listeners: "listeners: [{name: a, address: '[::1]:1', tls: {policy: modern-2026, "
                + "certificates: [{certificate: c, key: k}], clients: {mode: optional, ca: a}}, "
                + "trustedProxies: [10.0.0.0/8, '::1']}]\n",
            sources: "sources: [{name: s, webhook: {auth: "
                + "[{clientCertificate: {subjectAltNames: ['spiffe://a/b', c.example]}}]}}]\n",
            sinks: "sinks: [{name: console, uri: 'https://a/', tls: {ca: a, certificate: c, "
                + "key: k}}, {name: n, uri: 'https://b'}]\n",
            routes: "routes: [{name: r, to: [n, console]}]\n"
        ).text,
    ])
    func `what is shown is read as the same settings`(text: String) throws {
        let settings = try #require(read(text).settings)
        let shown = read(settings.maskedYAML)
        #expect(shown.settings == settings, "\(shown.lines)\n\(settings.maskedYAML)")
    }

    @Test func `every default is shown`() throws {
        let shown = try #require(read(Gateway().text).settings).maskedYAML
        let names =
            ListenerLimits.keys.map(\.name) + DeliverySettings.keys.map(\.name)
            + JournalSettings.keys.map(\.name) + ShutdownSettings.keys.map(\.name)
        // There is no sink that gets what others give up unless one is named.
        for name in names where name != "deadLetterSink" {
            #expect(shown.contains("\(name): "), "\(name)")
        }
    }

    @Test func `an unverified certificate is shown`() throws {
        let processor = Router().processor.replacing("SSL: false", with: "SSL: true")
            .replacing("scheme: http,", with: "scheme: https,")
        let settings = try #require(read(Router(processor: processor).text).settings)
        #expect(settings.maskedYAML.contains("    tls:\n      insecure: true\n"))
    }

    @Test func `the schema is JSON and knows every key`() throws {
        let schema = try #require(
            JSONSerialization.jsonObject(with: Data(Settings.jsonSchema.utf8)) as? [String: Any])
        #expect(schema["additionalProperties"] as? Bool == false)
        #expect(
            schema["required"] as? [String]
                == ["apiVersion", "kind", "sources", "sinks", "routes"])
        let properties = try #require(schema["properties"] as? [String: [String: Any]])
        #expect(properties.keys.sorted() == Settings.keys.map(\.name).sorted())
        let journal = try #require(properties["journal"]?["properties"] as? [String: [String: Any]])
        #expect(journal.keys.sorted() == JournalSettings.keys.map(\.name).sorted())
        #expect(journal["bytesLimit"]?["default"] as? String == "10GiB")
        #expect(journal["queueRequests"]?["default"] as? Int == 8192)
        #expect(journal["mode"]?["enum"] as? [String] == ["durable", "memory"])
        let definitions = try #require(schema["$defs"] as? [String: Any])
        for name in Settings.jsonSchema.split(separator: "#/$defs/").dropFirst() {
            #expect(definitions[String(name.prefix { $0.isLetter })] != nil, "\(name.prefix(20))")
        }
    }
}
