package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Makes checksums right after damage, so that it is not the checksum alone that finds it. */
final class Seals {

  private Seals() {}

  /** Seals the files whose paths match, where they still are objects, and the files they list. */
  static void json(Path folder, String paths) throws IOException {
    for (Map.Entry<String, byte[]> file : Parts.ofFolder(folder).contents().entrySet()) {
      Path path = folder.resolve(file.getKey());
      if (file.getKey().matches(paths)
          && parsed(new String(file.getValue(), UTF_8)) instanceof ObjectNode object
          && object.remove("checksum") != null) {
        if (object.path("files") instanceof ObjectNode files) {
          describe(files, path.getParent());
        }
        CheckedJson.write(path, object);
      }
    }
  }

  /** Seals each line of the files whose paths match, where it still is an object. */
  static void lines(Path folder, String paths) throws IOException {
    for (Map.Entry<String, byte[]> file : Parts.ofFolder(folder).contents().entrySet()) {
      if (file.getKey().matches(paths)) {
        StringBuilder lines = new StringBuilder();
        for (String line : new String(file.getValue(), UTF_8).split("\n", -1)) {
          if (parsed(line) instanceof ObjectNode object && object.remove("crc32c") != null) {
            lines.append(CheckedJson.line(object));
          } else {
            lines.append(line);
          }
          lines.append('\n');
        }
        lines.setLength(lines.length() - 1);
        Files.writeString(folder.resolve(file.getKey()), lines);
      }
    }
  }

  private static JsonNode parsed(String text) {
    try {
      return Json.parseStrictly(text);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  private static void describe(ObjectNode files, Path folder) throws IOException {
    for (Map.Entry<String, JsonNode> entry : files.properties()) {
      Path file = folder.resolve(entry.getKey().replace('\0', '?')).normalize();
      if (entry.getValue() instanceof ObjectNode sums
          && file.startsWith(folder)
          && Files.isRegularFile(file)) {
        sums.put("bytes", Files.size(file)).put("crc32c", FileDigest.crc32c(file));
      }
    }
  }
}
