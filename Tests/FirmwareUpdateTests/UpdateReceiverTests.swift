import Crypto
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel
import Testing

/// The panel's side of an update by itself, over a flash that goes wrong.
@Suite struct UpdateReceiverTests {
  private let signer = Curve25519.Signing.PrivateKey()
  private let slot1 = FlashOfTests.layout.slot1

  private func image(slot: UInt16 = 1, bytes: Int = 300, flags: UInt16 = 0, isSigned: Bool = true) throws -> [UInt8] {
    // No bit is there that a lying page would set by itself.
    let payload = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 7) & 0xEF }
    var header = ImageHeader(
      board: 4, version: 0x0102, patch: 3, payloadLength: UInt32(bytes), slot: slot, flags: flags,
      hash: FixedBytes(SHA256.hash(data: payload)))
    let signed = (0..<ImageHeader.signedLength).map { header.bytes[$0] }
    let signature = isSigned ? Array(try signer.signature(for: signed)) : [UInt8](repeating: 7, count: 64)
    for (index, byte) in signature.enumerated() { header.bytes[ImageHeader.signedLength + index] = byte }
    return (0..<ImageHeader.length).map { header.bytes[$0] } + payload
  }

  private func receiver() -> UpdateReceiver {
    UpdateReceiver(
      board: 4, running: 0, layout: FlashOfTests.layout, key: FixedBytes(signer.publicKey.rawRepresentation))
  }

  private func begin(_ receiver: inout UpdateReceiver, _ image: [UInt8]) {
    receiver.begin(FixedBytes<128>(image.prefix(128)), at: .zero)
  }

  /// Until nothing is to be done but what a host has to send.
  private func work(_ receiver: inout UpdateReceiver, _ flash: inout FlashOfTests) {
    for _ in 0..<5_000 where !receiver.isResting {
      if receiver.isVerifying { receiver.slice(&flash) }
      receiver.start(&flash)
      if let succeeded = flash.finished(at: .zero) { receiver.finished(succeeded, &flash) }
      if receiver.wantsActivation { return }
    }
  }

  private func send(_ receiver: inout UpdateReceiver, _ image: [UInt8], _ flash: inout FlashOfTests) {
    begin(&receiver, image)
    work(&receiver, &flash)
    for number in 0..<receiver.status.blocks {
      var block = FixedBytes<64>(image.dropFirst(128 + Int(number) * 64).prefix(64))
      while block.count < 64 { block.append(0xFF) }
      guard receiver.take(number, &block, at: .zero) else { return }
      work(&receiver, &flash)
    }
    receiver.order(.verify, at: .zero)
    work(&receiver, &flash)
  }

  @Test func anImageIsTakenVerifiedAndStartedByOrderOnly() throws {
    let image = try image()
    var (receiver, flash) = (receiver(), FlashOfTests(FlashOfTests.layout))
    send(&receiver, image, &flash)
    #expect(receiver.status.state == .ready && receiver.status.percent == 100 && !receiver.wantsActivation)
    #expect(Array(flash.bytes[Int(slot1)..<Int(slot1) + 128]) == Array(image.prefix(128)))
    #expect(Array(flash.bytes[Int(slot1) + 512..<Int(slot1) + 812]) == Array(image.dropFirst(128)))
    #expect(flash.operations.suffix(2) == [.write(slot1 + 64), .write(slot1)], "its beginning last")
    receiver.order(.activate, at: .zero)
    #expect(receiver.wantsActivation)
  }

  /// What nobody signed costs the flash nothing, and the image that lay there stays.
  @Test func nothingIsErasedBeforeTheHeadersSignatureIsFoundGood() throws {
    var (receiver, flash) = (receiver(), FlashOfTests(FlashOfTests.layout))
    send(&receiver, try image(), &flash)
    let (before, bytes) = (flash.operations.count, flash.bytes)
    for _ in 0..<3 {
      begin(&receiver, try image(bytes: 400, isSigned: false))
      let wants = (block: receiver.isReady, memory: receiver.hasWork)
      #expect(receiver.status.state == .receiving && !wants.block && !wants.memory)
      work(&receiver, &flash)
      #expect(receiver.status.state == .failed && receiver.status.refusal == .signature)
    }
    // Given up, or begun again, while it was being looked at.
    begin(&receiver, try image(isSigned: false))
    for _ in 0..<50 { receiver.slice(&flash) }
    receiver.order(.abort, at: .zero)
    work(&receiver, &flash)
    #expect(receiver.status.refusal == .aborted && flash.operations.count == before && flash.bytes == bytes)
    begin(&receiver, try image(isSigned: false))
    for _ in 0..<50 { receiver.slice(&flash) }
    send(&receiver, try image(bytes: 200), &flash)
    #expect(receiver.status.state == .ready)
    // Begun with a header of nobody's while a page is being erased.
    begin(&receiver, try image())
    while !receiver.hasWork { receiver.slice(&flash) }
    receiver.start(&flash)
    begin(&receiver, try image(isSigned: false))
    let erased = flash.operations.count
    if let succeeded = flash.finished(at: .zero) { receiver.finished(succeeded, &flash) }
    work(&receiver, &flash)
    #expect(receiver.status.refusal == .signature && flash.operations.count == erased)
  }

  @Test func anImageWithTestHooksIsRefused() throws {
    var (receiver, flash) = (receiver(), FlashOfTests(FlashOfTests.layout))
    begin(&receiver, try image(flags: ImageHeader.forTests))
    work(&receiver, &flash)
    #expect(receiver.status.refusal == .board && flash.operations.isEmpty)
  }

  /// A page says that it failed, or that all is well, and holds something else.
  @Test func aPageThatDoesNotHoldWhatWasWrittenEndsTheUpdate() throws {
    let image = try image()
    for page in [slot1, slot1 + 512, slot1 + 768] {
      for lies in [false, true] {
        var (receiver, flash) = (receiver(), FlashOfTests(FlashOfTests.layout))
        if lies { flash.lying = [page] } else { flash.worn = [page] }
        send(&receiver, image, &flash)
        #expect(receiver.status.state == .failed && receiver.status.refusal == .memory, "page \(page), lies \(lies)")
        receiver.order(.activate, at: .zero)
        #expect(!receiver.wantsActivation)
      }
    }
  }

  @Test func anImageOnTrialTakesNoUpdate() throws {
    var (receiver, flash) = (receiver(), FlashOfTests(FlashOfTests.layout))
    receiver.isOnTrial = true
    begin(&receiver, try image())
    work(&receiver, &flash)
    #expect(receiver.status.state == .failed && receiver.status.refusal == .trial && flash.operations.isEmpty)
  }

  @Test func afterTheOrderToStartNothingElseBegins() throws {
    var (receiver, flash) = (receiver(), FlashOfTests(FlashOfTests.layout))
    send(&receiver, try image(), &flash)
    receiver.order(.activate, at: .zero)
    begin(&receiver, try image(bytes: 200))
    receiver.order(.abort, at: .zero)
    let works = receiver.hasWork || receiver.isVerifying
    #expect(receiver.status.state == .ready && receiver.wantsActivation && !works)
    // The boot record cannot be written: the update has failed, and another one may begin.
    receiver.activationFailed()
    #expect(receiver.status.refusal == .memory && !receiver.wantsActivation)
    send(&receiver, try image(bytes: 200), &flash)
    #expect(receiver.status.state == .ready)
  }
}
