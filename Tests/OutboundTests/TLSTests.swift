import EventLoops
import Foundation
import Testing

@testable import Outbound

/// Against OpenSSL's own test server with a certificate that nobody signed.
@Suite(.timeLimit(.minutes(10))) struct TLSTests {
    @Test func `a certificate that isn't trusted is refused, unless any may come`() throws {
        let server = try TLSServer()
        defer { server.stop() }
        let refused = try get("https://localhost:\(server.port)/", isInsecure: false)
        #expect(refused.status == nil)
        #expect(refused.error?.kind == .tls, "\(String(describing: refused.error))")
        let taken = try get("https://localhost:\(server.port)/", isInsecure: true)
        #expect(taken.status == 200, "\(String(describing: taken.error))")
    }

    @Test(arguments: [false, true])
    func `authorities can be given as octets`(trustsSystem: Bool) throws {
        let server = try TLSServer()
        defer { server.stop() }
        let certificate = try server.certificate
        let taken = try get("https://localhost:\(server.port)/") {
            $0.authorityOctets = certificate
            $0.trustsSystem = trustsSystem
        }
        #expect(taken.status == 200, "\(String(describing: taken.error))")
        let other = try TLSServer()
        defer { other.stop() }
        let refused = try get("https://localhost:\(other.port)/") {
            $0.authorityOctets = certificate
            $0.trustsSystem = trustsSystem
        }
        #expect(refused.error?.tlsFault == .untrusted, "\(String(describing: refused.error))")
    }

    @Test func `octets take the place of a file of authorities`() throws {
        let (server, other) = (try TLSServer(), try TLSServer())
        defer {
            server.stop()
            other.stop()
        }
        let octets = try other.certificate
        let refused = try get("https://localhost:\(server.port)/") {
            $0.authorities = server.certificatePath
            $0.authorityOctets = octets
        }
        #expect(refused.error?.tlsFault == .untrusted, "\(String(describing: refused.error))")
    }

    @Test(arguments: ["", "this is no certificate"])
    func `octets that hold no authority are told as such`(text: String) throws {
        let server = try TLSServer()
        defer { server.stop() }
        let refused = try get("https://localhost:\(server.port)/") {
            $0.authorityOctets = Array(text.utf8)
        }
        #expect(refused.error?.tlsFault == .authorities, "\(String(describing: refused.error))")
    }
}

// MARK: - Helpers

private func get(_ url: String, isInsecure: Bool) throws -> HTTPResponse {
    try get(url) { $0.isInsecure = isInsecure }
}

private func get(
    _ url: String, _ change: (inout HTTPEndpoint.TLSOptions) -> Void
) throws -> HTTPResponse {
    let loop = try EventLoop()
    let client = HTTPClient(loop: loop, userAgent: "veer/test")
    defer { client.close() }
    var options = HTTPEndpoint.Options(url: url)
    change(&options.tls)
    let request = HTTPRequest(
        method: "GET", fields: HTTPFields(), octets: [], body: 0..<0, timeout: .seconds(10))
    var response = HTTPResponse()
    client.send(request, to: client.endpoint(options)) {
        response = $0
        loop.stop()
    }
    try loop.run()
    return response
}

private final class TLSServer {
    let port: Int
    var certificate: [UInt8] { get throws { Array(try Data(contentsOf: certificateFile)) } }
    var certificatePath: String { certificateFile.path() }
    private var certificateFile: URL { directory.appending(path: "certificate.pem") }
    private let process: Process
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let making = try Self.openssl(
            directory,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost"
                + " -days 1 -keyout key.pem -out certificate.pem")
        making.waitUntilExit()
        try #require(making.terminationStatus == 0)
        let output = Pipe()
        process = try Self.openssl(
            directory, "s_server -accept 127.0.0.1:0 -www -key key.pem -cert certificate.pem",
            output)
        // It says, for example, "ACCEPT 127.0.0.1:41234".
        var said = ""
        while !said.contains(#/ACCEPT .*\n/#) {
            let data = output.fileHandleForReading.availableData
            try #require(!data.isEmpty)
            said += String(decoding: data, as: UTF8.self)
        }
        port = try #require(said.firstMatch(of: #/ACCEPT .*:(\d+)\n/#).flatMap { Int($0.1) })
    }

    func stop() {
        // Tests run with signals blocked, and their children, too.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    private static func openssl(
        _ directory: URL, _ arguments: String, _ output: Pipe = Pipe()
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments.split(separator: " ").map { String($0) }
        process.currentDirectoryURL = directory
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = Pipe()
        try process.run()
        return process
    }
}
