import Station

/// The words of the pages in the hall and at the windows.
extension PageWords {
  static let window: [Word] = []
}
