import Testing

@testable import PairData

@Suite struct ShuffleOrderTests {
  @Test(arguments: [1, 2, 3, 7, 100, 1442, 4096, 10_007])
  func `an epoch visits every pair exactly once`(count: Int) {
    let order = ShuffleOrder(count: count, seed: 7, epoch: 3)
    #expect((0..<count).map { order[$0] }.sorted() == Array(0..<count))
  }

  @Test func `epochs and seeds have different orders, equal ones the same`() {
    let count = 1442
    let list = { (seed: UInt64, epoch: Int) in
      let order = ShuffleOrder(count: count, seed: seed, epoch: epoch)
      return (0..<count).map { order[$0] }
    }
    #expect(list(7, 0) == list(7, 0))
    for (seed, epoch) in [(7, 1), (8, 0), (7 + 1 << 32, 0)] as [(UInt64, Int)] {
      // Two random permutations agree at about one place; at 8 with a chance of one in 10^5.
      let equal = zip(list(7, 0), list(seed, epoch)).count { $0 == $1 }
      #expect(equal < 8)
    }
  }

  @Test func `all six orders of three pairs are equally likely`() {
    var counts: [[Int]: Int] = [:]
    for epoch in 0..<6000 {
      let order = ShuffleOrder(count: 3, seed: 1, epoch: epoch)
      counts[[order[0], order[1], order[2]], default: 0] += 1
    }
    #expect(counts.count == 6)
    let square = counts.values.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
    // Chi-square with 5 degrees of freedom: 20.5 has a chance of one in a thousand.
    #expect(square < 20.5)
  }

  @Test(arguments: [0, 1, 24, 49])
  func `a position holds every pair equally often`(position: Int) {
    let count = 50
    var hits = [Int](repeating: 0, count: count)
    for epoch in 0..<5000 {
      hits[ShuffleOrder(count: count, seed: 99, epoch: epoch)[position]] += 1
    }
    let square = hits.reduce(0.0) { $0 + Double(($1 - 100) * ($1 - 100)) / 100 }
    // Chi-square with 49 degrees of freedom: 85.4 has a chance of one in a thousand.
    #expect(square < 85.4)
  }

  @Test func `neighbours of the set are not neighbours in the order`() {
    let count = 2000
    let order = ShuffleOrder(count: count, seed: 5, epoch: 0)
    let near = (1..<count).count { abs(order[$0] - order[$0 - 1]) <= 2 }
    // Four of two thousand are expected by chance.
    #expect(near < 16)
  }

  @Test func `sequential means the pairs' own order`() {
    let order = ShuffleOrder(sequential: 5)
    #expect((0..<5).map { order[$0] } == [0, 1, 2, 3, 4])
  }
}
