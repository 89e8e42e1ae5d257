package io.adapt4j.core.internal.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import io.adapt4j.core.internal.describe.Fields;
import io.adapt4j.core.model.ModelSource;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The key {@code model}: a folder as a string, {@code path}, or {@code hub} with {@code revision}.
 */
final class ModelKey {

  private ModelKey() {}

  static Optional<ModelSource> read(Fields fields) {
    fields.require("model", "Write 'model: FOLDER', or 'model: {hub: OWNER/NAME}'.");
    boolean isFolder =
        fields.find("model").filter(value -> value.content() instanceof String).isPresent();
    if (isFolder) {
      return fields.file("model").map(ModelSource::path);
    }
    return fields.mapping("model").flatMap(ModelKey::source);
  }

  private static Optional<ModelSource> source(Fields model) {
    model.exclude("path", "hub");
    Optional<Path> path = model.file("path");
    Optional<String> hub = model.text("hub");
    String revision = model.text("revision").orElse(Hub.DEFAULT_REVISION);
    model.finish();
    if (path.isPresent()) {
      return path.map(ModelSource::path);
    }
    if (hub.isEmpty() && model.written().stream().noneMatch("hub"::equals)) {
      model.problem("", "expected path or hub, found neither. Write one of them.");
    }
    return hub.map(repository -> ModelSource.hub(repository, revision));
  }

  /**
   * Writes a source; the revision of a downloaded hub model is its commit, which identifies its
   * files.
   */
  static JsonNode write(ModelSource model) {
    ObjectNode keys = JsonNodeFactory.instance.objectNode();
    if (model.repository().isPresent()) {
      return keys.put("hub", model.repository().get())
          .put("revision", model.revision().orElseThrow());
    }
    return keys.put(
        "path", SingleFileModels.origin(model.folder()).toAbsolutePath().normalize().toString());
  }
}
