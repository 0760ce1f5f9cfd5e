import Glibc

/// libpcsclite, opened when it is first wanted: a machine without it, and the build, need nothing of it. Declared for 64-bit Linux, where
/// `LONG`, `DWORD` and both kinds of handle are 8 bytes (pcsclite 1.8 to 2; macOS packs them otherwise).
struct PCSCLibrary: @unchecked Sendable {
  typealias Code = Int

  /// `SCARD_READERSTATE`. C puts no gap before the answer to reset and fills up to 80 bytes behind it.
  struct ReaderState {
    var name: UnsafePointer<CChar>?
    var whose: UnsafeMutableRawPointer?
    var current: UInt = 0
    var event: UInt = 0
    var answerLength: UInt = 0
    var answer: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
  }

  /// `SCARD_IO_REQUEST`.
  struct Request {
    var protocolBits: UInt
    var length: UInt
  }

  typealias Establish = @convention(c) (UInt, UnsafeRawPointer?, UnsafeRawPointer?, UnsafeMutablePointer<Int>) -> Code
  typealias Release = @convention(c) (Int) -> Code
  typealias List = @convention(c) (Int, UnsafePointer<CChar>?, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<UInt>) -> Code
  typealias StatusChange = @convention(c) (Int, UInt, UnsafeMutableRawPointer, UInt) -> Code
  typealias Connect =
    @convention(c) (Int, UnsafePointer<CChar>, UInt, UInt, UnsafeMutablePointer<Int>, UnsafeMutablePointer<UInt>) -> Code
  typealias Disconnect = @convention(c) (Int, UInt) -> Code
  typealias Transmit =
    @convention(c) (
      Int, UnsafeRawPointer, UnsafePointer<UInt8>, UInt, UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>,
      UnsafeMutablePointer<UInt>
    ) -> Code

  let establish: Establish
  let release: Release
  let list: List
  let statusChange: StatusChange
  let connect: Connect
  let disconnect: Disconnect
  let transmit: Transmit
  let cancel: Release

  /// `nil` where it is not installed.
  static let shared = PCSCLibrary("libpcsclite.so.1")

  init?(_ name: String) {
    guard MemoryLayout<ReaderState>.stride == 80, let library = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { return nil }
    func function<Function>(_ name: String, _ type: Function.Type) -> Function? {
      dlsym(library, name).map { unsafeBitCast($0, to: type) }
    }
    guard let establish = function("SCardEstablishContext", Establish.self),
      let release = function("SCardReleaseContext", Release.self),
      let list = function("SCardListReaders", List.self),
      let statusChange = function("SCardGetStatusChange", StatusChange.self),
      let connect = function("SCardConnect", Connect.self),
      let disconnect = function("SCardDisconnect", Disconnect.self),
      let transmit = function("SCardTransmit", Transmit.self),
      let cancel = function("SCardCancel", Release.self)
    else { return nil }
    self.establish = establish
    self.release = release
    self.list = list
    self.statusChange = statusChange
    self.connect = connect
    self.disconnect = disconnect
    self.transmit = transmit
    self.cancel = cancel
  }
}
