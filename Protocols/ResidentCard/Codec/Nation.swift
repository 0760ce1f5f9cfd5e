/// The two digits that stand for a nation (GB/T 3304).
public enum Nation {
  private static let names = [
    "汉", "蒙古", "回", "藏", "维吾尔", "苗", "彝", "壮", "布依", "朝鲜", "满", "侗", "瑶", "白", "土家", "哈尼", "哈萨克", "傣", "黎", "傈僳", "佤", "畲", "高山",
    "拉祜",
    "水", "东乡", "纳西", "景颇", "柯尔克孜", "土", "达斡尔", "仫佬", "羌", "布朗", "撒拉", "毛南", "仡佬", "锡伯", "阿昌", "普米", "塔吉克", "怒", "乌孜别克", "俄罗斯",
    "鄂温克",
    "德昂", "保安", "裕固", "京", "塔塔尔", "独龙", "鄂伦春", "赫哲", "门巴", "珞巴", "基诺",
  ]

  /// `nil` for a code that stands for none.
  public static func name(_ code: Int) -> String? {
    switch code {
    case 1...names.count: names[code - 1]
    case 97: "其他"
    case 98: "外国血统中国籍人士"
    default: nil
    }
  }
}

extension CardText {
  /// A number of up to two digits in a field, for instance the nation's or the sex's code.
  public func code(_ field: CardField) -> Int? {
    var value: Int? = 0
    var places = 0
    forEachCharacter(of: field) { scalar in
      places += 1
      value = scalar.decimal.flatMap { digit in value.map { $0 * 10 + digit } }
      if places > 2 { value = nil }
    }
    return places > 0 ? value : nil
  }
}
