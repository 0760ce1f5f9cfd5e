import Foundation

/// The project's own files, as text.
struct SourceTree {
  let root: URL

  init(file: String = #filePath) {
    root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  init(root: URL) {
    self.root = root
  }

  /// Paths below `folder`, relative to the root, with this ending, sorted.
  func files(_ folder: String, _ ending: String = ".swift") -> [String] {
    let names =
      FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }.sorted()
  }

  func folders(_ folder: String) -> [String] {
    let path = root.appendingPathComponent(folder).path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder) && isFolder.boolValue
    }.sorted()
  }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path) }

  func text(_ path: String) -> String { (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)) ?? "" }

  /// Lines without comments and string contents, numbered from 1.
  func code(_ path: String) -> [(line: Int, text: String)] {
    text(path).components(separatedBy: "\n").enumerated().map { index, line in
      var kept = ""
      var quoted = false
      var previous: Character = " "
      for character in line {
        if character == "\"", previous != "\\" { quoted.toggle() }
        if !quoted, character == "/", previous == "/" {
          kept.removeLast()
          break
        }
        if !quoted { kept.append(character) }
        previous = character
      }
      return (index + 1, kept)
    }
  }

  func imports(_ path: String) -> [String] {
    code(path).compactMap { line in
      let words = line.text.split(separator: " ").map(String.init)
      guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
        words[..<at].allSatisfy({ $0.hasPrefix("@") || $0 == "public" })
      else {
        return nil
      }
      return words[at + 1]
    }
  }
}

/// Which modules a folder may import; the mistake's text names the rule.
struct ImportRule {
  var folder: String
  var allowed: [String]
  /// Pure: no clock, no thread, no randomness without a seed, no output.
  var pure: Bool

  static func all(_ tree: SourceTree) -> [ImportRule] {
    let kit = ["DeviceKit", "DeviceVocabulary"]
    let wires = tree.folders("Protocols").filter { !kit.contains($0) }
    var rules = [
      ImportRule(folder: "Protocols/DeviceKit", allowed: [], pure: true),
      // A secret is erased by one thread while another reads it: that takes the language's own lock.
      ImportRule(folder: "Protocols/DeviceVocabulary", allowed: ["DeviceKit", "Synchronization"], pure: true),
      ImportRule(folder: "Sources/Station", allowed: kit, pure: true),
      // What it holds goes into no journal, onto no page and onto no line by itself.
      ImportRule(
        folder: "Sources/Sealing",
        allowed: kit + ["ResidentCardCodec", "Station", "Transports", "CSQLite", "Crypto", "Foundation", "Synchronization"],
        pure: false),
      // Both ends of the line use it, and it knows neither.
      ImportRule(
        folder: "Sources/StationIdentity",
        allowed: [
          "Crypto", "Foundation", "NIOConcurrencyHelpers", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "NIOTLS", "SwiftASN1",
          "X509",
        ], pure: false),
    ]
    // The line between stations is no firmware's business: it speaks of the journal, and in JSON.
    let link = ["DeviceVocabulary", "FoundationEssentials", "Foundation"]
    // What a card holds never leaves the vocabulary's `SecretBuffer`.
    let hosts = [
      "StationLink": link, "ResidentCard": ["DeviceVocabulary"], "CCID": ["DeviceVocabulary"], "RTSP": ["DeviceVocabulary"],
      "ONVIF": ["DeviceVocabulary"],
    ]
    for wire in wires {
      let host = hosts[wire] ?? []
      let codecs = wires.map { $0 + "Codec" }
      rules.append(ImportRule(folder: "Protocols/\(wire)/Codec", allowed: ["DeviceKit"] + host + codecs, pure: true))
      rules.append(
        ImportRule(folder: "Protocols/\(wire)/Driver", allowed: kit + codecs + wires.map { $0 + "Driver" }, pure: true))
      rules.append(
        ImportRule(
          folder: "Protocols/\(wire)/DeviceModel", allowed: ["DeviceKit"] + host + codecs + wires.map { $0 + "DeviceModel" },
          pure: true)
      )
    }
    return rules
  }

  static let impure: [(word: String, instead: String)] = [
    ("Date()", "the wall clock is an input (WallClock)"), ("ContinuousClock", "time is passed in as Instant"),
    ("SuspendingClock", "time is passed in as Instant"), (".random(", "SeededRandom"),
    (".shuffled()", "SeededRandom and shuffled(using:)"),
    ("Task {", "a machine has one owner and never runs beside it"), ("await ", "async lives at the edges"),
    ("DispatchQueue", "the runtime owns threads"), ("Thread", "the runtime owns threads"), ("print(", "emit an event"),
    ("hashValue", "differs in every process"), ("fatalError(", "a peer must not end the program"),
    ("try!", "a peer must not end the program"),
  ]

  func violations(_ tree: SourceTree) -> [String] {
    var found: [String] = []
    for file in tree.files(folder) {
      for module in tree.imports(file) where !allowed.contains(module) {
        found.append("\(file) imports \(module); \(folder) may import only: \(allowed.joined(separator: ", "))")
      }
      guard pure else { continue }
      for (line, text) in tree.code(file) {
        for rule in Self.impure where text.contains(rule.word) {
          found.append("\(file):\(line) uses \(rule.word): \(rule.instead)")
        }
      }
    }
    return found
  }
}
