import ESCPOSCodec

extension PrintedSlip {
  /// The slip as a picture, one unit a dot. Every run keeps its columns whatever font is there, so that what did not fit on paper does
  /// not fit here.
  ///
  /// - Parameter qr: the dark modules of a code; `nil`: its text is shown in a frame instead.
  public func svg(qr: @escaping (QR) -> [[Bool]]?) -> String {
    var drawing = SlipDrawing(dots: dots, qr: qr)
    for element in elements { drawing.add(element) }
    return drawing.document()
  }
}

private struct SlipDrawing {
  let dots: Int
  let qr: (PrintedSlip.QR) -> [[Bool]]?
  private var y = 40
  private var body = ""

  /// From the edge of the paper to what the head reaches: 80 mm are 640 dots, 58 mm are 464.
  private var margin: Int { dots > 400 ? 32 : 40 }
  private var paperWidth: Int { dots + 2 * margin }

  init(dots: Int, qr: @escaping (PrintedSlip.QR) -> [[Bool]]?) {
    self.dots = dots
    self.qr = qr
  }

  mutating func add(_ element: PrintedSlip.Element) {
    switch element {
    case .line(let line): add(line)
    case .feed(let dots): y += dots
    case .qr(let code): add(code)
    case .image(let image, let alignment):
      let x = left(image.bytesPerRow * 8, alignment)
      body += path(image, x: x) + "\n"
      y += image.rows
    case .cut(let partial): cut(partial)
    case .drawer, .buzzer: break
    }
  }

  private func left(_ width: Int, _ alignment: Alignment) -> Int {
    let free = max(dots - width, 0)
    return margin + (alignment == .left ? 0 : alignment == .right ? free : free / 2)
  }

  private mutating func add(_ line: PrintedSlip.Line) {
    var x = left(line.dots, line.alignment)
    // Glyphs of one line stand on one base line, which leaves a seventh of the tallest below it.
    let base = y + line.height * 6 / 7
    for run in line.runs {
      let look = run.look
      let ink = look.isInverse ? "#fff" : "#111"
      if look.isInverse { body += "<rect x='\(x)' y='\(y)' width='\(run.dots)' height='\(24 * look.height)' fill='#111'/>\n" }
      let weight = look.isBold ? " font-weight='700'" : ""
      let turn = look.isUpsideDown ? " rotate(180 \(run.dots / look.width / 2) -9)" : ""
      let size = look.isSmall ? 18 : 24
      body += "<text transform='translate(\(x) \(base)) scale(\(look.width) \(look.height))\(turn)' font-size='\(size)' "
      body +=
        "textLength='\(run.dots / look.width)' lengthAdjust='spacingAndGlyphs' fill='\(ink)'\(weight)>\(escaped(run.text))</text>\n"
      if look.isUnderlined { body += "<rect x='\(x)' y='\(y + 24 * look.height)' width='\(run.dots)' height='2' fill='#111'/>\n" }
      x += run.dots
    }
    y += line.advance
  }

  private mutating func add(_ code: PrintedSlip.QR) {
    let scale = max(Int(code.moduleDots), 1)
    guard let modules = qr(code), let image = RasterImage(modules: modules, scale: scale) else {
      let side = 29 * scale
      let x = left(side, code.alignment)
      body += "<rect x='\(x)' y='\(y)' width='\(side)' height='\(side)' fill='none' stroke='#111' stroke-width='2'/>\n"
      body += "<text x='\(x + 8)' y='\(y + side / 2)' font-size='14' fill='#111'>\(escaped(code.text))</text>\n"
      y += side
      return
    }
    let side = modules.count * scale
    body += path(image, x: left(side, code.alignment)) + "\n"
    y += side
  }

  /// Dark dots as one path of rectangles, equal rows taken together.
  private func path(_ image: RasterImage, x: Int) -> String {
    var commands = ""
    var row = 0
    while row < image.rows {
      let bytes = rowBytes(image, row)
      var end = row + 1
      while end < image.rows, rowBytes(image, end) == bytes { end += 1 }
      var column = 0
      while column < image.bytesPerRow * 8 {
        guard image.isDark(row: row, column: column) else {
          column += 1
          continue
        }
        var last = column
        while image.isDark(row: row, column: last) { last += 1 }
        commands += "M\(x + column) \(y + row)h\(last - column)v\(end - row)h-\(last - column)z"
        column = last
      }
      row = end
    }
    return "<path d='\(commands)' fill='#111' shape-rendering='crispEdges'/>"
  }

  private func rowBytes(_ image: RasterImage, _ row: Int) -> ArraySlice<UInt8> {
    image.bytes[row * image.bytesPerRow..<(row + 1) * image.bytesPerRow]
  }

  private mutating func cut(_ partial: Bool) {
    // From the head to the cutter: what is on the paper has moved past it.
    y += 40
    let dash = partial ? " stroke-dasharray='14 8'" : ""
    body += "<line x1='0' y1='\(y)' x2='\(paperWidth)' y2='\(y)' stroke='#999' stroke-width='2'\(dash)/>\n"
  }

  private func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "'": result += "&#39;"
      // Spaces side by side are one otherwise.
      case " ": result += "\u{A0}"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F: break
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  func document() -> String {
    let height = y + 24
    let fonts = "\"Noto Sans Mono CJK SC\",\"Noto Sans CJK SC\",\"Source Han Sans SC\",\"WenQuanYi Zen Hei\",SimHei,monospace"
    return """
      <svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 \(paperWidth) \(height)' width='\(paperWidth)' height='\(height)'>
      <rect width='\(paperWidth)' height='\(height)' fill='#fffef8' stroke='#ccc'/>
      <g font-family='\(fonts)'>
      \(body)</g>
      </svg>

      """
  }
}
