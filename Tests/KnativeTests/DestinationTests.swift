import Configuration
import Foundation
import Testing

@testable import Knative

/// Each rule by which a destination is resolved.
@Suite struct DestinationTests {
    @Test(arguments: [
        (#"{"address": {"url": "http://a/x"}}"#, "http://a/x"),
        // Several go before the single one, and of them the first.
        (
            #"{"address": {"url": "http://a"}, "addresses": [{"url": "https://b"}, {}]}"#,
            "https://b"
        ),
        (#"{"address": {"url": "http://a"}, "addresses": []}"#, "http://a"),
        (#"{"address": {"url": "http://a", "unknown": [1, {}]}, "conditions": []}"#, "http://a"),
        (#"{"address": {"url": "HTTP://A.example:80/?q"}}"#, "HTTP://A.example:80/?q"),
    ])
    func `the address stands in the status`(status: String, url: String) throws {
        #expect(try destination().address(of: object(status)).url == url)
    }

    @Test(arguments: [
        ("two", "http://b"), ("three", "http://c"),
    ])
    func `a name picks one of several`(name: String, url: String) throws {
        let status =
            #"{"address": {"name": "none", "url": "http://a"}, "addresses": ["#
            + #"{"url": "http://a"}, {"name": "two", "url": "http://b"}, "#
            + #"{"name": "two", "url": "http://x"}, {"name": "three", "url": "http://c"}]}"#
        #expect(try destination(address: name).address(of: object(status)).url == url)
        #expect(throws: Obstacle.noSuchAddress("none")) {
            try destination(address: "none").address(of: object(status))
        }
    }

    @Test func `a name counts for a single address, too`() throws {
        let status = #"{"address": {"name": "it", "url": "http://a"}}"#
        #expect(try destination(address: "it").address(of: object(status)).url == "http://a")
        #expect(throws: Obstacle.noSuchAddress("other")) {
            try destination(address: "other").address(of: object(status))
        }
    }

    @Test(arguments: [
        "{}", #"{"address": {}}"#, #"{"address": {"url": ""}}"#, #"{"addresses": [{}]}"#,
    ])
    func `an object without an address isn't ready`(status: String) throws {
        let object = try object(status)
        #expect(throws: Obstacle.notReady) { try destination().address(of: object) }
    }

    @Test func `an object without a status isn't ready`() throws {
        let object = try JSONDecoder().decode(Addressable.self, from: Data("{}".utf8))
        #expect(throws: Obstacle.notReady) { try destination().address(of: object) }
    }

    @Test(arguments: [
        ("/path", "no http or https URL"), ("ftp://a", "no http or https URL"),
        ("http://", "no host"), ("http:///x", "no host"), ("https://:80/", "no host"),
        ("http://u:p@a/", "user information"), ("http://a/#x", "fragment"),
        ("http://a/\u{7}", "characters"), ("http://a/ b", "characters"),
        ("http://a/" + String(repeating: "x", count: 4_096), "too many"),
    ])
    func `a URL that can't be used says why`(url: String, reason: String) throws {
        let text = String(decoding: try JSONEncoder().encode([url]), as: UTF8.self)
        let object = try object(#"{"address": {"url": \#(text.dropFirst().dropLast())}}"#)
        let obstacle = #expect(throws: Obstacle.self) { try destination().address(of: object) }
        #expect(obstacle?.sentence.contains(reason) == true, "\(obstacle as Any)")
    }

    @Test func `authorities and audience come along`() throws {
        let status =
            #"{"address": {"url": "http://a", "audience": "x"}, "addresses": ["#
            + #"{"url": "https://b", "CACerts": "PEM", "audience": "aud"}]}"#
        let address = try destination().address(of: object(status))
        #expect(address.authorities == "PEM")
        #expect(address.audience == "aud")
        let empty = #"{"address": {"url": "https://b", "CACerts": "", "audience": ""}}"#
        #expect(try destination().address(of: object(empty)) == SinkAddress(url: "https://b"))
    }

    @Test(arguments: [
        ("", "http://a/default/rabbit"), ("/update", "http://a/update"),
        ("in", "http://a/default/in"), ("?x=1", "http://a/default/rabbit?x=1"),
    ])
    func `a relative URI is resolved`(uri: String, url: String) throws {
        let object = try object(#"{"address": {"url": "http://a/default/rabbit"}}"#)
        #expect(try destination(uri: uri).address(of: object).url == url)
    }

    @Test func `a Service of the core is known by its name`() {
        func url(_ change: (inout HTTPSinkSettings) -> Void = { _ in }) -> String? {
            var settings = HTTPSinkSettings(uri: "")
            settings.reference = ReferenceSettings(apiVersion: "v1", kind: "Service", name: "s")
            change(&settings)
            guard let reference = settings.reference else { return nil }
            return Destination(settings, reference: reference)
                .serviceAddress(namespace: "mine", clusterDomain: "cluster.local")?.url
        }
        #expect(url() == "http://s.mine.svc.cluster.local")
        #expect(url { $0.reference?.namespace = "n" } == "http://s.n.svc.cluster.local")
        #expect(url { $0.reference?.port = 8080 } == "http://s.mine.svc.cluster.local:8080")
        #expect(url { $0.uri = "/in?x" } == "http://s.mine.svc.cluster.local/in?x")
        #expect(url { $0.uri = "in" } == "http://s.mine.svc.cluster.local/in")
        #expect(url { $0.tls.ca = "ca" } == "https://s.mine.svc.cluster.local")
        #expect(url { $0.tls.authorities = "PEM" } == "https://s.mine.svc.cluster.local")
        #expect(url { $0.reference?.apiVersion = "serving.knative.dev/v1" } == nil)
        #expect(url { $0.reference?.kind = "Broker" } == nil)
    }
}

@Suite struct DestinationStateTests {
    @Test func `an address is told once, and each time it changes`() throws {
        var state = DestinationState(destination())
        let one = ObjectNews.present(try object(#"{"address": {"url": "http://a"}}"#))
        let two = ObjectNews.present(try object(#"{"address": {"url": "http://b"}}"#))
        #expect(state.take(one) == .moved(SinkAddress(url: "http://a")))
        #expect(state.take(one) == nil)
        #expect(state.take(two) == .moved(SinkAddress(url: "http://b")))
    }

    @Test func `what is lost is told once, and found again`() throws {
        var state = DestinationState(destination())
        let one = ObjectNews.present(try object(#"{"address": {"url": "http://a"}}"#))
        #expect(state.take(.absent) == .lost(.absent))
        #expect(state.take(.absent) == nil)
        #expect(state.take(.present(try object("{}"))) == .lost(.notReady))
        #expect(state.take(one) == .moved(SinkAddress(url: "http://a")))
        #expect(state.take(.absent) == .lost(.absent))
        #expect(state.take(.unknownKind) == .lost(.unknownKind))
        #expect(state.take(one) == .moved(SinkAddress(url: "http://a")))
    }

    @Test func `a server that can't be asked takes no address away`() throws {
        var state = DestinationState(destination())
        let failing = ObjectNews.failing(code: "timeout", sentence: "too late")
        let obstacle = Obstacle.failing(code: "timeout", sentence: "too late")
        #expect(state.take(failing) == .lost(obstacle))
        let one = ObjectNews.present(try object(#"{"address": {"url": "http://a"}}"#))
        #expect(state.take(one) == .moved(SinkAddress(url: "http://a")))
        #expect(state.take(failing) == .unsure(obstacle))
        #expect(state.address == SinkAddress(url: "http://a"))
        #expect(state.take(one) == nil)
    }

    @Test func `each obstacle has a word, and a sentence or more that says what to do`() {
        let obstacles: [Obstacle] = [
            .absent, .unknownKind, .notReady, .noSuchAddress("x"), .unusable("x"),
            .failing(code: "403", sentence: "no"),
        ]
        #expect(Set(obstacles.map(\.code)).count == obstacles.count)
        #expect(obstacles.last?.sentence == "no")
        #expect(
            obstacles.map { $0.remedy != nil || $0.sentence.contains("install") } == [
                true, true, true, true, true, false,
            ])
    }
}

// MARK: - Helpers

private func destination(address: String? = nil, uri: String = "") -> Destination {
    var reference = ReferenceSettings(
        apiVersion: "eventing.knative.dev/v1", kind: "Broker", name: "b")
    reference.address = address
    return Destination(HTTPSinkSettings(uri: uri), reference: reference)
}

private func object(_ status: String) throws -> Addressable {
    try JSONDecoder().decode(Addressable.self, from: Data(#"{"status": \#(status)}"#.utf8))
}
