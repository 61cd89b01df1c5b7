import Testing

@testable import Configuration

@Suite struct AddressBlockTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"), ("192.0.2.1", "192.0.2.1/32"),
        ("172.16.0.0/12", "172.16.0.0/12"), ("::/0", "::/0"), ("::1", "::1/128"),
        ("FD00::/8", "fd00::/8"), ("2001:db8:8000::/33", "2001:db8:8000::/33"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::ffff:0:0/96", "0.0.0.0/0"),
    ])
    func `a block is read and shown`(text: String, shown: String) throws {
        let block = try AddressBlock(configured: text)
        #expect(block.description == shown)
        #expect(try AddressBlock(configured: shown) == block)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("172.16.0.0/12", "172.31.255.255", true), ("172.16.0.0/12", "172.32.0.0", false),
        ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.0", false),
        ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::1", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("10.0.0.0/8", "::ffff:11.1.2.3", false),
        ("::/0", "fe80::1", true), ("::/0", "10.0.0.1", false), ("::/0", "::ffff:a00:1", false),
        ("::ffff:10.0.0.0/104", "10.1.2.3", true),
        ("2001:db8:8000::/33", "2001:db8:ffff::", true),
        ("2001:db8:8000::/33", "2001:db8:7fff::", false),
        ("::1", "::1", true), ("::1", "::2", false),
    ])
    func `a block holds the addresses that begin like it`(
        block: String, address: String, isInside: Bool
    ) throws {
        let octets = try #require(ipv4Octets(address[...]) ?? ipv6Octets(address[...]))
        #expect(try AddressBlock(configured: block).contains(octets) == isInside)
    }

    @Test(arguments: [
        ("10.0.0.1/8", "write 10.0.0.0/8, or 10.0.0.1"),
        ("fd00::1/64", "write fd00::/64, or fd00::1"),
        ("::ffff:0:0/90", "write ::ffc0:0:0/90, or ::ffff:0:0"),
        ("10.0.0.0/33", "it is 0 to 32"), ("::/129", "it is 0 to 128"),
        ("10.0.0.0/", "it is 0 to 32"), ("10.0.0.0/08", "it is 0 to 32"),
        ("10.0.0.0/-1", "it is 0 to 32"), ("10.0.0.0/8/8", "it is 0 to 32"),
        ("10.0.0.0/255.0.0.0", "it is 0 to 32"),
        ("10/8", "write 10.0.0.0/8, fd00::/8, or one address"),
        ("localhost", "write 10.0.0.0/8, fd00::/8, or one address"),
        ("", "write 10.0.0.0/8, fd00::/8, or one address"),
        ("[::1]/128", "write 10.0.0.0/8, fd00::/8, or one address"),
    ])
    func `a wrong block says what to write`(text: String, hint: String) {
        let complaint = #expect(throws: Complaint.self) { try AddressBlock(configured: text) }
        #expect(complaint?.hint == hint)
    }

    @Test func `nothing but an address is in a block`() throws {
        #expect(try !AddressBlock(configured: "0.0.0.0/0").contains([]))
        #expect(try !AddressBlock(configured: "::/0").contains([1, 2, 3]))
    }
}
