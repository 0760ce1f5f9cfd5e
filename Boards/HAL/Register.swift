import _Volatile

/// A 32-bit register of the hardware: each `load` and `store` is one access.
struct Register {
  let address: UInt

  @inline(always) private var mapped: VolatileMappedRegister<UInt32> { VolatileMappedRegister(unsafeBitPattern: address) }

  @inline(always) func load() -> UInt32 { mapped.load() }
  @inline(always) func store(_ value: UInt32) { mapped.store(value) }
  @inline(always) func set(_ bits: UInt32) { store(load() | bits) }
  @inline(always) func clear(_ bits: UInt32) { store(load() & ~bits) }
  @inline(always) func has(_ bits: UInt32) -> Bool { load() & bits != 0 }
}

@inline(always) func register(_ address: UInt) -> Register { Register(address: address) }
