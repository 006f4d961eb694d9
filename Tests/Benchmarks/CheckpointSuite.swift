internal import CPUDevice
internal import Checkpoints
internal import Glibc
internal import Training

/// Checkpoints: written beside the disk's own speed, what a run loses by them, how soon one begins.
struct CheckpointSuite {
  private let trial: CheckpointRun

  init(_ options: Options) {
    trial = CheckpointRun(options)
  }

  func run() async -> [NamedFigure] {
    defer { trial.remove() }
    let training = await trial.train()
    let bytes = Double(trial.checkpointBytes)
    var table = Table(
      "Checkpoints of \(Figure.number(bytes * 1e-6)) MB: \(trial.title)",
      columns: ["", "time", "bound", "share"])
    let disk = trial.disk()
    table.add([
      "written, flushed, read back", Figure.seconds(disk.checkpoint.seconds),
      "\(Figure.seconds(disk.plain.seconds)), plain writing and a flush",
      Figure.percent(disk.plain.seconds / disk.checkpoint.seconds),
    ])
    table.add([
      "processor time of it", Figure.seconds(disk.checkpoint.processorSeconds),
      "\(Figure.seconds(disk.plain.processorSeconds)), plain writing and a flush", "",
    ])
    var figures: [NamedFigure] = []
    for isCached in [true, false] {
      let start = await trial.start(isCached: isCached)
      let name = "checkpoint/\(isCached ? "cached" : "disk")"
      figures += [
        NamedFigure("\(name)_start_seconds", start.start),
        NamedFigure("\(name)_reading_seconds", start.reading),
      ]
      table.add([
        "from the start to the first step, \(isCached ? "cached" : "from the disk")",
        Figure.seconds(start.start), "\(Figure.seconds(start.reading)), reading the file once",
        "\(Figure.fixed(start.start / start.reading, 2)) times",
      ])
    }
    table.add([
      "the longest digest alone, on one processor", Figure.seconds(trial.longestDigest()), "", "",
    ])
    table.add([
      "a step without a checkpoint", Figure.seconds(training.alone), "", "",
    ])
    table.add([
      "a step beside one that is written", Figure.seconds(training.beside), "",
      "\(Figure.fixed(training.beside / training.alone, 3)) times",
    ])
    table.add([
      "steps stand still, for each", Figure.milliseconds(training.stallSeconds) + " ms",
      Figure.milliseconds(training.longestStallSeconds) + " ms, the longest", "",
    ])
    Console.write(table.text)
    Console.write(
      "Writing: \(Figure.number(bytes / disk.checkpoint.seconds * 1e-9)) GB/s of "
        + "\(Figure.number(bytes / disk.plain.seconds * 1e-9)) GB/s. Copies took "
        + "\(training.copiedBytes >> 20) MiB at most.")
    return figures + [
      NamedFigure("checkpoint/bytes", bytes),
      NamedFigure("checkpoint/write_seconds", disk.checkpoint.seconds),
      NamedFigure("checkpoint/plain_write_seconds", disk.plain.seconds),
      NamedFigure("checkpoint/step_seconds", training.alone),
      NamedFigure("checkpoint/step_beside_seconds", training.beside),
      NamedFigure("checkpoint/stall_seconds", training.stallSeconds),
      NamedFigure("checkpoint/longest_stall_seconds", training.longestStallSeconds),
    ]
  }
}

extension Figure {
  static func seconds(_ seconds: Double) -> String { number(seconds) + " s" }
}
