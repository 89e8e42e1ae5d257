package io.adapt4j.spark.internal.train;

import io.adapt4j.spark.data.ShardedData;
import io.adapt4j.spark.data.SparkDatasets;
import java.nio.file.Path;
import java.util.Optional;

/** Where rows of a run come from: shards, or a DataFrame that becomes shards. */
public sealed interface FrameSource {

  /**
   * Takes a DataFrame.
   *
   * @param option what names it in messages
   * @param rows the rows
   * @return the source
   */
  static FrameSource of(String option, SparkDatasets rows) {
    return new Frame(option, rows);
  }

  /**
   * Takes shards.
   *
   * @param shards the rows
   * @return the source
   */
  static FrameSource of(ShardedData shards) {
    return new Written(shards);
  }

  /**
   * Returns where rows are written to.
   *
   * @param output the run's folder
   * @return the folder; empty where they are shards already
   */
  Optional<Path> folder(Path output);

  /**
   * Refuses columns that no training data can be made of.
   *
   * @return what the columns are, if they are prompts without answers; empty for all else
   */
  Optional<String> check();

  /**
   * Returns whether there are shards.
   *
   * @param output the run's folder
   * @return whether all of them were written
   */
  boolean isWritten(Path output);

  /**
   * Finds the shards.
   *
   * @param output the run's folder
   * @return those there are
   */
  ShardedData shards(Path output);

  /**
   * Writes the shards.
   *
   * @param output the run's folder
   * @return the shards
   */
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
