import Autodiff
import TestSupport
import Testing

@testable import ONNXExport

@Suite struct LoweringTests {
  private func model(_ name: String) throws -> ONNXModel {
    let exported = try #require(ExportCase.catalog.first { $0.name == name })
    return try exported.captured().model()
  }

  private func operators(_ model: ONNXModel) -> [String] { model.nodes.map(\.operatorName) }

  @Test func `every operation has an ONNX face or a stated reason for none`() {
    let operations = OperationCase.catalog.flatMap { $0.captured().operations }
    let missing = operations.filter { operation in
      !(operation is any ONNXLowerable)
        && InferenceRule.reason(against: operation).hasSuffix("has no ONNX face")
    }
    #expect(Set(missing.map(\.name)).isEmpty)
    #expect(Set(operations.map(\.name)).count > 20)
  }

  @Test func `every face is exported by some case`() {
    let exported = ExportCase.catalog.flatMap { $0.captured().graph.nodes.map(\.operation.name) }
    let faces = OperationCase.catalog.flatMap { $0.captured().operations }
      .filter { $0 is any ONNXLowerable }.map(\.name)
    #expect(Set(faces).subtracting(exported).isEmpty)
  }

  @Test func `everything that only training wants is named at once`() {
    let graph = Graph()
    let layout = TokenLayout.packed(in: graph)
    let x = graph.input("x", [layout.rows, 4])
    let y = x.dropout(0.1).attention(keys: x, values: x, headCount: 2, layout: layout)
    let error = #expect(throws: ONNXError.self) {
      try ONNXModel(graph: graph, name: "g", outputs: [("y", y.firstTokens(layout: layout))])
    }
    #expect(
      error
        == .notExportable([
          "Dropout changes values at random, which only training wants",
          "rows are packed, which only training needs",
        ]))
  }

  @Test func `attention that drops weights is refused`() {
    let graph = Graph()
    let layout = TokenLayout.equal(sequences: .images, length: 3)
    let x = graph.input("x", [layout.rows, 4])
    let y = x.attention(keys: x, values: x, headCount: 2, layout: layout, dropout: 0.5)
    #expect(throws: ONNXError.self) {
      try ONNXModel(graph: graph, name: "g", outputs: [("y", y)])
    }
  }

  @Test func `what the outputs do not need is left out`() throws {
    let graph = Graph()
    let x = graph.input("x", [Extent(.images), 4])
    let unused = graph.input("unused", [Extent(.images), 4]).dropout(0.5)
    let y = x.gelu
    _ = unused + y
    let model = try ONNXModel(graph: graph, name: "g", outputs: [("y", y)])
    #expect(model.inputs.map(\.name) == ["x"])
    #expect(operators(model) == ["Div", "Erf", "Add", "Mul", "Mul"])
  }

  @Test func `a linear map of patches is one convolution with the parameter as it is`() throws {
    let model = try model("Filtered patches 3 of 7")
    #expect(operators(model) == ["Conv", "Reshape", "Transpose"])
    #expect(model.initializers.map(\.name).prefix(2) == ["filters", "bias"])
  }

  @Test func `views of parameters are folded into what is stored`() throws {
    let model = try model("AddRow of a token type")
    #expect(operators(model) == ["Add"])
    #expect(model.initializers.map(\.name) == ["types/5/5"])
    #expect(model.initializers.map(\.sizes) == [[5]])
  }

  @Test func `rows of several axes are dimensions, so that rows need no reshapes`() throws {
    let encoder = try model("text encoder")
    #expect(
      encoder.inputs.map(\.dimensions)
        == [[.named("batch"), .named("length")], [.named("batch"), .named("length")]])
    #expect(encoder.inputs.map(\.elementType) == [.int64, .int64])
    // Queries, keys, values and the result of each of two blocks.
    #expect(operators(encoder).filter { $0 == "Reshape" }.count == 8)
    #expect(operators(encoder).filter { $0 == "Cast" }.count == 1)
  }

  @Test func `a value asked for under two names has both`() throws {
    let graph = Graph()
    let y = graph.input("x", [Extent(.images), 4]).gelu
    let model = try ONNXModel(graph: graph, name: "g", outputs: [("first", y), ("second", y)])
    #expect(model.nodes.last?.operatorName == "Identity")
    #expect(model.nodes.suffix(2).map(\.output) == ["first", "second"])
  }
}
