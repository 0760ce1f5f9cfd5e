import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel
import Support

/// The boot loader: looks at the boot record and the two slots, writes down what it does, and jumps. All decisions are `BootChoice`'s.
///
/// Interrupts stay off, and it needs no tick.
@c(resetHandler) func resetHandler() {
  support_disable_interrupts()
  startMemory()
  #if CORTEX_M0
    catchFaults()
  #endif
  let (slot, isTrial) = choose()
  guard let slot else {
    // Nothing to run: both slots are empty or damaged. Only a programmer helps.
    while true { support_barrier() }
  }
  if isTrial {
    var dog = BootWatchdog()
    dog.start()
  }
  let vectors = UInt(BootMemory.layout.slot(slot) &+ ImageHeader.payloadOffset)
  support_jump(register(vectors).load(), register(vectors &+ 4).load())
}

@inline(never) private func choose() -> (slot: UInt16?, isTrial: Bool) {
  var memory = BootMemory()
  memory.open()
  let choice = BootChoice.make(&memory, layout: BootMemory.layout) { isGood(UInt16($0), &$1) }
  return (choice.slot, choice.isTrial)
}

/// Whether a whole image for this board lies in `slot`.
///
/// Its hash takes half a second on a Cortex-M0, in which nobody looks at the buttons. Where only the processor started again, the header
/// says enough: it is written last, after hash and signature. After a loss of power and after a fault the hash is taken.
@inline(never) private func isGood(_ slot: UInt16, _ memory: inout BootMemory) -> Bool {
  var check = SlotCheck(&memory, layout: BootMemory.layout, slot: slot, board: BootMemory.kind.rawValue)
  if FaultRecord.isCalmRestart { return check.isPresent }
  var dog = BootWatchdog()
  while true {
    // On some processors it runs on over a restart; where it does not run, feeding does nothing.
    dog.feed()
    if let verdict = check.step(&memory, bytes: 1_024) { return verdict }
  }
}

#if CORTEX_M0
  /// The table in RAM is anything after power-on: until an image has put its own there, each fault is recorded and restarts.
  private func catchFaults() {
    guard let table = UnsafeMutablePointer<UInt32>(bitPattern: support_forward_start()) else { return }
    var index = 0
    while index < 48 {
      table[index] = support_hard_fault_address()
      index &+= 1
    }
  }
#endif
