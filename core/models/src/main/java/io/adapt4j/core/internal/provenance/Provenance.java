package io.adapt4j.core.internal.provenance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Provenance record of a run: its inputs, configuration and results so far. Stored as {@link #FILE}
 * in the run's output folder and in each checkpoint. Immutable.
 *
 * <p>A record next to weights always describes them: it is deleted before they are replaced and
 * written when they are complete.
 */
public final class Provenance {

  public static final String FILE = "provenance.json";

  /** The key of the training data. */
  public static final String TRAINING = "training";

  /** The key of the validation data. */
  public static final String VALIDATION = "validation";

  /** Version of the fields; raised when a field changes its meaning. */
  public static final int SCHEMA = 1;

  private static final String MODEL = "model";
  private static final String EMBEDDINGS = "embeddings";

  private final Path file;
  private final ObjectNode json;

  private Provenance(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
  }

  public static Provenance of(Path file, ObjectNode json) {
    ObjectNode fields = json.objectNode().put("schema", SCHEMA);
    fields.setAll(json);
    return new Provenance(file, fields);
  }

  public static Provenance read(Path path) {
    Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
    try {
      JsonNode json = Json.parseStrictly(Files.readString(file));
      if (json instanceof ObjectNode fields && fields.path("schema").asInt() == SCHEMA) {
        return new Provenance(file, fields);
      }
      throw new CheckpointException(
          ("%s: schema: expected %s, found %s. Read it with the version of this library that"
                  + " wrote it.")
              .formatted(file, SCHEMA, json.path("schema")));
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          file + ": not valid JSON: " + e.getOriginalMessage() + ". Take the file from a copy.", e);
    } catch (IOException e) {
      throw new CheckpointException(
          "%s: reading failed: %s. Name a %s, or a folder of a run or checkpoint."
              .formatted(file, e, FILE),
          e);
    }
  }

  public static Optional<Provenance> find(Path folder) {
    return Files.isRegularFile(folder.resolve(FILE)) ? Optional.of(read(folder)) : Optional.empty();
  }

  /** Writes the record, replacing an old one. */
  public void write() throws IOException {
    AtomicFiles.writeJson(file, json);
  }

  public Path file() {
    return file;
  }

  public ObjectNode json() {
    return json.deepCopy();
  }

  /** {@return every option, under the keys of a run's description} */
  public ObjectNode configuration() {
    return json.path("configuration") instanceof ObjectNode keys
        ? keys.deepCopy()
        : json.objectNode();
  }

  /** Returns the parts of the run that its configuration cannot describe. */
  public List<String> omitted() {
    List<String> omitted = new ArrayList<>();
    json.path(json.has("omitted") ? "omitted" : "untold")
        .forEach(node -> omitted.add(node.asText()));
    return omitted;
  }

  /** Returns whether the run trained a text embedding model. */
  public boolean trainsEmbeddings() {
    JsonNode task = json.path("configuration").path("task");
    return task.has(EMBEDDINGS) || task.asText().equals(EMBEDDINGS);
  }

  /** Returns the hash of the chat template that conversations were trained with. */
  public Optional<String> chatTemplate() {
    return Optional.ofNullable(json.path("chatTemplate").path("sha256").textValue());
  }

  /** Returns whether the run set a chat template instead of using the model's. */
  public boolean choseChatTemplate() {
    return json.path("configuration").hasNonNull("chatTemplate");
  }

  /** Compares the recorded files with those on disk. */
  public List<String> changedFiles(Path model) {
    List<String> changed = new ArrayList<>();
    for (String part : List.of(MODEL, "start", "data")) {
      for (JsonNode node : json.path(part).path("files")) {
        Path before = Path.of(node.path("path").asText());
        boolean inFolder = part.equals(MODEL) && !Files.isRegularFile(model);
        Path now =
            inFolder ? model.resolve(before.getFileName()) : part.equals(MODEL) ? model : before;
        FileHash.change(now, node.path("sha256").asText())
            .ifPresent(change -> changed.add(part + ": " + change));
      }
    }
    return changed;
  }

  /** Compares a part of the data with the record, by the digests of encoded samples. */
  private Optional<String> changedData(String part, int rows, String digest) {
    JsonNode before = json.path("data").path(part);
    String found = before.path("sha256").asText("none");
    return found.equals(digest)
        ? Optional.empty()
        : Optional.of(
            ("%s data: its encoded samples were %s with sha256 %s, are %s with %s. Give the"
                    + " rows of the record, with its split and limits.")
                .formatted(part, before.path("kept").asInt(), found, rows, digest));
  }

  /** Compares the encoded data of a repeated run with the record. */
  public List<String> changedData(EncodedRows train, Optional<EncodedRows> held) {
    List<String> changed = new ArrayList<>();
    changedData(TRAINING, train.kept(), train.digest()).ifPresent(changed::add);
    changedData(
            VALIDATION,
            held.map(EncodedRows::kept).orElse(0),
            held.map(EncodedRows::digest).orElse("none"))
        .ifPresent(changed::add);
    return changed;
  }

  /** Number and SHA-256 of the encoded samples of a part of the data. */
  public record EncodedRows(int kept, String digest) {}

  /** Compares the recorded versions and processor with the current ones. */
  public List<String> otherEnvironment() {
    List<String> differences = new ArrayList<>();
    JsonNode before = json.path("environment");
    SystemInfo.here()
        .json()
        .properties()
        .forEach(
            now -> {
              JsonNode was = before.path(now.getKey());
              if (!was.equals(now.getValue())) {
                differences.add(now.getKey() + " was " + was + ", is " + now.getValue());
              }
            });
    return differences;
  }
}
