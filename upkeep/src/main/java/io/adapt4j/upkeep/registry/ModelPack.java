package io.adapt4j.upkeep.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Versions as artifacts of CNCF's ModelPack in an OCI image layout on disk: {@code oci-layout},
 * {@code index.json} and {@code blobs/sha256}. Programs such as ORAS, skopeo or modctl take the
 * folder to a registry of container images and bring it back.
 */
public final class ModelPack {

  static final String ARTIFACT = "application/vnd.cncf.model.manifest.v1+json";
  static final String CONFIG = "application/vnd.cncf.model.config.v1+json";
  static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  static final String FILEPATH = "org.cncf.model.filepath";
  static final String TAG = "org.opencontainers.image.ref.name";
  static final String NOTE = "org.opencontainers.image.description";
  static final String PARENT = "io.adapt4j.model.parent";
  static final String EXAM = "io.adapt4j.model.exam";
  static final String LAYOUT_VERSION = "1.0.0";

  private static final String TITLE = "org.opencontainers.image.title";
  private static final String KIND = "application/vnd.cncf.model.%s.v1.raw";

  private ModelPack() {}

  /**
   * Writes a version with its exams.
   *
   * @param registry the registry it is in
   * @param version the version
   * @param folder folder to create; it must be absent
   * @throws RegistryException if the folder exists, or a file of the version has changed
   */
  public static void write(Registry registry, ModelVersion version, Path folder) {
    if (Files.exists(folder)) {
      throw new RegistryException(folder + ": expected no such folder, found one. Name another.");
    }
    Access.writing(
        folder,
        () -> {
          Path hidden = AtomicFolders.hidden(folder);
          try {
            write(registry, version, new Blobs(hidden), folder);
          } finally {
            AtomicFolders.discard(hidden);
          }
          return folder;
        });
  }

  private static void write(Registry registry, ModelVersion version, Blobs blobs, Path folder)
      throws IOException {
    ArrayNode layers = JsonNodeFactory.instance.arrayNode();
    for (VersionFile file : version.files()) {
      Path source = version.folder().resolve(file.path());
      layers.add(layer(file.path(), blobs.copy(source, kind(file.path()), file.sha256())));
    }
    for (Exam exam : registry.exams(version)) {
      ObjectNode blob = blobs.copy(exam.file(), KIND.formatted("doc"), exam.digest());
      ObjectNode layer = layer("exams/" + exam.digest() + ".json", blob);
      ((ObjectNode) layer.get("annotations")).put(EXAM, exam.digest());
      layers.add(layer);
    }
    ObjectNode manifest = JsonNodeFactory.instance.objectNode().put("schemaVersion", 2);
    manifest.put("mediaType", MANIFEST).put("artifactType", ARTIFACT);
    manifest.set("config", blobs.add(config(version, layers), CONFIG));
    manifest.set("layers", layers);
    ObjectNode annotations = manifest.putObject("annotations").put(NOTE, version.note());
    version.lineage().parent().ifPresent(parent -> annotations.put(PARENT, parent));
    ObjectNode entry = blobs.add(manifest, MANIFEST).put("artifactType", ARTIFACT);
    entry.putObject("annotations").put(TAG, String.valueOf(version.number()));
    ObjectNode index = JsonNodeFactory.instance.objectNode().put("schemaVersion", 2);
    index.put("mediaType", "application/vnd.oci.image.index.v1+json");
    index.putArray("manifests").add(entry);
    blobs.finish(index, folder);
  }

  private static ObjectNode layer(String path, ObjectNode blob) {
    blob.putObject("annotations").put(FILEPATH, path).put(TITLE, path);
    return blob;
  }

  private static ObjectNode config(ModelVersion version, ArrayNode layers) {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config
        .putObject("descriptor")
        .put("createdAt", version.created().toString())
        .put("name", version.name())
        .put("version", String.valueOf(version.number()))
        .put("revision", Names.DIGEST + version.digest());
    ArrayNode digests = config.putObject("modelfs").put("type", "layers").putArray("diffIds");
    layers.forEach(layer -> digests.add(layer.get("digest")));
    boolean gguf = version.files().stream().anyMatch(file -> file.path().endsWith(".gguf"));
    config.putObject("config").put("format", gguf ? "gguf" : "safetensors");
    return config;
  }

  private static String kind(String path) {
    String name = path.toLowerCase(Locale.ROOT);
    String kind = "weight.config";
    if (name.matches(".*\\.(safetensors|gguf|bin|pt)")) {
      kind = "weight";
    } else if (name.matches("(.*/)?(license|notice|readme)[^/]*|.*\\.(md|pdf)")) {
      kind = "doc";
    } else if (name.matches(".*\\.(jsonl|csv|parquet)")) {
      kind = "dataset";
    } else if (name.matches(".*\\.(py|sh)")) {
      kind = "code";
    }
    return KIND.formatted(kind);
  }

  /**
   * Adds an artifact to a registry, with its exams. Every size and digest is checked. Layers are
   * single files ({@code .raw}); archives are refused.
   *
   * @param registry the registry
   * @param name name of the model there
   * @param folder an image layout with one model, or one for each tag
   * @param tag tag of the model; may be empty if there is one
   * @return the new version, or the existing one with this content
   * @throws RegistryException if the layout is no model, or damaged; the message names the file
   */
  public static ModelVersion read(Registry registry, String name, Path folder, String tag) {
    return Access.reading(folder, () -> new ModelPackReader(folder, tag).addTo(registry, name));
  }

  /** Content-addressed files of a layout being written. */
  private record Blobs(Path hidden) {

    ObjectNode add(JsonNode json, String type) throws IOException {
      byte[] bytes = Json.compact(json).getBytes(StandardCharsets.UTF_8);
      AtomicFiles.write(ModelPackReader.path(hidden, FileDigest.sha256(bytes)), bytes);
      return descriptor(type, FileDigest.sha256(bytes), bytes.length);
    }

    ObjectNode copy(Path source, String type, String sha256) throws IOException {
      Path blob = ModelPackReader.path(hidden, sha256);
      if (!Files.exists(blob)) {
        Files.createDirectories(blob.getParent());
        VersionFile copied = VersionStore.copy("blob", source, blob);
        if (!copied.sha256().equals(sha256)) {
          throw new RegistryException(
              "%s: expected the SHA-256 %s, found %s. Take the file from a copy."
                  .formatted(source, sha256, copied.sha256()));
        }
      }
      return descriptor(type, sha256, Files.size(blob));
    }

    private static ObjectNode descriptor(String type, String sha256, long size) {
      ObjectNode blob = JsonNodeFactory.instance.objectNode().put("mediaType", type);
      return blob.put("digest", Names.DIGEST + sha256).put("size", size);
    }

    void finish(JsonNode index, Path folder) throws IOException {
      ObjectNode layout = JsonNodeFactory.instance.objectNode();
      layout.put("imageLayoutVersion", LAYOUT_VERSION);
      AtomicFiles.writeText(hidden.resolve("oci-layout"), Json.compact(layout));
      AtomicFiles.writeText(hidden.resolve("index.json"), Json.compact(index));
      AtomicFolders.publish(hidden, folder);
    }
  }
}
