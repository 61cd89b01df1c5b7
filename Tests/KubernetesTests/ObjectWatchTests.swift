import EventLoops
import ScriptedPeer
import Testing

@testable import Kubernetes

@Suite(.timeLimit(.minutes(10))) struct ObjectWatchTests {
    /// The part of an object that these tests look at.
    struct Thing: Decodable {
        var color: String?
    }

    static let discovery =
        "{\"resources\":[{\"name\":\"things/status\",\"kind\":\"Thing\",\"namespaced\":true},"
        + "{\"name\":\"thingies\",\"kind\":\"Thing\",\"namespaced\":true}]}"
    static let collection = "/apis/a.example/v1/namespaces/here/thingies"

    @Test func `an object is listed, then watched, and each change is told`() throws {
        let peer = try ScriptedPeer { request, _ in
            if request.line.contains("watch=true") {
                return events(
                    event("MODIFIED", "red", version: 8), event("MODIFIED", "green", version: 9),
                    "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"it\","
                        + "\"resourceVersion\":\"10\"}}}")
            }
            return answer(request, list: [object("blue", version: 5)], version: 7)
        }
        defer { peer.stop() }
        #expect(try news(from: peer, count: 4) == ["blue", "red", "green", "absent"])
        let lines = peer.requests.map { $0.line.split(separator: " ")[1] }
        #expect(lines[0] == "/apis/a.example/v1")
        #expect(lines[1] == "\(Self.collection)?fieldSelector=metadata.name%3Dit")
        #expect(
            lines[2].hasPrefix(
                "\(Self.collection)?fieldSelector=metadata.name%3Dit&watch=true"
                    + "&allowWatchBookmarks=true&timeoutSeconds="))
        #expect(lines[2].hasSuffix("&resourceVersion=7"))
    }

    @Test func `a watch goes on from a bookmark`() throws {
        let peer = try ScriptedPeer { request, _ in
            if request.line.contains("resourceVersion=7 ") {
                return events(
                    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{"
                        + "\"resourceVersion\":\"20\"}}}")
            }
            if request.line.contains("resourceVersion=20 ") {
                return events(event("MODIFIED", "red", version: 21))
            }
            return answer(request, list: [object("blue", version: 5)], version: 7)
        }
        defer { peer.stop() }
        #expect(try news(from: peer, count: 2) == ["blue", "red"])
    }

    @Test func `who only wants to know whether it can be followed waits a second`() throws {
        let peer = try ScriptedPeer { request, _ in
            request.line.contains("watch=true")
                ? events() : answer(request, list: [object("blue", version: 5)], version: 7)
        }
        defer { peer.stop() }
        let harness = try Harness(peer)
        var colors: [String] = []
        var watch: ObjectWatch<Thing>?
        watch = ObjectWatch(
            Self.subject, client: harness.client,
            didFollow: {
                watch?.stop()
                harness.loop.stop()
            }
        ) { news in
            if case .present(let thing) = news { colors.append(thing.color ?? "none") }
        }
        #expect(watch?.rule == nil)
        try harness.run()
        #expect(colors == ["blue"])
        #expect(peer.requests.last?.line.contains("&timeoutSeconds=1&") == true)
        #expect(
            watch?.rule?.description == "{apiGroups: [\"a.example\"], resources: [thingies],"
                + " resourceNames: [it], verbs: [list, watch]}")
    }

    @Test(arguments: [true, false])
    func `a version that is too old has everything listed again`(inStream: Bool) throws {
        let gone = "{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\",\"message\":\"old\"}"
        let peer = try ScriptedPeer { request, number in
            if request.line.contains("resourceVersion=7 ") {
                return inStream
                    ? events("{\"type\":\"ERROR\",\"object\":\(gone)}") : json(gone, status: 410)
            }
            if request.line.contains("watch=true") { return [.waitForClient] }
            let color = number < 3 ? "blue" : "red"
            return answer(
                request, list: [object(color, version: 5)], version: number < 3 ? 7 : 30)
        }
        defer { peer.stop() }
        #expect(try news(from: peer, count: 2) == ["blue", "red"])
    }

    @Test func `an object that isn't there, and others, are told as absent`() throws {
        let other = "{\"metadata\":{\"name\":\"other\"},\"color\":\"red\"}"
        let peer = try ScriptedPeer { request, _ in
            if request.line.contains("watch=true") {
                return events(
                    "{\"type\":\"ADDED\",\"object\":\(other)}",
                    event("ADDED", "blue", version: 8))
            }
            return answer(request, list: [other], version: 7)
        }
        defer { peer.stop() }
        #expect(try news(from: peer, count: 2) == ["absent", "blue"])
    }

    @Test func `a kind that the server doesn't have is asked for again`() throws {
        let peer = try ScriptedPeer { request, number in
            number == 0
                ? json("{}", status: 404)
                : answer(request, list: [object("blue", version: 5)], version: 7)
        }
        defer { peer.stop() }
        #expect(try news(from: peer, count: 2) == ["no such kind", "blue"])
    }

    @Test(arguments: [
        "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"it\"},\"color\":7}}",
        "{", "{\"type\":\"ERROR\",\"object\":{\"code\":500,\"message\":\"oh\"}}",
        String(repeating: "x", count: 5_000),
    ])
    func `what can't be read is told, and the watch begins again`(line: String) throws {
        let peer = try ScriptedPeer { request, number in
            if number == 2 { return events(line) }
            if request.line.contains("watch=true") { return [.waitForClient] }
            return answer(request, list: [object("blue", version: 5)], version: 7)
        }
        defer { peer.stop() }
        let news = try news(from: peer, count: 2, requests: 4)
        #expect(news.prefix(2) == ["blue", "failing"])
    }

    @Test func `a refusal is told`() throws {
        let peer = try ScriptedPeer { _, _ in json("{\"message\":\"no\"}", status: 403) }
        defer { peer.stop() }
        #expect(try news(from: peer, count: 1) == ["failing"])
    }

    @Test func `a watch that was stopped tells nothing more`() throws {
        let peer = try ScriptedPeer { request, _ in
            request.line.contains("watch=true")
                ? [
                    .send("HTTP/1.1 200 x\r\n\r\n"),
                    .sendForever(event("MODIFIED", "red", version: 8) + "\n"),
                ]
                : answer(request, list: [object("blue", version: 5)], version: 7)
        }
        defer { peer.stop() }
        let harness = try Harness(peer)
        var told = 0
        var watch: ObjectWatch<Thing>?
        watch = ObjectWatch<Thing>(Self.subject, client: harness.client) {
            [loop = harness.loop] _ in
            told += 1
            guard told == 2 else { return }
            watch?.stop()
            loop.schedule(after: .milliseconds(50)) { loop.stop() }
        }
        try harness.run()
        #expect(told == 2)
    }

    static let subject = ObjectWatch<Thing>.Subject(
        apiVersion: "a.example/v1", kind: "Thing", namespace: "here", name: "it")

    /// The first news, as words; more where so many requests aren't there yet.
    private func news(
        from peer: ScriptedPeer, count: Int, requests: Int = 0
    ) throws -> [String] {
        var limits = KubernetesClient.Limits()
        limits.bytes = 4_000
        let harness = try Harness(peer, limits: limits)
        var words: [String] = []
        func check() {
            guard words.count >= count else { return }
            if peer.requests.count >= requests { return harness.loop.stop() }
            harness.loop.schedule(after: .milliseconds(10)) { check() }
        }
        let watch = ObjectWatch<Thing>(Self.subject, client: harness.client) { news in
            switch news {
            case .present(let thing): words.append(thing.color ?? "none")
            case .absent: words.append("absent")
            case .failing: words.append("failing")
            case .unknownKind: words.append("no such kind")
            }
            if words.count == count { check() }
        }
        try harness.run()
        watch.stop()
        return words
    }
}

// MARK: - Helpers

private func object(_ color: String, version: Int) -> String {
    "{\"metadata\":{\"name\":\"it\",\"resourceVersion\":\"\(version)\"},\"color\":\"\(color)\"}"
}

private func event(_ type: String, _ color: String, version: Int) -> String {
    "{\"type\":\"\(type)\",\"object\":\(object(color, version: version))}"
}

/// A watch that ends after these lines.
private func events(_ lines: String...) -> [ScriptedPeer.Step] {
    json(lines.map { $0 + "\n" }.joined())
}

private func answer(
    _ request: ScriptedPeer.Request, list: [String], version: Int
) -> [ScriptedPeer.Step] {
    guard request.line.contains("fieldSelector") else { return json(ObjectWatchTests.discovery) }
    let items = list.joined(separator: ",")
    return json("{\"metadata\":{\"resourceVersion\":\"\(version)\"},\"items\":[\(items)]}")
}
