import Testing

@testable import Consoles
@testable import Station

/// What a page may have said: keys, ids and numbers, never text.
@Suite struct SpokenWordsTests {
  private var words: SpokenWords {
    var words = SpokenWords()
    words.names = ["service/legal": "法律咨询"]
    return words
  }

  @Test(arguments: [
    ("whatFor;help", "您要做什么?。求助"), ("ahead count=2", "前面还有 2 位"), ("waitFor windows=1,3", "请等叫号,到 1、3 号窗口"),
    ("service/legal;#A001;#7", "法律咨询。A001。7"), ("pleaseCome number=C017 window=12", "请 C017 号到 12 号窗口"),
  ])
  func partsBecomeWords(parts: String, text: String) { #expect(words.text(parts, language: "zh") == text) }

  @Test func timesAndNumbersInAStripAreSaid() {
    #expect(words.text("interrupted numbers=A005,B002", language: "zh") == "刚才停电了。您的号是 A005、B002,请工作人员核对")
    #expect(words.text("offline time=10:32", language: "zh") == "网络中断(从 10:32 起),已保存,恢复后自动上报")
    #expect(words.text("offline time=10:32:1", language: "zh") == nil && words.text("offline time=:", language: "zh") == nil)
  }

  @Test func theOtherLanguageToo() {
    #expect(words.text("ahead count=2;service/legal", language: "en") == "2 before you. 法律咨询")
  }

  @Test(arguments: [
    "", ";", "hello", "help;", "service/none", "ahead", "ahead count=", "ahead count=many", "ahead count=2 count",
    "ahead number=2",
    "pendingUp count=2", "#", "#A", "#a001", "#123456", "#A001 ", "#1,2,3,4,5,6,7,8,9,10", "ahead count=-1", "ahead count=2\u{0}",
    "typeNumber example=请给钱", "unknownKiosk id=x",
  ])
  func nothingElseIsSaid(parts: String) { #expect(words.text(parts, language: "zh") == nil) }

  @Test func notForEver() {
    #expect(words.text(Array(repeating: "help", count: SpokenWords.limit).joined(separator: ";"), language: "zh") != nil)
    #expect(words.text(Array(repeating: "help", count: SpokenWords.limit + 1).joined(separator: ";"), language: "zh") == nil)
  }
}
