// swift-tools-version: 6.2
import PackageDescription

// The folder listing is the architecture: every target states its `path:`. Imports run one way; ArchitectureTests hold it.
let kit: [Target.Dependency] = ["DeviceKit", "DeviceVocabulary"]

func source(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, path: "Sources/\(name)")
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)")
}

let package = Package(
  name: "linli",
  platforms: [.macOS(.v26)],
  targets: [
    .target(name: "DeviceKit", path: "Protocols/DeviceKit"),
    .target(name: "DeviceVocabulary", dependencies: ["DeviceKit"], path: "Protocols/DeviceVocabulary"),
    source("Station", kit),
    tests("DeviceKitTests", ["DeviceKit"]),
    tests("StationTests", kit + ["Station"]),
    tests("ArchitectureTests", []),
  ],
  swiftLanguageModes: [.v6]
)
