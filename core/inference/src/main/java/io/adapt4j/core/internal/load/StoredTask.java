package io.adapt4j.core.internal.load;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.TaskAdapters;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A task's LoRA adapter, chosen from those stored with a model's weights. */
public record StoredTask(TaskAdapters adapters, String name) {

  /** Finds a model's adapter. */
  public static StoredTask require(Path folder, String name) {
    Optional<TaskAdapters> adapters = TaskAdapters.in(folder);
    List<String> names = adapters.map(TaskAdapters::names).orElse(List.of());
    if (!names.contains(name)) {
      throw new IllegalArgumentException(
          "task: expected %s, found '%s', for the model %s"
              .formatted(
                  names.isEmpty()
                      ? "none, as the model's config.json has no lora_adaptations"
                      : "one of " + names,
                  name,
                  folder));
    }
    return new StoredTask(adapters.orElseThrow(), name);
  }

  /** Returns the weights with the adapter added. */
  public Checkpoint addedTo(Checkpoint stored) {
    List<String> names = adapters.names();
    return stored.adapted(names.indexOf(name), names.size(), adapters.rank(), adapters.factor());
  }

  /** Returns the text that precedes the task's texts; may be empty. */
  public String instruction() {
    return adapters.instructions().getOrDefault(name, "");
  }
}
