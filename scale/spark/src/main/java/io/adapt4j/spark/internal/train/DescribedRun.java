package io.adapt4j.spark.internal.train;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.task.WorkerRun;
import io.adapt4j.core.internal.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Serialized description of a run for the workers. */
public record DescribedRun(String text, int microBatches, Path output, boolean resumes) {

  /** Extracts what workers need from a description. */
  public static DescribedRun of(RunDescription description) {
    String text = description.text();
    JsonNode keys = Json.written(text);
    return new DescribedRun(
        text,
        keys.path("gradientAccumulation").asInt(1),
        Path.of(keys.path("output").asText()),
        keys.path("resume").asBoolean());
  }

  /** {@return whether the task is next-token prediction} */
  public boolean predictsNextTokens() {
    return Json.written(text).path("task").asText().equals("nextTokens");
  }

  /** Returns whether the run trains on a split's data, and has no other validation data. */
  public boolean reads(Split data) {
    JsonNode keys = Json.written(text);
    return !keys.has("validation")
        && data.train()
            .origin()
            .description()
            .filter(origin -> Json.written(origin).equals(keys.path("data")))
            .isPresent();
  }

  /** {@return the handling of an earlier run in the output folder} */
  public WorkerRun.Start start() {
    return resumes ? WorkerRun.Start.RESUME : WorkerRun.Start.OVERWRITE;
  }

  /**
   * Deletes the states of an earlier run that is replaced, so that no attempt resumes from them.
   */
  public void clearStates() {
    if (resumes) {
      return;
    }
    try {
      AtomicFolders.delete(output.resolve(Trainer.STATES));
    } catch (IOException e) {
      throw SettingsException.ofFineTuning(
          List.of("output %s: deleting old states failed: %s".formatted(output, e)));
    }
  }
}
