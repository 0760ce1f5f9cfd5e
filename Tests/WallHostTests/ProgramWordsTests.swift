import ChildPrograms
import DeviceVocabulary
import Foundation
import Testing

@testable import WallHost

/// What other programs say, read without waiting for them.
@Suite struct ProgramWordsTests {
  private func words(_ text: String) throws -> ProgramWords {
    let words = ProgramWords()
    let bytes = Array(text.utf8)
    try #require(write(words.writing, bytes, bytes.count) == bytes.count)
    words.childHasIt()
    #expect(words.read())
    return words
  }

  @Test func whyThereIsNoScreenIsFoundWithoutAnAddress() throws {
    let said = """
      [vo/gpu/opengl] Failed to create KMS.
      [vo/x11/x11] couldn't open the X11 display (:77)!
      Error opening/initializing the selected video_out (--vo) device.
      No video or audio streams selected.

      """
    #expect(try words(said).screenTrouble == "couldn't open the X11 display (:77)!")
    #expect(
      try words("[vo] Video output nosuch not found!\nError opening/initializing the selected video_out (--vo) device.\n")
        .screenTrouble
        == "Video output nosuch not found!")
    let source = "[ffmpeg] rtsp://user:secret@10.0.0.9/1: refused\nFailed to open rtsp://user:secret@10.0.0.9/1.\n"
    #expect(try words(source).screenTrouble == nil && words(source).lastLine == nil)
    #expect(try words("Error parsing option x\n" + source).lastLine == "Error parsing option x")
  }

  /// A program that writes without end is neither waited for nor kept whole.
  @Test func onlyTheEndIsKept() throws {
    let words = try words(String(repeating: "x", count: 60_000) + "\nthe end\n")
    #expect(words.lines.last == "the end" && words.lines.map(\.count).reduce(0, +) <= 4_096)
  }

  @Test func theDesktopIsReadFromWhatTheScreenSays() {
    #expect(
      Desktop.read(["name of display:    :0", "  dimensions:    1280x720 pixels (338x190 millimeters)"])
        == .size(width: 1280, height: 720))
    #expect(
      Desktop.read(["xdpyinfo:  unable to open display \":77\"."]) == .cannotOpen("xdpyinfo:  unable to open display \":77\"."))
    #expect(Desktop.read([]) == nil)
  }
}
