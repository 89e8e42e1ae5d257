package io.adapt4j.spark.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Runs of a small model, as files. */
final class Recipe {

  static final Path MODEL =
      Path.of("..", "..", "examples", "models", "stories260K").toAbsolutePath().normalize();

  private static final String[] ENDS = {
    "the sun.", "a big red ball and her dog.", "it.", "to play a lot with the cat."
  };

  private Recipe() {}

  /** Writes the data, texts of ragged lengths. */
  static Path data(Path folder, int rows) throws IOException {
    String lines =
        IntStream.range(0, rows)
            .mapToObj(
                row ->
                    "{\"prompt\": \"Once %s\", \"completion\": \" a girl liked %s\"}"
                        .formatted("upon ".repeat(row % 5) + row, ENDS[row % ENDS.length]))
            .collect(Collectors.joining("\n"));
    return Files.writeString(folder.resolve("data.jsonl"), lines + "\n");
  }

  /** Writes a recipe whose output is a folder of the same name. */
  static Path write(Path folder, String name, String... keys) throws IOException {
    String text =
        """
        model: %s
        data: {path: data.jsonl}
        output: %s
        batchSize: 2
        epochs: 1
        learningRate: 1e-2
        maxGradientNorm: 0.1
        precision: fp32
        seed: 5
        """
            .formatted(MODEL, name);
    return Files.writeString(folder.resolve(name + ".yaml"), text + String.join("\n", keys) + "\n");
  }
}
