package io.adapt4j.spark.internal.train;

import io.adapt4j.spark.data.ShardedData;
import io.adapt4j.spark.data.SparkDatasets;
import java.nio.file.Path;
import java.util.Optional;

/** Where rows of a run come from: shards, or a DataFrame that becomes shards. */
public sealed interface FrameSource {

  /** Takes a DataFrame. */
  static FrameSource of(String option, SparkDatasets rows) {
    return new Frame(option, rows);
  }

  /** Takes shards. */
  static FrameSource of(ShardedData shards) {
    return new Written(shards);
  }

  /** Returns where rows are written to. */
  Optional<Path> folder(Path output);

  /** Refuses columns that no training data can be made of. */
  Optional<String> check();

  /** Returns whether there are shards. */
  boolean isWritten(Path output);

  /** Finds the shards. */
  ShardedData shards(Path output);

  /** Writes the shards. */
  ShardedData write(Path output);

  /** A DataFrame. */
  record Frame(String option, SparkDatasets rows) implements FrameSource {

    private Path place(Path output) {
      return output.toAbsolutePath().normalize().resolve("data").resolve(option);
    }

    @Override
    public Optional<Path> folder(Path output) {
      return Optional.of(place(output));
    }

    @Override
    public Optional<String> check() {
      return TrainingFrame.check(option, rows);
    }

    @Override
    public boolean isWritten(Path output) {
      return ShardedData.isAt(place(output).toUri().toString());
    }

    @Override
    public ShardedData shards(Path output) {
      return ShardedData.at(place(output).toUri().toString());
    }

    @Override
    public ShardedData write(Path output) {
      return TrainingFrame.write(option, rows, place(output));
    }
  }

  /** Shards. */
  record Written(ShardedData rows) implements FrameSource {

    @Override
    public Optional<Path> folder(Path output) {
      return Optional.empty();
    }

    @Override
    public Optional<String> check() {
      return Optional.empty();
    }

    @Override
    public boolean isWritten(Path output) {
      return true;
    }

    @Override
    public ShardedData shards(Path output) {
      return rows;
    }

    @Override
    public ShardedData write(Path output) {
      return rows;
    }
  }
}
