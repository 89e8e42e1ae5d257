package io.adapt4j.core.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AppendedLines;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.ProcessLock;
import io.adapt4j.core.internal.WriteFailure;
import java.io.BufferedInputStream;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The results of an incomplete batch, next to the output: a first line that describes the batch,
 * then one line per row in completion order, each with a checksum.
 */
final class PartFile implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(PartFile.class);
  private static final String ROW = "row";
  private static final String ERROR = "error";

  /** Key of the result's field name in the description of a batch. */
  static final String FIELD = "field";

  private final Path output;
  private final Path part;
  private final ProcessLock lock;
  private final String field;
  private final AppendedLines lines;
  private final BitSet done = new BitSet();
  private int failed;
  private @Nullable ObjectNode stored;

  private PartFile(Path output, ProcessLock lock, ObjectNode batch, int rows) throws IOException {
    this.output = output;
    this.part = part(output);
    this.lock = lock;
    this.field = batch.path(FIELD).asText();
    this.lines = AppendedLines.open(part, line -> read(line, rows));
    try {
      if (stored != null) {
        requireSame(stored, batch);
      } else if (done.isEmpty()) {
        lines.append(CheckedJson.line(batch));
      } else {
        throw new BatchException(
            part
                + ": the line that says which batch its results are of is damaged. Put it back from a"
                + " copy, or say overwrite() to begin again.");
      }
    } catch (IOException | RuntimeException e) {
      lines.close();
      throw e;
    }
  }

  /** Opens the results of a batch, or creates them. */
  static PartFile open(Path output, ObjectNode batch, int rows, boolean overwrite) {
    if (Files.exists(output) && !overwrite) {
      throw new BatchException(
          output
              + ": expected a file that is not there yet, found one. Name another, or say"
              + " overwrite().");
    }
    try {
      Optional<ProcessLock> lock =
          ProcessLock.tryTake(output.resolveSibling(output.getFileName() + ".lock"));
      if (lock.isEmpty()) {
        throw new BatchException(
            output + ": another process is writing it. Wait for it, or name another file.");
      }
      try {
        if (overwrite) {
          Files.deleteIfExists(part(output));
        }
        return new PartFile(output, lock.get(), batch, rows);
      } catch (IOException | RuntimeException e) {
        lock.get().close();
        throw e;
      }
    } catch (IOException e) {
      throw unwritable(part(output), e);
    }
  }

  private static Path part(Path output) {
    return output.resolveSibling(output.getFileName() + ".part");
  }

  private static BatchException unwritable(Path file, IOException cause) {
    return new BatchException(
        file + ": writing failed: " + WriteFailure.explain(file, cause) + ".", cause);
  }

  private void read(String line, int rows) throws IOException {
    ObjectNode object = (ObjectNode) CheckedJson.ofLine(line);
    if (object.has(ROW)) {
      count(requireResult(object, rows), object);
    } else {
      stored = object;
    }
  }

  /** Returns the row of a result line. */
  private int requireResult(JsonNode object, int rows) throws IOException {
    int row = object.path(ROW).asInt(-1);
    if (row < 0 || row >= rows) {
      throw new IOException("there is no row " + row);
    }
    if (!object.has(field) && !object.has(ERROR)) {
      throw new IOException("it has neither the field '" + field + "' nor an error");
    }
    return row;
  }

  private void count(int row, JsonNode object) {
    if (!done.get(row)) {
      done.set(row);
      failed += object.has(ERROR) ? 1 : 0;
    }
  }

  private void requireSame(JsonNode before, JsonNode now) {
    TreeSet<String> names = new TreeSet<>();
    before.fieldNames().forEachRemaining(names::add);
    now.fieldNames().forEachRemaining(names::add);
    List<String> differences = new ArrayList<>();
    for (String name : names) {
      if (!before.path(name).equals(now.path(name))) {
        differences.add("%s was %s, now %s".formatted(name, shown(before, name), shown(now, name)));
      }
    }
    if (!differences.isEmpty()) {
      throw new BatchException(
          "%s: has results of another batch: %s. Go on with that batch, name another output, or say overwrite()."
              .formatted(part, String.join("; ", differences)));
    }
  }

  private static String shown(JsonNode batch, String name) {
    return batch.has(name) ? Json.compact(batch.get(name)) : "not set";
  }

  /** Returns the number of rows with results. */
  synchronized int done() {
    return done.cardinality();
  }

  /** Returns the number of rows with an error as their result. */
  synchronized int failed() {
    return failed;
  }

  /** Returns the rows without results, in order; some may be stored in the meantime. */
  synchronized int[] missing(int rows) {
    BitSet missing = new BitSet();
    missing.set(0, rows);
    missing.andNot(done);
    return missing.stream().toArray();
  }

  synchronized void store(int row, ObjectNode result) {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.put(ROW, row);
    line.setAll(result);
    try {
      lines.append(CheckedJson.line(line));
    } catch (IOException e) {
      throw unwritable(part, e);
    }
    count(row, result);
  }

  static ObjectNode failure(String message) {
    return JsonNodeFactory.instance.objectNode().put(ERROR, message);
  }

  /** Writes the output: the fields and result of each row. */
  synchronized void finish(int rows, IntFunction<ObjectNode> fields) {
    try {
      lines.force();
      Places places = places(rows);
      try (FileChannel stored = FileChannel.open(part, StandardOpenOption.READ)) {
        AtomicFiles.write(output, channel -> write(channel, stored, places, fields));
      }
    } catch (IOException e) {
      throw unwritable(output, e);
    }
    try {
      lines.close();
      Files.delete(part);
    } catch (IOException e) {
      LOG.warn("{}, whose results are in {}, cannot be removed: {}", part, output, e.toString());
    }
  }

  private static void write(
      FileChannel output, FileChannel stored, Places places, IntFunction<ObjectNode> fields)
      throws IOException {
    // Closing the writer would close the caller's channel.
    // Not Channels.newWriter, which loses data after partial writes.
    BufferedWriter writer =
        new BufferedWriter(
            new OutputStreamWriter(Channels.newOutputStream(output), StandardCharsets.UTF_8));
    for (int row = 0; row < places.rows(); row++) {
      ObjectNode line = fields.apply(row);
      ObjectNode result = (ObjectNode) CheckedJson.ofLine(places.read(stored, row));
      result.remove(ROW);
      line.setAll(result);
      writer.write(Json.compact(line));
      writer.write('\n');
    }
    writer.flush();
  }

  /** Byte offsets of each row's line. */
  private static final class Places {

    private final long[] starts;
    private final int[] lengths;

    Places(int rows) {
      this.starts = new long[rows];
      this.lengths = new int[rows];
    }

    void put(int row, long start, int length) {
      starts[row] = start;
      lengths[row] = length;
    }

    int rows() {
      return starts.length;
    }

    String read(FileChannel file, int row) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(lengths[row]);
      while (bytes.hasRemaining()) {
        if (file.read(bytes, starts[row] + bytes.position()) < 0) {
          throw new EOFException("the result of row " + row + " is cut off");
        }
      }
      return StandardCharsets.UTF_8.decode(bytes.flip()).toString();
    }
  }

  private Places places(int rows) throws IOException {
    Places places = new Places(rows);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    long start = 0;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(part))) {
      for (int next = in.read(); next >= 0; next = in.read()) {
        if (next != '\n') {
          line.write(next);
          continue;
        }
        int row = row(line.toString(StandardCharsets.UTF_8), rows);
        if (row >= 0) {
          places.put(row, start, line.size());
        }
        start += line.size() + 1;
        line.reset();
      }
    }
    return places;
  }

  /** Returns the row of a line; -1 for a damaged line or the description of the batch. */
  private int row(String line, int rows) {
    try {
      JsonNode object = CheckedJson.ofLine(line);
      return object.has(ROW) ? requireResult(object, rows) : -1;
    } catch (IOException e) {
      return -1;
    }
  }

  @Override
  public synchronized void close() {
    try (lock) {
      lines.close();
    } catch (IOException e) {
      throw unwritable(part, e);
    }
  }
}
