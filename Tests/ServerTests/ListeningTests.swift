import EventLoops
import Foundation
import HTTP
import Testing

@testable import Server

/// Where a server listens, and how addresses are written.
@Suite(.timeLimit(.minutes(10))) struct ListeningTests {
    @Test func `a socket in the file system takes requests`() throws {
        let path = temporaryPath()
        let server = try TestServer(at: .unix(path: path))
        let client = try Client(server.address)
        try client.send(post("/echo", body: "x"))
        #expect(try client.response().body == "x")
        unlink(path)
    }

    @Test func `a socket that a dead process left is replaced`() throws {
        let path = temporaryPath()
        try TestServer(at: .unix(path: path)).run { $0.server.drain {} }
        #expect(FileManager.default.fileExists(atPath: path))
        let server = try TestServer(at: .unix(path: path), loops: 2)
        let client = try Client(server.address)
        try client.send(post("/echo", body: "x"))
        #expect(try client.response().body == "x")
        unlink(path)
    }

    @Test func `a socket that somebody listens on is left alone`() throws {
        let path = temporaryPath()
        let server = try TestServer(at: .unix(path: path))
        #expect(throws: SystemError(call: "bind unix:\(path)", errno: EADDRINUSE)) {
            try ListeningSocket.bind(.unix(path: path), count: 1)
        }
        let client = try Client(server.address)
        try client.send(post("/echo", body: "x"))
        #expect(try client.response().body == "x")
        unlink(path)
    }

    @Test func `a file that is no socket is left alone`() throws {
        let path = temporaryPath()
        try Data("precious".utf8).write(to: URL(filePath: path))
        #expect(throws: SystemError(call: "bind unix:\(path)", errno: EADDRINUSE)) {
            try ListeningSocket.bind(.unix(path: path), count: 1)
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("precious".utf8))
        unlink(path)
    }

    @Test func `a path that is too long is refused`() {
        let path = "/tmp/" + String(repeating: "x", count: 120)
        #expect(throws: SystemError(call: "bind", errno: ENAMETOOLONG)) {
            try ListeningSocket.bind(.unix(path: path), count: 1)
        }
    }

    @Test func `the path goes away when it's asked to`() throws {
        let path = temporaryPath()
        let sockets = try ListeningSocket.bind(.unix(path: path), count: 2)
        sockets[0].removePath()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `IPv6 takes requests, and those of IPv4 too`() throws {
        let any = SocketAddress(ip: [UInt8](repeating: 0, count: 16), port: 0)
        let server = try TestServer(at: any)
        for address in [server.address, SocketAddress(ip: [127, 0, 0, 1], port: server.port)] {
            let client = try Client(address)
            try client.send(post("/echo", body: "x"))
            #expect(try client.response().body == "x")
        }
    }

    @Test func `several loops share one port and spread the connections`() throws {
        let server = try TestServer(loops: 2)
        var clients: [Client] = []
        func counts() throws -> [Int] {
            try (0..<2).map { try server.run(loop: $0) { $0.server.connectionsCount } }
        }
        try server.waitUntil {
            clients.append(try Client(server.address))
            try clients.last?.send(post("/echo", body: "x"))
            _ = try clients.last?.response()
            return try counts().allSatisfy { $0 > 0 }
        }
        #expect(try counts().reduce(0, +) == clients.count)
        #expect(
            server.exposition.contains(
                "veer_connections{listener=\"test\"} \(clients.count)\n"))
    }

    @Test func `a port that somebody listens on is refused, though our own loops share it`() throws
    {
        let sockets = try ListeningSocket.bind(
            SocketAddress(ip: [127, 0, 0, 1], port: 0), count: 2)
        let address = sockets[0].address
        #expect(sockets[1].address == address)
        _ = withExtendedLifetime(sockets) {
            #expect(throws: SystemError(call: "bind \(address)", errno: EADDRINUSE)) {
                try ListeningSocket.bind(address, count: 2)
            }
        }
    }

    @Test(
        arguments: [
            ([127, 0, 0, 1], "127.0.0.1:8080"),
            ([0, 0, 0, 0], "0.0.0.0:8080"),
            ([255, 254, 1, 20], "255.254.1.20:8080"),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "[::1]:8080"),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "[::]:8080"),
            ([0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], "[2001:db8::2]:8080"),
            ([0x20, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4], "[2001:0:0:3::4]:8080"),
            ([0x20, 1, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0, 5], "[2001::3:4:0:0:5]:8080"),
            ([0x20, 1, 0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7], "[2001:0:2:3:4:5:6:7]:8080"),
            ([0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0], "[fe80::1:0]:8080"),
        ] as [([UInt8], String)])
    func `an address is written as in a configuration`(octets: [UInt8], text: String) {
        let address = SocketAddress(ip: octets, port: 8_080)
        #expect(address.description == text)
        #expect(address.host == SocketAddress(ip: octets, port: 0))
    }

    @Test func `an IPv4 address in IPv6's form is the IPv4 address`() throws {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 1, 2, 3]
        var result: SocketAddress?
        try SocketAddress(ip: mapped, port: 5).withSystemAddress { result = SocketAddress($0) }
        #expect(result == SocketAddress(ip: [10, 1, 2, 3], port: 5))
    }

    private func temporaryPath() -> String {
        FileManager.default.temporaryDirectory.appending(path: "veer-\(UUID()).sock").path
    }
}

extension TestServer {
    fileprivate var port: UInt16 {
        switch address {
        case .ipv4(_, let port), .ipv6(_, let port): port
        case .unix: 0
        }
    }
}
