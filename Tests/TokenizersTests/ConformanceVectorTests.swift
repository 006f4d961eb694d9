import Testing
import Tokenizers

/// A text and its ids between `[CLS]` and `[SEP]`, computed with the original tokenizer.
struct ConformanceVector: Sendable, CustomTestStringConvertible {
  let text: String
  let ids: [Int32]
  let paths: [TextPath]

  init(_ text: String, _ ids: [Int32], _ paths: [TextPath] = TextPath.allCases) {
    self.text = text
    self.ids = ids
    self.paths = paths
  }

  var testDescription: String {
    text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
  }
}

/// The published vectors of Chinese-CLIP 1.6.0; ids are the same on both paths unless one is named.
@Suite struct ConformanceVectorTests {
  static let chinese: [ConformanceVector] = [
    .init("杰尼龟", [3345, 2225, 7991]),
    .init("妙蛙种子", [1975, 6032, 4905, 2094]),
    .init("小火龙", [2207, 4125, 7987]),
    .init("皮卡丘", [4649, 1305, 687]),
    .init("高级感托特包斜挎", [7770, 5277, 2697, 2805, 4294, 1259, 3162, 2903]),
    .init("过年喜庆对联", [6814, 2399, 1599, 2412, 2190, 5468]),
    .init("5.5寸", [126, 119, 126, 2189]),
    .init("T恤衫-XL", [162, 2614, 6136, 118, 10657]),
    .init("2023年新款", [9707, 8152, 2399, 3173, 3621]),
    .init("羽绒服女2022冬", [5417, 5309, 3302, 1957, 10550, 1100]),
    .init("【包邮】连衣裙", [523, 1259, 6934, 524, 6825, 6132, 6170]),
    .init("高级感……真的—很好", [7770, 5277, 2697, 100, 100, 4696, 4638, 100, 2523, 1962]),
    .init("36.5℃", [8216, 119, 9687]),
    .init("100%纯棉", [8135, 110, 5283, 3469]),
    .init("￥99", [8101, 8653]),
    .init("\u{20BB7}野家", [100, 7029, 2157]),
    .init("豈", [6488]),
    .init("2.5米×1.8米、4K", [123, 119, 126, 5101, 190, 8148, 119, 129, 5101, 510, 8574]),
    .init("\u{A0}价格:￥1,299.00", [817, 3419, 131, 8101, 8148, 117, 9600, 119, 8136]),
    .init("C++/C#语言", [145, 116, 116, 120, 145, 108, 6427, 6241]),
    .init("\u{2B825}\u{2B826}", [100, 100]),
    .init("中\u{301}文", [704, 3152]),
    .init("二〇二三", [753, 514, 753, 676]),
  ]

  static let latin: [ConformanceVector] = [
    .init("iPhone 13 Pro Max", [8210, 8124, 8376, 8621]),
    .init("ABC123abc", [8425, 9807, 12072]),
    .init("naïve Café", [11469, 8857, 8377]),
    .init("cafe\u{301}", [8377]),
    .init("don't", [9524, 112, 162]),
    .init("ß", [191]),
    .init("Straße", [8811, 8332, 13361, 8154]),
    .init("İstanbul", [8310, 10105, 11381, 8178]),
    .init("\u{FB01}ne", [100]),
    .init("A～B", [143, 8694, 8204]),
    .init("3×5cm", [124, 9569, 8157, 8341]),
    .init("$99.9/€88", [109, 8238, 119, 130, 120, 359, 8544]),
    .init(
      "https://example.com/a?b=1",
      [8532, 131, 120, 120, 9577, 8608, 10383, 119, 8134, 120, 143, 136, 144, 134, 122]),
    .init("test_case-01", [10060, 142, 10474, 118, 8146]),
    .init("100㎡", [8135, 9236]),
    .init("㎡", [669]),
    .init("m²", [155, 11699]),
    .init("36°", [8216, 8724]),
    .init("①②", [405, 13557]),
    .init("ａｂｃ１２３", [8051, 12641, 10675, 8939, 8929, 9089]),
    .init("ＬＥＤ灯", [8062, 10726, 9835, 4128]),
    .init("ΟΔΟΣ", [222, 13383, 13392, 13395]),
    .init("\u{212B}", [143]),
    .init("\u{212A}", [153]),
  ]

  static let otherScripts: [ConformanceVector] = [
    .init("가나다", [288, 10928, 13456, 10928, 13457, 10928]),
    .init("한국어", [303, 10928, 9877, 13454, 13479, 11953, 13463, 13472]),
    .init("ひらがな", [563, 8732, 13081]),
    .init("が", [541]),
    .init("ภาษาไทย", [100]),
    .init("हिन्दी", [100]),
    .init("ｶﾞﾝﾀﾞﾑ", [100]),
    .init("😀", [100]),
    .init("❤\u{FE0F}", [506]),
    .init("❤", [506]),
    .init("1\u{FE0F}\u{20E3}", [100]),
    .init("👨\u{200D}👩\u{200D}👧", [100]),
    .init("\u{1F1E8}\u{1F1F3}", [100]),
    .init("👍🏽", [100]),
  ]

  static let controls: [ConformanceVector] = [
    .init("a\u{200B}b", [9386]),
    .init("a\u{0}b", [9386]),
    .init("a\u{85}b", [9386]),
    .init("a\u{2028}b", [143, 144]),
    .init("a\u{2029}b", [143, 144]),
    .init("a\u{3000}b", [143, 144]),
    .init("a\u{E000}b", [100]),
    .init("\u{FEFF}你好", [872, 1962]),
    .init("Hello\tWorld\n你好", [8701, 8572, 872, 1962]),
    .init("", []),
    .init(" \t\r\n\u{3000}", []),
  ]

  static let specialTokensAndQuotes: [ConformanceVector] = [
    .init("[PAD]", [138, 10257, 140]),
    .init("[MASK]", [138, 9622, 8998, 140]),
    .init("[CLS]", [138, 12847, 8118, 140]),
    .init("<S>文本<T>", [133, 161, 135, 3152, 3315, 133, 162, 135]),
    .init("##测试", [108, 108, 3844, 6407]),
    .init("“你好”", [100, 872, 1962, 100], [.plain]),
    .init("“你好”", [107, 872, 1962, 107], [.training]),
    .init("“Pro”版", [100, 8376, 100, 4276], [.plain]),
    .init("“Pro”版", [107, 8376, 107, 4276], [.training]),
    .init("‘单’", [100, 1296, 100]),
  ]

  @Test(arguments: chinese + latin + otherScripts + controls + specialTokensAndQuotes)
  func `a published text gets its published ids`(_ vector: ConformanceVector) throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    for path in vector.paths {
      let encoded = tokenizer.encode(vector.text, contextLength: 52, path: path)
      #expect(encoded.ids == [101] + vector.ids + [102], "\(path)")
      #expect(!encoded.isTruncated)
    }
  }

  @Test func `sixty ideographs are cut to fifty`() throws {
    let text = String(repeating: "一二三四五六七八九十", count: 6)
    let encoded = try ChineseVocabulary.tokenizer.get().encode(text, contextLength: 52)
    #expect(encoded.ids.count == 52)
    #expect(encoded.ids.starts(with: [101, 671, 753, 676, 1724]))
    #expect(encoded.ids.last == 102)
    #expect(encoded.isTruncated)
  }

  @Test func `a word of 200 letters is parted and one of 201 is unknown`() throws {
    let tokenizer = try ChineseVocabulary.tokenizer.get()
    let parted = tokenizer.encode(String(repeating: "x", count: 200), contextLength: 52)
    #expect(parted.ids.count == 52)
    #expect(parted.ids.starts(with: [101, 12243, 12812, 12812]))
    let unknown = tokenizer.encode(String(repeating: "x", count: 201), contextLength: 52)
    #expect(unknown == TokenizedText(ids: [101, 100, 102], isTruncated: false))
  }
}
