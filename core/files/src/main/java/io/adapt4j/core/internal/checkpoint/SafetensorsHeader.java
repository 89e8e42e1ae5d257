package io.adapt4j.core.internal.checkpoint;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Utf8;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Header of a safetensors file: eight bytes with its length, then a JSON object with the name,
 * type, shape and position of every tensor in the data section that follows.
 */
record SafetensorsHeader(Map<String, TensorEntry> entries, Map<String, String> metadata) {

  /** Key of the metadata entries, which is not a tensor. */
  static final String METADATA = "__metadata__";

  /** Maximum header size in bytes, as in the reference library. */
  static final long MAX_BYTES = 100_000_000;

  private static final String DAMAGED =
      "The file is damaged or not a safetensors file: download or save it again.";
  private static final String TRUNCATED = "The file is incomplete: download or save it again.";

  /** Reads and validates the header of an open file, without reading tensor data. */
  static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
    long fileSize = channel.size();
    if (fileSize < Long.BYTES) {
      throw CheckpointException.inFile(file, "at least 8 bytes", fileSize + " bytes", TRUNCATED);
    }
    long length =
        readFully(channel, 0, new byte[Long.BYTES]).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 0 || length > MAX_BYTES) {
      throw CheckpointException.inFile(
          file,
          "a header of at most " + MAX_BYTES + " bytes",
          "a header length of " + Long.toUnsignedString(length),
          DAMAGED);
    }
    if (length > fileSize - Long.BYTES) {
      throw CheckpointException.inFile(
          file,
          "a header that ends inside the file of " + fileSize + " bytes",
          "a header length of " + length,
          TRUNCATED);
    }
    byte[] header = new byte[(int) length];
    readFully(channel, Long.BYTES, header);
    long dataStart = Long.BYTES + length;
    return new Parser(file, dataStart, fileSize - dataStart).parse(header);
  }

  /** Encodes the header of tensors stored in the given order. */
  static ByteBuffer encode(List<TensorData> tensors, Map<String, String> metadata) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    if (!metadata.isEmpty()) {
      metadata.forEach(root.putObject(METADATA)::put);
    }
    long begin = 0;
    for (TensorData tensor : tensors) {
      long end = Math.addExact(begin, tensor.length());
      ObjectNode info = root.putObject(tensor.name());
      info.put("dtype", tensor.type().name());
      tensor.shape().forEach(info.putArray("shape")::add);
      info.putArray("data_offsets").add(begin).add(end);
      begin = end;
    }
    byte[] json = Json.compact(root).getBytes(StandardCharsets.UTF_8);
    // Padding with spaces to a multiple of 8 keeps the data aligned for 64-bit elements.
    byte[] padded = Arrays.copyOf(json, Math.addExact(json.length, -json.length & 7));
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    return ByteBuffer.allocate(Long.BYTES + padded.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(padded.length)
        .put(padded)
        .flip();
  }

  /** Returns the size in bytes, or -1 for a negative dimension or an overflow. */
  static long byteLength(StoredType type, List<Long> shape) {
    if (shape.stream().anyMatch(dimension -> dimension < 0)) {
      return -1;
    }
    if (shape.contains(0L)) {
      return 0;
    }
    long length = type.bytes();
    for (long dimension : shape) {
      if (dimension > Long.MAX_VALUE / length) {
        return -1;
      }
      length *= dimension;
    }
    return length;
  }

  private static ByteBuffer readFully(FileChannel channel, long position, byte[] target)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(target);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new EOFException("the file became shorter while it was read");
      }
    }
    return buffer.flip();
  }

  /** Parses the JSON text into validated entries. */
  private record Parser(Path file, long dataStart, long dataLength) {

    /** Parses one tensor at a time: a tree of the largest header would take a gigabyte. */
    SafetensorsHeader parse(byte[] header) throws IOException {
      if (!Utf8.isWellFormed(header)) {
        throw new CheckpointException(file + ": the header is not UTF-8 text. " + DAMAGED);
      }
      List<TensorEntry> entries = new ArrayList<>();
      JsonNode metadata = MissingNode.getInstance();
      try (JsonParser parser = Json.parser(new ByteArrayInputStream(header))) {
        requireObject(parser);
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          JsonNode value = Json.readTree(parser);
          if (name.equals(METADATA)) {
            metadata = value;
          } else {
            entries.add(entry(name, value));
          }
        }
        if (parser.nextToken() != null) {
          throw new JsonParseException(parser, "text after the object");
        }
      } catch (JsonProcessingException e) {
        throw new CheckpointException(
            file + ": the header is not valid JSON: " + e.getOriginalMessage() + ". " + DAMAGED, e);
      }
      entries.sort(
          Comparator.comparingLong(TensorEntry::offset).thenComparingLong(TensorEntry::length));
      checkDataIsCovered(entries);
      Map<String, TensorEntry> byName = new LinkedHashMap<>();
      entries.forEach(entry -> byName.put(entry.name(), entry));
      return new SafetensorsHeader(Collections.unmodifiableMap(byName), metadata(metadata));
    }

    private void requireObject(JsonParser parser) throws IOException {
      JsonToken first = parser.nextToken();
      if (first != JsonToken.START_OBJECT) {
        JsonNode found = first == null ? MissingNode.getInstance() : Json.readTree(parser);
        throw CheckpointException.inFile(file, "a JSON object as header", describe(found), DAMAGED);
      }
    }

    private TensorEntry entry(String name, JsonNode info) {
      StoredType type = type(name, info.path("dtype"));
      List<Long> shape = integers(name, "shape", info.path("shape"));
      List<Long> offsets = integers(name, "data_offsets", info.path("data_offsets"));
      if (offsets.size() != 2) {
        throw CheckpointException.inTensor(
            file, name, "two data_offsets", offsets.size() + " of them", DAMAGED);
      }
      long begin = offsets.get(0);
      long end = offsets.get(1);
      if (begin > end || end > dataLength) {
        throw CheckpointException.inTensor(
            file,
            name,
            "data_offsets in order and inside the data section of " + dataLength + " bytes",
            "[" + begin + ", " + end + "]",
            begin > end ? DAMAGED : TRUNCATED);
      }
      long length = byteLength(type, shape);
      if (length != end - begin) {
        throw CheckpointException.inTensor(
            file,
            name,
            (length < 0 ? "a size below 2^63 bytes" : length + " bytes") + " for " + type + shape,
            (end - begin) + " bytes between the data_offsets",
            DAMAGED);
      }
      return new TensorEntry(name, type, shape, file, dataStart + begin, length);
    }

    private StoredType type(String name, JsonNode node) {
      for (StoredType type : StoredType.values()) {
        if (node.isTextual() && type.name().equals(node.textValue())) {
          return type;
        }
      }
      throw CheckpointException.inTensor(
          file,
          name,
          "a dtype out of " + Arrays.toString(StoredType.values()),
          "dtype " + describe(node),
          "Convert the tensor to one of these types.");
    }

    private List<Long> integers(String name, String field, JsonNode node) {
      if (!(node instanceof ArrayNode)) {
        throw CheckpointException.inTensor(
            file, name, "an array as " + field, describe(node), DAMAGED);
      }
      List<Long> values = new ArrayList<>(node.size());
      for (JsonNode value : node) {
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
          throw CheckpointException.inTensor(
              file, name, "non-negative integers as " + field, describe(node), DAMAGED);
        }
        values.add(value.longValue());
      }
      return values;
    }

    private void checkDataIsCovered(List<TensorEntry> sorted) {
      long covered = dataStart;
      for (TensorEntry entry : sorted) {
        if (entry.offset() != covered) {
          throw CheckpointException.inTensor(
              file,
              entry.name(),
              "data that begins where the tensor before it ends, at byte "
                  + (covered - dataStart)
                  + " of the data section",
              (entry.offset() < covered ? "an overlap" : "a hole")
                  + ": it begins at byte "
                  + (entry.offset() - dataStart),
              DAMAGED);
        }
        covered += entry.length();
      }
      if (covered != dataStart + dataLength) {
        throw CheckpointException.inFile(
            file,
            (covered - dataStart) + " bytes of tensor data, as the header says",
            dataLength + " bytes",
            DAMAGED);
      }
    }

    private Map<String, String> metadata(JsonNode node) {
      if (node.isMissingNode() || node.isNull()) {
        return Map.of();
      }
      Map<String, String> metadata = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        if (field.getValue().isTextual()) {
          metadata.put(field.getKey(), field.getValue().textValue());
        }
      }
      if (!node.isObject() || metadata.size() != node.size()) {
        throw CheckpointException.inFile(
            file, METADATA + " to map text to text", describe(node), DAMAGED);
      }
      return Collections.unmodifiableMap(metadata);
    }

    private static String describe(JsonNode node) {
      if (node.isMissingNode()) {
        return "nothing";
      }
      String text = Json.compact(node);
      return text.length() <= 80 ? text : text.substring(0, 80) + "...";
    }
  }
}
