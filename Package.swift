// swift-tools-version: 6.2
import PackageDescription

// The folder listing is the architecture: every target states its `path:`. Imports run one way (README.md, ArchitectureTests):
// DeviceKit ◄ Codec ◄ Driver, DeviceModel ◄ StationRuntime ◄ linli; Station knows the vocabulary and no driver.

let web: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
]
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let tls: [Target.Dependency] = [
  crypto, .product(name: "X509", package: "swift-certificates"), .product(name: "SwiftASN1", package: "swift-asn1"),
  .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "NIOTLS", package: "swift-nio"),
]

let kit: [Target.Dependency] = ["DeviceKit", "DeviceVocabulary"]

/// The targets of one wire: `Codec`, `Driver` and `DeviceModel` under `Protocols/<wire>/`. Driver and DeviceModel never see each other.
///
/// - Parameter isForFirmware: its codec and model know no vocabulary, so that a board can speak it. Others may: the line between stations
///   speaks of the journal, what stands on a card lies in a `SecretBuffer` from its first byte on.
func wire(_ name: String, uses others: [String] = [], isForFirmware: Bool = true) -> [Target] {
  let base: [Target.Dependency] = isForFirmware ? ["DeviceKit"] : kit
  func module(_ part: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name + part, dependencies: dependencies, path: "Protocols/\(name)/\(part)")
  }
  func of(_ part: String) -> [Target.Dependency] { others.map { .init(stringLiteral: $0 + part) } }
  return [
    module("Codec", base + of("Codec")),
    module("Driver", kit + [.init(stringLiteral: name + "Codec")] + of("Codec") + of("Driver")),
    module("DeviceModel", base + [.init(stringLiteral: name + "Codec")] + of("Codec") + of("DeviceModel")),
  ]
}

func source(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  // Module maps are targets of their own; pages are served from a web root, not compiled.
  let excluded = [
    "Transports": ["CSerialPort", "CSQLite", "CLibUSB"], "Consoles": ["Web"], "Journal": ["README.md"],
    "StationIdentity": ["README.md"],
    "StaffAccess": ["README.md"], "Sealing": ["README.md"], "KioskHost": ["README.md"],
    "WallHost": ["README.md"],
  ]
  return .target(name: name, dependencies: dependencies, path: "Sources/\(name)", exclude: excluded[name] ?? [])
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)")
}

let wires =
  ["StationLink", "ResidentCard", "CCID", "RTSP"].flatMap { wire($0, isForFirmware: false) }
  + wire("ONVIF", uses: ["RTSP"], isForFirmware: false) + wire("ModbusRTU") + wire("FirmwareUpdate", uses: ["ModbusRTU"])
  + wire("CallPanel", uses: ["ModbusRTU", "FirmwareUpdate"]) + wire("DigitalIO", uses: ["ModbusRTU"])
  + wire("SIADC09") + wire("ESCPOS") + wire("SamsungMDC") + wire("PJLink") + wire("LineProtocol")
  + wire("Videohub", uses: ["LineProtocol"]) + wire("ExtronSIS", uses: ["LineProtocol"])
  + wire("KramerP3000", uses: ["LineProtocol"]) + wire("MPV")
let drivers: [Target.Dependency] = [
  "ModbusRTUDriver", "CallPanelDriver", "DigitalIODriver", "FirmwareUpdateDriver", "ESCPOSDriver",
]
/// The devices of the display wall.
let wallDrivers: [Target.Dependency] = [
  "LineProtocolCodec", "LineProtocolDriver", "VideohubCodec", "VideohubDriver", "ExtronSISCodec", "ExtronSISDriver",
  "KramerP3000Codec", "KramerP3000Driver", "SamsungMDCCodec", "SamsungMDCDriver", "PJLinkCodec", "PJLinkDriver",
]
let wallModels: [Target.Dependency] = [
  "LineProtocolCodec", "LineProtocolDeviceModel", "VideohubCodec", "VideohubDeviceModel", "KramerP3000Codec",
  "KramerP3000DeviceModel", "ExtronSISDeviceModel", "SamsungMDCDeviceModel",
  "PJLinkDeviceModel",
]
let models: [Target.Dependency] = ["ModbusRTUDeviceModel", "CallPanelDeviceModel", "DigitalIODeviceModel"]
let codecs: [Target.Dependency] = ["ModbusRTUCodec", "CallPanelCodec", "DigitalIOCodec", "FirmwareUpdateCodec", "ESCPOSCodec"]

let package = Package(
  name: "linli",
  platforms: [.macOS(.v26)],
  products: [.executable(name: "linli", targets: ["linli"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(name: "DeviceKit", path: "Protocols/DeviceKit"),
    .target(name: "DeviceVocabulary", dependencies: ["DeviceKit"], path: "Protocols/DeviceVocabulary"),
  ] + wires + [
    .systemLibrary(
      name: "CSerialPort", path: "Sources/Transports/CSerialPort", pkgConfig: "libserialport",
      providers: [.apt(["libserialport-dev"])]),
    .systemLibrary(
      name: "CSQLite", path: "Sources/Transports/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(
      name: "CLibUSB", path: "Sources/Transports/CLibUSB", pkgConfig: "libusb-1.0", providers: [.apt(["libusb-1.0-0-dev"])]),
    source("Transports", kit + ["CSerialPort", "CLibUSB"]),
    // Programs that end with this one; the terminal's browser and voice are such.
    source("ChildPrograms", ["CSerialPort"]),
    source("KioskHost", ["DeviceKit", "Transports", "ChildPrograms"]),
    source("WallHost", kit + ["Transports", "ChildPrograms", "MPVCodec", "MPVDriver"]),
    // Boards in an emulator, running their real images, on a bus of their own.
    source(
      "VirtualBoards",
      [
        "DeviceKit", "FirmwareUpdateCodec", "FirmwareUpdateDeviceModel", "CallPanelDeviceModel", "Transports", "CSerialPort",
        "ChildPrograms",
      ]),
    source("Journal", kit + ["CSQLite", crypto]),
    source("Station", kit),
    source(
      "StationRuntime",
      kit + drivers + codecs + wallDrivers
        + [
          "SIADC09Codec", "StationLinkCodec", "StationLinkDriver", "ResidentCardCodec", "ResidentCardDriver", "CCIDCodec",
          "CCIDDriver", "RTSPCodec", "RTSPDriver", "ONVIFCodec", "ONVIFDriver", "Station", "Journal", "Transports",
          crypto,
          .product(name: "Yams", package: "Yams"),
        ]),
    source(
      "AlarmReceivers",
      [
        "DeviceKit", "SIADC09Codec", "SIADC09Driver", "Station", "StationRuntime", "Journal", "Transports", crypto,
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ]),
    // Both ends of the line between a station and its parent.
    source(
      "Uplink",
      kit + web + [
        "StationLinkCodec", "StationLinkDriver", "Station", "StationRuntime", "StationIdentity", "Journal", "Transports",
        .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
      ]),
    // Who of the staff may use which page.
    source("StaffAccess", kit + [crypto, .product(name: "CryptoExtras", package: "swift-crypto")]),
    // Personal fields: sealed, kept apart from their keys, and shredded with them.
    source("Sealing", kit + ["Station", "Transports", "CSQLite", "ResidentCardCodec", crypto]),
    source("Consoles", kit + ["Station", "StaffAccess", "Transports", "Sealing"] + web),
    // Certificates of the site's own CA: who may speak on the line between stations, under which name.
    source("StationIdentity", tls + web),
    source(
      "SimulatedSite",
      kit + drivers + codecs + models + wallModels
        + ["StationLinkCodec", "StationLinkDriver", "Station", "Journal", "StationRuntime", "CSQLite", crypto]),
    .executableTarget(
      name: "linli",
      dependencies: kit + codecs + models + drivers + wallModels + [
        crypto, "Station", "StationRuntime", "Journal", "Transports", "Consoles", "StaffAccess", "Sealing", "SimulatedSite",
        "StationIdentity", "AlarmReceivers", "VirtualBoards", "KioskHost", "WallHost", "Uplink", "StationLinkCodec",
        "StationLinkDeviceModel",
        "ESCPOSDeviceModel", "ResidentCardCodec", "ResidentCardDeviceModel", "RTSPDeviceModel", "ONVIFCodec", "ONVIFDriver",
        "ONVIFDeviceModel",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tools/linli"),
    // Run by Tools/bench.
    .executableTarget(
      name: "linli-bench",
      dependencies: kit + [
        "ModbusRTUCodec", "ModbusRTUDriver", "CallPanelCodec", "CallPanelDeviceModel", "Station", "StationRuntime", "Transports",
        "Consoles", "SimulatedSite", "CSQLite", "StationLinkCodec", "StationIdentity", "Journal", "VirtualBoards",
        "ResidentCardCodec", "ResidentCardDeviceModel", "SamsungMDCCodec", "SamsungMDCDeviceModel", "WallHost",
        .product(name: "ArgumentParser", package: "swift-argument-parser"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
      ], path: "Tools/benchmarks", exclude: ["README.md", "reference"]),

    tests("DeviceKitTests", ["DeviceKit"]),
    tests("DeviceVocabularyTests", kit),
    tests(
      "FirmwareUpdateTests",
      ["DeviceKit", "FirmwareUpdateCodec", "FirmwareUpdateDeviceModel", "FirmwareUpdateDriver", crypto]),
    tests("StationLinkTests", kit + ["StationLinkCodec", "StationLinkDriver", "StationLinkDeviceModel"]),
    tests("ModbusRTUTests", kit + ["ModbusRTUCodec", "ModbusRTUDriver", "ModbusRTUDeviceModel"]),
    tests(
      "CallPanelTests",
      kit + [
        "ModbusRTUCodec", "ModbusRTUDriver", "ModbusRTUDeviceModel", "CallPanelCodec", "CallPanelDriver", "CallPanelDeviceModel",
        "FirmwareUpdateCodec", "FirmwareUpdateDriver", "FirmwareUpdateDeviceModel", crypto,
      ]),
    tests(
      "DigitalIOTests",
      kit + [
        "ModbusRTUCodec", "ModbusRTUDriver", "ModbusRTUDeviceModel", "DigitalIOCodec", "DigitalIODriver", "DigitalIODeviceModel",
      ]),
    tests("CCIDTests", kit + ["CCIDCodec", "CCIDDriver", "CCIDDeviceModel"]),
    tests("ResidentCardTests", kit + ["ResidentCardCodec", "ResidentCardDriver", "ResidentCardDeviceModel", crypto]),
    tests(
      "SIADC09Tests",
      kit + [
        "SIADC09Codec", "SIADC09Driver", "SIADC09DeviceModel", "Station", "StationRuntime", "Journal", "AlarmReceivers",
      ]),
    tests("MPVTests", kit + ["MPVCodec", "MPVDriver", "MPVDeviceModel"]),
    tests("RTSPTests", kit + ["RTSPCodec", "RTSPDriver", "RTSPDeviceModel", crypto]),
    tests("ONVIFTests", kit + ["RTSPCodec", "ONVIFCodec", "ONVIFDriver", "ONVIFDeviceModel", crypto]),
    tests("ESCPOSTests", kit + ["ESCPOSCodec", "ESCPOSDriver", "ESCPOSDeviceModel", "Transports"]),
    // Driver and model of any matrix in virtual time, and what each has to withstand.
    .target(
      name: "MatrixTestSupport", dependencies: kit + ["LineProtocolCodec", "LineProtocolDriver", "LineProtocolDeviceModel"],
      path: "Tests/MatrixTestSupport"),
    tests(
      "LineProtocolTests",
      kit + ["LineProtocolCodec", "LineProtocolDriver", "LineProtocolDeviceModel", "MatrixTestSupport"]),
    tests(
      "VideohubTests",
      kit + [
        "LineProtocolCodec", "LineProtocolDriver", "LineProtocolDeviceModel", "VideohubCodec", "VideohubDriver",
        "VideohubDeviceModel", "MatrixTestSupport",
      ]),
    tests(
      "ExtronSISTests",
      kit + [
        "LineProtocolCodec", "LineProtocolDriver", "LineProtocolDeviceModel", "ExtronSISCodec", "ExtronSISDriver",
        "ExtronSISDeviceModel", "MatrixTestSupport",
      ]),
    tests("PJLinkTests", kit + ["PJLinkCodec", "PJLinkDriver", "PJLinkDeviceModel", crypto]),
    tests("SamsungMDCTests", kit + ["SamsungMDCCodec", "SamsungMDCDriver", "SamsungMDCDeviceModel"]),
    tests(
      "KramerP3000Tests",
      kit + [
        "LineProtocolCodec", "LineProtocolDriver", "LineProtocolDeviceModel", "KramerP3000Codec", "KramerP3000Driver",
        "KramerP3000DeviceModel", "MatrixTestSupport",
      ]),
    tests(
      "StationRuntimeTests",
      kit + [
        "ModbusRTUCodec", "ModbusRTUDriver", "DigitalIOCodec", "DigitalIODriver", "DigitalIODeviceModel", "Station",
        "StationRuntime", "Journal", "Transports", "ResidentCardCodec", "ResidentCardDeviceModel", "RTSPCodec", "RTSPDriver",
        "ONVIFCodec", "ONVIFDriver",
      ]),
    tests(
      "UplinkTests",
      kit + ["StationLinkCodec", "StationLinkDriver", "Station", "StationRuntime", "StationIdentity", "Journal", "Uplink"] + web),
    tests("JournalTests", ["DeviceKit", "Journal", "CSQLite", "SimulatedSite"]),
    tests("StationTests", kit + ["Station", "Consoles"]),
    tests(
      "SimulatedSiteTests",
      kit + [
        "ModbusRTUCodec", "ModbusRTUDriver", "CallPanelCodec", "CallPanelDriver", "CallPanelDeviceModel", "FirmwareUpdateCodec",
        "SimulatedSite", "Station", "StationRuntime", "TestSupport", "KramerP3000Codec", "LineProtocolCodec", crypto,
      ]),
    .executableTarget(name: "transport-probe", dependencies: ["DeviceKit", "Transports"], path: "Tests/TransportsTests/Probe"),
    .testTarget(
      name: "TransportsTests", dependencies: kit + ["Transports", "transport-probe"], path: "Tests/TransportsTests",
      exclude: ["Helpers", "Probe"]),
    // The station's side of a reader, over emulated USB and serial wires.
    .executableTarget(
      name: "reader-probe", dependencies: kit + ["ResidentCardCodec", "ESCPOSCodec", "StationRuntime", "Transports"],
      path: "Tests/ReaderWireTests/Probe"),
    .testTarget(
      name: "ReaderWireTests",
      dependencies: kit + [
        "ResidentCardCodec", "ResidentCardDeviceModel", "CCIDCodec", "CCIDDeviceModel", "StationRuntime", "Transports",
        "reader-probe", "linli",
      ], path: "Tests/ReaderWireTests", exclude: ["Helpers", "Probe"]),
    tests("StaffAccessTests", kit + ["StaffAccess"]),
    tests(
      "SealingTests",
      kit + [
        "Sealing", "Station", "StationRuntime", "Journal", "SimulatedSite", "CSQLite", "ResidentCardCodec",
        "ResidentCardDeviceModel", crypto,
      ]),
    tests("WallHostTests", kit + ["WallHost"]),
    tests("KioskHostTests", ["DeviceKit", "KioskHost", "ChildPrograms", "TestSupport"]),
    tests(
      "ConsolesTests",
      kit + [
        "Station", "StationRuntime", "StaffAccess", "Consoles", "Sealing", "ResidentCardCodec", "ResidentCardDeviceModel",
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ] + web),
    tests("StationIdentityTests", ["StationIdentity", "TestSupport"] + tls + web),
    // The real program with a simulated bus, for the tests that drive it from outside.
    .target(
      name: "TestSupport",
      dependencies: kit + ["Station", "StationRuntime", "StationIdentity", "Journal", "Transports", "linli"],
      path: "Tests/TestSupport"),
    tests(
      "ShellTests",
      kit
        + [
          "FirmwareUpdateCodec", "Station", "StationRuntime", "StationIdentity", "Journal", "Transports", "Sealing",
          "ResidentCardDeviceModel", "ResidentCardCodec", "TestSupport",
        ] + tls
        + web),
    .testTarget(
      name: "InteropTests",
      dependencies: kit + [
        "TestSupport", "Transports", "ESCPOSCodec", "ESCPOSDeviceModel", "ResidentCardCodec", "ResidentCardDeviceModel",
        "StationRuntime", "Station", "WallHost", "RTSPCodec", "RTSPDriver",
      ],
      path: "Tests/InteropTests", exclude: ["Peers"]),
    // The real images in QEMU.
    tests(
      "FirmwareTests",
      kit + [
        "ModbusRTUCodec", "CallPanelCodec", "CallPanelDeviceModel", "FirmwareUpdateCodec", "FirmwareUpdateDriver", "Transports",
        "VirtualBoards", "ChildPrograms",
        "TestSupport",
      ]),
    tests("SiteTests", kit + ["SimulatedSite", "CallPanelDeviceModel", "Journal", "Station", "StationRuntime"]),
    tests(
      "BrowserTests",
      kit + ["Station", "StationRuntime", "Transports", "Consoles", "StaffAccess", "Sealing", "KioskHost", "TestSupport"]),
    tests("ArchitectureTests", []),
  ],
  swiftLanguageModes: [.v6]
)
