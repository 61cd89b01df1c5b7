import CloudEvents
import Configuration
import Testing

@testable import VSphere

@Suite struct EventMakerTests {
    private func settings(
        _ format: VCenterSettings.EventFormat, _ payload: VCenterSettings.Payload = .json
    ) -> VCenterSettings {
        var settings = VCenterSettings(
            address: "https://vc.local:443/sdk", username: "u", password: Secret("p"))
        settings.eventFormat = format
        settings.payload = payload
        return settings
    }

    private func event(
        _ settings: VCenterSettings, _ type: String, _ fields: String = commonFields
    ) throws -> Event {
        var maker = EventMaker(settings)
        maker.apiVersion = "7.0.3.0"
        return maker.event(of: VCenterEvent(try sample(type, fields)))
    }

    private func attributes(_ event: Event) -> [String] {
        event.attributes.map {
            String(decoding: event.octets[$0.name], as: UTF8.self) + "="
                + String(decoding: event.octets[$0.value], as: UTF8.self)
        }
    }

    @Test func `the router's format is the router's`() throws {
        let event = try event(settings(.router), "VmPoweredOnEvent")
        #expect(
            attributes(event) == [
                "specversion=1.0", "id=\(event.id)", "source=https://vc.local:443/sdk",
                "type=com.vmware.event.router/event", "subject=VmPoweredOnEvent",
                "datacontenttype=application/json", "time=2024-01-02T03:04:05.000006Z",
                "vsphereapiversion=7.0.3.0",
            ])
        #expect(
            event.id.wholeMatch(
                of: /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        #expect(event.dataKind == .json)
        let data = String(decoding: event.octets[event.data], as: UTF8.self)
        #expect(data == commonJSON + #","Template":false}"#)
    }

    @Test func `the Tanzu sources' format is theirs`() throws {
        let event = try event(settings(.tanzu), "VmPoweredOnEvent")
        #expect(
            attributes(event) == [
                "specversion=1.0", "id=7", "source=https://vc.local:443/sdk",
                "type=com.vmware.vsphere.VmPoweredOnEvent.v0",
                "datacontenttype=application/json", "time=2024-01-02T03:04:05.000006Z",
                "eventclass=event", "vsphereapiversion=7.0.3.0",
            ])
    }

    @Test(arguments: [
        ("EventEx", "eventex", "com.vmware.sso.LoginFailure"),
        ("ExtendedEvent", "extendedevent", "com.vmware.sso.LoginFailure"),
        ("VmEvent", "event", "VmEvent"),
        ("FutureEvent", "event", "FutureEvent"),
    ])
    func `an event has a class and a name`(type: String, eventClass: String, name: String) throws {
        let fields = commonFields + "<eventTypeId>com.vmware.sso.LoginFailure</eventTypeId>"
        let router = try event(settings(.router), type, fields)
        #expect(router.type == "com.vmware.event.router/\(eventClass)")
        #expect(router["subject"] == name)
        let tanzu = try event(settings(.tanzu), type, fields)
        #expect(tanzu.type == "com.vmware.vsphere.\(name).v0")
        #expect(tanzu["eventclass"] == eventClass)
    }

    @Test func `an identifier is the same each time, and another for another event`() throws {
        func id(_ key: Int, _ second: Int) throws -> String {
            try event(
                settings(.router), "Event",
                "<key>\(key)</key><createdTime>2024-01-02T03:04:0\(second)Z</createdTime>"
            ).id
        }
        #expect(try id(7, 1) == id(7, 1))
        #expect(try Set([id(7, 1), id(8, 1), id(7, 2), id(-7, 1)]).count == 4)
    }

    @Test func `a payload of XML has neither namespaces nor types`() throws {
        let event = try event(
            settings(.tanzu, .xml), "VmPoweredOnEvent",
            "<key>7</key><vm><name>a&amp;b</name><vm type=\"VirtualMachine\">vm-1</vm></vm>")
        #expect(event["datacontenttype"] == "application/xml")
        #expect(
            String(decoding: event.octets[event.data], as: UTF8.self)
                == "<VmPoweredOnEvent><key>7</key><vm><name>a&amp;b</name>"
                + "<vm type=\"VirtualMachine\">vm-1</vm></vm></VmPoweredOnEvent>")
    }

    @Test(arguments: [
        "", "<key>x</key><createdTime>yesterday</createdTime>",
        "<eventTypeId>a&#9;b\u{85}</eventTypeId>",
        "<eventTypeId>\(String(repeating: "😀", count: 1_000))</eventTypeId>",
    ])
    func `an event that lacks what it must have is valid all the same`(fields: String) throws {
        for format in VCenterSettings.EventFormat.allCases {
            let made = try event(settings(format), "EventEx", fields)
            let attributes = made.attributes.map {
                (
                    name: String(decoding: made.octets[$0.name], as: UTF8.self),
                    value: String(decoding: made.octets[$0.value], as: UTF8.self)
                )
            }
            let checked = try Event(attributes: attributes, data: Array(made.octets[made.data]))
            #expect(checked.octets == made.octets)
        }
    }
}
