import Testing

@testable import HTTP

@Suite struct ReadBufferTests {
    private func unread(_ buffer: ReadBuffer) -> String { text(buffer.octets[buffer.unread]) }

    @Test func `what was taken in comes out from the front`() {
        var buffer = ReadBuffer(bytes: 8)
        #expect(buffer.isEmpty)
        buffer.append(octets("abc"))
        buffer.append(octets("de"))
        #expect(unread(buffer) == "abcde")
        buffer.use(2)
        #expect(unread(buffer) == "cde")
        #expect(buffer.unread == 2..<5, "nothing moves while it's looked at")
        buffer.use(3)
        #expect(buffer.isEmpty)
        #expect(buffer.room == 0..<8, "an empty buffer begins anew")
    }

    @Test func `a reader writes where there is room and says how much`() {
        var buffer = ReadBuffer(bytes: 4)
        buffer.append(octets("a"))
        let count = buffer.fill { span, room in
            #expect(room == 1..<4)
            span[1] = 0x62
            return 1
        }
        #expect(count == 1)
        #expect(unread(buffer) == "ab")
    }

    @Test(arguments: [0, -11]) func `a reader that has nothing changes nothing`(result: Int) {
        var buffer = ReadBuffer(bytes: 4)
        buffer.append(octets("a"))
        #expect(buffer.fill { _, _ in result } == result)
        #expect(unread(buffer) == "a")
    }

    @Test func `room is made by moving where that is enough`() {
        var buffer = ReadBuffer(bytes: 8)
        buffer.append(octets("abcdefg"))
        buffer.use(5)
        buffer.makeRoom(for: 6, limit: 8)
        #expect(buffer.octets.count == 8)
        #expect(buffer.room == 2..<8)
        #expect(unread(buffer) == "fg")
    }

    @Test func `room is made by growing to twice the size, or to what is asked for`() {
        var buffer = ReadBuffer(bytes: 8)
        buffer.append(octets("abcdefgh"))
        buffer.makeRoom(for: 1, limit: 100)
        #expect(buffer.octets.count == 16)
        buffer.makeRoom(for: 50, limit: 100)
        #expect(buffer.octets.count == 58)
        #expect(unread(buffer) == "abcdefgh")
    }

    @Test func `it never grows beyond its limit`() {
        var buffer = ReadBuffer(bytes: 8)
        buffer.append(octets("abcdefgh"))
        buffer.makeRoom(for: 50, limit: 12)
        #expect(buffer.octets.count == 12)
        buffer.makeRoom(for: 50, limit: 12)
        #expect(buffer.room.count == 4)
        buffer.makeRoom(for: 50, limit: 4)
        #expect(buffer.octets.count == 12, "and never shrinks")
    }

    @Test func `room that is there is left as it is`() {
        var buffer = ReadBuffer(bytes: 8)
        buffer.append(octets("abcd"))
        buffer.use(2)
        buffer.makeRoom(for: 4, limit: 8)
        #expect(buffer.unread == 2..<4)
    }

    @Test func `parts move to the front over what stands there`() {
        var buffer = ReadBuffer(bytes: 8)
        buffer.append(octets("abcdefgh"))
        buffer.move(3..<6, to: 1)
        #expect(unread(buffer) == "adefefgh")
        buffer.move(2..<4, to: 2)
        #expect(unread(buffer) == "adefefgh")
    }

    @Test func `a gap is closed`() {
        var buffer = ReadBuffer(bytes: 8)
        buffer.append(octets("abcdefgh"))
        buffer.use(1)
        buffer.closeGap(from: 3, to: 6)
        #expect(unread(buffer) == "bcgh")
        buffer.closeGap(from: 5, to: 5)
        #expect(unread(buffer) == "bcgh")
    }
}
