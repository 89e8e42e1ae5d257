package io.adapt4j.spark.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The manifest file, which lists the shards of a folder in order. */
final class Manifest {

  static final String FILE = "_shards.json";

  private static final int VERSION = 1;
  private static final int MOST_BYTES = 64 << 20;

  private Manifest() {}

  static void write(FileSystem files, Path folder, List<Shard> shards) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("version", VERSION);
    ArrayNode list = json.putArray("shards");
    for (Shard shard : shards) {
      list.addObject()
          .put("file", shard.file())
          .put("rows", shard.rows())
          .put("bytes", shard.bytes())
          .put("sha256", shard.sha256());
    }
    Path hidden = new Path(folder, FILE + ".writing");
    try (OutputStream out = files.create(hidden, true)) {
      out.write(Json.compact(json).getBytes(StandardCharsets.UTF_8));
    }
    if (!files.rename(hidden, new Path(folder, FILE))) {
      throw new IOException("renaming " + hidden + " to " + FILE + " failed");
    }
  }

  static List<Shard> read(FileSystem files, Path folder) throws IOException {
    Path file = new Path(folder, FILE);
    if (!files.exists(file)) {
      throw new IllegalStateException(
          folder
              + ": expected shards with a "
              + FILE
              + ", found none. Write them with SparkDatasets, and until the end.");
    }
    byte[] bytes;
    try (InputStream in = files.open(file)) {
      bytes = in.readNBytes(MOST_BYTES);
    }
    JsonNode json = Json.parse(new String(bytes, StandardCharsets.UTF_8));
    if (json.path("version").asInt() != VERSION) {
      throw new IllegalStateException(
          "%s: expected version %s, found %s; read it with the version of Adapt4J that wrote it"
              .formatted(file, VERSION, json.path("version")));
    }
    List<Shard> shards = new ArrayList<>();
    for (JsonNode shard : json.path("shards")) {
      String name = shard.path("file").asText();
      if (name.isEmpty() || name.contains("/") || name.startsWith(".")) {
        throw new IllegalStateException(file + ": expected names of files, found '" + name + "'");
      }
      shards.add(
          new Shard(
              shards.size(),
              name,
              shard.path("rows").asLong(),
              shard.path("bytes").asLong(),
              shard.path("sha256").asText()));
    }
    return shards;
  }
}
