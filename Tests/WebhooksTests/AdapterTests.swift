import CloudEvents
import Testing

@testable import Webhooks

/// Requests as their senders make them, shortened, and the events that become of them.
struct AdapterTests {
    struct Delivery: CustomTestStringConvertible, Sendable {
        var preset: Adapter.Preset
        var fields: [String: String] = [:]
        var body: String
        /// Each event's attributes, in the order of their names.
        var events: [[String: String]]
        /// Each event's data, where it isn't the whole body.
        var data: [String]?

        var testDescription: String { "\(preset): \(events.first?["type"] ?? "")" }

        var request: WebhookRequest {
            var fields = fields
            fields["Content-Type"] = fields["Content-Type"] ?? "application/json"
            return WebhookRequest(
                path: "/hook", fields: fields.map { ($0.key, $0.value) }, body: Array(body.utf8))
        }
    }

    static let now = Timestamp(seconds: 1_700_000_000)
    static let nowText = "2023-11-14T22:13:20Z"
    static let firing = """
        {"status":"firing","labels":{"alertname":"DiskFull","severity":"page"},\
        "annotations":{},"startsAt":"2026-01-02T03:04:05.678Z","endsAt":"0001-01-01T00:00:00Z",\
        "generatorURL":"http://prometheus/graph","fingerprint":"c4ca4238a0b92382"}
        """
    static let resolved = """
        {"status": "resolved", "labels": {"alertname": "HostDown"}, \
        "startsAt": "2026-01-02T03:00:00Z", "endsAt": "2026-01-02T03:05:00Z", "fingerprint": "ab"}
        """
    static let gridEvent = """
        {"id":"831e1650","topic":"/subscriptions/s/storageAccounts/a","subject":"/blobs/b",\
        "eventType":"Microsoft.Storage.BlobCreated","eventTime":"2017-06-26T18:41:00.9584103Z",\
        "data":{"api":"PutBlockList"},"dataVersion":"","metadataVersion":"1"}
        """

    static let deliveries = [
        Delivery(
            preset: .github,
            fields: ["X-GitHub-Event": "issues", "X-GitHub-Delivery": "72d3162e-cc78-11e3"],
            body: """
                {"action":"opened","issue":{"number":1347,"updated_at":"2026-01-02T03:04:05Z"},
                 "repository":{"url":"https://api.github.com/repos/o/r"}}
                """,
            events: [
                [
                    "id": "72d3162e-cc78-11e3", "source": "https://api.github.com/repos/o/r",
                    "type": "com.github.issue.opened", "subject": "1347",
                    "time": "2026-01-02T03:04:05Z", "datacontenttype": "application/json",
                ]
            ]),
        Delivery(
            preset: .github, fields: ["X-GitHub-Event": "push", "X-GitHub-Delivery": "d"],
            body: #"{"ref":"refs/heads/main","repository":{"url":"https:\/\/api.github.com\/r"}}"#,
            events: [
                [
                    "id": "d", "source": "https://api.github.com/r", "type": "com.github.push",
                    "subject": "refs/heads/main", "time": nowText,
                    "datacontenttype": "application/json",
                ]
            ]),
        Delivery(
            preset: .github, fields: ["X-GitHub-Event": "ping", "X-GitHub-Delivery": "d"],
            body: #"{"zen":"Design for failure.","hook_id":1}"#,
            events: [
                [
                    "id": "d", "source": "github.com", "type": "com.github.ping", "time": nowText,
                    "datacontenttype": "application/json",
                ]
            ]),
        Delivery(
            preset: .gitlab, fields: ["X-Gitlab-Event": "Push Hook", "Idempotency-Key": "k"],
            body: """
                {"object_kind":"push","checkout_sha":"da1560886d4f",
                 "repository":{"homepage":"http://example.com/mike/diaspora"}}
                """,
            events: [
                [
                    "id": "k", "source": "http://example.com/mike/diaspora",
                    "type": "com.gitlab.push", "subject": "da1560886d4f", "time": nowText,
                    "datacontenttype": "application/json",
                ]
            ]),
        Delivery(
            preset: .gitlab, fields: ["X-Gitlab-Event-UUID": "u"],
            body: """
                {"object_kind":"note","repository":{"homepage":"http://example.com/p"},
                 "object_attributes":{"id":1244,"noteable_type":"MergeRequest",
                 "created_at":"2015-05-17 18:21:36 UTC"}}
                """,
            events: [
                [
                    // A time in GitLab's older spelling is none.
                    "id": "u", "source": "http://example.com/p",
                    "type": "com.gitlab.note.merge_request", "subject": "1244",
                    "datacontenttype": "application/json",
                ]
            ]),
        Delivery(
            preset: .sns,
            fields: [
                "Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-id": "22b80b92",
                "x-amz-sns-message-type": "Notification",
                "x-amz-sns-topic-arn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
                "x-amz-sns-subscription-arn": "arn:aws:sns:us-west-2:123456789012:MyTopic:c9135db",
            ],
            body: """
                {"Type":"Notification","Subject":"My First Message","Message":"hi",
                 "Timestamp":"2012-05-02T00:54:06.655Z"}
                """,
            events: [
                [
                    "id": "22b80b92",
                    "source": "arn:aws:sns:us-west-2:123456789012:MyTopic:c9135db",
                    "type": "com.amazonaws.sns.Notification", "subject": "My First Message",
                    "time": "2012-05-02T00:54:06.655Z", "datacontenttype": "application/json",
                ]
            ]),
        Delivery(
            preset: .alertmanager,
            body: """
                {"version":"4","groupKey":"{}","status":"firing","externalURL":"http://am:9093",
                 "alerts":[\(firing), \(resolved) ]}
                """,
            events: [
                [
                    "id": "c4ca4238a0b92382.firing.2026-01-02T03:04:05.678Z",
                    "source": "http://am:9093", "type": "io.prometheus.alert.firing",
                    "subject": "DiskFull", "time": "2026-01-02T03:04:05.678Z",
                    "datacontenttype": "application/json",
                ],
                [
                    "id": "ab.resolved.2026-01-02T03:00:00Z", "source": "http://am:9093",
                    "type": "io.prometheus.alert.resolved", "subject": "HostDown",
                    "time": "2026-01-02T03:05:00Z", "datacontenttype": "application/json",
                ],
            ], data: [firing, resolved]),
        Delivery(
            preset: .grafana,
            body: """
                {"receiver":"veer","status":"firing","externalURL":"http://grafana:3000/",
                 "title":"[FIRING:1] DiskFull","alerts":[{}]}
                """,
            events: [
                [
                    "id": "0f4a5ee2d0e3a1f3", "source": "http://grafana:3000/",
                    "type": "com.grafana.alert.firing", "subject": "[FIRING:1] DiskFull",
                    "time": nowText, "datacontenttype": "application/json",
                ]
            ]),
        Delivery(
            preset: .harbor,
            body: """
                {"type":"PUSH_ARTIFACT","occur_at":1586922308,"operator":"admin",
                 "event_data":{"resources":[{"tag":"latest","resource_url":"hub/debian:latest"}],
                 "repository":{"repo_full_name":"library/debian"}}}
                """,
            events: [
                [
                    "id": "", "source": "/harbor/library/debian",
                    "type": "harbor.artifact.pushed", "subject": "hub/debian:latest",
                    "time": "2020-04-15T03:45:08Z", "operator": "admin",
                    "datacontenttype": "application/json",
                ]
            ]),
        Delivery(
            preset: .eventGrid, body: "[\(gridEvent)]",
            events: [
                [
                    "id": "831e1650", "source": "/subscriptions/s/storageAccounts/a",
                    "type": "Microsoft.Storage.BlobCreated", "subject": "/blobs/b",
                    "time": "2017-06-26T18:41:00.9584103Z", "datacontenttype": "application/json",
                ]
            ], data: [gridEvent]),
    ]

    @Test(arguments: deliveries) func `a delivery becomes these events`(
        _ delivery: Delivery
    ) throws {
        let events = try Adapter(delivery.preset).events(of: delivery.request, now: Self.now)
        #expect(events.count == delivery.events.count)
        for (index, event) in events.enumerated() {
            var expected = delivery.events[index]
            expected["specversion"] = "1.0"
            // A hash is a hash: what matters is when it's the same.
            if !["github", "gitlab"].contains(delivery.preset.rawValue), event.id.count == 32 {
                expected["id"] = event.id
            }
            let attributes = event.attributes.map {
                (
                    String(decoding: event.octets[$0.name], as: UTF8.self),
                    String(decoding: event.octets[$0.value], as: UTF8.self)
                )
            }
            #expect(Dictionary(uniqueKeysWithValues: attributes) == expected)
            let data = String(decoding: event.octets[event.data], as: UTF8.self)
            #expect(data == delivery.data?[index] ?? delivery.body)
        }
    }

    @Test(arguments: deliveries) func `sent again, it has the same identifiers`(
        _ delivery: Delivery
    ) throws {
        let adapter = Adapter(delivery.preset)
        let first = try adapter.events(of: delivery.request, now: Self.now)
        let later = try adapter.events(of: delivery.request, now: Timestamp(seconds: 1_800_000_000))
        #expect(first.map(\.id) == later.map(\.id))
        #expect(first.map(\.source) == later.map(\.source))
    }

    private func failure(_ adapter: Adapter, _ request: WebhookRequest) -> AdapterFailure? {
        do throws(AdapterFailure) {
            _ = try adapter.events(of: request, now: Self.now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `what is missing is named`() {
        let adapter = Adapter(.alertmanager)
        let cases: [(String, AdapterFailure)] = [
            ("{}", .valueMissing(attribute: nil, place: "json:/alerts", index: nil)),
            (#"{"alerts":{}}"#, .valueMissing(attribute: nil, place: "json:/alerts", index: nil)),
            (
                #"{"alerts":[{"status":"firing"}],"externalURL":"u"}"#,
                .valueMissing(attribute: "id", place: "item:/startsAt", index: 0)
            ),
            (
                #"{"externalURL":null,"alerts":[{"status":"firing","startsAt":"s"}]}"#,
                .valueMissing(attribute: "source", place: "json:/externalURL", index: 0)
            ),
            ("{", .bodyNotJSON), ("", .bodyNotJSON), ("{} {}", .bodyNotJSON),
        ]
        for (body, expected) in cases {
            #expect(failure(adapter, WebhookRequest(body: Array(body.utf8))) == expected, "\(body)")
        }
        let gitHub = failure(
            Adapter(.github),
            WebhookRequest(fields: [("x-github-event", "push")], body: [0x7B, 0x7D]))
        #expect(
            gitHub == .valueMissing(attribute: "id", place: "header:x-github-delivery", index: nil))
        #expect(gitHub?.status == 400)
    }

    @Test func `a body with a content coding is refused`() {
        let request = WebhookRequest(fields: [("Content-Encoding", "gzip")], body: [0x7B, 0x7D])
        #expect(failure(Adapter(.grafana), request)?.status == 415)
    }

    @Test func `an empty list is no event`() throws {
        let request = WebhookRequest(body: Array(#"{"alerts": [ ]}"#.utf8))
        #expect(try Adapter(.alertmanager).events(of: request, now: Self.now).isEmpty)
    }

    @Test func `every known sender's table can be read`() {
        for preset in Adapter.Preset.allCases { #expect(!Adapter(preset).attributes.isEmpty) }
    }
}
