import ArgumentParser
import CloudEvents
import Configuration
import EventLoops
import HTTP
import Outbound

/// Asks a running gateway on its control socket, and waits for each answer.
struct ControlClient {
    /// Where the control socket is.
    struct Options: ParsableArguments {
        @Option(help: "The control socket, as unix:PATH; if left out, as --config says.")
        var control: String?

        @Option(help: "The gateway's configuration, to learn of its control socket and journal.")
        var config: String?

        /// The socket's path.
        func path() throws -> String {
            if let control {
                guard control.hasPrefix("unix:") else {
                    throw ValidationError("--control is unix:PATH, not '\(control)'")
                }
                return String(control.dropFirst(5))
            }
            guard let config else { return "./data/admin.sock" }
            guard let path = try ConfigurationFile.read(config).settings.controlPath else {
                printError("\(config): there is no control socket (admin.control)")
                throw ExitStatus.unavailable.code
            }
            return path
        }
    }

    private let path: String

    init(_ options: Options) throws { path = try options.path() }

    /// Asks, and gives the answer's JSON; says why not on the standard error.
    ///
    /// - Parameter parameters: the query; those without a value are left out.
    func ask(
        _ method: String, _ target: String, _ parameters: [(String, String?)] = []
    ) throws -> [UInt8] {
        let query = parameters.compactMap { name, value in
            value.map { "\(name)=\(Self.encoded($0))" }
        }.joined(separator: "&")
        var options = HTTPEndpoint.Options(
            url: "http://localhost\(target)\(query.isEmpty ? "" : "?\(query)")")
        options.unixSocket = path
        options.bodyBytesKept = 64 * 1024 * 1024
        options.bodyBytesLimit = options.bodyBytesKept
        let request = HTTPRequest(
            method: method, fields: HTTPFields(), octets: [], body: 0..<0, timeout: .seconds(60))
        var found: HTTPResponse?
        let loop = try EventLoop()
        let client = HTTPClient(loop: loop, userAgent: "veer/\(Version.number)")
        defer { client.close() }
        client.send(request, once: options) { response in
            found = response
            loop.stop()
        }
        try loop.run()
        return try Self.body(of: found ?? HTTPResponse(), path)
    }

    private static func body(of response: HTTPResponse, _ path: String) throws -> [UInt8] {
        switch response.status {
        case .some(200..<300): return response.body
        case .some(let status):
            let detail = response.body.span.text("/detail") ?? "status \(status)"
            printError(detail)
            throw status == 503 ? ExitStatus.unavailable.code : ExitStatus.checkFailed.code
        case nil:
            printError(
                "no gateway answers at unix:\(path): \(response.error?.text ?? "no answer"); "
                    + "start it, or name its socket with --control or --config")
            throw ExitStatus.unavailable.code
        }
    }

    /// A text as a path's segment or a query has it.
    static func encoded(_ text: String) -> String {
        text.utf8.map { octet in
            let isPlain =
                octet.isASCIIAlphanumeric || "-._~".utf8.contains(octet)
            return isPlain
                ? String(UnicodeScalar(octet))
                : "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
        }.joined()
    }
}

extension UInt8 {
    fileprivate var isASCIIAlphanumeric: Bool {
        0x30...0x39 ~= self || 0x41...0x5A ~= self || 0x61...0x7A ~= self
    }
}

extension Span<UInt8> {
    /// A text or number of an answer's JSON, by its pointer.
    func text(_ pointer: String) -> String? {
        guard !isEmpty, let place = JSONPointer(pointer)?.find(in: self) else { return nil }
        return jsonText(at: place)
    }

    /// How many items an array of an answer's JSON has, by its pointer.
    func itemsCount(_ pointer: String) -> Int {
        guard !isEmpty, let place = JSONPointer(pointer)?.find(in: self) else { return 0 }
        return jsonItems(at: place)?.count ?? 0
    }
}
