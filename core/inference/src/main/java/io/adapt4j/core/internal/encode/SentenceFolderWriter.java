package io.adapt4j.core.internal.encode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.WriteFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Turns a checkpoint folder into a sentence-transformers folder. */
public final class SentenceFolderWriter {

  private static final String PACKAGE = "sentence_transformers.";
  private static final String CLASSES = PACKAGE + "models.";
  private static final String POOLING = "1_Pooling";
  private static final String NORMALIZE = "2_Normalize";

  private SentenceFolderWriter() {}

  /**
   * Copies modules, limits and prompts of the base model's folder. If the base has no modules,
   * writes those that this library assumes for such a folder: mean pooling, then normalization.
   * Classes of remote code, which is not copied, become those of Sentence Transformers.
   */
  public static void write(Path target, Path base, int hidden) {
    try {
      for (String name : SentenceFolder.SETTINGS_AND_PROMPTS) {
        copy(base.resolve(name), target.resolve(name));
      }
      if (Files.isRegularFile(base.resolve(SentenceFolder.MODULES))) {
        copyModules(base, target);
      } else {
        writeModules(target, hidden);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Writing the modules of the embedding model into %s failed: %s."
              .formatted(target, WriteFailure.explain(target, e)),
          e);
    }
  }

  /**
   * Records in a folder that vectors are truncated to their first entries, as current versions of
   * Sentence Transformers do.
   */
  public static void writeTruncation(Path target, int dimension) {
    Path file = target.resolve(SentenceFolder.PROMPTS);
    try {
      ObjectNode settings =
          Files.isRegularFile(file)
              ? (ObjectNode) Json.parse(Files.readString(file))
              : JsonNodeFactory.instance.objectNode();
      settings.put(SentenceFolder.TRUNCATION, dimension);
      AtomicFiles.writeJson(file, settings);
    } catch (IOException e) {
      throw new UncheckedIOException("Writing " + file + " failed", e);
    }
  }

  private static void copyModules(Path base, Path target) throws IOException {
    SentenceFolder.read(base); // refuses paths that lead out of the folder
    Path list = base.resolve(SentenceFolder.MODULES);
    JsonNode modules = Json.parse(Files.readString(list));
    boolean changed = false;
    for (JsonNode module : modules) {
      String path = module.path("path").asText("");
      if (!path.isEmpty()) {
        copyFolder(base.resolve(path), target.resolve(path));
      }
      String type = module.path("type").asText();
      if (!type.startsWith(PACKAGE) && module instanceof ObjectNode remote) {
        remote.put("type", CLASSES + type.substring(type.lastIndexOf('.') + 1)).remove("kwargs");
        changed = true;
      }
    }
    if (changed) {
      AtomicFiles.writeJson(target.resolve(SentenceFolder.MODULES), modules);
    } else {
      copy(list, target.resolve(SentenceFolder.MODULES));
    }
  }

  /** Copies a module's folder. One without settings may be missing: Git keeps no empty folders. */
  private static void copyFolder(Path from, Path to) throws IOException {
    Disk.createFolders(to);
    if (!Files.isDirectory(from)) {
      return;
    }
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        copy(file, to.resolve(file.getFileName().toString()));
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    if (Files.isRegularFile(from)) {
      AtomicFiles.copy(from, to);
    }
  }

  private static void writeModules(Path target, int hidden) throws IOException {
    ObjectNode pooling = JsonNodeFactory.instance.objectNode();
    pooling.put("word_embedding_dimension", hidden);
    for (String mode : List.of("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")) {
      pooling.put("pooling_mode_" + mode, mode.equals("mean_tokens"));
    }
    Disk.createFolders(target.resolve(POOLING));
    AtomicFiles.writeJson(target.resolve(POOLING).resolve("config.json"), pooling);
    Disk.createFolders(target.resolve(NORMALIZE));
    ArrayNode modules = JsonNodeFactory.instance.arrayNode();
    add(modules, "", "Transformer");
    add(modules, POOLING, "Pooling");
    add(modules, NORMALIZE, "Normalize");
    AtomicFiles.writeJson(target.resolve(SentenceFolder.MODULES), modules);
  }

  private static void add(ArrayNode modules, String path, String type) {
    int number = modules.size();
    modules
        .addObject()
        .put("idx", number)
        .put("name", String.valueOf(number))
        .put("path", path)
        .put("type", CLASSES + type);
  }
}
