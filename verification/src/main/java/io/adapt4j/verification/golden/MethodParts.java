package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Report;
import java.nio.file.Files;
import java.nio.file.Path;

/** Golden files of single methods: a JSON file with cases, and a file with its tensors. */
final class MethodParts {

  private static final String JSON = ".json";

  private MethodParts() {}

  /** Returns whether a file has cases under a field, the first of them with an option. */
  static boolean hasCase(GoldenSource source, String field, String option) {
    JsonNode cases = source.json().path(field);
    return source.isFile()
        && cases.isObject()
        && !cases.isEmpty()
        && cases.elements().next().has(option);
  }

  /** Opens the tensors beside a file. */
  static GoldenFolder open(GoldenSource source, Report.Section section) {
    Path file = source.path().toAbsolutePath();
    String name = file.getFileName().toString();
    String tensors = name.substring(0, name.length() - JSON.length()) + ".safetensors";
    Path folder = file.getParent();
    if (!Files.exists(folder.resolve(tensors))) {
      throw new GoldenException(file + ": expected " + tensors + " beside it, found none");
    }
    return GoldenFolder.open(folder, source.json(), tensors, section);
  }
}
