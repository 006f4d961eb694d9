public import Autodiff

extension Dropout: ReferenceExecutable {
  public func evaluate(
    _ inputs: [ReferenceArray], in context: ReferenceContext
  ) -> [ReferenceArray] {
    var y = inputs[0]
    for index in y.values.indices {
      let isKept = CounterGenerator.keeps(
        rate: rate, key: context.randomKey, site: site, index: UInt64(index))
      y.values[index] = isKept ? y.values[index] / (1 - Double(rate)) : 0
    }
    return [y]
  }
}
