package io.adapt4j.examples.golden;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.checkpoint.CheckpointException;
import java.util.List;

/** A model of pickled weights only: it passes by being refused as documented. */
final class PickledCheck {

  static final Kind KIND = new Kind("pickled weights", PickledCheck::isPickled, PickledCheck::run);

  private static final List<String> SAFE =
      List.of("model.safetensors", "model.safetensors.index.json");

  private PickledCheck() {}

  private static boolean isPickled(GoldenSource source) {
    return source.has("config.json")
        && SAFE.stream().noneMatch(source::has)
        && source.files().stream()
            .anyMatch(name -> name.endsWith(".bin") || name.endsWith(".bin.index.json"));
  }

  private static void run(GoldenSource source, Report.Section section) {
    try (Checkpoint opened = Checkpoint.open(source.path())) {
      section.failed("refused", "expected a refusal, found " + opened.names().size() + " tensors");
    } catch (CheckpointException e) {
      boolean documented =
          e.getMessage().contains("Pickle files are refused")
              && e.getMessage().contains("safe_serialization=True");
      section.equal(
          "refused",
          "the documented refusal of pickle files",
          documented ? "the documented refusal of pickle files" : e.getMessage());
    }
  }
}
