import Autodiff
import FileTestSupport
import Foundation
import Testing

@testable import ONNXExport

/// Models read back without their values, and damage found by their digest.
@Suite struct ONNXDigestTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func write(
    outputs: Int = 3, messageLimit: Int = ONNXModel.messageLimit
  ) throws {
    let graph = Graph()
    let weight = graph[Parameter(path: "layer/weight", sizes: [outputs, 2], initializer: .zeros)]
    let bias = graph[Parameter(path: "layer/bias", sizes: [outputs], initializer: .zeros)]
    let x = graph.input("x", [Extent(.images), 2])
    let model = try ONNXModel(
      graph: graph, name: "linear", outputs: [("y", x.affineMap(weight: weight, bias: bias))],
      axisNames: [(.images, "batch")], metadata: [.init("duiqi.family", "test")])
    _ = try model.write(to: "\(folder.path)/linear.onnx", messageLimit: messageLimit) {
      (0..<($0 == "layer/bias" ? outputs : 2 * outputs)).map { Float($0) }
    }
  }

  /// Whether anything is found in a file that once was whole.
  private func isDamaged() -> Bool {
    do {
      return try !ONNXFile("\(folder.path)/linear.onnx").findings().isEmpty
    } catch {
      return true
    }
  }

  private func replace(_ name: String, by bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(filePath: "\(folder.path)/\(name)"))
  }

  @Test func `what was written is read back`() throws {
    try write()
    let file = try ONNXFile("\(folder.path)/linear.onnx")
    #expect(file.name == "linear" && file.producer == "duiqi")
    #expect(file.formatVersion == 8 && file.operatorSet == 17 && file.nodeCount == 2)
    #expect(
      file.inputs == [
        ONNXValue(name: "x", elementType: .float32, dimensions: [.named("batch"), .fixed(2)])
      ])
    #expect(file.outputs.map(\.name) == ["y"])
    #expect(file.tensors.map(\.name) == ["layer/weight/transposed", "layer/bias"])
    #expect(file.tensors.map(\.sizes) == [[2, 3], [3]])
    #expect(file.tensors.map(\.byteCount) == [24, 12])
    #expect(file.metadata.first == .init("duiqi.family", "test"))
    #expect(try file.findings() == [])
  }

  @Test func `every single byte that is changed is noticed`() throws {
    try write()
    let whole = try folder.bytes(of: "linear.onnx")
    for offset in whole.indices {
      var bytes = whole
      bytes[offset] ^= 0x20
      try replace("linear.onnx", by: bytes)
      #expect(isDamaged(), "byte \(offset) of \(whole.count)")
    }
  }

  @Test func `a model that ends anywhere is noticed`() throws {
    try write()
    let whole = try folder.bytes(of: "linear.onnx")
    for count in whole.indices {
      try replace("linear.onnx", by: Array(whole[..<count]))
      #expect(isDamaged(), "\(count) of \(whole.count) bytes")
    }
  }

  @Test func `damage to the weights' own file is noticed`() throws {
    try write(outputs: 300, messageLimit: 1_500)
    #expect(folder.names() == ["linear.onnx", "linear.onnx.data"])
    #expect(try ONNXFile("\(folder.path)/linear.onnx").findings() == [])
    let data = try folder.bytes(of: "linear.onnx.data")
    for offset in [0, 23, 4_096, data.count - 1] {
      var bytes = data
      bytes[offset] ^= 1
      try replace("linear.onnx.data", by: bytes)
      #expect(isDamaged(), "byte \(offset)")
    }
    try replace("linear.onnx.data", by: Array(data.dropLast()))
    let findings = try ONNXFile("\(folder.path)/linear.onnx").findings()
    #expect(findings.count == 1 && findings[0].contains("`layer/bias`"))
    try FileManager.default.removeItem(atPath: "\(folder.path)/linear.onnx.data")
    #expect(isDamaged())
  }

  @Test func `lengths that lead out of the file or to 2^63 are refused`() throws {
    let hostile: [[UInt8]] = [
      [], [0x08], [0x3A, 0x05, 0x00],
      [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      [0x3A] + [UInt8](repeating: 0xFF, count: 11), [0x00, 0x01], [0x3B, 0x3C],
      Array("not a model at all".utf8),
    ]
    for bytes in hostile {
      try replace("linear.onnx", by: bytes)
      #expect(throws: ONNXError.self, "\(bytes)") {
        try ONNXFile("\(folder.path)/linear.onnx")
      }
    }
  }
}
