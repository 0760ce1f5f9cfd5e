import CallPanelCodec
import CallPanelDeviceModel
import Crypto
import DeviceKit
import FirmwareUpdateCodec
import ModbusRTUCodec

/// Images for simulated panels, signed in the test.
struct TestImages {
  let signer = Curve25519.Signing.PrivateKey()
  var key: FixedBytes<32> { FixedBytes(signer.publicKey.rawRepresentation) }

  /// Header and payload. `signedBy` another key for an image that must be refused.
  func image(
    patch: UInt16, slot: UInt16, bytes: Int = 1_500, board: UInt16 = PanelBoard.simulated.rawValue, flags: UInt16 = 0,
    signedBy other: Curve25519.Signing.PrivateKey? = nil
  ) throws -> [UInt8] {
    var random = SeededRandom(seed: UInt64(patch) << 16 | UInt64(slot))
    let payload = (0..<bytes & ~3).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var header = ImageHeader(
      board: board, version: 0x0102, patch: patch, payloadLength: UInt32(payload.count), slot: slot,
      flags: flags, hash: FixedBytes(SHA256.hash(data: payload)))
    let signed = (0..<ImageHeader.signedLength).map { header.bytes[$0] }
    let signature = Array(try (other ?? signer).signature(for: signed))
    for (index, byte) in signature.enumerated() { header.bytes[ImageHeader.signedLength + index] = byte }
    return (0..<ImageHeader.length).map { header.bytes[$0] } + payload
  }

  /// A panel that runs patch 1 from slot 0.
  func rig(seed: UInt64 = 1) throws -> PanelRig {
    var rig = PanelRig(seed: seed, images: [try image(patch: 1, slot: 0)], key: key)
    rig.run(.milliseconds(500))
    return rig
  }
}

/// A host that updates a panel with requests of its own beside the driver's polls.
extension PanelRig {
  static let unit: UInt32 = 0x00C0_FFEE

  mutating func updateStatus() -> UpdateStatus? { ask(UpdateTransaction.status()).flatMap { UpdateTransaction.statusAnswer($0) } }
  mutating func about() -> FirmwareAbout? { ask(UpdateTransaction.about()).flatMap { UpdateTransaction.aboutAnswer($0) } }

  mutating func begin(_ image: [UInt8]) {
    guard let header = ImageHeader(FixedBytes(image.prefix(ImageHeader.length))) else { return }
    _ = ask(UpdateTransaction.begin(unit: PanelRig.unit, header))
  }

  /// Sends every block that is wanted, polling in between; stops when the panel does not answer or fails.
  mutating func sendBlocks(_ image: [UInt8]) {
    let payload = image.dropFirst(ImageHeader.length)
    for _ in 0..<4_000 {
      guard let status = updateStatus(), status.state == .receiving, status.nextBlock < status.blocks else { return }
      let bytes = FixedBytes<64>(payload.dropFirst(Int(status.nextBlock) * 64).prefix(64))
      _ = ask(UpdateTransaction.block(status.nextBlock, bytes))
      run(.milliseconds(10))
    }
  }

  mutating func order(_ command: UpdateCommand) {
    _ = ask(UpdateTransaction.order(unit: PanelRig.unit, command))
  }

  /// Until the panel has verified the image, or for 60 s.
  mutating func verify() -> UpdateStatus? {
    for _ in 0..<100 where updateStatus()?.state == .receiving {
      order(.verify)
      run(.milliseconds(50))
    }
    for _ in 0..<600 where updateStatus()?.state == .verifying { run(.milliseconds(100)) }
    return updateStatus()
  }

  /// As far as the image is on trial and nobody has spoken to it.
  mutating func startTrial(of image: [UInt8]) {
    begin(image)
    sendBlocks(image)
    _ = verify()
    order(.activate)
    let end = now + .seconds(1)
    while !panel.logic.about.isOnTrial, now < end { idle(.milliseconds(1)) }
  }

  /// The whole of it, as far as it goes.
  mutating func update(_ image: [UInt8]) {
    begin(image)
    sendBlocks(image)
    guard verify()?.state == .ready else { return }
    order(.activate)
    run(.seconds(1))
  }
}
