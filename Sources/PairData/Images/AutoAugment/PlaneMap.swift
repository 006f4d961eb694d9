internal import Glibc

/// Where in the source a pixel of the result comes from: (x, y) to (a x + b y + c, d x + e y + f),
/// places measured from the upper left corner, centres of pixels at halves.
struct PlaneMap: Hashable, Sendable {
  var (a, b, c) = (1.0, 0.0, 0.0)
  var (d, e, f) = (0.0, 1.0, 0.0)

  /// Counter-clockwise about the centre; steps and roundings are those of Pillow's `rotate`.
  static func rotation(degrees: Double, width: Int, height: Int) -> PlaneMap {
    let turn = degrees.truncatingRemainder(dividingBy: 360)
    let angle = -((turn < 0 ? turn + 360 : turn) * (Double.pi / 180))
    func rounded(_ value: Double) -> Double { (value * 1e15).rounded() / 1e15 }
    var map = PlaneMap()
    (map.a, map.b) = (rounded(cos(angle)), rounded(sin(angle)))
    (map.d, map.e) = (rounded(-sin(angle)), rounded(cos(angle)))
    let (x, y) = (Double(width) / 2, Double(height) / 2)
    map.c = map.a * -x + map.b * -y + x
    map.f = map.d * -x + map.e * -y + y
    return map
  }

  static func shear(_ factor: Double) -> PlaneMap {
    var map = PlaneMap()
    map.b = factor
    return map
  }

  func callAsFunction(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    (a * x + b * y + c, d * x + e * y + f)
  }
}

extension DecodedImage {
  /// Chinese-CLIP's mean colour, rounded, which stands where the map points outside the picture.
  private static let outside: [UInt8] = [123, 117, 104]

  /// The picture through a map, bicubic of a = -1, cut to whole levels, as Pillow transforms.
  func resampled(by map: PlaneMap) -> DecodedImage {
    rewritten { source, target in
      for y in 0..<height {
        for x in 0..<width {
          let start = 3 * (y * width + x)
          let place = map(Double(x) + 0.5, Double(y) + 0.5)
          guard place.x >= 0, place.y >= 0, place.x < Double(width), place.y < Double(height)
          else {
            for channel in 0..<3 { target[start + channel] = Self.outside[channel] }
            continue
          }
          let window = BicubicWindow(place, width: width, height: height)
          for channel in 0..<3 {
            let level = window.value(of: source, channel: channel)
            target[start + channel] = level <= 0 ? 0 : level >= 255 ? 255 : UInt8(level)
          }
        }
      }
    }
  }
}

/// The four by four pixels around a place, and where between the middle ones it lies.
private struct BicubicWindow {
  private let columns: SIMD4<Int>
  /// Starts of rows; one above or below the picture is its neighbour inside.
  private let rows: SIMD4<Int>
  private let across: Double
  private let down: Double

  init(_ place: (x: Double, y: Double), width: Int, height: Int) {
    let (x, y) = (place.x - 0.5, place.y - 0.5)
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    across = x - left
    down = y - top
    columns = 3 &* Self.places(around: left, below: width)
    rows = (3 * width) &* Self.places(around: top, below: height)
  }

  private static func places(around middle: Double, below count: Int) -> SIMD4<Int> {
    (SIMD4(-1, 0, 1, 2) &+ Int(middle)).clamped(
      lowerBound: .zero, upperBound: SIMD4(repeating: count - 1))
  }

  func value(of levels: UnsafeBufferPointer<UInt8>, channel: Int) -> Double {
    var values = SIMD4<Double>()
    for index in 0..<4 {
      let start = rows[index] + channel
      values[index] = Self.cubic(
        SIMD4(
          Double(levels[start + columns[0]]), Double(levels[start + columns[1]]),
          Double(levels[start + columns[2]]), Double(levels[start + columns[3]])), at: across)
    }
    return Self.cubic(values, at: down)
  }

  /// The cubic of a = -1 (Keys 1981, equation 8) through four values, between the middle ones.
  private static func cubic(_ values: SIMD4<Double>, at place: Double) -> Double {
    let first = values[2] - values[0]
    let second = 2 * (values[0] - values[1]) + values[2] - values[3]
    let third = values[1] - values[0] - values[2] + values[3]
    return values[1] + place * (first + place * (second + place * third))
  }
}
