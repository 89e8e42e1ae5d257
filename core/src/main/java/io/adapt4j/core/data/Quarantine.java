package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.FileTransaction;
import io.adapt4j.core.internal.Json;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Keeps malformed rows in a JSON Lines file, with what is wrong with them. */
final class Quarantine implements AutoCloseable {

  private final Path file;
  private final FileTransaction transaction = new FileTransaction();
  private @Nullable BufferedWriter writer;

  Quarantine(Path file) {
    this.file = file;
  }

  /** Adds a row; the bytes may be null where they are too many. */
  void add(Path source, long line, @Nullable String problem, byte @Nullable [] bytes)
      throws IOException {
    if (writer == null) {
      writer = Files.newBufferedWriter(transaction.stage(file));
    }
    ObjectNode entry = JsonNodeFactory.instance.objectNode();
    entry.put("file", source.toString()).put("line", line).put("problem", problem);
    if (bytes != null) {
      put(entry, bytes);
    }
    writer.write(Json.compact(entry));
    writer.write("\n");
  }

  private static void put(ObjectNode entry, byte[] bytes) {
    try {
      entry.put(
          "row", StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      entry.put("base64", Base64.getEncoder().encodeToString(bytes));
    }
  }

  /** Puts the file in place; returns whether there was any row. */
  boolean commit() throws IOException {
    if (writer == null) {
      return false;
    }
    writer.close();
    transaction.commit();
    return true;
  }

  @Override
  public void close() throws IOException {
    try (transaction) {
      if (writer != null) {
        writer.close();
      }
    }
  }
}
