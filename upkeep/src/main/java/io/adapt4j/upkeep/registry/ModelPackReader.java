package io.adapt4j.upkeep.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Reads a model from an OCI image layout, which may come from anywhere. */
final class ModelPackReader {

  private static final int MOST_BYTES = 4 << 20;
  private static final Pattern LAYER =
      Pattern.compile(
          "application/vnd\\.cncf\\.model\\.(weight|weight\\.config|doc|dataset|code)\\.v1\\.raw");
  private static final Pattern PINNED = Pattern.compile("[a-z0-9._-]{1,100}@sha256:[0-9a-f]{64}");

  private final Path folder;
  private final String tag;
  private final Map<String, Path> files = new TreeMap<>();
  private final List<String> exams = new ArrayList<>();

  ModelPackReader(Path folder, String tag) {
    this.folder = folder;
    this.tag = tag;
  }

  ModelVersion addTo(Registry registry, String name) throws IOException {
    JsonNode layout = json(folder.resolve("oci-layout"));
    require("oci-layout", ModelPack.LAYOUT_VERSION, layout.path("imageLayoutVersion").asText());
    JsonNode manifest = json(blob("index.json", manifest()));
    require("manifest", ModelPack.ARTIFACT, manifest.path("artifactType").asText());
    JsonNode config = manifest.path("config");
    require("config", ModelPack.CONFIG, config.path("mediaType").asText());
    json(blob("config", config));
    if (manifest.path("layers").size() > Names.MOST_FILES) {
      throw wrong("layers", "at most " + Names.MOST_FILES, "" + manifest.path("layers").size());
    }
    for (JsonNode layer : manifest.path("layers")) {
      take(layer);
    }
    VersionStore.requireWeights(folder, files);
    JsonNode annotations = manifest.path("annotations");
    NewVersion version =
        NewVersion.of(name, folder).note(annotations.path(ModelPack.NOTE).asText(""));
    Optional<String> parent =
        Optional.ofNullable(annotations.path(ModelPack.PARENT).textValue())
            .filter(text -> PINNED.matcher(text).matches());
    ModelVersion added = registry.add(version, parent, () -> files, this::check);
    for (String exam : exams) {
      registry.addExam(added, exam);
    }
    return added;
  }

  private JsonNode manifest() throws IOException {
    List<JsonNode> found = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    for (JsonNode entry : json(folder.resolve("index.json")).path("manifests")) {
      String other = entry.path("annotations").path(ModelPack.TAG).asText("");
      tags.add(Names.shown(other));
      if (tag.isEmpty() || tag.equals(other)) {
        found.add(entry);
      }
    }
    if (found.size() != 1) {
      throw wrong(
          "index.json", "one model" + (tag.isEmpty() ? "" : " of the tag " + tag), "" + tags);
    }
    require("index.json", ModelPack.MANIFEST, found.get(0).path("mediaType").asText());
    return found.get(0);
  }

  private void take(JsonNode layer) throws IOException {
    String type = layer.path("mediaType").asText();
    JsonNode annotations = layer.path("annotations");
    String path = annotations.path(ModelPack.FILEPATH).asText();
    if (!LAYER.matcher(type).matches()) {
      throw wrong("layer " + Names.shown(path), "a single file (.raw)", Names.shown(type));
    }
    Path blob = blob("layer " + Names.shown(path), layer);
    if (annotations.has(ModelPack.EXAM)) {
      exams.add(checkedText(blob));
      return;
    }
    Names.requirePath(path);
    if (path.startsWith(".") || path.contains("/.")) {
      return;
    }
    if (files.put(path, blob) != null) {
      throw wrong("layers", "each path once", "two of " + path);
    }
  }

  /** Finds the file of a descriptor and checks its size. */
  private Path blob(String where, JsonNode descriptor) throws IOException {
    String digest = descriptor.path("digest").asText();
    if (!digest.startsWith(Names.DIGEST)
        || !Names.isSha256(digest.substring(Names.DIGEST.length()))) {
      throw wrong(where, "a digest sha256:...", Names.shown(digest));
    }
    Path blob = path(folder, digest.substring(Names.DIGEST.length()));
    if (!Files.isRegularFile(blob, LinkOption.NOFOLLOW_LINKS)) {
      throw wrong(where, "the file " + blob, "none, or a link");
    }
    if (!descriptor.path("size").isIntegralNumber()
        || Files.size(blob) != descriptor.path("size").longValue()) {
      throw wrong(blob.toString(), descriptor.path("size") + " bytes", Files.size(blob) + " bytes");
    }
    return blob;
  }

  private JsonNode json(Path file) throws IOException {
    try {
      boolean named = Names.isSha256(file.getFileName().toString());
      return Json.parseStrictly(
          named ? checkedText(file) : BoundedFiles.readText(file, MOST_BYTES));
    } catch (JsonProcessingException e) {
      throw wrong(file.toString(), "JSON", e.getOriginalMessage());
    }
  }

  private String checkedText(Path blob) throws IOException {
    byte[] bytes = BoundedFiles.read(blob, MOST_BYTES);
    require(blob.toString(), blob.getFileName().toString(), FileDigest.sha256(bytes));
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Compares copied files with the names of their blobs. */
  private void check(List<VersionFile> copied) {
    for (VersionFile file : copied) {
      Path blob = Objects.requireNonNull(files.get(file.path()));
      require(blob.toString(), blob.getFileName().toString(), file.sha256());
    }
  }

  private void require(String where, String expected, String found) {
    if (!expected.equals(found)) {
      throw wrong(where, expected, Names.shown(found));
    }
  }

  private RegistryException wrong(String where, String expected, String found) {
    return new RegistryException(
        "%s: %s: expected %s, found %s. Fetch the artifact again."
            .formatted(folder, where, expected, found));
  }

  /** Returns the file of a digest. */
  static Path path(Path layout, String sha256) {
    return layout.resolve("blobs").resolve("sha256").resolve(sha256);
  }
}
