import Journal
import Testing

@testable import Coordination

/// The object as the API server has it.
@Suite struct LeaseJSONTests {
    private static let text = """
        {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"veer",\
        "namespace":"n","uid":"u","resourceVersion":"7","labels":{"a":"b"},"annotations":{\
        "other":"kept","checkpoint.veer.dev/vc":"term 3\\nvcenter 1\\n",\
        "checkpoint.veer.dev/x":"?"}},\
        "spec":{"holderIdentity":"me","leaseDurationSeconds":15,"leaseTransitions":3,\
        "renewTime":"r","acquireTime":"a","strategy":"OldestEmulationVersion","more":[1,1.5,null]}}
        """

    @Test func `an object is read`() throws {
        let lease = try #require(Lease(json: Array(Self.text.utf8)))
        #expect(lease.uid == "u")
        #expect(lease.version == "7")
        #expect(lease.holder == "me")
        #expect(lease.durationSeconds == 15)
        #expect(lease.transitions == 3)
        #expect(lease.renewed == "r")
        #expect(lease.acquired == "a")
        #expect(lease.checkpoints == ["vc": SharedCheckpoint(term: 3, text: "vcenter 1\n")])
        // Earlier versions told of no pages.
        #expect(lease.record == LeaseRecord(lease: "u", term: 3))
    }

    @Test func `how terms ended is written and read`() throws {
        var lease = try #require(Lease(json: Array(Self.text.utf8)))
        lease.tell(Lease.Reached(text: "x", page: 17), of: "vc")
        lease.transitions = 4
        lease.tell(Lease.Reached(text: "y", page: 0), of: "vc")
        let octets = lease.json(name: "-", namespace: "-", now: "now", begins: false)
        let annotations = try #require(JSONTree(octets)?["metadata"]?["annotations"])
        #expect(annotations["pages.veer.dev/vc"]?.text == "3/17 4/0")
        // As earlier versions read it.
        #expect(annotations["checkpoint.veer.dev/vc"]?.text == "term 4\ny")
        #expect(try #require(Lease(json: octets)).record == lease.record)
        #expect(lease.tells(Lease.Reached(text: "y", page: 0), of: "vc"))
        #expect(!lease.tells(Lease.Reached(text: "y", page: 1), of: "vc"))
        #expect(!lease.tells(Lease.Reached(text: "z", page: 0), of: "vc"))
    }

    @Test func `what isn't ours stays in an object that is written`() throws {
        var lease = try #require(Lease(json: Array(Self.text.utf8)))
        lease.holder = "you"
        lease.transitions = 4
        lease.checkpoints["vc"] = SharedCheckpoint(term: 4, text: "x")
        let octets = lease.json(name: "-", namespace: "-", now: "now", begins: false)
        let object = try #require(JSONTree(octets))
        let before = try #require(JSONTree(Array(Self.text.utf8)))
        #expect(object["metadata"]?["labels"] == before["metadata"]?["labels"])
        #expect(object["metadata"]?["resourceVersion"]?.text == "7")
        #expect(object["metadata"]?["annotations"]?["other"]?.text == "kept")
        #expect(
            object["metadata"]?["annotations"]?["checkpoint.veer.dev/vc"]?.text == "term 4\nx")
        #expect(object["metadata"]?["annotations"]?["checkpoint.veer.dev/x"]?.text == "?")
        #expect(object["spec"]?["strategy"] == before["spec"]?["strategy"])
        #expect(object["spec"]?["more"] == before["spec"]?["more"])
        #expect(object["spec"]?["holderIdentity"]?.text == "you")
        #expect(object["spec"]?["leaseTransitions"]?.integer == 4)
        #expect(object["spec"]?["renewTime"]?.text == "now")
        #expect(object["spec"]?["acquireTime"]?.text == "a")
    }

    @Test func `an object that was made with nothing in it is read and written`() throws {
        let text = #"{"metadata":{"name":"veer","resourceVersion":"1","annotations":null}}"#
        var lease = try #require(Lease(json: Array(text.utf8)))
        #expect(lease.holder == "")
        lease.holder = "me"
        lease.checkpoints["vc"] = SharedCheckpoint(term: 1, text: "x")
        let octets = lease.json(name: "-", namespace: "-", now: "now", begins: true)
        let again = try #require(Lease(json: octets))
        #expect(again.holder == "me")
        #expect(again.acquired == "now")
        #expect(again.checkpoints == lease.checkpoints)
    }

    @Test func `a new object has a name and a place`() throws {
        let octets = Lease().json(name: "veer", namespace: "n", now: "now", begins: true)
        let object = try #require(JSONTree(octets))
        #expect(object["kind"]?.text == "Lease")
        #expect(object["metadata"]?["name"]?.text == "veer")
        #expect(object["metadata"]?["namespace"]?.text == "n")
        #expect(object["metadata"]?["annotations"] == nil)
    }

    @Test(arguments: ["", "[]", "{}", #"{"metadata":{}}"#, #"{"metadata":{"resourceVersion":1}}"#])
    func `what is no object is none`(text: String) {
        #expect(Lease(json: Array(text.utf8)) == nil)
    }
}
