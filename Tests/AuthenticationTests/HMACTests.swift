import Authentication
import Testing

struct HMACTests {
    private func hex(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test(arguments: [
        (
            key: "Jefe", message: "what do ya want for nothing?",
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            key: "It's a Secret to Everybody", message: "Hello, World!",
            code: "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        ),
        (
            key: "", message: "",
            code: "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
        ),
    ])
    func `a code is that of the published vectors`(
        _ vector: (key: String, message: String, code: String)
    ) {
        let message = Array(vector.message.utf8)
        #expect(
            hex(HMAC.sha256(key: Array(vector.key.utf8), of: message)) == vector.code)
    }

    @Test func `each digest makes a code of its own length`() {
        let message = Array("message".utf8)
        #expect(HMAC.sha1(key: [1], of: message).count == 20)
        #expect(HMAC.sha384(key: [1], of: message).count == 48)
        #expect(HMAC.sha512(key: [1], of: message).count == 64)
    }

    @Test func `a digest is that of the published vector`() {
        let digest = SHA256(Array("abc".utf8).span)
        #expect(
            hex(digest.octets)
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `only equal octets are equal`() {
        #expect(constantTimeEquals([1, 2], [1, 2]))
        #expect(!constantTimeEquals([1, 2], [1, 3]))
        #expect(!constantTimeEquals([1, 2], [1, 2, 3]))
        #expect(constantTimeEquals([], []))
    }
}
