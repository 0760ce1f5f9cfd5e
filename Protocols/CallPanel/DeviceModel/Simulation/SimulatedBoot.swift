import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

// What a board's boot loader and a service tool do, at once, over a simulated memory.
extension SimulatedMemory {
  /// Keeps `payload` in the two pages at `page`; `false` when it could not be written.
  @discardableResult
  mutating func save(_ payload: FixedBytes<24>, at page: UInt32) -> Bool {
    var store = RecordStore(page: page, pageBytes: SimulatedMemory.layout.pageBytes)
    _ = store.load(from: &self)
    store.save(payload)
    var outcome: Bool?
    while outcome == nil {
      store.start(&self)
      _ = finished(at: .zero)
      store.finished(finished(at: .distantFuture) ?? false, &self)
      outcome = store.outcome()
    }
    return outcome ?? false
  }

  /// The newest record of the two pages at `page`.
  func newest(at page: UInt32) -> FixedBytes<24>? {
    var copy = self
    var store = RecordStore(page: page, pageBytes: SimulatedMemory.layout.pageBytes)
    return store.load(from: &copy)?.payload
  }

  /// Puts a whole image (header, then payload) into a slot, as the factory does.
  public mutating func install(_ image: [UInt8], slot: UInt16) {
    let start = Int(SimulatedMemory.layout.slot(slot))
    patch(start, Array(repeating: 0xFF, count: Int(SimulatedMemory.layout.slotBytes)))
    patch(start, Array(image.prefix(ImageHeader.length)))
    patch(start + Int(ImageHeader.payloadOffset), Array(image.dropFirst(ImageHeader.length)))
  }

  /// The boot loader: which image runs from now on, as its header and the record say. Without any image the panel runs what it is made of.
  mutating func chooseImage(board: UInt16) -> FirmwareAbout {
    let layout = SimulatedMemory.layout
    func header(_ slot: UInt16, _ memory: inout SimulatedMemory) -> ImageHeader? {
      var check = SlotCheck(&memory, layout: layout, slot: slot, board: board)
      return check.step(&memory, bytes: .max) == true ? check.found : nil
    }
    let choice = BootChoice.make(&self, layout: layout) { header(UInt16($0), &$1) != nil }
    guard let slot = choice.slot, var found = header(slot, &self) else { return .bare }
    return FirmwareAbout(&found, slot: slot)
  }
}
