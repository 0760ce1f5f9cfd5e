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

  /// Every text in what is written down, sent or shown by the station, by what it is. What a resident is called, where he lives and which
  /// number he has is in none of them: that is in `SealedField.bytes` alone.
  private static let texts: [(what: String, names: String)] = [
    (
      "ids and names that the site file gives",
      """
      child children device devices found from formerOwner formerOwners grid grids id input kiosk label layout meeting name of offeredTo onDuty
      owner parent path phone place placeName player post posts region scene sceneBy service services site source sources station takenFrom to
      deliveredTo escalatedTo visitorSource idleSource displayInput smartCards bus address network refusedBy sound contact by date letter kind
      rotations sourcesWithoutPicture laid
      """
    ),
    ("ids of staff, the centre's own", "staff"),
    ("what a camera calls the positions that it remembers", "preset callPreset"),
    ("what the site file tells visitors", "bring duties flow"),
    ("what a clerk, the duty or an operator types about a matter, a call or a device", "note reason text detail what"),
    (
      "the program's own words and its names for things",
      """
      action failure adviceChinese adviceEnglish boot chinese english description debugDescription program shown whatChinese whatEnglish whereText
      """
    ),
    ("what devices say of themselves", "buildText firmware model number product vendor"),
    ("names of keys and files", "key keys missing namedKeys tooLarge"),
    ("names of what a page was shown, by the station", "list form"),
  ]

  @Test func everyTextThatIsWrittenDownIsOfAKnownKind() {
    let known = Set(Self.texts.flatMap { $0.names.split(whereSeparator: \.isWhitespace).map(String.init) })
    let files = (tree.files("Protocols/DeviceVocabulary") + tree.files("Sources/Station")).filter {
      tree.text($0).contains("Codable")
    }
    #expect(files.count > 20)
    var found: Set<String> = []
    for file in files {
      for (line, text) in tree.code(file) {
        for name in Self.textFields(text) {
          found.insert(name)
          #expect(known.contains(name), "\(file):\(line): what is the text \(name)? List its kind, if it can be about no person")
        }
      }
    }
    #expect(found.isSuperset(of: ["post", "note", "staff", "kiosk"]), "what there is is found")
    // Of each form of a declaration.
    #expect(Self.textFields("  public var nickname: String?") == ["nickname"])
    #expect(Self.textFields("  case opened(SecretOpening, of: String, who: [String])") == ["of", "who"])
    #expect(Self.textFields("  private func look(_ text: String)") == [])
  }

  /// Names of the texts that a line declares as a property or as what a case holds.
  private static func textFields(_ line: String) -> [String] {
    let words = line.split(separator: " ").map(String.init)
    let first = words.first { !["public", "private(set)", "internal(set)", "indirect"].contains($0) }
    guard first == "var" || first == "case", !line.contains("case .") else { return [] }
    return line.matches(of: #/\b([a-z][A-Za-z0-9]*): \[?String\b/#).map { String($0.1) }
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
