public import EventLoops
internal import FoundationEssentials
public import Outbound

/// Asks a cluster's API server.
///
/// It reads the files of tokens on its loop's thread, so that is none that must never wait for a
/// disk. Ownership: belongs to the loop of its HTTP client, whose owner closes that.
public final class KubernetesClient {
    /// What a client may take.
    public struct Limits: Sendable {
        /// The most octets of an answer, and of a line of a watch.
        public var bytes = 4 * 1024 * 1024
        /// For one request, from the look-up of the name to the answer's last octet.
        public var timeout = Duration.seconds(30)
        /// How long a watch may say nothing; servers say something about once a minute.
        public var idleTimeout = Duration.seconds(150)
        /// How many watches may be under way.
        public var watches = 64
        /// How many other requests may wait for their turn.
        public var waiting = 256

        /// The defaults.
        public init() {}
    }

    /// What came of a request: the body of a success.
    public typealias Outcome = Result<[UInt8], KubernetesFailure>

    private struct Waiting {
        var method: String
        var path: String
        var body: [UInt8]
        var completion: (Outcome) -> Void
    }

    /// What the API server answered, by its status or the kind of an error; for metrics.
    public var onAnswer: ((String) -> Void)?

    let limits: Limits
    let loop: EventLoop
    private let access: ClusterAccess
    private let http: HTTPClient
    private let endpoint: HTTPEndpoint
    private let watchEndpoint: HTTPEndpoint
    private var token: BearerToken?
    private var waiting: [Waiting] = []
    private var underWayCount = 0

    private static let concurrency = 8

    /// A client that has asked nothing yet.
    ///
    /// - Parameters:
    ///   - loop: the loop of `http`.
    ///   - readFile: the octets of a token's file.
    public init(
        _ access: ClusterAccess, loop: EventLoop, http: HTTPClient, limits: Limits = Limits(),
        readFile: @escaping (String) throws -> [UInt8]
    ) {
        self.access = access
        self.loop = loop
        self.http = http
        self.limits = limits
        token = access.token.map { BearerToken($0, readFile: readFile) }
        var options = HTTPEndpoint.Options(url: access.server)
        options.tls = .init(access)
        options.takesHTTP2 = false
        options.fieldsKept = ["Retry-After"]
        options.bodyBytesLimit = limits.bytes
        options.bodyBytesKept = limits.bytes
        options.concurrency = Self.concurrency
        endpoint = http.endpoint(options)
        options.bodyBytesKept = 64 * 1024
        options.concurrency = limits.watches
        watchEndpoint = http.endpoint(options)
    }

    /// The namespace that is meant where none is named.
    public var namespace: String { access.namespace }

    /// Sends a request; the completion is called once, later on this loop.
    ///
    /// A token that is refused is read again, and the request sent once more.
    ///
    /// - Parameters:
    ///   - method: `GET`, `POST`, `PUT` or `DELETE`, or `PATCH` with a merge patch.
    ///   - path: from the server's root, with its query, percent-encoded.
    ///   - body: JSON; nothing for a `GET`.
    public func request(
        _ method: String, _ path: String, body: [UInt8] = [],
        _ completion: @escaping (Outcome) -> Void
    ) {
        let waiting = Waiting(method: method, path: path, body: body, completion: completion)
        guard underWayCount >= Self.concurrency else { return send(waiting, isRepeated: false) }
        guard self.waiting.count < limits.waiting else {
            loop.schedule(after: .zero) { completion(.failure(.busy)) }
            return
        }
        self.waiting.append(waiting)
    }

    /// Sends a request with a value as its body, and reads its answer as a value.
    public func request<Answer: Decodable>(
        _ method: String, _ path: String, body: (any Encodable)? = nil, as answer: Answer.Type,
        _ completion: @escaping (Result<Answer, KubernetesFailure>) -> Void
    ) {
        // Of values made for it, none can't be encoded.
        let octets = body.flatMap { try? JSONEncoder().encode($0) }.map { Array($0) }
        request(method, path, body: octets ?? []) { outcome in
            completion(outcome.flatMap { Self.decode(answer, $0) })
        }
    }

    /// Reads an object of a type.
    static func decode<Object: Decodable>(
        _ type: Object.Type, _ octets: [UInt8]
    ) -> Result<Object, KubernetesFailure> {
        do {
            return .success(try JSONDecoder().decode(type, from: Data(octets)))
        } catch {
            return .failure(.unreadable("it's no \(type)"))
        }
    }

    private func send(_ waiting: Waiting, isRepeated: Bool) {
        let prepared = prepared(waiting.method, waiting.path, waiting.body)
        guard case .success(let (request, token)) = prepared else {
            if case .failure(let failure) = prepared {
                loop.schedule(after: .zero) { waiting.completion(.failure(failure)) }
            }
            return
        }
        underWayCount += 1
        http.send(request, to: endpoint) { [weak self] response in
            guard let self else { return }
            underWayCount -= 1
            let outcome = outcome(of: response)
            if case .failure(let failure) = outcome, failure.status == 401, !isRepeated,
                isRefused(token)
            {
                return send(waiting, isRepeated: true)
            }
            if !self.waiting.isEmpty { send(self.waiting.removeFirst(), isRepeated: false) }
            waiting.completion(outcome)
        }
    }

    /// A request, and the token in it.
    private func prepared(
        _ method: String, _ path: String, _ body: [UInt8]
    ) -> Result<(HTTPRequest, String?), KubernetesFailure> {
        var fields = HTTPFields()
        fields.append("Accept", "application/json")
        if method != "GET" {
            let isPatch = method == "PATCH"
            fields.append(
                "Content-Type", isPatch ? "application/merge-patch+json" : "application/json")
        }
        var text: String?
        do throws(KubernetesFailure) {
            text = try token?.text(now: loop.now)
        } catch {
            return .failure(error)
        }
        if let text { fields.append("Authorization", "Bearer \(text)") }
        var request = HTTPRequest(
            method: method, fields: fields, octets: body, body: body.indices,
            timeout: limits.timeout)
        request.url = access.server + path
        return .success((request, text))
    }

    private func isRefused(_ text: String?) -> Bool {
        guard let text else { return false }
        return token?.refused(text, now: loop.now) ?? false
    }

    private func outcome(of response: HTTPResponse) -> Outcome {
        let outcome = judged(response)
        if case .failure(let failure) = outcome {
            onAnswer?(failure.code)
        } else {
            onAnswer?("\(response.status ?? 0)")
        }
        return outcome
    }

    private func judged(_ response: HTTPResponse) -> Outcome {
        if response.isCut {
            return .failure(.unreadable("it's larger than \(limits.bytes) octets"))
        }
        if let error = response.error { return .failure(.unreachable(error)) }
        guard let status = response.status, 200...299 ~= status else {
            return .failure(
                KubernetesFailure(
                    status: response.status ?? 0, body: response.body,
                    retryAfter: response.fields["Retry-After"]))
        }
        return .success(response.body)
    }
}

// MARK: - Watches

extension KubernetesClient {
    /// Sends a `GET` whose answer comes in parts for as long as the server likes.
    ///
    /// - Precondition: fewer than ``Limits/watches`` are under way.
    /// - Returns: nothing where it wasn't sent; the completion is called all the same.
    func stream(
        _ path: String, part: @escaping ([UInt8]) -> Void,
        _ completion: @escaping (KubernetesFailure?) -> Void
    ) -> HTTPStream? {
        switch prepared("GET", path, []) {
        case .failure(let failure):
            loop.schedule(after: .zero) { completion(failure) }
            return nil
        case .success(let (request, token)):
            return http.stream(
                request, to: watchEndpoint, idleTimeout: limits.idleTimeout, part: part
            ) { [weak self] response in
                guard let self else { return }
                let outcome = outcome(of: response)
                guard case .failure(let failure) = outcome else { return completion(nil) }
                // Whoever asked asks again, by then with another token.
                if failure.status == 401 { _ = isRefused(token) }
                completion(failure)
            }
        }
    }
}

extension HTTPEndpoint.TLSOptions {
    fileprivate init(_ access: ClusterAccess) {
        self.init()
        isInsecure = access.isInsecure
        switch access.authorities {
        case .file(let path)?: authorities = path
        case .octets(let octets)?: authorityOctets = octets
        case nil: break
        }
        guard let pair = access.certificate else { return }
        switch pair.certificate {
        case .file(let path): certificate = path
        case .octets(let octets): certificatePEM = octets
        }
        switch pair.key {
        case .file(let path): key = path
        case .octets(let octets): keyPEM = octets
        }
    }
}
