import Testing
import YAML

@Suite struct YAMLParserTests {
    @Test func `events come in the order they are written, with their places`() throws {
        let events = try events("a: &x [1, 'two']\nb: *x\n")
        #expect(
            events.map(\.kind) == [
                .documentStart, .mappingStart, .scalar("a", isPlain: true), .listStart,
                .scalar("1", isPlain: true), .scalar("two", isPlain: false), .listEnd,
                .scalar("b", isPlain: true), .alias("x"), .mappingEnd, .documentEnd,
            ])
        #expect(events[3].anchor == "x")
        #expect(events[5].mark == YAMLMark(line: 1, column: 11))
        #expect(events[8].mark == YAMLMark(line: 2, column: 4))
    }

    @Test func `a tag is told and not obeyed`() throws {
        let events = try events("!!python/object:os.system x")
        #expect(events[1].tag == "tag:yaml.org,2002:python/object:os.system")
        #expect(events[1].kind == .scalar("x", isPlain: true))
    }

    @Test func `text with a NUL in quotes keeps all of it`() throws {
        #expect(try events("\"a\\0b\"")[1].kind == .scalar("a\0b", isPlain: false))
    }

    @Test func `an empty text has no events`() throws {
        #expect(try events("").isEmpty)
    }

    @Test(arguments: [("a: [", 2, 1), ("\tb: 1", 1, 1), ("a: b: c", 1, 5)])
    func `what is no YAML is refused with its place`(text: String, line: Int, column: Int) {
        let failure = #expect(throws: YAMLFailure.self) { try events(text) }
        #expect(failure?.mark == YAMLMark(line: line, column: column))
    }
}

private func events(_ text: String) throws -> [YAMLEvent] {
    let parser = YAMLParser(Array(text.utf8))
    var events: [YAMLEvent] = []
    while let event = try parser.next() { events.append(event) }
    return events
}
