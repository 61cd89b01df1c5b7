import CloudEvents
import HTTP
import Webhooks

@testable import Authentication

/// JSON as two readers of ours see it, and what can be found in it.
func checkJSON(_ octets: [UInt8]) {
    let isJSON = octets.span.isJSON
    // The reader of tokens is the stricter one: of names, depth and texts.
    precondition(JSONValue(octets) == nil || isJSON)
    guard isJSON else { return }
    for pointer in ["", "/a", "/0", "/a/0/b", "/~0~1"] {
        guard let place = JSONPointer(pointer)?.find(in: octets.span) else { continue }
        precondition(Array(octets[place]).span.isJSON)
        _ = octets.span.jsonText(at: place)
        for item in octets.span.jsonItems(at: place) ?? [] {
            precondition(Array(octets[item]).span.isJSON)
        }
        let members = octets.span.jsonMembers(at: place, limit: 8) ?? []
        precondition(members.count <= 8)
        // Of a name that is there twice, the last counts.
        guard members.count < 8 else { continue }
        for (index, member) in members.enumerated() {
            let name = Array(member.name.utf8)
            let isLast = !members[(index + 1)...].contains { Array($0.name.utf8) == name }
            guard isLast else { continue }
            let found = JSONPointer("\(pointer)/\(escaped(member.name))")?.find(in: octets.span)
            precondition(found == member.value)
        }
    }
}

/// A name as it stands in a pointer; by scalars, for a mark could combine with a slash.
private func escaped(_ name: String) -> String {
    name.unicodeScalars.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined()
}

/// A token, and the same octets as a set of keys.
func checkToken(_ octets: [UInt8]) {
    _ = try? KeySet(octets, allowsSecrets: true)
    guard let token = JSONWebToken(octets) else { return }
    // It has one spelling: what was signed and the signature, and nothing else.
    let signature = Base64.encode(token.signature, .url).filter { $0 != 0x3D }
    precondition(token.signingInput + [0x2E] + signature == octets)
    let rules = TokenRules(
        issuer: "i", audience: "a", scopes: [], leeway: 60, keys: nil)
    precondition(TokenVerifier(rules).fault(of: token, now: 0) != nil)
}

private let topic = "arn:aws:sns:us-east-1:1:t"

/// A message of SNS, whose certificate nobody has: if it's looked for, then at one host only.
func checkSNS(_ octets: [UInt8]) {
    let verifier = SNSVerifier(
        SNSRules(topics: ["\(topic)*"], tolerance: .seconds(1_000_000_000)), SNSCertificates())
    do throws(SNSVerifier.Failure) {
        _ = try verifier.verify(WebhookRequest(body: octets), now: 1_000_000_000)
        preconditionFailure("nobody can have signed it")
    } catch {
        guard case .certificateWanted(let address) = error else { return }
        precondition(address.hasPrefix("https://sns.us-east-1.amazonaws.com/"))
        precondition(address.hasSuffix(".pem") && !address.contains(".."))
    }
}

/// The first line is a template, the second another for signatures, and the rest a body.
func checkTemplate(_ octets: [UInt8]) {
    let lines = octets.split(separator: 10, maxSplits: 2, omittingEmptySubsequences: false)
    let texts = lines.prefix(2).map { String(decoding: $0, as: UTF8.self) }
    if texts.count > 1, let payload = try? Template<SignedPart>(texts[1]) {
        precondition(payload.text == texts[1])
    }
    guard let template = try? Template<EventPart>(texts[0]) else { return }
    let body = lines.count > 2 ? Array(lines[2]) : []
    let request = WebhookRequest(
        path: "/p", fields: [("x-a", "1"), ("content-type", "application/json")], body: body)
    for each in [nil, JSONPointer("")] {
        let adapter = Adapter(
            attributes: [
                .init("type", template), .init("source", template), .init("subject", template),
                .init("time", template), .init("extension", template),
            ], each: each)
        guard let events = try? adapter.events(of: request, now: Timestamp(seconds: 0)) else {
            continue
        }
        precondition(events.count <= Adapter.eventsLimit)
        for event in events { checkRound(event) }
    }
}
