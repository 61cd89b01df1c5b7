import Testing

@testable import CloudEvents

/// Spec: CloudEvents JSON §2.
///
/// R-31 to R-43.
@Suite struct JSONFormatTests {
    @Test func `a whole event is read`() throws {
        let event = try event(
            minimal(
                #""time":"2021-01-18T14:52:01Z""#, #""subject":"über""#,
                #""datacontenttype":"application/json""#,
                #""text":"7""#, #""number":7"#, #""truth":true"#, #""lie":false"#,
                #""least":-2147483648"#,
                #""most":2147483647"#, #""zero":0"#, #""data":{"a":[1,2]}"#))
        #expect(
            event.contents == [
                "specversion": "s:1.0", "id": "s:1", "source": "s:/s", "type": "s:t",
                "time": "s:2021-01-18T14:52:01Z", "subject": "s:über",
                "datacontenttype": "s:application/json", "text": "s:7", "number": "i:7",
                "truth": "b:true", "lie": "b:false", "least": "i:-2147483648",
                "most": "i:2147483647", "zero": "i:0",
            ])
        #expect(event.dataKind == .json)
        #expect(event.dataText == #"{"a":[1,2]}"#)
        #expect(event.id == "1")
        #expect(event.source == "/s")
        #expect(event.type == "t")
    }

    @Test func `the order of members is kept and doesn't matter`() throws {
        let json = #"""
            {"data":"ä","type":"t","datacontenttype":"text/plain","source":"/s","id":"1",
            "specversion":"1.0"}
            """#
        let event = try event(json)
        #expect(
            event.attributes.map { event.text($0.name) }
                == ["type", "datacontenttype", "source", "id", "specversion"])
        #expect(event.dataKind == .text)
        #expect(event.dataText == "ä")
    }

    /// R-31.
    @Test(arguments: ["[]", "null", "true", "7", #""x""#, "[{}]"])
    func `an event is an object`(json: String) {
        #expect(failure(json)?.code == .jsonTypeUnexpected)
    }

    /// R-32.
    @Test func `null is absent, and a null that's required is missing`() throws {
        let event = try event(
            minimal(#""subject":null"#, #""time":null"#, #""ext":null"#, #""datacontenttype":null"#)
        )
        #expect(event.contents.count == 4)
        let json = #"{"specversion":"1.0","id":null,"source":"/s","type":"t"}"#
        #expect(failure(json)?.code == .attributeMissing)
        #expect(failure(json)?.attribute == "id")
    }

    /// R-25, R-33.
    @Test(arguments: [
        #""ext":1.5"#, #""ext":1e2"#, #""ext":1.0"#, #""ext":2147483648"#, #""ext":-2147483649"#,
        #""ext":3000000000"#, #""ext":99999999999999999999"#, #""ext":{}"#, #""ext":[]"#,
        #""ext":-1E0"#,
        #""subject":25"#, #""subject":true"#, #""time":0"#, #""datacontenttype":[]"#,
        #""dataschema":{}"#,
    ])
    func `a value of a type that the attribute can't have is refused`(member: String) {
        let failure = failure(minimal(member))
        #expect(failure?.code == .attributeTypeInvalid)
        #expect(failure?.attribute.map { member.hasPrefix("\"\($0)\"") } == true)
    }

    /// R-41, with names spelled in all ways, and with values that aren't there.
    @Test(arguments: [
        (#""id":"2""#, "id"), (#""\u0069d":"2""#, "id"), (#""i\u0064":null"#, "id"),
        (#""a":"1","a":"1""#, "a"), (#""a":1,"\u0061":2"#, "a"), (#""a":null,"a":1"#, "a"),
        (#""a":1,"a":null"#, "a"), (#""a":null,"\u0061":null"#, "a"),
        (#""subject":null,"subject":"x""#, "subject"),
        (#""abcdefghijklmnopqrst":1,"abcdefghijklmnopqrst":2"#, "abcdefghijklmnopqrst"),
        (#""abcdefghijklmnopqrst":1,"\u0061bcdefghijklmnopqrst":2"#, "abcdefghijklmnopqrst"),
        (#""data":1,"data":1"#, "data"), (#""data":1,"d\u0061ta":1"#, "data"),
        (#""data_base64":"","data_base64":"""#, "data_base64"),
        (#""data_base64":null,"data\u005fbase64":null"#, "data_base64"),
    ])
    func `no member occurs twice, however it's spelled`(members: String, name: String) {
        let failure = failure(minimal(members))
        #expect(failure?.code == .attributeRepeated)
        #expect(failure?.attribute == name)
    }

    @Test func `names and values may be spelled with escapes`() throws {
        let json = #"""
            {"\u0073pecversion":"\u0031.0","\u0069\u0064":"\ud83d\ude00\"\\\/","source":"\/s",
            "type":"t\u00E9","d\u0061ta":1,"\u0065xt":true}
            """#
        let event = try event(json)
        #expect(
            event.contents == [
                "specversion": "s:1.0", "id": "s:😀\"\\/", "source": "s:/s", "type": "s:té",
                "ext": "b:true",
            ])
        #expect(event.dataText == "1")
    }

    @Test(arguments: [
        #"\ud800"#, #"\udc00"#, #"\ud800x"#, #"\ud800\n"#, #"\ud800\ud800"#, #"\udead"#,
        #"\ud83d\u0041"#,
    ])
    func `half a pair of surrogates is no character`(escape: String) throws {
        for member in [#""subject":"\#(escape)""#, #""ext":"\#(escape)""#] {
            #expect(failure(minimal(member))?.code == .encodingInvalid)
        }
        #expect(
            failure(minimal(#""datacontenttype":"text/plain""#, #""data":"\#(escape)""#))?.status
                == 400)
        // In JSON data they pass through, as all does.
        #expect(try event(minimal(#""data":"\#(escape)""#)).dataText == #""\#(escape)""#)
    }

    @Test func `blanks may stand wherever JSON lets them`() throws {
        let blanks = " \t\r\n "
        let spaced = minimal(#""ext":7"#, #""data":[1]"#).map { character in
            "{}:,[]".contains(character) ? "\(blanks)\(character)\(blanks)" : String(character)
        }
        #expect(
            try event(spaced.joined()) == event(minimal(#""ext":7"#, #""data":[1]"#)).spaced(blanks)
        )
    }

    /// The text is cut at each place: the decoder reads a word at a time, but never beyond the end.
    @Test func `no part of an event is an event`() throws {
        let json = Array(
            minimal(#""subject":"aé\u00e9""#, #""ext":-1"#, #""data":{"a":[true,null,"b\u00e9"]}"#)
                .utf8)
        var decoder = EventDecoder()
        for end in 0..<json.count {
            #expect(throws: EventFailure.self, "\(end)") {
                try decoder.decode(structured: json.span.extracting(0..<end))
            }
            #expect(decoder.count == 0)
        }
        try decoder.decode(structured: json.span)
        #expect(decoder.count == 1)
    }

    @Test(arguments: [
        "x", "{}", " ,", "\u{0}", "]", "/**/", "// x",
    ])
    func `nothing comes after the event`(rest: String) {
        let failure = failure(minimal() + rest)
        #expect(failure?.code == .jsonMalformed)
        #expect(failure?.offset ?? 0 >= minimal().utf8.count)
    }

    @Test func `a byte order mark is no JSON`() {
        #expect(failure("\u{FEFF}" + minimal())?.code == .jsonMalformed)
    }
}

extension Event {
    /// The event as it is when its data, an array of one, was read with these blanks around the
    /// brackets; those before and after the value aren't part of it.
    fileprivate func spaced(_ blanks: String) throws -> Event {
        var builder = EventBuilder()
        builder.begin()
        for attribute in attributes {
            builder.append(text(attribute.name), text(attribute.value), kind: attribute.kind)
        }
        builder.beginData(.json)
        builder.appendData(Array("[\(blanks)1\(blanks)]".utf8).span)
        return builder.finish()
    }
}
