import DeviceKit
import DeviceVocabulary
import FirmwareUpdateDriver
import Foundation
import StationRuntime
import Synchronization

/// What `linli panel` asks of a running station, a line each: the station owns the port, and does it between its polls.
///
/// Image files travel in pieces through the control socket, so that the station needs no right to read a technician's files.
final class PanelOrders: Sendable {
  /// Images that have come, by the name that their sender gave; a bounded number, the oldest goes.
  private let images = Mutex<[(name: String, bytes: [UInt8])]>([])
  private static let imageLimit = 4
  /// Bytes of an image in one line of the control socket (4,096 characters, Base64).
  static let pieceBytes = 2_400

  /// The answer begins with `ok` or with `DeskControl.failure`; `nil` when the line is about something else.
  func say(_ line: String, tell: (DeviceCommand) -> Bool) -> String? {
    let words = line.split(separator: " ").map(String.init)
    guard words.first == "panel", words.count > 2 else { return nil }
    guard words[1] == "image" else { return order(words, tell) }
    guard words.count == 5, let offset = Int(words[3]), let piece = Data(base64Encoded: words[4]) else { return Self.usage }
    return take(words[2], offset, Array(piece))
  }

  private static let usage = "\(DeskControl.failure)用 linli panel / use linli panel\n"

  private func take(_ name: String, _ offset: Int, _ piece: [UInt8]) -> String {
    images.withLock { images in
      if offset == 0 {
        images.removeAll { $0.name == name }
        images.append((name, []))
        if images.count > Self.imageLimit { images.removeFirst() }
      }
      guard let index = images.firstIndex(where: { $0.name == name }), images[index].bytes.count == offset,
        offset + piece.count <= ImageFile.lengthLimit
      else { return "\(DeskControl.failure)固件文件没有接上,请重来 / the image's pieces do not fit together, try again\n" }
      images[index].bytes += piece
      return "ok\n"
    }
  }

  private func order(_ words: [String], _ tell: (DeviceCommand) -> Bool) -> String {
    guard let device = DeviceID(words[2]), let command = command(words, device) else { return Self.usage }
    return tell(command) ? "ok\n" : "\(DeskControl.failure)没有这条总线,或站点正忙 / no such bus, or the station is busy\n"
  }

  private func command(_ words: [String], _ device: DeviceID) -> DeviceCommand? {
    switch (words[1], words.count) {
    case ("call-off", 3): return .callOff(device)
    case ("identify", 5):
      guard let ticket = UInt32(words[3]), let seconds = UInt8(words[4]) else { return nil }
      return .identify(device, ticket: ticket, seconds: seconds)
    case ("address", 6):
      guard let ticket = UInt32(words[3]), let address = UInt8(words[4]), let baud = UInt32(words[5]) else { return nil }
      return .readdress(device, ticket: ticket, address: address, baud: baud)
    case ("update", 5...6):
      guard let ticket = UInt32(words[3]) else { return nil }
      let found = images.withLock { images in words[4...].compactMap { name in images.first { $0.name == name }?.bytes } }
      return found.count == words.count - 4 ? .update(device, ticket: ticket, images: found) : nil
    default: return nil
    }
  }
}
