import Autodiff
import Testing

/// Mistakes of model code stop while it is captured, before any data is touched.
@Suite struct OperationShapeTests {
  @Test func `sums and products need equal shapes`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("a", [2, 3]) + graph.input("b", [3, 2])
    }
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("a", [2, 3]) * graph.input("b", [2])
    }
  }

  @Test func `tensors of two graphs do not mix`() async {
    await #expect(processExitsWith: .failure) {
      _ = Graph().input("a", [2, 3]) + Graph().input("b", [2, 3])
    }
  }

  @Test func `an affine map checks its weight and bias`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("x", [2, 3]).affineMap(weight: graph.input("weight", [3, 4]))
    }
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("x", [2, 3]).affineMap(
        weight: graph.input("weight", [4, 3]), bias: graph.input("bias", [3]))
    }
  }

  @Test func `a matrix product checks its inner extents`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("a", [2, 3]).matrixProduct(
        graph.input("b", [3, 2]), transposingRight: true)
    }
  }

  @Test func `norms check their widths`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("x", [2, 3]).layerNormalized(
        scale: graph.input("scale", [2]), shift: graph.input("shift", [3]), epsilon: 1e-5)
    }
    await #expect(processExitsWith: .failure) {
      _ = Graph().input("x", [2, 3, 4]).l2Normalized
    }
  }

  @Test func `batch norms check their widths, and their statistics have no gradient`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("x", [2, 3]).batchNormalized(
        scale: graph.input("scale", [2]), shift: graph.input("shift", [3]), epsilon: 1e-5)
    }
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      let (x, column) = (graph.input("x", [2, 3]), graph.input("column", [3]))
      _ = x.normalized(
        mean: column, variance: graph.input("variance", [2]), scale: column, shift: column,
        epsilon: 1e-5)
    }
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      let (x, column) = (graph.input("x", [2, 3]), graph.input("column", [3]))
      let mean = x.batchNormalized(scale: column, shift: column, epsilon: 1e-5).mean
      _ = graph.gradients(of: mean, withRespectTo: [x])
    }
  }

  @Test func `filters and windows fit their maps`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("x", [Extent(.images) * 16, 3]).convolved(
        with: graph.input("filters", [2, 4, 3, 3]), side: 4)
    }
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("x", [Extent(.images) * 15, 3]).convolved(
        with: graph.input("filters", [2, 3, 3, 3]), side: 4)
    }
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("x", [Extent(.images) * 4, 3]).convolved(
        with: graph.input("filters", [2, 3, 3, 3]), side: 2)
    }
    await #expect(processExitsWith: .failure) {
      _ = Graph().input("x", [Extent(.images) * 25, 3]).averagePooled(side: 5, window: 2)
    }
    await #expect(processExitsWith: .failure) {
      _ = Graph().input("x", [Extent(.images) * 5, 3]).prependingMean(toSequencesOf: 4)
    }
  }

  @Test func `attention checks its heads and its three inputs`() async {
    await #expect(processExitsWith: .failure) {
      let x = Graph().input("x", [Extent(.images) * 2, 5])
      _ = x.attention(
        keys: x, values: x, headCount: 2, layout: .equal(sequences: .images, length: 2))
    }
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      let x = graph.input("x", [Extent(.images) * 2, 4])
      _ = x.attention(
        keys: graph.input("k", [Extent(.images) * 3, 4]), values: x, headCount: 2,
        layout: .equal(sequences: .images, length: 2))
    }
  }

  @Test func `rows, views and patches stay inside their value`() async {
    await #expect(processExitsWith: .failure) {
      _ = Graph().input("x", [4, 3]).rows(2..<5)
    }
    await #expect(processExitsWith: .failure) {
      _ = Graph().input("x", [4, 3]).reshaped([5, 3])
    }
    await #expect(processExitsWith: .failure) {
      _ = Graph().input("x", [Extent(.images), 3, 4, 4]).patches(of: 5)
    }
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("x", [2, 3]).addingRow(graph.input("row", [2]))
    }
  }

  @Test func `positions suffice for the sequence`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("x", [Extent(.images) * 5, 3]).addingPositions(
        graph.input("table", [4, 3]), layout: .equal(sequences: .images, length: 5))
    }
  }

  @Test func `a padding entry is one of the table`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      _ = graph.input("table", [4, 3]).rows(at: graph.input("ids", [2], .int32), paddingID: 4)
    }
  }

  @Test func `a dropout rate is below 1`() async {
    await #expect(processExitsWith: .failure) { _ = Graph().input("x", [2]).dropout(1) }
    await #expect(processExitsWith: .failure) {
      let x = Graph().input("x", [Extent(.images), 4])
      _ = x.attention(
        keys: x, values: x, headCount: 2, layout: .equal(sequences: .images, length: 1),
        dropout: 1)
    }
  }

  @Test func `the loss checks its groups and its scale`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      let x = graph.input("x", [Extent(.pairs), 4])
      _ = graph.symmetricInfoNCE(
        image: x, text: x, scale: graph.input("scale", [1]),
        imageGroups: graph.input("pictures", [Extent(.images)], .int32),
        textGroups: graph.input("captions", [Extent(.pairs)], .int32), repeatedPairs: .masked)
    }
  }

  @Test func `a gradient has no gradient`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      let x = graph.input("x", [2, 3])
      let gradient = graph.gradients(of: x.gelu, withRespectTo: [x])[0] ?? x
      _ = graph.gradients(of: gradient, withRespectTo: [x])
    }
  }

  @Test func `a parameter's path is declared once`() async {
    await #expect(processExitsWith: .failure) {
      let parameter = Parameter(path: "a", sizes: [1], initializer: .zeros)
      _ = ParameterLayout(trained: [parameter], locked: [parameter])
    }
  }

  @Test func `segments do not nest`() async {
    await #expect(processExitsWith: .failure) {
      let graph = Graph()
      graph.segment { graph.segment {} }
    }
  }
}
