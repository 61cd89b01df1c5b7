import CloudEvents
import Testing

@testable import VSphere

@Suite struct FormerCheckpointTests {
    @Test func `what the original left behind is gone on from`() throws {
        let file = """
            {"vCenter":"vc.local","lastEventUUID":"u","lastEventKey":7,"lastEventType":"T",\
            "lastEventKeyTimestamp":"2024-01-02T04:04:05.000006+01:00",\
            "createdTimestamp":"2024-01-02T03:04:06.12Z"}
            """
        let text = try #require(VSphere.checkpoint(former: Array(file.utf8)))
        let seen = try #require(Checkpoint(text: text)).seen
        #expect(seen.since.text == "2024-01-02T03:04:05.000006Z")
        #expect(!seen.isNew(.init(key: 7, microseconds: seen.since.microseconds)))
        #expect(seen.isNew(.init(key: 8, microseconds: seen.since.microseconds)))
        #expect(!seen.isNew(.init(key: 6, microseconds: seen.since.microseconds - 1)))
    }

    @Test(arguments: [
        "", "null", "{}", "{\"lastEventKey\":7",
        """
        {"vCenter":"","lastEventUUID":"","lastEventKey":0,"lastEventType":"",\
        "lastEventKeyTimestamp":"0001-01-01T00:00:00Z","createdTimestamp":"0001-01-01T00:00:00Z"}
        """,
    ])
    func `where nothing was read there is nothing to go on from`(file: String) {
        #expect(VSphere.checkpoint(former: Array(file.utf8)) == nil)
    }
}
