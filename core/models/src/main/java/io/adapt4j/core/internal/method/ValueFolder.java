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
import io.adapt4j.core.internal.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Format of a folder with trained values: a file of tensors and a file that describes them. */
enum ValueFolder {
  /** Replacement values of base parameters. */
  SELECTION("selected_parameters"),
  /** Parameters of weight updates. */
  UPDATE("weight_update");

  private final String name;

  ValueFolder(String name) {
    this.name = name;
  }

  private Path config(Path folder) {
    return folder.resolve(name + ".json");
  }

  private Path weights(Path folder) {
    return folder.resolve(name + ".safetensors");
  }

  boolean isThere(Path folder) {
    return Files.exists(config(folder));
  }

  /** Returns the description of the method that trained the values. */
  String method(Path folder) {
    return ConfigReader.read(config(folder)).requireText("method");
  }

  Checkpoint open(Path folder) {
    return Checkpoint.openFile(weights(folder));
  }

  /** Writes both files together, or neither. */
  void write(Path folder, String method, Path base, List<TensorData> tensors) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("method", method).put("base_model_name_or_path", base.toString());
    try (FileTransaction transaction = new FileTransaction()) {
      SafetensorsWriter.create().writeFile(transaction.stage(weights(folder)), tensors);
      Files.writeString(transaction.stage(config(folder)), Json.indented(config));
      transaction.commit();
    } catch (IOException e) {
      throw new CheckpointException(
          folder + ": writing the values failed: " + WriteFailure.explain(folder, e) + ".", e);
    }
  }
}
