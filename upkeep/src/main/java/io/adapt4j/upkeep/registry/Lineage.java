package io.adapt4j.upkeep.registry;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.provenance.Provenance;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Origin of a version: what it was trained from. Base, data and plan come from its {@code
 * provenance.json} and are absent without one.
 *
 * @param parent pinned reference of the version that training continued from, such as {@code
 *     support@sha256:...}
 * @param base the base model
 * @param data the training and validation files
 * @param plan every option of the run as JSON, in the form of a run's description
 */
public record Lineage(
    Optional<String> parent, Optional<Base> base, List<Data> data, Optional<String> plan) {

  /** Copies the list. */
  public Lineage {
    data = List.copyOf(data);
  }

  /**
   * Identity of a base model.
   *
   * @param name a hub name with its revision, or a folder
   * @param digest SHA-256 of the SHA-256s of its files, in their order
   */
  public record Base(String name, String digest) {}

  /**
   * A data file.
   *
   * @param file its path when it was read
   * @param sha256 SHA-256 of its content
   * @param rows number of rows read
   */
  public record Data(String file, String sha256, int rows) {}

  /** Reads the lineage of a folder. */
  static Lineage of(Path folder, Optional<String> parent) {
    return Provenance.find(folder)
        .map(record -> of(record.json(), parent))
        .orElse(new Lineage(parent, Optional.empty(), List.of(), Optional.empty()));
  }

  private static Lineage of(JsonNode record, Optional<String> parent) {
    List<Data> data = new ArrayList<>();
    for (JsonNode file : record.path("data").path("files")) {
      data.add(
          new Data(
              file.path("path").asText(), file.path("sha256").asText(), file.path("rows").asInt()));
    }
    JsonNode plan = record.path("configuration");
    return new Lineage(
        parent,
        base(record.path("model")),
        data,
        plan.isObject() ? Optional.of(Json.compact(plan)) : Optional.empty());
  }

  private static Optional<Base> base(JsonNode model) {
    if (!model.isObject()) {
      return Optional.empty();
    }
    StringBuilder hashes = new StringBuilder();
    model.path("files").forEach(file -> hashes.append(file.path("sha256").asText() + "\n"));
    String digest = FileDigest.sha256(hashes.toString());
    String name =
        model.has("hub")
            ? model.path("hub").asText() + "@" + model.path("revision").asText("main")
            : model.path("folder").asText();
    return Optional.of(new Base(name, digest));
  }

  /** Returns the hashes of the files that training started from, to find the parent. */
  static Set<String> startHashes(Path folder) {
    Set<String> hashes = new TreeSet<>();
    Provenance.find(folder)
        .ifPresent(
            record -> {
              for (JsonNode file : record.json().path("start").path("files")) {
                if (file.path("path").asText().endsWith(".safetensors")) {
                  hashes.add(file.path("sha256").asText());
                }
              }
            });
    return hashes;
  }
}
