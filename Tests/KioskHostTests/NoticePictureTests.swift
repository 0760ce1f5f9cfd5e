import Foundation
import Testing

@testable import KioskHost

/// R12: what is shown when no browser runs: a picture in the screen's memory.
@Suite struct NoticePictureTests {
  private static let red: UInt16 = 0x9041

  /// White, with a red row of two pixels and one dark pixel.
  private static let picture = NoticePicture(
    width: 3, height: 2, version: "v1", pixels: [0xFFFF, red, red, 0xFFFF, 0xFFFF, 0x0000])

  @Test func aPictureIsReadBackFromItsFileAndOutOfAPage() throws {
    let text = String(decoding: Self.picture.text, as: UTF8.self)
    #expect(text == "linli-picture v1 3 2 ffff0001" + "90410002" + "ffff0002" + "00000001 end\n")
    #expect(NoticePicture(Array(text.utf8)) == Self.picture)
    let page = "<script>put(\"linli-picture\")</script><pre>\(text.dropLast())</pre>"
    #expect(NoticePicture(Array(page.utf8)) == Self.picture)
    // A run is never longer than its four digits.
    let long = NoticePicture(width: 4000, height: 40, version: "v", pixels: .init(repeating: 7, count: 160_000))
    #expect(NoticePicture(long.text) == long)
  }

  @Test(arguments: [
    "", "linli-picture ", "linli-picture v1 3 2 ffff0006", "linli-picture v1 3 2 ffff0005 end",
    "linli-picture v1 3 2 ffff0007 end",
    "linli-picture v1 3 2 ffff000 end", "linli-picture v1 3 2 fffg0006 end", "linli-picture v1 0 2  end",
    "linli-picture v1 -3 2 ffff0006 end", "linli-picture v1 99999 99999 ffff0001 end",
    "linli-picture v1 3 2 ffff0000ffff0006 end",
    "linli-picture  3 2 ffff0006 end", "linli-picture v1 3 2 ffff0006 end more", "xlinli-picture v1 3 2 ffff0006 end",
  ]) func whatIsNotWholeIsNoPicture(text: String) {
    #expect(NoticePicture(Array(text.utf8)) == nil)
  }

  /// A file that stands for a screen, full of something else.
  private func screen(_ bytes: Int, _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("linli-fb-\(UUID().uuidString)").path
    try Data(repeating: 0xAA, count: bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  /// Every pixel of the picture as red, green and blue, from a screen of this form.
  private func seen(_ path: String, _ form: FrameBuffer.Form) throws -> [[UInt32]] {
    let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    return (0..<form.height).map { y in
      (0..<form.width).map { x in
        let start = (form.yOffset + y) * form.stride + (form.xOffset + x) * form.bytesPerPixel
        return bytes[start..<(start + form.bytesPerPixel)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      }
    }
  }

  @Test(arguments: [(16, UInt32(0xFFFF), UInt32(0x9041)), (24, 0xFFFFFF, 0x940808), (32, 0xFFFFFF, 0x940808)])
  func itIsDrawnAsLargeAsItFitsInEachDepth(bits: Int, white: UInt32, red: UInt32) throws {
    let stride = 100 * bits / 8 + 20
    var form = try #require(FrameBuffer.Form(width: 90, height: 64, bitsPerPixel: bits, stride: stride))
    (form.xOffset, form.yOffset) = (4, 3)
    try screen(stride * 70) { path in
      #expect(FrameBuffer(path: path, form: form).draw(Self.picture))
      let seen = try seen(path, form)
      // 3:2 on 90x64: 90x60, with two white rows above and below.
      for (x, y, colour) in [
        (0, 0, white), (89, 1, white), (0, 2, white), (29, 31, white), (30, 2, red), (89, 31, red), (59, 32, white),
        (60, 32, 0), (89, 61, 0), (89, 62, white), (0, 63, white),
      ] {
        #expect(seen[y][x] == colour, "\(x), \(y)")
      }
      // Nothing beside what is seen is touched.
      let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
      let left = bytes.count { $0 == 0xAA }
      #expect(left == stride * 70 - 90 * 64 * bits / 8 && bytes.count == stride * 70)
    }
  }

  @Test func anotherOrderOfColoursIsFollowed() throws {
    var form = try #require(FrameBuffer.Form(width: 64, height: 64, bitsPerPixel: 32, stride: 256))
    (form.red, form.blue) = (form.blue, form.red)
    #expect(form.pixel(0xF800) == 0x0000FF && form.pixel(0x001F) == 0xFF0000 && form.pixel(0x07E0) == 0x00FF00)
  }

  @Test(arguments: ["", "640x480x32", "640x480x8,640", "640x480x32,2559", "1x1x32,4", "640x480x32,9999999", "-640x480x32,2560"])
  func aFormThatCannotBeIsRefused(text: String) { #expect(FrameBuffer.Form(text) == nil) }

  @Test func whatCannotBeDrawnOnIsSaid() throws {
    #expect(FrameBuffer.Form("640x480x16,1344") != nil)
    #expect(!FrameBuffer(path: "/nowhere", form: FrameBuffer.Form("640x480x16,1344")).draw(Self.picture))
    // A file that nobody said the form of.
    try screen(10) { path in
      #expect(FrameBuffer(path: path).knownForm == nil && !FrameBuffer(path: path).draw(Self.picture))
    }
  }

  @Test func theFolderIsTheServicesOwnOrTheUsers() throws {
    #expect(NoticeStore(["STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "HOME": "/h"])?.path == "/var/lib/a/notice.picture")
    #expect(NoticeStore(["XDG_CACHE_HOME": "/c", "HOME": "/h"])?.path == "/c/linli/notice.picture")
    #expect(NoticeStore(["HOME": "/h"])?.path == "/h/.cache/linli/notice.picture")
    #expect(NoticeStore([:]) == nil && NoticeStore(["HOME": "h"]) == nil)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-store-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let store = try #require(NoticeStore(["STATE_DIRECTORY": folder]))
    let form = try #require(FrameBuffer.Form(width: 64, height: 64, bitsPerPixel: 16, stride: 128))
    var picture = NoticePicture(width: 64, height: 64, version: "old", pixels: .init(repeating: 0, count: 64 * 64))
    #expect(store.picture == nil && store.keep(picture) && store.picture == picture)
    #expect(!store.hasPicture(form), "other words need another picture")
    picture.version = NoticeDrawing.version
    #expect(store.keep(picture) && store.hasPicture(form))
    let other = try #require(FrameBuffer.Form(width: 65, height: 64, bitsPerPixel: 16, stride: 130))
    #expect(!store.hasPicture(other))
  }
}
