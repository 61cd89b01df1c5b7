import EventLoops
import Outbound
import ScriptedPeer
import Testing

@testable import Kubernetes

/// A client of an API server that answers as a script says, on a loop of its own.
final class Harness {
    let loop: EventLoop
    let client: KubernetesClient
    private let http: HTTPClient
    private(set) var files: Files

    /// Files that tests replace.
    final class Files {
        var contents: [String: String] = [:]

        func read(_ path: String) throws -> [UInt8] {
            guard let text = contents[path] else { throw Missing() }
            return Array(text.utf8)
        }

        struct Missing: Error {}
    }

    init(
        _ peer: ScriptedPeer, token: ClusterAccess.Material? = nil,
        limits: KubernetesClient.Limits = .init(), files: Files = Files()
    ) throws {
        self.files = files
        loop = try EventLoop()
        http = HTTPClient(loop: loop, userAgent: "veer/test")
        var access = ClusterAccess(server: "http://127.0.0.1:\(peer.port)")
        access.token = token
        client = KubernetesClient(
            access, loop: loop, http: http, limits: limits, readFile: { try files.read($0) })
    }

    deinit { http.close() }

    /// Turns the loop until somebody stops it, at most so long.
    func run() throws {
        loop.schedule(after: .seconds(20)) { [loop] in
            Issue.record("nothing stopped the loop")
            loop.stop()
        }
        try loop.run()
    }

    /// What comes of one request.
    func outcome(
        _ method: String = "GET", _ path: String = "/api/v1", body: String = ""
    ) throws -> KubernetesClient.Outcome {
        var outcome = KubernetesClient.Outcome.failure(.busy)
        client.request(method, path, body: Array(body.utf8)) { [loop] in
            outcome = $0
            loop.stop()
        }
        try run()
        return outcome
    }
}

/// An answer with a JSON body.
func json(_ text: String, status: Int = 200, _ fields: String...) -> [ScriptedPeer.Step] {
    let head =
        ["HTTP/1.1 \(status) x", "Content-Length: \(text.utf8.count)"] + fields
    return [.send(head.joined(separator: "\r\n") + "\r\n\r\n" + text)]
}
