import Foundation
import SOAP
import Testing

@testable import VSphere

@Suite struct EventJSONTests {
    @Test func `an event of a virtual machine is written octet for octet`() throws {
        let result = try json(
            "VmPoweredOnEvent",
            """
            <key>9902</key><chainId>9895</chainId>
            <createdTime>2020-02-11T21:28:23.677595Z</createdTime>
            <userName>VSPHERE.LOCAL\\Administrator</userName>
            <datacenter><name>testDC</name><datacenter type="Datacenter">datacenter-2</datacenter>
            </datacenter><computeResource><name>cls</name>
            <computeResource type="ClusterComputeResource">domain-c7</computeResource>
            </computeResource>
            <host><name>10.185.22.74</name><host type="HostSystem">host-21</host></host>
            <vm><name>test-01</name><vm type="VirtualMachine">vm-56</vm></vm>
            <fullFormattedMessage>…</fullFormattedMessage><template>false</template>
            """)
        #expect(
            result.text == """
                {"Key":9902,"ChainId":9895,"CreatedTime":"2020-02-11T21:28:23.677595Z",\
                "UserName":"VSPHERE.LOCAL\\\\Administrator","Datacenter":{"Name":"testDC",\
                "Datacenter":{"Type":"Datacenter","Value":"datacenter-2"}},"ComputeResource":\
                {"Name":"cls","ComputeResource":{"Type":"ClusterComputeResource",\
                "Value":"domain-c7"}},"Host":{"Name":"10.185.22.74","Host":\
                {"Type":"HostSystem","Value":"host-21"}},"Vm":{"Name":"test-01","Vm":\
                {"Type":"VirtualMachine","Value":"vm-56"}},"Ds":null,"Net":null,"Dvs":null,\
                "FullFormattedMessage":"…","ChangeTag":"","Template":false}
                """)
        #expect(result.oddities == 0)
    }

    @Test(arguments: [
        (
            "UserLoginSessionEvent",
            "<ipAddress>10.0.0.9</ipAddress><userAgent>govc/0.1</userAgent><locale>en</locale>"
                + "<sessionId>52a-..</sessionId>",
            #","IpAddress":"10.0.0.9","UserAgent":"govc/0.1","Locale":"en","SessionId":"52a-.."}"#
        ),
        (
            "UserLogoutSessionEvent",
            "<ipAddress>a</ipAddress><callCount> 12 </callCount>"
                + "<loginTime>2024-01-17T13:00:05.000Z</loginTime>",
            #","IpAddress":"a","UserAgent":"","CallCount":12,"SessionId":"","#
                + #""LoginTime":"2024-01-17T13:00:05Z"}"#
        ),
        (
            "EventEx",
            "<eventTypeId>com.vmware.sso.LoginFailure</eventTypeId><severity>info</severity>"
                + "<arguments><key>userIp</key><value xsi:type=\"xsd:string\">10.0.1.3</value>"
                + "</arguments>",
            #","EventTypeId":"com.vmware.sso.LoginFailure","Severity":"info","Message":"","#
                + #""Arguments":[{"Key":"userIp","Value":"10.0.1.3"}],"ObjectId":"","#
                + #""ObjectType":"","ObjectName":"","Fault":null}"#
        ),
        (
            "ExtendedEvent",
            "<message>m</message><eventTypeId>t</eventTypeId>"
                + "<managedObject type=\"Folder\" serverGuid=\"g\">group-d1</managedObject>"
                + "<data><key>k</key><value>v</value></data>",
            #","Message":"m","EventTypeId":"t","ManagedObject":{"Type":"Folder","#
                + #""Value":"group-d1"},"Data":[{"Key":"k","Value":"v"}]}"#
        ),
        (
            "AlarmStatusChangedEvent",
            "<alarm><name>Datastore usage on disk</name><alarm type=\"Alarm\">alarm-7</alarm>"
                + "</alarm><source><name>Datacenters</name><entity type=\"Folder\">group-d1"
                + "</entity></source><entity><name>ds1</name><entity type=\"Datastore\">"
                + "datastore-60</entity></entity><from>gray</from><to>yellow</to>",
            #","Alarm":{"Name":"Datastore usage on disk","Alarm":{"Type":"Alarm","#
                + #""Value":"alarm-7"}},"Source":{"Name":"Datacenters","Entity":{"#
                + #""Type":"Folder","Value":"group-d1"}},"Entity":{"Name":"ds1","Entity":{"#
                + #""Type":"Datastore","Value":"datastore-60"}},"From":"gray","To":"yellow"}"#
        ),
        (
            "TaskEvent",
            "<info><key>task-1</key><task type=\"Task\">task-1</task><name>Destroy_Task</name>"
                + "<descriptionId>ResourcePool.destroy</descriptionId>"
                + "<entity type=\"ResourcePool\">resgroup-1</entity><entityName>x</entityName>"
                + "<state>queued</state><cancelled>false</cancelled><cancelable>1</cancelable>"
                + "<reason xsi:type=\"TaskReasonUser\"><userName>u</userName></reason>"
                + "<queueTime>2024-01-02T03:04:05.5+02:00</queueTime>"
                + "<eventChainId>0</eventChainId></info>",
            #","Info":{"Key":"task-1","Task":{"Type":"Task","Value":"task-1"},"#
                + #""Description":null,"Name":"Destroy_Task","DescriptionId":"#
                + #""ResourcePool.destroy","Entity":{"Type":"ResourcePool","Value":"#
                + #""resgroup-1"},"EntityName":"x","Locked":null,"State":"queued","Cancelled":"#
                + #"false,"Cancelable":true,"Error":null,"Result":null,"Progress":0,"Reason":{"#
                + #""UserName":"u"},"QueueTime":"2024-01-02T03:04:05.5+02:00","StartTime":"#
                + #"null,"CompleteTime":null,"EventChainId":0,"ChangeTag":"","ParentTaskKey":"","#
                + #""RootTaskKey":"","ActivationId":""}}"#
        ),
        ("EnteredMaintenanceModeEvent", "", "}"),
        (
            "MigrationErrorEvent",
            "<template>true</template><fault><fault xsi:type=\"NotEnoughLicenses\"/>"
                + "<localizedMessage>no</localizedMessage></fault>",
            #","Template":true,"Fault":{"Fault":{"FaultCause":null,"FaultMessage":null},"#
                + #""LocalizedMessage":"no"}}"#
        ),
    ])
    func `each kind of event is written octet for octet`(
        type: String, fields: String, rest: String
    ) throws {
        let result = try json(type, commonFields + fields)
        #expect(result.text == commonJSON + rest)
        #expect(result.oddities == 0)
    }

    @Test(arguments: [
        (
            "xsi:type=\"xsd:string\">a&lt;b&gt;&amp;\"\\\n\u{2028}é<",
            #""a\u003cb\u003e\u0026\"\\\n\u2028é""#
        ),
        ("xsi:type=\"xsd:int\"> 12 <", "12"),
        ("xsi:type=\"xsd:long\">-9223372036854775808<", "-9223372036854775808"),
        ("xsi:type=\"xsd:short\"><", "0"),
        ("xsi:type=\"xsd:boolean\">true<", "true"),
        ("xsi:type=\"xsd:double\">1.50<", "1.5"),
        ("xsi:type=\"xsd:double\">3<", "3"),
        (
            "xsi:type=\"xsd:dateTime\">2024-01-02T03:04:05.1200+00:00<",
            #""2024-01-02T03:04:05.12Z""#
        ),
        ("xsi:type=\"xsd:base64Binary\">aGk=<", #""YUdrPQ==""#),
        (
            "xsi:type=\"ManagedObjectReference\" type=\"Folder\">f<",
            #"{"Type":"Folder","Value":"f"}"#
        ),
        (
            "xsi:type=\"ArrayOfString\"><string>a</string><string>b</string><",
            #"{"String":["a","b"]}"#
        ),
        ("xsi:type=\"ArrayOfInt\"><int>1</int><", #"{"Int":[1]}"#),
        ("xsi:type=\"ArrayOfString\"><", #"{"String":null}"#),
        ("xsi:type=\"KeyValue\"><key>k</key><", #"{"Key":"k","Value":""}"#),
        ("xmlns:v=\"urn:vim25\" xsi:type=\"v:KeyValue\"><", #"{"Key":"","Value":""}"#),
        ("xsi:type=\"VirtualMachinePowerState\">poweredOn<", #""poweredOn""#),
        ("><", "null"),
    ])
    func `a value says itself what it is`(element: String, value: String) throws {
        let result = try json(
            "EventEx", commonFields + "<arguments><key>k</key><value \(element)/value></arguments>")
        #expect(result.text.contains(#""Arguments":[{"Key":"k","Value":\#(value)}]"#), "\(result)")
        #expect(result.oddities == 0)
    }

    /// Row 231.
    @Test(arguments: [
        // Nobody knows the type: what all events have, and then the rest as it came.
        (
            "FutureEvent",
            "<a>1</a><b><c>x</c></b><d type=\"T\">v</d><e>1</e><e>2</e>",
            #","A":"1","B":{"C":"x"},"D":{"Type":"T","Value":"v"},"E":["1","2"]}"#, 7
        ),
        ("VirtualMachineConfigSpec", "", "}", 1),
        ("VmPoweredOnEvent", "<template>true</template><later>x</later>", #","Template":true}"#, 1),
        (
            "UserLogoutSessionEvent", "<callCount>many</callCount><loginTime>now</loginTime>",
            #","IpAddress":"","UserAgent":"","CallCount":0,"SessionId":"","#
                + #""LoginTime":"0001-01-01T00:00:00Z"}"#, 2
        ),
        (
            "EventEx",
            "<fault><fault xsi:type=\"FutureFault\"/><localizedMessage>m</localizedMessage>"
                + "</fault>",
            #","EventTypeId":"","Severity":"","Message":"","Arguments":null,"ObjectId":"","#
                + #""ObjectType":"","ObjectName":"","Fault":{"Fault":null,"#
                + #""LocalizedMessage":"m"}}"#, 1
        ),
    ])
    func `what nobody knows is passed over and counted`(
        type: String, fields: String, rest: String, oddities: Int
    ) throws {
        let result = try json(type, commonFields + fields)
        #expect(result.text == commonJSON + rest)
        #expect(result.oddities == oddities)
    }

    @Test func `every type is written as JSON, be its element empty or not`() throws {
        let table = TypeTable.shared
        for type in table.types where type.isEvent {
            let empty = try json(type.name, "").text
            #expect(try isObject(empty, with: type), "\(type.name)")
            let fields = type.fields.map {
                let name = String(decoding: $0.name, as: UTF8.self)
                return "<\(name)/><\(name)>x</\(name)>"
            }
            #expect(try isObject(json(type.name, fields.joined()).text, with: type), "\(type.name)")
        }
    }

    private func isObject(_ text: String, with type: TypeTable.ObjectType) throws -> Bool {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return object?.count == type.fields.count
    }
}

@Suite struct EventTimeTests {
    @Test(arguments: [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        (" 2024-01-02T03:04:05.120Z\n", "2024-01-02T03:04:05.12Z", "2024-01-02T03:04:05.12Z"),
        ("2024-01-02T03:04:05.000Z", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05-00:00", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05+05:30", "2024-01-02T03:04:05+05:30", "2024-01-01T21:34:05Z"),
        // Who leaves the offset out means UTC.
        ("2024-01-02T03:04:05.5", "2024-01-02T03:04:05.5Z", "2024-01-02T03:04:05.5Z"),
        (
            "2024-01-02T03:04:05.1234567891Z", "2024-01-02T03:04:05.123456789Z",
            "2024-01-02T03:04:05.123456789Z"
        ),
    ])
    func `a time keeps its offset`(written: String, text: String, utc: String) throws {
        let time = try #require(EventTime(ArraySlice(written.utf8)))
        #expect(time.text == text)
        #expect(time.utc == utc)
    }

    /// Row 231: dates of no year, or of years that nobody can read.
    @Test(arguments: ["", " ", "Z", "now", "2024-01-02", "2024-13-02T03:04:05Z", "+00:00"])
    func `what is no time isn't taken for one`(text: String) {
        #expect(EventTime(ArraySlice(text.utf8)) == nil)
    }
}
