import Testing

@testable import Transports

/// What is declared of libpcsclite, without its header. `SmartCardTests` runs it.
@Suite struct PCSCTests {
  @Test func theStructuresLieAsTheLibraryHasThem() {
    #expect(MemoryLayout<PCSCLibrary.ReaderState>.stride == 80 && MemoryLayout<PCSCLibrary.Request>.size == 16)
    #expect(MemoryLayout<PCSCLibrary.ReaderState>.offset(of: \.event) == 24)
    #expect(MemoryLayout<PCSCLibrary.ReaderState>.offset(of: \.answerLength) == 32)
    #expect(MemoryLayout<PCSCLibrary.ReaderState>.offset(of: \.answer) == 40)
    #expect(PCSCLibrary("libpcsclite.so.1") != nil, "Tools/setup test")
  }

  @Test func aLibraryThatIsMissingOrAnotherIsNone() {
    #expect(PCSCLibrary("liblinli-nothing.so.1") == nil)
    #expect(PCSCLibrary("libusb-1.0.so.0") == nil)
  }

  @Test func codesBecomeWordsForTheTechnician() {
    let codes: [(Int, PCSCError)] = [
      (0x8010_001D, .noService), (0x8010_002E, .noReader), (0x8010_0069, .cardRemoved), (0x8010_0066, .cardUnusable),
      (0x8010_000B, .shared), (0x8010_0002, .cancelled), (0x8010_006A, .notPermitted),
      (0x8010_0004, .failed(operation: "x", code: 0x8010_0004)),
    ]
    for (code, error) in codes {
      #expect(PCSCError(code, "x") == error)
      // The library's codes are negative where it keeps them in 32 bits.
      #expect(PCSCError(Int(Int32(truncatingIfNeeded: code)), "x") == error)
      #expect("\(error)".contains("/ "))
    }
  }
}
