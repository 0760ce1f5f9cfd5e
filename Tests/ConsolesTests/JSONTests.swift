import DeviceVocabulary
import Foundation
import Testing

@testable import Consoles
@testable import Station

@Suite struct JSONTests {
  @Test(arguments: [Sample.view(), Sample.fullView()]) func theViewKeepsTheFormOfItsCoding(view: DeskView) throws {
    let json = view.json()
    #expect(try JSONDecoder().decode(DeskView.self, from: Data(json.bytes)) == view)
    #expect(!json.bytes.contains(UInt8(ascii: "\n")), "a line break would end the event")
    // Field for field what the synthesised coding writes: nothing more for others to depend on, nothing less.
    let ours = try JSONSerialization.jsonObject(with: Data(json.bytes)) as? NSDictionary
    let theirs = try JSONSerialization.jsonObject(with: JSONEncoder().encode(view)) as? NSDictionary
    #expect(ours == theirs)
  }

  @Test func everyControlCharacterIsEscaped() throws {
    let text = String(String.UnicodeScalarView((0..<0x100).compactMap { Unicode.Scalar($0) }))
    let json = JSONText.object { $0.field("text", text) }
    #expect(try JSONDecoder().decode([String: String].self, from: Data(json.bytes)) == ["text": text])
    #expect(json.bytes.allSatisfy { $0 >= 0x20 })
  }

  @Test func everyValueHasWordsInBothLanguages() {
    for (kind, words) in Texts.catalogue {
      #expect(!words.isEmpty, "\(kind)")
      #expect(Set(words.map(\.key)).count == words.count, "\(kind) has a key twice")
      for (key, text) in words {
        #expect(text.chinese.unicodeScalars.contains { $0.value > 0x3000 }, "\(kind).\(key)")
        #expect(!text.english.isEmpty && text.english.unicodeScalars.allSatisfy { $0.value < 0x3000 }, "\(kind).\(key)")
      }
    }
  }

  /// What the pages look up by a value's name.
  @Test func everyStateOfALineHasWords() {
    let keys = Set(PageWords.desk.map(\.key))
    for state in PathStatus.State.allCases { #expect(keys.contains("path.\(state.rawValue)")) }
    for state in DeskView.ChildCard.State.allCases { #expect(keys.contains("child.\(state.rawValue)")) }
    let actions: [ParentCommand.Action] = [
      .acknowledge(incident: 1), .onScene(incident: 1), .resolve(incident: 1, note: ""), .close(incident: 1),
      .falseAlarm(incident: 1, note: ""), .offer(incident: 1, to: ""), .accept(incident: 1), .refuse(incident: 1, reason: ""),
      .notice(text: ""),
    ]
    for action in actions { #expect(keys.contains(action.name), "\(action.name)") }
  }

  @Test(arguments: [
    ("desk", PageWords.desk), ("panels", PageWords.panels), ("hall", PageWords.hall), ("window", PageWords.window),
    ("tech", PageWords.tech),
  ])
  func everyWordThatThePageAsksForIsThere(page: String, words: [PageWords.Word]) throws {
    let keys = Set((words + PageWords.common).map(\.key))
    #expect(keys.count == words.count + PageWords.common.count, "a key stands twice")
    let files = [
      "desk": DeskRoutes.fileNames, "panels": PanelsRoutes.fileNames, "hall": HallRoutes.fileNames,
      "window": WindowRoutes.fileNames, "tech": TechRoutes.fileNames,
    ]
    let names = try #require(files[page])
    for name in names where name.hasSuffix(".js") || name.hasSuffix(".html") {
      let text = try String(contentsOfFile: Sample.webRoot + "/" + name, encoding: .utf8)
      for match in text.matches(of: #/(?:[^a-zA-Z.]word\(|data-word(?:"?[:=]) ?)"([A-Za-z_.]+)"/#) {
        #expect(keys.contains(String(match.1)), "\(name) asks for \(match.1)")
      }
    }
  }
}
