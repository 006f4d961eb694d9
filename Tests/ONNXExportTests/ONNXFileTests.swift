import Autodiff
import FileTestSupport
import Testing

@testable import ONNXExport

/// The bytes of written models, read without any schema.
@Suite struct ONNXFileTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// y = x W' + b with a metadata entry.
  private func linearModel() throws -> ONNXModel {
    let graph = Graph()
    let weight = graph[Parameter(path: "layer/weight", sizes: [3, 2], initializer: .zeros)]
    let bias = graph[Parameter(path: "layer/bias", sizes: [3], initializer: .zeros)]
    let y = graph.input("x", [Extent(.images), 2]).affineMap(weight: weight, bias: bias)
    return try ONNXModel(
      graph: graph, name: "linear", outputs: [("y", y)], axisNames: [(.images, "batch")],
      metadata: [.init("duiqi.family", "test"), .init("duiqi.note", "对齐")])
  }

  private func values(_ path: String) -> [Float] {
    path == "layer/bias" ? [7, 8, 9] : [1, 2, 3, 4, 5, 6]
  }

  private func bytes(_ floats: [Float]) -> [UInt8] {
    floats.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } }
  }

  private func written() throws -> WireMessage {
    try linearModel().write(to: "\(folder.path)/linear.onnx", values: values)
    return try #require(WireMessage(try folder.bytes(of: "linear.onnx")))
  }

  @Test func `a model is one message with one graph`() throws {
    let model = try written()
    // Readers such as Netron take the last graph instead of merging them.
    #expect(model.messages(7).count == 1)
    #expect(model.integers(1) == [8])
    #expect(model.text(2) == "duiqi")
    #expect(model.message(8)?.integers(2) == [17])
    #expect(folder.names() == ["linear.onnx"])
  }

  @Test func `metadata keeps its order and its characters`() throws {
    let entries = try written().messages(14).map { [$0.text(1), $0.text(2)] }
    #expect(entries.dropLast() == [["duiqi.family", "test"], ["duiqi.note", "对齐"]])
    #expect(entries.last?[0] == "duiqi.content_sha256")
  }

  @Test func `weights are stored [in, out], biases as they are`() throws {
    let graph = try #require(try written().message(7))
    let tensors = graph.messages(5)
    #expect(tensors.map { $0.text(8) } == ["layer/weight/transposed", "layer/bias"])
    #expect(tensors.map { $0.integers(2) } == [[1], [1]])
    #expect(tensors.map { $0.integers(1) } == [[2, 3], [3]])
    #expect(tensors[0].allBytes(9) == [bytes([1, 3, 5, 2, 4, 6])])
    #expect(tensors[1].allBytes(9) == [bytes([7, 8, 9])])
  }

  @Test func `inputs and outputs have names, types and open dimensions`() throws {
    let model = try linearModel()
    let dimensions: [ONNXDimension] = [.named("batch"), .fixed(2)]
    #expect(model.inputs == [.init(name: "x", elementType: .float32, dimensions: dimensions)])
    let graph = try #require(try written().message(7))
    let tensor = graph.message(12)?.message(2)?.message(1)
    #expect(graph.message(12)?.text(1) == "y")
    #expect(tensor?.integers(1) == [1])
    #expect(tensor?.message(2)?.messages(1).map { $0.text(2) } == ["batch", nil])
    #expect(tensor?.message(2)?.messages(1).map { $0.integers(1) } == [[], [3]])
  }

  @Test func `the same graph gives the same bytes`() throws {
    let exported = try #require(ExportCase.catalog.last)
    var files: [[UInt8]] = []
    for name in ["a", "b"] {
      let captured = exported.captured()
      let counts = Dictionary(
        uniqueKeysWithValues: captured.parameters.map { ($0.path, $0.elementCount) })
      try captured.model().write(to: "\(folder.path)/\(name)") {
        ExportCase.values(of: $0, count: counts[$0, default: 0])
      }
      files.append(try folder.bytes(of: name))
    }
    #expect(files[0] == files[1])
  }

  @Test func `beyond the limit the weights stand in a second file at multiples of 4096`() throws {
    let limit = 700
    #expect(try InitializerStream(linearModel()).byteCount < limit)
    let path = "\(folder.path)/linear.onnx"
    let paths = try linearModel().write(to: path, messageLimit: limit, values: values)
    #expect(paths == [path])
    let graph = Graph()
    let weight = graph[Parameter(path: "layer/weight", sizes: [300, 2], initializer: .zeros)]
    let bias = graph[Parameter(path: "layer/bias", sizes: [300], initializer: .zeros)]
    let y = graph.input("x", [Extent(.images), 2]).affineMap(weight: weight, bias: bias)
    let large = try ONNXModel(graph: graph, name: "large", outputs: [("y", y)])
    let written = try large.write(to: path, messageLimit: limit) {
      [Float](repeating: 2, count: $0 == "layer/bias" ? 300 : 600)
    }
    #expect(written == [path, "\(path).data"])
    #expect(folder.names() == ["linear.onnx", "linear.onnx.data"])
    let tensors = try #require(WireMessage(try folder.bytes(of: "linear.onnx"))?.message(7))
      .messages(5)
    let places = tensors.map { tensor in
      tensor.messages(13).map { "\($0.text(1) ?? "") \($0.text(2) ?? "")" }
    }
    #expect(
      places == [
        ["location linear.onnx.data", "offset 0", "length 2400"],
        ["location linear.onnx.data", "offset 4096", "length 1200"],
      ])
    #expect(tensors.map { $0.integers(14) } == [[1], [1]])
    #expect(try folder.bytes(of: "linear.onnx.data").count == 4096 + 1200)
  }

  @Test func `a model that protobuf cannot hold at all is refused before anything is written`() {
    let error = #expect(throws: ONNXError.self) {
      try linearModel().write(to: "\(folder.path)/x", messageLimit: 50, values: values)
    }
    guard case .tooLarge(_, 50) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(folder.names().isEmpty)
  }

  @Test func `values of another count leave no file behind`() {
    let error = #expect(throws: ONNXError.self) {
      try linearModel().write(to: "\(folder.path)/x") { _ in [1, 2] }
    }
    #expect(error == .wrongValueCount(path: "layer/weight", found: 2, expected: 6))
    #expect(folder.names().isEmpty)
  }

  @Test func `a folder that is missing is named`() {
    let error = #expect(throws: ONNXError.self) {
      try linearModel().write(to: "\(folder.path)/none/x.onnx", values: values)
    }
    #expect(error?.description.contains("\(folder.path)/none") == true)
  }
}
