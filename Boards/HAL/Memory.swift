import DeviceKit
import Support

/// Memory as Swift expects it: the first thing that any image does.
func startMemory() {
  StackGuard.paint()
  let source = UnsafePointer<UInt32>(bitPattern: support_data_source())
  let data = UnsafeMutablePointer<UInt32>(bitPattern: support_data_start())
  if let source, let data { copy(source, data, words: Int(support_data_end() &- support_data_start()) >> 2) }
  if let bss = UnsafeMutablePointer<UInt32>(bitPattern: support_bss_start()) {
    clear(bss, words: Int(support_bss_end() &- support_bss_start()) >> 2)
  }
}

/// Each word of RAM but the kept memory and the stack in use, with two patterns and back: before anything lies in it.
@inline(never) func testMemory() -> Bool {
  testMemory(support_stack_bottom(), support_stack_pointer() &- 64) && testMemory(support_data_start(), support_forward_start())
}

private func testMemory(_ start: UInt, _ end: UInt) -> Bool {
  var isGood = true
  var at = start
  while at < end {
    let word = register(at)
    word.store(0x5555_AAAA ^ UInt32(truncatingIfNeeded: at))
    at &+= 4
  }
  at = start
  while at < end {
    let word = register(at)
    let pattern = 0x5555_AAAA ^ UInt32(truncatingIfNeeded: at)
    if word.load() != pattern { isGood = false }
    word.store(~pattern)
    if word.load() != ~pattern { isGood = false }
    at &+= 4
  }
  return isGood
}

/// Where interrupts find this image's handlers.
func takeVectors() {
  #if CORTEX_M0
    // The processor has no VTOR: it reads the boot loader's table, whose entries jump through this one (BootLoader/vectors.c).
    let mine = UnsafePointer<UInt32>(bitPattern: support_image_start())
    let table = UnsafeMutablePointer<UInt32>(bitPattern: support_forward_start())
    if let mine, let table { copy(mine, table, words: 48) }
  #else
    Processor.VTOR.store(UInt32(truncatingIfNeeded: support_image_start()))
  #endif
}

@inline(never) private func copy(_ source: UnsafePointer<UInt32>, _ to: UnsafeMutablePointer<UInt32>, words: Int) {
  var index = 0
  while index < words {
    to[index] = source[index]
    index &+= 1
  }
}

@inline(never) private func clear(_ to: UnsafeMutablePointer<UInt32>, words: Int) {
  var index = 0
  while index < words {
    to[index] = 0
    index &+= 1
  }
}

/// The stack is painted at the start: how deep it ever was can be read off, and a paint that is gone at its bottom is an overflow that
/// the memory below did not catch (there is none there, see common.ld).
enum StackGuard {
  static let paintWord: UInt32 = 0x5AC5_5AC5

  static func paint() {
    guard var at = UnsafeMutablePointer<UInt32>(bitPattern: support_stack_bottom()) else { return }
    let end = support_stack_pointer() &- 64
    while UInt(bitPattern: at) < end {
      at.pointee = paintWord
      at += 1
    }
  }

  static var isWhole: Bool {
    guard let bottom = UnsafePointer<UInt32>(bitPattern: support_stack_bottom()) else { return true }
    return bottom[0] == paintWord && bottom[1] == paintWord
  }

  /// Bytes of stack that were never used.
  static func unused() -> UInt32 {
    guard var at = UnsafePointer<UInt32>(bitPattern: support_stack_bottom()) else { return 0 }
    var bytes: UInt32 = 0
    while UInt(bitPattern: at) < support_stack_top(), at.pointee == paintWord {
      bytes &+= 4
      at += 1
    }
    return bytes
  }
}

/// The word that a flash memory stores for the four bytes from `index` on: little endian, and FF, which changes nothing, for what lacks.
func flashWord(_ bytes: inout FixedBytes<64>, at index: Int) -> UInt32 {
  var word: UInt32 = .max
  var place = 0
  while place < 4 && index &+ place < bytes.count {
    let shift = UInt32(truncatingIfNeeded: place) << 3
    word = word & ~(0xFF << shift) | UInt32(bytes.byte(at: index &+ place)) << shift
    place &+= 1
  }
  return word
}
