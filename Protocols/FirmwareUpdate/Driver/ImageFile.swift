import DeviceKit
import FirmwareUpdateCodec

/// A whole firmware image as a file holds it: header, then payload.
public struct ImageFile: Sendable {
  public enum Failure: Error, Equatable {
    /// Fewer bytes than a header, or not our magic and format.
    case noHeader
    /// The header promises another number of payload bytes than follow.
    case length(promised: Int, found: Int)
  }

  public let header: ImageHeader
  public let payload: [UInt8]

  public init(_ bytes: [UInt8]) throws(Failure) {
    guard bytes.count >= ImageHeader.length, var header = ImageHeader(FixedBytes<128>(bytes.prefix(ImageHeader.length)))
    else { throw .noHeader }
    let payload = Array(bytes.dropFirst(ImageHeader.length))
    guard payload.count == Int(header.payloadLength) else {
      throw .length(promised: Int(header.payloadLength), found: payload.count)
    }
    self.header = header
    self.payload = payload
  }

  /// How many blocks the payload takes on the wire.
  public var blocks: UInt16 { UInt16(clamping: (payload.count + UpdateMap.blockBytes - 1) / UpdateMap.blockBytes) }

  /// Block `number`, shorter than 64 bytes at the end.
  public func block(_ number: UInt16) -> FixedBytes<64> {
    FixedBytes(payload.dropFirst(Int(number) * UpdateMap.blockBytes).prefix(UpdateMap.blockBytes))
  }
}
