import Testing

@testable import Configuration

@Suite struct ControlTests {
    private func path(_ rest: String) throws -> String? {
        try #require(read(Gateway(rest: rest).text).settings).controlPath
    }

    @Test func `the control socket is beside the journal, if there is one`() throws {
        #expect(try path("") == "./data/admin.sock")
        #expect(try path("journal: {path: /var/lib/veer}\n") == "/var/lib/veer/admin.sock")
        #expect(try path("journal: {mode: memory}\n") == nil)
    }

    @Test func `the control socket is where it's wanted, or nowhere`() throws {
        let memory = "journal: {mode: memory}\n"
        #expect(try path("admin: {control: 'unix:/run/veer/c'}\n\(memory)") == "/run/veer/c")
        #expect(try path("admin: {control: off}\n") == nil)
    }

    @Test func `the control socket is shown as it's written`() throws {
        let settings = try #require(read(Gateway(rest: "journal: {path: /j}\n").text).settings)
        #expect(settings.maskedYAML.contains("unix:/j/admin.sock"))
    }
}
