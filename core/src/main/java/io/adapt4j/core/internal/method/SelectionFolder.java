package io.adapt4j.core.internal.method;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.FileTransaction;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A folder with values of some parameters: a file of tensors, and one that says what they are. */
final class SelectionFolder {

  /** Says which method trained the values, and on which base. */
  static final String CONFIG = "selected_parameters.json";

  private static final String WEIGHTS = "selected_parameters.safetensors";

  private SelectionFolder() {}

  static boolean isThere(Path folder) {
    return Files.exists(folder.resolve(CONFIG));
  }

  static Checkpoint open(Path folder) {
    return Checkpoint.openFile(folder.resolve(WEIGHTS));
  }

  /** Writes both files together, or neither. */
  static void write(Path folder, String method, Path base, List<TensorData> tensors) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("method", method).put("base_model_name_or_path", base.toString());
    try (FileTransaction transaction = new FileTransaction()) {
      SafetensorsWriter.create().writeFile(transaction.stage(folder.resolve(WEIGHTS)), tensors);
      Files.writeString(transaction.stage(folder.resolve(CONFIG)), Json.indented(config));
      transaction.commit();
    } catch (IOException e) {
      throw new CheckpointException(
          folder + ": writing the values failed: " + WriteFailure.explain(folder, e) + ".", e);
    }
  }
}
