package io.adapt4j.core.finetune;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.describe.Place;
import io.adapt4j.core.internal.describe.Value;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.recipe.WrittenRecipe;
import io.adapt4j.core.internal.task.RunReader;
import io.adapt4j.core.internal.task.TaskDefinitions;
import java.nio.file.Path;
import java.util.Set;

/** Runs written as descriptions and read back. */
final class WrittenRuns {

  private WrittenRuns() {}

  static WrittenRecipe write(FineTuneSettings settings) {
    return WrittenRecipe.of(settings, TaskDefinitions.OPTIONS);
  }

  static FineTuner.Builder builder(JsonNode keys) {
    Place place = Place.of("record", Path.of("").toAbsolutePath());
    return FineTuner.builder(RunReader.read(Value.of(keys, place), Set.of()));
  }
}
