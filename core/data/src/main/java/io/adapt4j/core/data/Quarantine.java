package io.adapt4j.core.data;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.FileTransaction;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.WriteFailure;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes malformed rows to a JSON Lines file, with their problems. */
final class Quarantine implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Quarantine.class);

  private final Path file;
  private final FileTransaction transaction = new FileTransaction();
  private @Nullable BufferedWriter writer;

  Quarantine(Path file) {
    this.file = file;
  }

  /** Adds a row; the bytes are null if there are too many. */
  void add(Path source, long line, @Nullable String problem, byte @Nullable [] bytes) {
    ObjectNode entry = JsonNodeFactory.instance.objectNode();
    entry.put("file", source.toString()).put("line", line).put("problem", problem);
    if (bytes != null) {
      put(entry, bytes);
    }
    try {
      if (writer == null) {
        writer = Files.newBufferedWriter(transaction.stage(file));
      }
      writer.write(Json.compact(entry));
      writer.write("\n");
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private static void put(ObjectNode entry, byte[] bytes) {
    try {
      entry.put(
          "row", StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      entry.put("base64", Base64.getEncoder().encodeToString(bytes));
    }
  }

  /** Moves the file into place; returns whether there was any row. */
  boolean commit() {
    if (writer == null) {
      return false;
    }
    try {
      writer.close();
      transaction.commit();
      return true;
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private DatasetException unwritable(IOException cause) {
    return new DatasetException(
        file + ": writing malformed rows failed: " + WriteFailure.explain(file, cause) + ".",
        cause);
  }

  @Override
  public void close() {
    try (transaction) {
      if (writer != null) {
        writer.close();
      }
    } catch (IOException e) {
      // An uncommitted file is deleted; an earlier failure is the one to report.
      LOG.debug("{} cannot be closed", file, e);
    }
  }
}
