package io.adapt4j.spark.internal.train;

import io.adapt4j.spark.data.ShardedData;
import io.adapt4j.spark.data.SparkDatasets;
import java.nio.file.Path;
import java.util.Optional;

/** Source of a run's rows: shards, or a DataFrame to be written as shards. */
public sealed interface FrameSource {

  /** Creates a source from a DataFrame. */
  static FrameSource of(String option, SparkDatasets rows) {
    return new Frame(option, rows);
  }

  /** Creates a source from shards. */
  static FrameSource of(ShardedData shards) {
    return new Written(shards);
  }

  /** Returns the folder that rows are written to. */
  Optional<Path> folder(Path output);

  /** Returns the problem with columns unusable as training data, if any. */
  Optional<String> check();

  /** Returns whether the shards are written. */
  boolean isWritten(Path output);

  /** Returns the existing shards. */
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
