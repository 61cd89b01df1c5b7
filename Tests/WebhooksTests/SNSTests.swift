import Authentication
import Foundation
import Testing

@testable import Webhooks

/// Messages of Amazon SNS, signed by a key of the test's.
@Suite struct SNSTests {
    static let topic = "arn:aws:sns:us-west-2:123456789012:MyTopic"
    static let host = "https://sns.us-west-2.amazonaws.com"
    static let address = "\(host)/SimpleNotificationService-0123abcd.pem"
    static let time = "2012-05-02T00:54:06.655Z"
    static let now: Int64 = 1_335_920_046
    static let signer = SNSSigner()
    static let signer1 = SNSSigner(digest: "SHA1")

    static let notification = [
        "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": topic, "Subject": "My First Message", "Message": "hi\nthere",
        "Timestamp": time, "SigningCertURL": address,
        "UnsubscribeURL": "\(host)/?Action=Unsubscribe",
    ]
    static let subscription = [
        "Type": "SubscriptionConfirmation", "MessageId": "165545c9", "Token": "2336412f37",
        "TopicArn": topic, "Message": "You have chosen to subscribe.", "Timestamp": time,
        "SubscribeURL": "\(host)/?Action=ConfirmSubscription&Token=2336412f37",
        "SigningCertURL": address,
    ]
    static let notificationNames = [
        "Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type",
    ]
    static let subscriptionNames = [
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ]

    /// The message with its signature, as SNS documents what is signed.
    static func signed(
        _ message: [String: String], version: String = "2", by other: SNSSigner? = nil
    ) -> [String: String] {
        let names = message["Type"] == "Notification" ? notificationNames : subscriptionNames
        let text = names.compactMap { name in message[name].map { "\(name)\n\($0)\n" } }.joined()
        let signer = other ?? (version == "1" ? signer1 : signer)
        return message.merging(
            ["Signature": signer.sign(Array(text.utf8)), "SignatureVersion": version]
        ) { $1 }
    }

    static func request(
        _ message: [String: String], _ fields: [(name: String, value: String)] = []
    ) throws -> WebhookRequest {
        let body = try JSONEncoder().encode(message)
        return WebhookRequest(
            fields: [("Content-Type", "text/plain; charset=UTF-8")] + fields, body: Array(body))
    }

    /// What is wrong with it; nothing where it's good.
    private func failure(
        _ request: WebhookRequest, _ rules: SNSRules = SNSRules(topics: [Self.topic]),
        _ signer: SNSSigner = Self.signer, life: (Int, Int)? = nil, now: Int64 = Self.now
    ) throws -> SNSVerifier.Failure? {
        let verifier = SNSVerifier(rules, try certificates(signer, life))
        do throws(SNSVerifier.Failure) {
            _ = try verifier.verify(request, now: now)
            return nil
        } catch {
            return error
        }
    }

    /// By default a certificate that was good at the time of the messages.
    private func certificates(
        _ signer: SNSSigner, _ life: (Int, Int)?
    ) throws -> SNSCertificates {
        let past = Int(Self.now) - Int(Foundation.Date().timeIntervalSince1970)
        let pem = signer.certificate(from: past + (life?.0 ?? -60), to: past + (life?.1 ?? 3600))
        var certificates = SNSCertificates()
        certificates.fetched[Self.address] = try SigningCertificate(pem: pem)
        return certificates
    }

    // MARK: - What is good

    @Test(arguments: ["1", "2"], [notification, subscription])
    func `a message that SNS signed is good`(version: String, message: [String: String]) throws {
        let signer = version == "1" ? Self.signer1 : Self.signer
        let verifier = SNSVerifier(
            SNSRules(topics: [Self.topic]), try certificates(signer, nil))
        let request = try Self.request(Self.signed(message, version: version))
        let verdict = try verifier.verify(request, now: Self.now)
        #expect(verdict.topic == Self.topic)
        #expect(verdict.proof.id == Array((message["MessageId"] ?? "").utf8))
        #expect(verdict.confirmation == message["SubscribeURL"])
    }

    @Test func `what is signed is what the vectors say`() throws {
        let request = try Self.request(Self.signed(Self.notification))
        let message = SNSMessage(request.body.span)
        let payload = try #require(message).payload
        #expect(payload.count == 194)
        #expect(
            Hex.encode(SHA256(payload.span).octets)
                == "23fe6f348427e8ff964e7bf9dbf72fef007de1680ae4844987d94f9000b3c544")
    }

    @Test func `a message needs no subject`() throws {
        var message = Self.notification
        message["Subject"] = nil
        #expect(try failure(Self.request(Self.signed(message))) == nil)
    }

    @Test func `with certificates of a file no address counts`() throws {
        var message = Self.notification
        message["SigningCertURL"] = "https://evil.example/x.pem"
        let pem = Self.signer.certificate(from: -1_000_000_000)
        let pinned = SNSCertificates(
            pinned: try SigningCertificate.all(pem: SNSSigner().certificate() + pem))
        let verifier = SNSVerifier(SNSRules(topics: [Self.topic]), pinned)
        _ = try verifier.verify(Self.request(Self.signed(message)), now: Self.now)
    }

    // MARK: - What is not

    @Test(arguments: notificationNames)
    func `a notification that was changed is refused`(name: String) throws {
        var message = Self.signed(Self.notification)
        message[name, default: ""] += "x"
        let found = try failure(Self.request(message), SNSRules(topics: ["\(Self.topic)*"]))
        #expect(found == .refused(["Type", "Timestamp"].contains(name) ? .malformed : .mismatch))
    }

    @Test(arguments: subscriptionNames)
    func `a confirmation that was changed is refused`(name: String) throws {
        var message = Self.signed(Self.subscription)
        message[name, default: ""] += "x"
        let found = try failure(Self.request(message), SNSRules(topics: ["\(Self.topic)*"]))
        #expect(found == .refused(["Type", "Timestamp"].contains(name) ? .malformed : .mismatch))
    }

    @Test(arguments: [
        "Message", "MessageId", "Timestamp", "TopicArn", "Type", "Signature", "SignatureVersion",
        "SigningCertURL",
    ])
    func `a message without a member is none`(name: String) throws {
        var message = Self.signed(Self.notification)
        message[name] = nil
        #expect(try failure(Self.request(message)) == .refused(.malformed))
    }

    @Test(arguments: [
        ("SignatureVersion", "3"), ("SignatureVersion", ""), ("Signature", ""),
        ("Signature", "AAAA="), ("Signature", "A\nAA"), ("Timestamp", "1335920046"),
        ("Type", "Other"), ("MessageId", ""),
    ])
    func `a member that can't be read is refused`(name: String, value: String) throws {
        var message = Self.signed(Self.notification)
        message[name] = value
        #expect(try failure(Self.request(message)) == .refused(.malformed))
    }

    @Test func `the version says the digest`() throws {
        var message = Self.signed(Self.notification, version: "2")
        message["SignatureVersion"] = "1"
        #expect(try failure(Self.request(message)) == .refused(.mismatch))
        let other = Self.signed(Self.notification, by: SNSSigner())
        #expect(try failure(Self.request(other)) == .refused(.mismatch))
    }

    @Test func `a body that could be read in two ways is refused`() throws {
        let text = String(
            decoding: try Self.request(Self.signed(Self.notification)).body, as: UTF8.self)
        let twice = "{\"Message\":\"other\"," + text.dropFirst()
        // The same name, spelled otherwise.
        let escaped = "{\"M\\u0065ssage\":\"other\"," + text.dropFirst()
        let many = (0..<40).map { "\"x\($0)\":0," }.joined()
        for body in [twice, escaped, "{\(many)" + text.dropFirst(), text + "{}", "", "[]", "0"] {
            let request = WebhookRequest(body: Array(body.utf8))
            #expect(try failure(request) == .refused(.malformed), "\(body)")
        }
    }

    @Test(arguments: [
        ("x-amz-sns-message-type", "SubscriptionConfirmation"), ("x-amz-sns-message-id", "other"),
        ("x-amz-sns-topic-arn", "\(topic)2"), ("x-amz-sns-subscription-arn", "\(topic)2:1"),
    ])
    func `fields that say something else are refused`(name: String, value: String) throws {
        let message = Self.signed(Self.notification)
        #expect(try failure(Self.request(message, [(name, value)])) == .refused(.malformed))
        let good = ["x-amz-sns-subscription-arn": "\(Self.topic):1"][name] ?? "Notification"
        if name.hasSuffix("type") || name.hasSuffix("subscription-arn") {
            #expect(try failure(Self.request(message, [(name, good)])) == nil)
            #expect(
                try failure(Self.request(message, [(name, good), (name, value)]))
                    == .refused(.malformed))
        }
    }

    @Test func `what is delivered raw has no signature`() throws {
        let request = try Self.request(
            Self.signed(Self.notification), [("x-amz-sns-rawdelivery", "true")])
        #expect(try failure(request) == .refused(.missing))
    }

    @Test(arguments: [
        ("arn:aws:sns:us-west-2:123456789012:MyTopic", true),
        ("arn:aws:sns:us-west-2:123456789012:My*", true),
        ("arn:aws:sns:us-west-2:123456789012:*", true),
        ("arn:aws:sns:us-west-2:123456789012:MyTopic2", false),
        ("arn:aws:sns:us-west-2:123456789012:MyTopi", false),
        ("arn:aws:sns:us-west-2:999999999999:*", false),
    ])
    func `only topics that are let in are taken`(name: String, isTaken: Bool) throws {
        let found = try failure(
            Self.request(Self.signed(Self.notification)), SNSRules(topics: [name]))
        #expect(found == (isTaken ? nil : .refused(.topicNotAllowed)))
    }

    @Test(arguments: [(-3600 as Int64, true), (3600, true), (-3601, false), (3601, false)])
    func `a message is good for its time`(offset: Int64, isGood: Bool) throws {
        let found = try failure(
            Self.request(Self.signed(Self.notification)), life: (-10_000, 10_000),
            now: Self.now + offset)
        #expect(found == (isGood ? nil : .refused(.expired)))
    }

    @Test(arguments: [(-10, -5), (5, 10)])
    func `a certificate out of its time isn't good`(first: Int, last: Int) throws {
        let request = try Self.request(Self.signed(Self.notification))
        #expect(try failure(request, life: (first, last)) == .refused(.certificateInvalid))
    }

    // MARK: - Addresses

    @Test(arguments: [
        "https://sns.us-west-2.AmazonAWS.com/a.pem", "HTTPS://sns.us-west-2.amazonaws.com/a.pem",
        "http://sns.us-west-2.amazonaws.com/a.pem", "https://sns.us-west-2.amazonaws.com/a.PEM",
        "https://sns.us-west-2.amazonaws.com/a", "https://sns.us-west-2.amazonaws.com/a.pem?x",
        "https://sns.us-west-2.amazonaws.com/a.pem#.pem", "https://sns.us-west-2.amazonaws.com.pem",
        "https://sns.us-west-2.amazonaws.com.evil.example/a.pem",
        "https://sns.us-west-2.amazonaws.com@evil.example/a.pem",
        "https://evil.example/sns.us-west-2.amazonaws.com/a.pem",
        "https://evil.example#sns.us-west-2.amazonaws.com/a.pem",
        "https://evil.example\\sns.us-west-2.amazonaws.com/a.pem",
        "https://sns.us-west-2.amazonaws.com:8443/a.pem",
        "https://sns.us-west-2.amazonaws.com/../a.pem",
        "https://sns.us-west-2.amazonaws.com/%2e.pem",
        "https://s3.amazonaws.com/a.pem", "https://evilsns.us-west-2.amazonaws.com/a.pem",
        // Amazon's, but of another region, or another part of the world.
        "https://sns.eu-west-1.amazonaws.com/a.pem", "https://sns.us-west-2.amazonaws.com.cn/a.pem",
        "https://127.0.0.1/a.pem", "https://[::1]/a.pem", "https:///a.pem", "file:///a.pem", "",
    ])
    func `nobody else is asked for a certificate`(address: String) throws {
        var message = Self.notification
        message["SigningCertURL"] = address
        let found = try failure(Self.request(Self.signed(message)))
        #expect(found == .refused(.certificateUntrusted))
    }

    @Test(
        arguments: [
            ("arn:aws:sns:eu-west-1:1:t", [], "https://sns.eu-west-1.amazonaws.com/x.pem"),
            ("arn:aws-us-gov:sns:us-gov-1:1:t", [], "https://sns.us-gov-1.amazonaws.com/a/x.pem"),
            ("arn:aws-cn:sns:cn-north-1:1:t", [], "https://sns.cn-north-1.amazonaws.com.cn/x.pem"),
            ("arn:aws:sns:us-east-1:0:t", ["localhost:4566"], "https://localhost:4566/_aws/x.pem"),
        ] as [(String, [String], String)])
    func `a certificate that isn't known is asked for where it's trusted`(
        topic: String, hosts: [String], address: String
    ) throws {
        var message = Self.notification
        (message["TopicArn"], message["SigningCertURL"]) = (topic, address)
        let found = try failure(
            Self.request(Self.signed(message)), SNSRules(topics: [topic], hosts: hosts))
        #expect(found == .certificateWanted(address))
    }

    @Test(arguments: [
        "https://evil.example/?Action=ConfirmSubscription", "http://sns.us-west-2.amazonaws.com/",
        "https://sns.us-west-2.amazonaws.com@evil.example/", "javascript:alert(1)",
    ])
    func `nobody else is called for a confirmation`(address: String) throws {
        var message = Self.subscription
        message["SubscribeURL"] = address
        let found = try failure(Self.request(Self.signed(message)))
        #expect(found == .refused(.certificateUntrusted))
    }

    @Test func `a key that is too short or of another kind is no certificate`() {
        #expect(throws: SigningCertificate.Failure.weakKey) {
            try SigningCertificate(pem: SNSSigner(bits: 1024).certificate())
        }
        #expect(throws: SigningCertificate.Failure.malformed) {
            try SigningCertificate(pem: SNSSigner("EC").certificate())
        }
        for text in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            #expect(throws: SigningCertificate.Failure.malformed) {
                try SigningCertificate.all(pem: Array(text.utf8))
            }
        }
    }
}
