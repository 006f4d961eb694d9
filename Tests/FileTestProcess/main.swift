import Checkpoints
import DurableFiles
import FileTestSupport
import Glibc

/// Does one thing with files for a test, until its input ends or it is killed.
///
///     FileTestProcess probe FILE          reads a file as `duiqi probe-hdf5` does
///     FileTestProcess lock FILE           holds a lock
///     FileTestProcess write-file FILE     holds a file that it does not publish
///     FileTestProcess write ROOT RUN      writes one checkpoint after the other
///     FileTestProcess fill-file FOLDER        writes a file of 4 MB, says how that went
///     FileTestProcess fill-checkpoint FOLDER  writes a checkpoint of 4 MB likewise

func say(_ text: String) {
  let bytes = Array(text.utf8)
  _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}

func waitForEndOfInput() {
  var byte: UInt8 = 0
  while read(STDIN_FILENO, &byte, 1) > 0 {}
}

func hold(_ path: String) throws(FileError) {
  let lock = try FileLock(path)
  withExtendedLifetime(lock) {
    say("locked")
    waitForEndOfInput()
  }
}

func holdUnpublished(_ path: String) throws(FileError) {
  let file = try AtomicFile(path)
  try file.write([1, 2, 3])
  say(Folder.lastName(of: file.temporaryPath))
  waitForEndOfInput()
}

func writeForEver(root: String, run: String) throws {
  let folder = try CheckpointFolder(root: root, run: run)
  var step = (CheckpointFolder.steps(in: folder.path).last ?? 0) + 1
  say("ready")
  while true {
    let tensors = SampleTensors(constant: Float(step), count: 8, sizes: [256, 512])
    try CheckpointWriter.write(
      to: folder.path(ofStep: step), document: .sample(step: step),
      parameters: tensors.checkpointTensors)
    try folder.adopt(step: step, isBest: step % 3 == 1, keep: 2)
    step += 1
  }
}

/// - Throws: never a failure of `body`: that is said, and what stands in the folder after it.
func report(in folder: String, _ body: () throws -> Void) throws {
  do {
    try body()
    say("done")
  } catch {
    say("\(error)")
  }
  say("\nleft: \(try Folder.names(in: folder))")
}

func fillFile(in folder: String) throws {
  try report(in: folder) {
    let file = try AtomicFile("\(folder)/a.txt")
    for _ in 0..<4 { try file.write([UInt8](repeating: 1, count: 1_000_000)) }
    try file.publish()
  }
}

func fillCheckpoint(in folder: String) throws {
  try report(in: folder) {
    let tensors = SampleTensors(constant: 1, count: 8, sizes: [256, 512])
    try CheckpointWriter.write(
      to: "\(folder)/a.h5", document: .sample(), parameters: tensors.checkpointTensors)
  }
}

let arguments = CommandLine.arguments.dropFirst()
do {
  switch (arguments.first, Array(arguments.dropFirst())) {
  case ("probe", let rest) where rest.count == 1: exit(HostileFileProbe.run(rest[0]))
  case ("lock", let rest) where rest.count == 1: try hold(rest[0])
  case ("write-file", let rest) where rest.count == 1: try holdUnpublished(rest[0])
  case ("write", let rest) where rest.count == 2: try writeForEver(root: rest[0], run: rest[1])
  case ("fill-file", let rest) where rest.count == 1: try fillFile(in: rest[0])
  case ("fill-checkpoint", let rest) where rest.count == 1: try fillCheckpoint(in: rest[0])
  default: exit(64)  // EX_USAGE of sysexits.h
  }
} catch {
  say("\(error)")
  exit(1)
}
