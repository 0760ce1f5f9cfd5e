import DeviceVocabulary
import Glibc
import Synchronization

/// A conversation with the system's service for cards. It belongs to the thread that made it; `cancel` alone may come from another.
public final class PCSCContext {
  /// Ends what the owner waits for, from any thread. What is waited for after that ends at once, too, until `clear`.
  public final class Canceller: Sendable {
    private let state = Mutex<(context: Int?, isRaised: Bool)>((nil, false))

    public init() {}

    public func cancel() {
      state.withLock { state in
        state.isRaised = true
        if let context = state.context { _ = PCSCLibrary.shared?.cancel(context) }
      }
    }

    public var isRaised: Bool { state.withLock { $0.isRaised } }
    public func clear() { state.withLock { $0.isRaised = false } }
    fileprivate func bind(_ context: Int?) { state.withLock { $0.context = context } }
  }

  /// How a reader stands.
  public struct Standing: Sendable, Equatable {
    public var isThere: Bool
    public var hasCard: Bool
    /// A card that says nothing.
    public var isMute: Bool
    /// Differs after a card was taken away or laid there, also when nobody saw it.
    public var changes: UInt
    /// As the service tells it, for the next question.
    fileprivate var raw: UInt

    public static let unknown = Standing(isThere: false, hasCard: false, isMute: false, changes: 0, raw: 0)
  }

  private let library: PCSCLibrary
  private let context: Int
  private let canceller: Canceller

  /// - Throws: `noLibrary`, or `noService`.
  public init(_ canceller: Canceller = Canceller()) throws(PCSCError) {
    guard let library = PCSCLibrary.shared else { throw .noLibrary }
    var context = 0
    // For the system.
    let code = library.establish(2, nil, nil, &context)
    guard code == 0 else { throw PCSCError(code, "SCardEstablishContext") }
    self.library = library
    self.context = context
    self.canceller = canceller
    canceller.bind(context)
  }

  deinit {
    canceller.bind(nil)
    _ = library.release(context)
  }

  /// The names of all readers, in the service's order.
  public func readers() throws(PCSCError) -> [String] {
    // One may be plugged in between the two questions.
    for _ in 0..<4 {
      var length: UInt = 0
      var code = library.list(context, nil, nil, &length)
      if code == 0 {
        guard length > 0, length < 1 << 16 else { return [] }
        var text = [CChar](repeating: 0, count: Int(length))
        code = library.list(context, nil, &text, &length)
        if code == 0 {
          return text.prefix(Int(length)).split(separator: 0).map {
            String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self)
          }
        }
      }
      let error = PCSCError(code, "SCardListReaders")
      if error == .noReader { return [] }
      if error != .answerTooLong { throw error }
    }
    return []
  }

  /// The one that is meant.
  ///
  /// - Parameter part: of its name; `nil`: the only one.
  public func reader(_ part: String?) throws(PCSCError) -> String {
    let found = try readers().filter { name in part.map { name.contains($0) } ?? true }
    guard let first = found.first else { throw .noReader }
    guard found.count == 1 else { throw .ambiguous(found) }
    return first
  }

  /// Waits until the reader stands otherwise than that, or until the time is over, or `cancel` is called.
  ///
  /// - Parameter answer: gets what the card that lies there said when it got power.
  public func wait(
    _ reader: String, since last: Standing, milliseconds: UInt32, answerToReset answer: SecretBuffer
  ) throws(PCSCError) -> Standing {
    guard !canceller.isRaised else { throw .cancelled }
    let (code, event) = reader.withCString { name in
      var state = PCSCLibrary.ReaderState(name: name, whose: nil, current: last.raw)
      let code = withUnsafeMutablePointer(to: &state) { library.statusChange(context, UInt(milliseconds), $0, 1) }
      if code == 0 {
        let length = Int(min(state.answerLength, 33))
        withUnsafeMutableBytes(of: &state.answer) { bytes in
          answer.fill(from: bytes.prefix(length))
          bytes.initializeMemory(as: UInt8.self, repeating: 0)
        }
      }
      return (code, state.event)
    }
    if UInt32(truncatingIfNeeded: code) == 0x8010_000A { return last }
    guard code == 0 else { throw PCSCError(code, "SCardGetStatusChange") }
    // Bit 1 says that something changed; the upper half counts how often.
    let isThere = event & 0x000C == 0
    return Standing(
      isThere: isThere, hasCard: isThere && event & 0x20 != 0, isMute: event & 0x200 != 0, changes: event >> 16 & 0xFFFF,
      raw: event & ~0x02)
  }

  /// Waits for a reader to be plugged in, while there is none.
  public func waitForReader(milliseconds: UInt32) throws(PCSCError) {
    guard !canceller.isRaised else { throw .cancelled }
    let code = #"\\?PnP?\Notification"#.withCString { name in
      var state = PCSCLibrary.ReaderState(name: name, whose: nil, current: 0)
      return withUnsafeMutablePointer(to: &state) { library.statusChange(context, UInt(milliseconds), $0, 1) }
    }
    if code != 0, UInt32(truncatingIfNeeded: code) != 0x8010_000A { throw PCSCError(code, "SCardGetStatusChange") }
  }

  /// Speaks with the card that lies there, beside other programs.
  public func connect(_ reader: String) throws(PCSCError) -> PCSCCard {
    var handle = 0
    var spoken: UInt = 0
    // Shared; T=0 or T=1.
    let code = reader.withCString { library.connect(context, $0, 2, 3, &handle, &spoken) }
    guard code == 0 else { throw PCSCError(code, "SCardConnect") }
    return PCSCCard(library, handle, spoken)
  }
}

/// A card that is spoken with.
public final class PCSCCard {
  private let library: PCSCLibrary
  private let handle: Int
  private let spoken: UInt

  fileprivate init(_ library: PCSCLibrary, _ handle: Int, _ spoken: UInt) {
    self.library = library
    self.handle = handle
    self.spoken = spoken
  }

  /// Leaves the card as it is.
  deinit { _ = library.disconnect(handle, 0) }

  /// Blocks as long as the service does: it knows no limit of ours. The answer goes straight into the buffer.
  public func transmit(_ command: [UInt8], into answer: SecretBuffer) throws(PCSCError) {
    var request = PCSCLibrary.Request(protocolBits: spoken, length: UInt(MemoryLayout<PCSCLibrary.Request>.size))
    var code = 0
    answer.fill { memory in
      guard let bytes = memory.bindMemory(to: UInt8.self).baseAddress else { return 0 }
      var length = UInt(memory.count)
      code = library.transmit(handle, &request, command, UInt(command.count), nil, bytes, &length)
      return code == 0 ? Int(length) : 0
    }
    guard code == 0 else {
      answer.wipe()
      throw PCSCError(code, "SCardTransmit")
    }
  }
}
