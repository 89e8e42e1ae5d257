package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.describe.Fields;
import java.util.Optional;

/**
 * The keys {@code data}, {@code validation} and {@code replay}. If training and validation data are
 * parts of one split, {@code data} describes both. For a run with replay, the mixture is written as
 * its data.
 */
public final class DataKeys {

  private DataKeys() {}

  /**
   * Reads the rows of an earlier task, described like other data, with their share in the mixture.
   */
  static Optional<Replay> replay(Fields fields) {
    return fields
        .mapping("replay")
        .flatMap(
            replay -> {
              replay.require("share", "Write the share of these rows in the whole, such as 0.1.");
              Optional<Double> share =
                  replay.number("share", "above 0 and below 1", value -> value > 0 && value < 1);
              Optional<Split> rows = DataDescription.open(replay);
              return share.flatMap(number -> rows.map(split -> new Replay(split.train(), number)));
            });
  }

  /** Reads the data; its validation part comes from the key {@code validation}, if present. */
  public static Optional<Split> split(Fields fields) {
    fields.require("data", "Write 'data: {path: FILE}'.");
    Optional<Split> data = fields.mapping("data").flatMap(DataDescription::open);
    Optional<Split> held = fields.mapping("validation").flatMap(DataDescription::open);
    if (held.isEmpty() || data.isEmpty()) {
      return data;
    }
    if (data.get().validation().size() > 0) {
      fields.problem(
          "validation",
          "the split of data has a validation part too. Keep one of them: set the split's"
              + " validation to 0, or leave this key out.");
    }
    return Optional.of(new Split(data.get().train(), held.get().train(), data.get().test()));
  }

  static Optional<ObjectNode> training(FineTuneSettings settings) {
    Optional<ObjectNode> train = described(settings.train());
    if (isOneSplit(settings)) {
      train.ifPresent(node -> ((ObjectNode) node.get("split")).remove("part"));
    }
    return train;
  }

  static Optional<ObjectNode> held(FineTuneSettings settings) {
    return isOneSplit(settings)
        ? Optional.empty()
        : settings.validation().flatMap(DataKeys::described);
  }

  /** Returns the description from which data can be opened again. */
  private static Optional<ObjectNode> described(Dataset data) {
    return data.origin().description().map(text -> (ObjectNode) Json.written(text));
  }

  /**
   * Returns whether training data, possibly balanced, and validation data are parts of one split.
   */
  private static boolean isOneSplit(FineTuneSettings settings) {
    Optional<ObjectNode> train = part(settings.train(), "train");
    Optional<ObjectNode> held = settings.validation().flatMap(data -> part(data, "validation"));
    train.ifPresent(node -> node.remove("balance"));
    return train.isPresent() && train.equals(held);
  }

  /** Returns the description of a part without the part's name, if it is that part. */
  private static Optional<ObjectNode> part(Dataset data, String name) {
    Optional<ObjectNode> description = described(data);
    JsonNode split = description.map(node -> node.path("split")).orElse(null);
    return split instanceof ObjectNode options && name.equals(options.path("part").asText())
        ? Optional.of(removed(description.get(), options))
        : Optional.empty();
  }

  private static ObjectNode removed(ObjectNode description, ObjectNode options) {
    options.remove("part");
    return description;
  }
}
