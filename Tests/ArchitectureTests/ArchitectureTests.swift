import Foundation
import Testing

@Suite struct ArchitectureTests {
  let tree = SourceTree()

  @Test func importsRunOneWayAndPureModulesArePure() {
    let rules = ImportRule.all(tree)
    #expect(rules.allSatisfy { !tree.files($0.folder).isEmpty }, "a rule without files guards nothing")
    #expect(rules.flatMap { $0.violations(tree) } == [])
  }

  @Test func theTopLevelHoldsTheDesignAndNothingElse() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: tree.root.path).filter {
      !$0.hasPrefix(".") && $0 != "Package.resolved"
    }
    let allowed: Set = ["Package.swift", "README.md", "LICENSE", "Protocols", "Sources", "Boards", "Tools", "Tests"]
    #expect(names.filter { !allowed.contains($0) } == [])
  }

  @Test func everyWireHoldsTheSameFive() {
    for wire in tree.folders("Protocols") where !["DeviceKit", "DeviceVocabulary"].contains(wire) {
      for part in ["README.md", "Codec", "Driver", "DeviceModel", "Vectors"] {
        #expect(tree.exists("Protocols/\(wire)/\(part)"), "Protocols/\(wire) lacks \(part)")
      }
    }
  }

  /// The hard lines: nothing in the schemas can hold a person, a list of persons or a history of cards.
  @Test func noFieldCanHoldAPerson() {
    let forbidden = [
      "personName", "residentName", "idNumber", "idCardNumber", "faceImage", "faceFeature", "plateNumber", "watchList",
      "blackList", "personList",
      "fingerprint", "macAddress", "ethnicity",
    ]
    let files = tree.files("Protocols/DeviceVocabulary") + tree.files("Sources/Station")
    #expect(files.count > 5)
    for file in files {
      for (line, text) in tree.code(file) {
        for word in forbidden {
          #expect(text.range(of: word, options: .caseInsensitive) == nil, "\(file):\(line) names \(word)")
        }
      }
    }
  }

  /// The checker itself: a planted mistake of each kind is found.
  @Test func theRulesFindPlantedMistakes() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("linli-architecture-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    let folder = root.appendingPathComponent("Sources/Station")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try "import Journal\n// import Foundation\nlet a = Date()\nlet b = \"Date()\" // print(\n@testable import Transports\n"
      .write(to: folder.appendingPathComponent("Planted.swift"), atomically: true, encoding: .utf8)
    let rule = ImportRule(folder: "Sources/Station", allowed: ["DeviceKit"], pure: true)
    let found = rule.violations(SourceTree(root: root))
    #expect(found.count == 3, "\(found)")
    #expect(found.contains { $0.contains("imports Journal") } && found.contains { $0.contains(":3 uses Date()") })
    #expect(found.contains { $0.contains("imports Transports") })
  }
}
