internal import CPUDevice

/// The patches that a masked image tower sees: others for each picture and each step.
///
/// As Chinese-CLIP draws them (its model.py, `random_masking`): patches in the order of uniform
/// noise, of which the first few stay, in that order. The noise is a function of the seed, the step
/// and the pair's place in the batch. So a chunk that is encoded again sees what it saw before, and
/// neither chunks nor a resumed run change anything; the original's first pass masks nothing.
package struct KeptPatches: Equatable, Sendable {
  /// Of a picture.
  package let patchCount: Int
  /// How many of them stay.
  package let keptCount: Int

  /// What the noise is drawn for; dropout's sites count from 0.
  private static let site = UInt32.max

  package init(_ keptCount: Int, of patchCount: Int) {
    precondition(
      keptCount > 0 && keptCount <= patchCount, "\(keptCount) patches of \(patchCount).")
    self.patchCount = patchCount
    self.keptCount = keptCount
  }

  /// With the class token.
  var tokenCount: Int { keptCount + 1 }

  /// Writes which rows of [pictures * (patchCount + 1)] stay: of each picture its class token, then
  /// its patches in the order of their noise.
  ///
  /// - Parameters:
  ///   - pairs: the pictures' places in the batch.
  ///   - rows: [pairs.count * tokenCount].
  func write(
    pairs: Range<Int>, step: Int, seed: UInt64, into rows: UnsafeMutableBufferPointer<Int32>
  ) {
    precondition(
      rows.count == pairs.count * tokenCount, "\(rows.count) rows for \(pairs.count) pictures.")
    // Equal noise, if ever, is told apart by the patch.
    var noise = [UInt64](repeating: 0, count: patchCount)
    for (picture, pair) in pairs.enumerated() {
      let key = RandomKey.mixed(seed, UInt64(step), UInt64(pair))
      for patch in noise.indices {
        let bits = RandomBits.bits(key: key, site: KeptPatches.site, index: patch)
        noise[patch] = UInt64(bits) << 32 | UInt64(patch)
      }
      noise.sort()
      let classToken = picture * (patchCount + 1)
      let first = picture * tokenCount
      rows[first] = Int32(classToken)
      for place in 0..<keptCount {
        let patch = Int(truncatingIfNeeded: noise[place] & 0xFFFF_FFFF)
        rows[first + 1 + place] = Int32(classToken + 1 + patch)
      }
    }
  }
}
