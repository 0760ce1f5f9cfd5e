import DeviceKit
import FirmwareUpdateCodec

/// The panel's side of an update: finds out whether the maker signed the header, then takes the image block by block into the other slot,
/// takes its hash, and writes the header last. What the other slot holds is not touched for a header that nobody signed.
///
/// It does one operation of the memory at a time (`hasWork`, `start`, `finished`) and a bounded piece of computing at each `slice`, so that
/// polls and presses go on. Nothing of the running image is touched.
public struct UpdateReceiver: Sendable {
  /// A host that is silent for so long has given the update up.
  public static var patience: Interval { .seconds(600) }
  /// Payload bytes hashed in one slice: under 1 ms on a Cortex-M0 at 16 MHz.
  static let hashedPerSlice = 32

  private enum Step: Sendable {
    case idle
    /// Begun: the header's signature comes before the first erasure.
    case signatureDue, signature
    /// Waits for a block.
    case waiting
    /// The page of the next write has to be erased first.
    case eraseDue, erasing
    case writeDue, writing
    case hashing
    case headerDue, headerWriting
  }

  public private(set) var status = UpdateStatus()
  /// The image is whole and the host wants it started: the owner writes the boot record and restarts.
  public private(set) var wantsActivation = false
  /// The running image has not been confirmed yet; no update is taken before.
  public var isOnTrial = false

  private let board: UInt16
  private let layout: StoreLayout
  private var key: FixedBytes<32>
  private var step = Step.idle
  private var header = ImageHeader(board: 0, version: 0, patch: 0, payloadLength: 0, slot: 0, hash: FixedBytes())
  private var slot: UInt16 = 0
  /// What is being written, and where.
  private var chunk = FixedBytes<64>()
  private var address: UInt32 = 0
  private var hash = SHA256()
  private var hashed: UInt32 = 0
  private var verifier = Ed25519Verifier()
  private var heardAt: Instant = .zero
  /// Begun anew while an operation of the memory was under way.
  private var restartDue = false
  /// To be verified as soon as the last block is written.
  private var verifyDue = false

  /// `running` is the slot of the image that runs, `UpdateMap.noSlot` where there is no boot loader; `key` the maker's Ed25519 public key.
  @inline(never) public init(board: UInt16, running: UInt16, layout: StoreLayout, key: FixedBytes<32>) {
    self.board = board
    self.layout = layout
    self.key = key
    if running <= 1 && layout.slotBytes > 0 {
      slot = 1 &- running
      status.slot = slot
      status.slotKibibytes = UInt16(truncatingIfNeeded: layout.slotBytes >> 10)
    }
  }

  /// Begins anew with this header (128 bytes). What is wrong with it stands in `status` afterwards.
  public mutating func begin(_ bytes: FixedBytes<128>, at now: Instant) {
    guard status.slot != UpdateMap.noSlot else {
      fail(.noBootLoader)
      return
    }
    // The other slot holds what would have to come back.
    guard !isOnTrial else {
      fail(.trial)
      return
    }
    // A new image would be told of while the old one is being started.
    guard !wantsActivation else { return }
    guard var new = ImageHeader(bytes) else {
      fail(.header)
      return
    }
    if let refusal = new.mismatch(board: board, slot: slot, capacity: layout.capacity) {
      fail(refusal)
      return
    }
    guard !new.isForTests else {
      fail(.board)
      return
    }
    header = new
    heardAt = now
    status.state = .receiving
    status.refusal = .none
    status.nextBlock = 0
    status.blocks = UInt16(truncatingIfNeeded: (new.payloadLength &+ 63) >> 6)
    status.percent = 0
    chunk.removeAll()
    verifyDue = false
    if step == .erasing || step == .writing || step == .headerWriting { restartDue = true } else { step = .signatureDue }
  }
  /// Whether a block may be sent now; `false` while the header is looked at, a page erased or the block before written.
  public var isReady: Bool { mutating get { step == .waiting } }

  /// Takes block `number`. `true` when it was taken or had been before, `false` when it is not its turn.
  public mutating func take(_ number: UInt16, _ bytes: inout FixedBytes<64>, at now: Instant) -> Bool {
    guard status.state == .receiving, number <= status.nextBlock, number < status.blocks else { return false }
    heardAt = now
    guard number == status.nextBlock else { return true }
    guard step == .waiting else { return false }
    chunk.removeAll()
    chunk.append(from: &bytes, at: 0, length: 64)
    address = layout.slot(slot) &+ ImageHeader.payloadOffset &+ UInt32(number) << 6
    status.nextBlock = number &+ 1
    step = address & (layout.pageBytes &- 1) == 0 ? .eraseDue : .writeDue
    return true
  }

  public mutating func order(_ command: UpdateCommand, at now: Instant) {
    heardAt = now
    switch command {
    case .verify:
      guard status.state == .receiving, status.nextBlock == status.blocks else { return }
      // The last block may still be on its way to the memory.
      if step == .waiting { beginVerifying() } else { verifyDue = true }
    case .activate:
      if status.state == .ready { wantsActivation = true }
    case .abort:
      if status.state != .idle && !wantsActivation { fail(.aborted) }
    }
  }

  /// The boot record could not be written: the image stays where it is and the running one runs on.
  public mutating func activationFailed() {
    wantsActivation = false
    fail(.memory)
  }

  /// Whether `start` would begin an operation of the memory.
  public var hasWork: Bool { mutating get { step == .eraseDue || step == .writeDue || step == .headerDue } }
  /// Neither memory nor computing nor a restart is wanted.
  public var isResting: Bool { mutating get { (step == .idle || step == .waiting) && !wantsActivation } }
  /// Whether `slice` has something to compute.
  public var isVerifying: Bool { mutating get { step == .signatureDue || step == .signature || step == .hashing } }

  public var deadline: Instant? { status.state == .receiving ? heardAt + UpdateReceiver.patience : nil }

  public mutating func advance(to now: Instant) {
    if status.state == .receiving && now >= heardAt + UpdateReceiver.patience { fail(.aborted) }
  }

  public mutating func start<Memory: StableMemory>(_ memory: inout Memory) {
    switch step {
    case .eraseDue:
      step = .erasing
      memory.erase(page: address & ~(layout.pageBytes &- 1))
    case .writeDue:
      step = .writing
      memory.write(&chunk, at: address)
    case .headerDue:
      step = .headerWriting
      memory.write(&chunk, at: address)
    default: break
    }
  }

  public mutating func finished<Memory: StableMemory>(_ succeeded: Bool, _ memory: inout Memory) {
    if restartDue {
      restartDue = false
      chunk.removeAll()
      step = status.state == .receiving ? .signatureDue : .idle
      return
    }
    // Given up meanwhile: the memory is free again, nothing else is to be done.
    guard status.state == .receiving || status.state == .verifying else {
      step = .idle
      return
    }
    let ended = step
    step = .idle
    guard succeeded, ended == .erasing || holdsChunk(&memory) else {
      fail(.memory)
      return
    }
    switch ended {
    case .erasing: step = chunk.isEmpty ? .waiting : .writeDue
    case .writing:
      step = .waiting
      if verifyDue { beginVerifying() }
    case .headerWriting: headerWritten()
    default: break
    }
  }

  /// Computes a bounded piece of the verification: at most 5 ms on a Cortex-M0 at 16 MHz.
  public mutating func slice<Memory: StableMemory>(_ memory: inout Memory) {
    switch step {
    case .hashing: hashSome(&memory)
    case .signatureDue: beginSignature()
    case .signature:
      guard let isGood = verifier.step() else { return }
      guard isGood else {
        fail(.signature)
        return
      }
      // The page with the header goes first: from here on the slot counts as empty.
      address = layout.slot(slot)
      step = .eraseDue
    default: break
    }
  }

  private mutating func beginSignature() {
    var signature = FixedBytes<64>()
    signature.append(from: &header.bytes, at: ImageHeader.signedLength, length: 64)
    verifier.begin(key: &key, signature: &signature)
    var index = 0
    while index < ImageHeader.signedLength {
      verifier.update(header.bytes.byte(at: index))
      index &+= 1
    }
    step = .signature
  }

  private mutating func hashSome<Memory: StableMemory>(_ memory: inout Memory) {
    let start = layout.slot(slot) &+ ImageHeader.payloadOffset
    let length = header.payloadLength
    var count = 0
    while count < UpdateReceiver.hashedPerSlice && hashed < length {
      hash.update(memory.read(start &+ hashed))
      hashed &+= 1
      count &+= 1
    }
    // 16 bits a side, so that nothing overflows.
    let (done, whole) = (hashed >> 6, length >> 6)
    status.percent = whole == 0 ? 100 : UInt16(truncatingIfNeeded: done &* 100 / whole)
    guard hashed == length else { return }
    var sum = FixedBytes<32>()
    hash.finish(into: &sum)
    var index = 0
    while index < 32 {
      if sum.byte(at: index) != header.hashByte(index) {
        fail(.hash)
        return
      }
      index &+= 1
    }
    // The second half first: the header is recognised by its beginning.
    composeHeader(from: 64)
    step = .headerDue
  }

  private mutating func beginVerifying() {
    verifyDue = false
    status.state = .verifying
    hash = SHA256()
    hashed = 0
    step = .hashing
  }

  private mutating func composeHeader(from start: Int) {
    chunk.removeAll()
    chunk.append(from: &header.bytes, at: start, length: 64)
    address = layout.slot(slot) &+ UInt32(truncatingIfNeeded: start)
  }

  private mutating func headerWritten() {
    if address != layout.slot(slot) {
      composeHeader(from: 0)
      step = .headerDue
      return
    }
    step = .idle
    status.state = .ready
  }

  private mutating func holdsChunk<Memory: StableMemory>(_ memory: inout Memory) -> Bool {
    var index = 0
    while index < chunk.count {
      if memory.read(address &+ UInt32(truncatingIfNeeded: index)) != chunk.byte(at: index) { return false }
      index &+= 1
    }
    return true
  }

  private mutating func fail(_ refusal: UpdateRefusal) {
    status.state = .failed
    status.refusal = refusal
    // An operation of the memory that runs is waited for.
    if step != .erasing && step != .writing && step != .headerWriting { step = .idle }
  }
}
