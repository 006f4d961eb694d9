import FileTestSupport
import Foundation
import Testing

@testable import PairData

/// Two hundred pictures, made when the test runs, through our preparation and through Pillow.
@Suite(.enabled(if: InteroperabilityScript.isAvailable, "needs the interoperability environment"))
struct PicturePreparationTests {
  private struct Picture: Decodable {
    let name: String
    let width: Int
    let height: Int
    let side: Int
  }

  /// The pixels of a preparation as whole levels, which normalization is undone for.
  private static func levels(_ pixels: [Float], side: Int) -> [UInt8] {
    let numbers = ImagePreparation.Normalization.clip
    let area = side * side
    return [UInt8](unsafeUninitializedCapacity: 3 * area) { levels, count in
      pixels.withUnsafeBufferPointer { pixels in
        for channel in 0..<3 {
          let (deviation, mean) = (numbers.deviation[channel], numbers.mean[channel])
          for place in 0..<area {
            let level = pixels[channel * area + place] * deviation + mean
            levels[3 * place + channel] = UInt8((level * 255).rounded())
          }
        }
      }
      count = 3 * area
    }
  }

  @Test func `prepared pixels are Pillow's, with alpha over white and in the file's own mode`()
    throws
  {
    let folder = try TemporaryFolder()
    let (isGood, report) = try InteroperabilityScript.run("make_pictures.py", folder.path)
    #expect(isGood, "\(report)")
    let pictures = try JSONDecoder().decode(
      [Picture].self, from: Data(try folder.bytes(of: "pictures.json")))
    #expect(pictures.count == 200)
    let ways = [
      ("shown", ImageDecodingOptions()),
      ("original", ImageDecodingOptions(alpha: .dropped, orientation: .ignored)),
    ]
    for (way, options) in ways {
      var all = PixelDifferences()
      for picture in pictures {
        let preparation = ImagePreparation(size: picture.side, decoding: options)
        let pixels = try preparation.pixels(from: try folder.bytes(of: picture.name))
        let found = Self.levels(pixels, side: picture.side)
        let expected = try folder.bytes(of: "\(picture.name).\(way)")
        #expect(found.count == expected.count)
        let own = PixelDifferences.of(found, expected)
        #expect(
          own.largest <= 1,
          "\(way) \(picture.name), \(picture.width) x \(picture.height): \(own.largest)")
        all.add(own)
      }
      #expect(all.compared == pictures.reduce(0) { $0 + 3 * $1.side * $1.side })
      #expect(all.equalShare >= 0.999)
    }
  }
}
