import DeviceKit
import DeviceVocabulary
import FirmwareUpdateCodec

/// A whole firmware image as a file holds it: header, then payload.
public struct ImageFile: Sendable {
  public enum Failure: Error, Equatable {
    /// Fewer bytes than a header, or not our magic and format.
    case noHeader
    /// The header promises another number of payload bytes than follow.
    case length(promised: Int, found: Int)
  }

  /// More bytes than any board's slot has; a longer file is not read.
  public static let lengthLimit = 1 << 20

  public let header: ImageHeader
  public let payload: [UInt8]
  public let board: UInt16
  public let release: FirmwareRelease
  /// The slot it is linked for; `nil`: it runs in any.
  public let slot: UInt16?
  /// Built with test hooks: it belongs into no building, and no panel takes it.
  public let isForTests: Bool
  /// Whether anything stands where the signature should. If it is a good one, the panel finds out.
  public let isSigned: Bool

  public init(_ bytes: [UInt8]) throws(Failure) {
    guard bytes.count >= ImageHeader.length, var header = ImageHeader(FixedBytes<128>(bytes.prefix(ImageHeader.length)))
    else { throw .noHeader }
    let payload = Array(bytes.dropFirst(ImageHeader.length))
    guard payload.count == Int(header.payloadLength) else {
      throw .length(promised: Int(header.payloadLength), found: payload.count)
    }
    var build: UInt64 = 0
    for index in 0..<8 { build = build << 8 | UInt64(header.hashByte(index)) }
    board = header.board
    release = FirmwareRelease(version: header.version, patch: header.patch, build: build)
    slot = header.slot == ImageHeader.anySlot ? nil : header.slot
    isForTests = header.isForTests
    isSigned = (0..<64).contains { header.signatureByte($0) != 0 }
    self.header = header
    self.payload = payload
  }

  /// How many blocks the payload takes on the wire.
  public var blocks: UInt16 { UInt16(clamping: (payload.count + UpdateMap.blockBytes - 1) / UpdateMap.blockBytes) }

  /// Block `number`, shorter than 64 bytes at the end.
  public func block(_ number: UInt16) -> FixedBytes<64> {
    FixedBytes(payload.dropFirst(Int(number) * UpdateMap.blockBytes).prefix(UpdateMap.blockBytes))
  }

  /// Whether the payload is the one that the header was made for.
  public var isUndamaged: Bool {
    var hash = SHA256()
    for byte in payload { hash.update(byte) }
    var sum = FixedBytes<32>()
    hash.finish(into: &sum)
    var header = header
    return (0..<32).allSatisfy { sum[$0] == header.hashByte($0) }
  }

  /// Whether this is what runs there: the same number, the same build, and linked for where that lies. The build alone does not tell, as the
  /// number stands in the header only: a release that raises nothing else has the build of the one before.
  public func runs(as firmware: DeviceFirmware) -> Bool {
    guard board == firmware.board, release == firmware.release else { return false }
    guard let slot, let running = firmware.slot else { return true }
    return slot == running
  }

  public func isSame(as other: ImageFile) -> Bool { header.bytes == other.header.bytes }
}

/// The image of several that a panel can take.
public enum ImageChoice {
  /// Tells for each reason whether another image of the list overcomes it, the more general reason first.
  ///
  /// - Parameters:
  ///   - slot: the one that the panel offers, 0 or 1.
  ///   - kibibytes: its size, header included.
  public static func pick(_ images: [ImageFile], board: UInt16, slot: UInt16, kibibytes: UInt16) -> Result<ImageFile, JobFailure>
  {
    guard !images.isEmpty else { return .failure(.notAnImage) }
    let ofBoard = images.filter { $0.board == board && !$0.isForTests }
    guard !ofBoard.isEmpty else { return .failure(.otherBoard) }
    guard slot != UpdateMap.noSlot else { return .failure(.noBootLoader) }
    guard let image = ofBoard.first(where: { $0.slot == slot }) ?? ofBoard.first(where: { $0.slot == nil }) else {
      return .failure(.otherSlot)
    }
    let bytes = UInt32(kibibytes) * 1024
    var header = image.header
    let capacity = bytes > ImageHeader.payloadOffset ? bytes - ImageHeader.payloadOffset : 0
    switch header.mismatch(board: board, slot: slot, capacity: capacity) {
    case nil: break
    case .board: return .failure(.otherBoard)
    case .slot: return .failure(.otherSlot)
    default: return .failure(.wrongLength)
    }
    return image.isSigned ? .success(image) : .failure(.notSigned)
  }
}

extension JobFailure {
  /// What a panel's reason means; `nil` where it gives none.
  init?(_ refusal: UpdateRefusal) {
    switch refusal {
    case .none: return nil
    case .board: self = .otherBoard
    case .length: self = .wrongLength
    case .slot: self = .otherSlot
    case .header: self = .headerRefused
    case .hash: self = .hashWrong
    case .signature: self = .signatureWrong
    case .memory: self = .memoryFailed
    case .aborted: self = .aborted
    case .noBootLoader: self = .noBootLoader
    case .trial: self = .stillOnTrial
    }
  }
}

extension DeviceFirmware {
  public init(_ about: FirmwareAbout) {
    self.init(
      board: about.board, isBoardKnown: PanelBoard(rawValue: about.board) != nil, version: about.version, patch: about.patch,
      build: about.buildID, slot: about.slot == UpdateMap.noSlot ? nil : about.slot, selfTest: about.selfTest,
      isOnTrial: about.isOnTrial, faults: about.faults, lastFault: about.lastFault, programCounter: about.programCounter,
      linkRegister: about.linkRegister)
  }
}
