package io.adapt4j.spark.internal.train;

import io.adapt4j.spark.data.ShardedData;
import io.adapt4j.spark.data.SparkDatasets;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Source of a run's rows: shards, or a DataFrame to be written as shards. */
public record FrameSource(
    String option, @Nullable SparkDatasets frame, @Nullable ShardedData given) {

  private String uri(Path output) {
    return place(output).toUri().toString();
  }

  private Path place(Path output) {
    return output.toAbsolutePath().normalize().resolve("data").resolve(option);
  }

  /** Returns the folder that rows are written to. */
  Optional<Path> folder(Path output) {
    return frame == null ? Optional.empty() : Optional.of(place(output));
  }

  /** Returns the problem with columns unusable as training data, if any. */
  Optional<String> check() {
    return frame == null ? Optional.empty() : TrainingFrame.check(option, frame);
  }

  boolean isWritten(Path output) {
    return given != null || ShardedData.isAt(uri(output));
  }

  ShardedData shards(Path output) {
    return given == null ? ShardedData.at(uri(output)) : given;
  }

  ShardedData write(Path output) {
    return frame == null ? shards(output) : TrainingFrame.write(option, frame, place(output));
  }
}
