import HTTP
import Testing

@testable import Authentication

@Suite struct AuthenticatorTests {
    typealias Reason = AuthenticationFailure.Reason

    private func reason(
        _ authenticator: Authenticator, _ fields: String..., target: String = "/",
        isCertified: Bool = false
    ) throws -> Reason? {
        let request = try DecodedRequest(fields, target: target)
        return authenticator.failure(of: request.head, request.message.span, now: 0) {
            isCertified
        }?.reason
    }

    private let basic = Authenticator([
        .basic(username: "veba", password: "s3crét"), .basic(username: "veba", password: "new"),
    ])
    private let bearer = Authenticator([.bearer(tokens: ["one", "t wo"], isInQuery: true)])

    /// Rows 172 to 174.
    @Test(
        arguments: [
            ("Basic dmViYTpzM2Nyw6l0", nil), ("basic dmViYTpzM2Nyw6l0", nil),
            ("BASIC   dmViYTpzM2Nyw6l0", nil), ("Basic dmViYTpuZXc=", nil),
            ("Basic dmViYTpuZXc", .mismatch), ("Basic dmViYTpuZXd=", .mismatch),
            ("Basic", .mismatch),
            ("Basic dmViYQ==", .mismatch), ("Basic !", .mismatch), ("Basic dmViYTo=", .mismatch),
            ("Basic dmViYTpzM2Nyw6l", .mismatch), ("Basic\tdmViYTpuZXc=", .scheme),
            ("Bearer one", .scheme), ("Digest x", .scheme), ("", .scheme),
        ] as [(String, Reason?)])
    func `a password is let in or not`(field: String, expected: Reason?) throws {
        #expect(try reason(basic, "authorization: \(field)") == expected)
    }

    @Test func `a password of many octets is one that is wrong`() throws {
        let long = String(repeating: "QUFB", count: 2_000)
        #expect(try reason(basic, "authorization: Basic \(long)") == .mismatch)
    }

    /// Row 171, and the row of webhooks on tokens in queries.
    @Test(
        arguments: [
            (["Authorization: Bearer one"], "/", nil), (["authorization: bearer t wo"], "/", nil),
            (["Authorization: Bearer on"], "/", .mismatch),
            (["Authorization: Bearer"], "/", .mismatch),
            (["Authorization: Bearer One"], "/", .mismatch), ([], "/", .missing),
            ([], "/?access_token=one", nil), ([], "/?access_token=t+wo", nil),
            ([], "/?a&access_token=t%20wo&b", nil), ([], "/?access%5ftoken=one", nil),
            ([], "/?access_token=on%65", nil),
            ([], "/?access_token", .mismatch), ([], "/?access_token=", .mismatch),
            ([], "/?Access_token=one", .missing), ([], "/?token=one", .missing),
            ([], "/?access_token=one&access_token=one", .ambiguous),
            (["Authorization: Bearer one"], "/?access_token=one", .ambiguous),
            (["Authorization: Digest x"], "/?access_token=one", .ambiguous),
        ] as [([String], String, Reason?)])
    func `a token is let in or not`(
        fields: [String], target: String, expected: Reason?
    ) throws {
        let request = try DecodedRequest(fields, target: target)
        let failure = bearer.failure(of: request.head, request.message.span, now: 0) { true }
        #expect(failure?.reason == expected)
        let closed = Authenticator([.bearer(tokens: ["one"], isInQuery: false)])
        let other = closed.failure(of: request.head, request.message.span, now: 0) { false }
        if fields.isEmpty { #expect(other?.reason == .missing) }
    }

    @Test func `any way that succeeds is enough`() throws {
        let both = Authenticator([
            .basic(username: "u", password: "p"), .certificate,
            .bearer(tokens: ["t"], isInQuery: false),
        ])
        #expect(try reason(both, "authorization: Basic dTpw") == nil)
        #expect(try reason(both, "authorization: Bearer t") == nil)
        #expect(try reason(both, isCertified: true) == nil)
        #expect(try reason(both, "authorization: Bearer x", isCertified: true) == nil)
        #expect(try reason(both) == .missing)
        #expect(try reason(both, "authorization: Bearer x") == .mismatch)
        #expect(try reason(Authenticator([.certificate])) == .certificate)
        #expect(try reason(Authenticator([.certificate]), isCertified: true) == nil)
        #expect(Authenticator([]).isOpen)
        #expect(try reason(Authenticator([])) == nil)
    }

    /// Row 170: what is asked for; RFC 6750 §3 says when an error is told.
    @Test func `a challenge names every way, and no reason but a token's`() {
        let rules = TokenRules(
            issuer: "i", audience: "a", scopes: ["read", "write"], keys: nil)
        let both = Authenticator([.basic(username: "u", password: "p"), .token(rules)])
        let basic = "Basic realm=\"r\", charset=\"UTF-8\""
        let bearer = "Bearer realm=\"r\""
        func challenges(_ reason: Reason, isOfToken: Bool = false) -> [String] {
            both.challenges(
                after: AuthenticationFailure(reason, isOfToken: isOfToken), realm: "r")
        }
        #expect(challenges(.missing) == [basic, bearer])
        #expect(challenges(.mismatch) == [basic, bearer])
        for reason: Reason in [.mismatch, .expired, .unknownKey, .malformed, .audience, .issuer] {
            #expect(
                challenges(reason, isOfToken: true) == [
                    basic, bearer + ", error=\"invalid_token\"",
                ])
        }
        #expect(challenges(.ambiguous) == [bearer + ", error=\"invalid_request\""])
        #expect(
            challenges(.scope, isOfToken: true)
                == [bearer + ", error=\"insufficient_scope\", scope=\"read write\""])
        #expect(challenges(.keysUnavailable) == [])
        #expect(challenges(.certificate) == [])
    }

    @Test func `a failure has its status, and may be a guess`() {
        let expected: [Reason: (Int, Bool)] = [
            .missing: (401, false), .ambiguous: (400, false), .scope: (403, false),
            .certificate: (403, false), .keysUnavailable: (503, false),
        ]
        for reason in Reason.allCases {
            let failure = AuthenticationFailure(reason)
            let (status, isAttempt) = expected[reason] ?? (401, true)
            #expect(failure.status == status, "\(reason)")
            #expect(failure.isAttempt == isAttempt, "\(reason)")
        }
    }
}

/// A request's head with the octets it counts in.
private struct DecodedRequest {
    let head: RequestHead
    let message: [UInt8]

    init(_ fields: [String], target: String) throws {
        let lines = ["POST \(target) HTTP/1.1", "Host: h"] + fields
        let message = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
        var decoder = RequestHeadDecoder(limits: RequestHeadLimits())
        var head = RequestHead()
        let count = try decoder.decode(message.span, into: &head)
        self.head = head
        self.message = message
        try #require(count != nil)
    }
}
