import HTTP
import Testing

@testable import Authentication

/// Rows 177 to 188, one by one; a token is signed here as its issuer would, so that nothing but
/// what the row says is wrong with it.
@Suite struct TokenTests {
    typealias Reason = AuthenticationFailure.Reason

    private static let secret = [UInt8](repeating: 7, count: 32)
    private static let now = 1_800_000_000
    private static let head = #"{"alg":"HS256","kid":"k"}"#
    private static let claims = claims()

    private static func claims(
        _ change: (String, String?) = ("", nil), and more: String = ""
    ) -> String {
        var claims = ["iss": "\"i\"", "aud": "\"a\"", "exp": "\(now + 60)"]
        claims[change.0] = change.1
        let members = claims.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return "{" + members.joined(separator: ",") + more + "}"
    }

    private static func encoded(_ octets: [UInt8]) -> String {
        let text = Base64.encode(octets, .url)
        return String(decoding: text.filter { $0 != UInt8(ascii: "=") }, as: UTF8.self)
    }

    private static func token(_ head: String = head, _ claims: String = claims) -> String {
        let input = encoded(Array(head.utf8)) + "." + encoded(Array(claims.utf8))
        let code = HMAC.sha256(key: secret, message: Array(input.utf8).span)
        return input + "." + encoded(code)
    }

    private func rules(keys: String? = nil, scopes: [String] = []) throws -> TokenRules {
        let key = "{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"\(Self.encoded(Self.secret))\"}"
        let keys = try KeySet(Array("{\"keys\":[\(keys ?? key)]}".utf8), allowsSecrets: true)
        return TokenRules(issuer: "i", audience: "a", scopes: scopes, leeway: 60, keys: keys)
    }

    private func fault(of token: String, _ rules: TokenRules) -> Reason? {
        guard let token = JSONWebToken(Array(token.utf8)) else { return .malformed }
        return TokenVerifier(rules).fault(of: token, now: Self.now)
    }

    // MARK: - Heads

    @Test(
        arguments: [
            (head, nil),
            (#"{"alg":"HS256"}"#, nil),
            (#"{"alg":"HS256","typ":"JWT"}"#, nil),
            (#"{"alg":"HS256","typ":"at+jwt"}"#, nil),
            (#"{"alg":"HS256","typ":"application/AT+JWT"}"#, nil),
            // 180: what a token brings along is never looked at.
            (
                #"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"},"jku":"x","x5u":"x","x5c":[1]}"#,
                nil
            ),
            (#"{"alg":"HS256","b64":true}"#, nil),
            // 177
            (#"{"alg":"none"}"#, .unknownKey), (#"{"alg":"None"}"#, .unknownKey),
            (#"{"alg":"nOnE"}"#, .unknownKey), (#"{"alg":""}"#, .unknownKey),
            (#"{"alg":"hs256"}"#, .unknownKey), (#"{"alg":"HS512"}"#, .unknownKey),
            (#"{}"#, .malformed), (#"{"alg":null}"#, .malformed),
            (#"{"alg":["HS256"]}"#, .malformed),
            // 178
            (#"{"alg":"RS256","kid":"k"}"#, .unknownKey),
            // 181
            (#"{"alg":"HS256","kid":"../../dev/null"}"#, .unknownKey),
            (#"{"alg":"HS256","kid":"' OR 1=1 --"}"#, .unknownKey),
            (#"{"alg":"HS256","kid":"K"}"#, .unknownKey),
            (#"{"alg":"HS256","kid":"k\u0000"}"#, .malformed),
            (#"{"alg":"HS256","kid":"ä"}"#, .malformed), (#"{"alg":"HS256","kid":""}"#, .malformed),
            (#"{"alg":"HS256","kid":1}"#, .malformed),
            ("{\"alg\":\"HS256\",\"kid\":\"\(String(repeating: "k", count: 128))\"}", .unknownKey),
            ("{\"alg\":\"HS256\",\"kid\":\"\(String(repeating: "k", count: 129))\"}", .malformed),
            // 182
            (#"{"alg":"HS256","crit":["exp"]}"#, .malformed),
            (#"{"alg":"HS256","crit":[]}"#, .malformed),
            (#"{"alg":"HS256","b64":false}"#, .malformed),
            (#"{"alg":"HS256","b64":false,"crit":["b64"]}"#, .malformed),
            // 183
            (#"{"alg":"HS256","zip":"DEF"}"#, .malformed),
            // 185
            (#"{"alg":"HS256","typ":"logout+jwt"}"#, .malformed),
            (#"{"alg":"HS256","typ":"dpop+jwt"}"#, .malformed),
            (#"{"alg":"HS256","typ":1}"#, .malformed),
            // 186
            (#"{"alg":"none","alg":"HS256"}"#, .malformed), (#"["HS256"]"#, .malformed),
        ] as [(String, Reason?)])
    func `a head decides nothing but the key`(head: String, reason: Reason?) throws {
        #expect(fault(of: Self.token(head), try rules()) == reason, "\(head)")
    }

    // MARK: - Claims

    @Test(
        arguments: [
            ("exp", "\(now)", nil), ("exp", "\(now - 59)", nil), ("exp", "\(now - 60)", .expired),
            ("exp", nil, .malformed), ("exp", "0", .expired), ("exp", "\"\(now)\"", .malformed),
            ("exp", "\(now).5", .malformed), ("exp", "1e12", .malformed), ("exp", "-1", .malformed),
            ("exp", "253402300799", nil), ("exp", "253402300800", .malformed),
            ("exp", "9223372036854775807", .malformed), ("exp", "9223372036854775808", .malformed),
            ("exp", "null", .malformed), ("exp", "[\(now)]", .malformed),
            ("nbf", "\(now + 60)", nil), ("nbf", "\(now + 61)", .notYetValid), ("nbf", "0", nil),
            ("nbf", "\"x\"", .malformed),
            ("iat", "\(now + 60)", nil), ("iat", "\(now + 61)", .notYetValid),
            ("iat", "1.0", .malformed),
            ("iss", "\"other\"", .issuer), ("iss", nil, .issuer), ("iss", "\"I\"", .issuer),
            ("iss", "\"i/\"", .issuer), ("iss", "[\"i\"]", .issuer), ("iss", "null", .issuer),
            ("aud", "\"b\"", .audience), ("aud", nil, .audience), ("aud", "[\"b\",\"a\"]", nil),
            ("aud", "[]", .audience), ("aud", "[[\"a\"]]", .audience),
            ("aud", "{\"a\":1}", .audience),
            ("aud", "\"a \"", .audience), ("sub", "\"x\"", nil),
        ] as [(String, String?, Reason?)])
    func `a claim is what it must be`(name: String, value: String?, reason: Reason?) throws {
        let claims = Self.claims((name, value))
        #expect(fault(of: Self.token(Self.head, claims), try rules()) == reason, "\(claims)")
    }

    @Test func `claims that stand twice, or too deep, are nobody's`() throws {
        let deep = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
        for more in [",\"exp\":1", ",\"x\":\(deep)", ",\"x\":"] {
            let token = Self.token(Self.head, Self.claims(and: more))
            #expect(fault(of: token, try rules()) == .malformed)
        }
        #expect(fault(of: Self.token(Self.head, "[1]"), try rules()) == .malformed)
        #expect(fault(of: Self.token(Self.head, "\"x\""), try rules()) == .malformed)
    }

    @Test func `a token has a limit`() throws {
        func padded(_ count: Int) -> String {
            let text = String(repeating: "x", count: count)
            return Self.token(Self.head, Self.claims(and: ",\"x\":\"\(text)\""))
        }
        #expect(fault(of: padded(12_000), try rules()) == nil)
        #expect(fault(of: padded(12_500), try rules()) == .malformed)
    }

    @Test func `a scope must be among the token's words`() throws {
        let rules = try rules(scopes: ["write", "read"])
        for (scope, reason) in [
            ("\"read write\"", nil), ("\"x read  write\"", nil), ("\"read\"", .scope),
            ("\"reads write\"", .scope), ("[\"read\",\"write\"]", .scope), (nil, .scope),
        ] as [(String?, Reason?)] {
            let token = Self.token(Self.head, Self.claims(("scope", scope)))
            #expect(fault(of: token, rules) == reason)
        }
    }

    // MARK: - Spelling

    /// Rows 183 and 187: a token has one spelling, and three parts.
    @Test func `a token in another spelling is refused`() throws {
        let good = Self.token()
        let rules = try rules()
        #expect(fault(of: good, rules) == nil)
        let parts = good.split(separator: ".").map(String.init)
        let spellings = [
            good + "=", good + ".", "." + good, good + " ", " " + good, good + "\n",
            good.replacing("-", with: "+").replacing("_", with: "/") + "+",
            parts[0] + "=." + parts[1] + "." + parts[2], parts[0] + "." + parts[1],
            parts[0] + "." + parts[1] + ".", good + ".a.b", "", ".", "..", "...", "a.b.c",
            parts[0] + ". " + parts[1] + "." + parts[2],
        ]
        for spelling in spellings {
            let reason = fault(of: spelling, rules)
            #expect(reason == .malformed || reason == .mismatch, "\(spelling)")
        }
    }

    @Test(arguments: [
        ("", [] as [UInt8]?), ("AA", [0]), ("AB", nil), ("AAA", [0, 0]), ("AAB", nil), ("A", nil),
        ("AAAA", [0, 0, 0]), ("_-8", [0xFF, 0xEF]), ("_-9", nil), ("+/8", nil), ("AA==", nil),
        ("A A", nil), ("ä", nil), ("AAAAA", nil),
    ])
    func `octets have one spelling`(text: String, octets: [UInt8]?) {
        #expect(Base64.decode(text.utf8.span, .url, padding: .refused) == octets)
    }

    @Test func `a forged signature is refused whatever its length`() throws {
        let good = Self.token()
        let input = good.prefix(upTo: good.lastIndex(of: ".") ?? good.endIndex)
        for count in [0, 1, 16, 31, 32, 33, 64, 1_000] {
            let forged = input + "." + Self.encoded([UInt8](repeating: 0, count: count))
            #expect(fault(of: String(forged), try rules()) == .mismatch)
        }
    }

    @Test func `without keys nothing is judged but the issuer`() throws {
        var rules = try rules()
        rules.keys = nil
        #expect(fault(of: Self.token(), rules) == .keysUnavailable)
        #expect(fault(of: Self.token(Self.head, Self.claims(("iss", "\"x\""))), rules) == .issuer)
    }
}
