package io.adapt4j.core.internal.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * View of an XLM-RoBERTa with learned positions that Jina AI's remote code stores under the names
 * of FlashAttention's BERT, such as jina-reranker-v2: under the names of Transformers, with query,
 * key and value apart.
 */
final class FlashNames implements TensorFile {

  private static final Pattern JOINED =
      Pattern.compile("(.*encoder\\.)layers\\.(\\d+)\\.mixer\\.Wqkv\\.(weight|bias)");
  private static final List<String> PARTS = List.of("query", "key", "value");
  private static final Map<String, String> NAMES =
      Map.of(
          "emb_ln.", "embeddings.LayerNorm.",
          "encoder.layers.", "encoder.layer.",
          ".mixer.out_proj.", ".attention.output.dense.",
          ".norm1.", ".attention.output.LayerNorm.",
          ".norm2.", ".output.LayerNorm.",
          ".mlp.fc1.", ".intermediate.dense.",
          ".mlp.fc2.", ".output.dense.");

  private final Path folder;
  private final Map<String, Part> parts;
  private final Map<String, TensorEntry> entries = new LinkedHashMap<>();

  /** A stored tensor, or a part of its rows from a byte on, under another name. */
  private record Part(TensorFile file, String stored, long offset, TensorEntry entry) {

    static Part whole(TensorFile file, TensorEntry entry, String name) {
      return new Part(
          file,
          entry.name(),
          0,
          new TensorEntry(
              name, entry.type(), entry.shape(), entry.file(), entry.offset(), entry.length()));
    }

    static Part third(TensorFile file, TensorEntry entry, String name, int index) {
      List<Long> shape = new ArrayList<>(entry.shape());
      shape.set(0, shape.get(0) / PARTS.size());
      long length = entry.length() / PARTS.size();
      long offset = length * index;
      return new Part(
          file,
          entry.name(),
          offset,
          new TensorEntry(
              name, entry.type(), shape, entry.file(), entry.offset() + offset, length));
    }
  }

  private FlashNames(Path folder, Map<String, Part> parts) {
    this.folder = folder;
    this.parts = parts;
    parts.forEach((name, part) -> entries.put(name, part.entry()));
  }

  /** Shows the tensors of such a model under the names of Transformers. */
  static Map<String, TensorFile> shown(Path folder, Map<String, TensorFile> fileOf) {
    if (fileOf.keySet().stream().noneMatch(name -> JOINED.matcher(name).matches())
        || !isLearned(EightBitFloats.config(folder))) {
      return fileOf;
    }
    Map<String, Part> parts = new LinkedHashMap<>();
    Map<String, TensorFile> shown = new LinkedHashMap<>();
    fileOf.forEach(
        (name, file) -> {
          Matcher joined = JOINED.matcher(name);
          TensorEntry entry = file.entry(name);
          if (joined.matches() && areThree(entry)) {
            String path = joined.group(1) + "layer." + joined.group(2) + ".attention.self.";
            for (int i = 0; i < PARTS.size(); i++) {
              String part = path + PARTS.get(i) + "." + joined.group(3);
              parts.put(part, Part.third(file, entry, part, i));
            }
          } else if (!renamed(name).equals(name)) {
            parts.put(renamed(name), Part.whole(file, entry, renamed(name)));
          } else {
            shown.put(name, file);
          }
        });
    FlashNames view = new FlashNames(folder, parts);
    parts.keySet().forEach(name -> shown.put(name, view));
    return shown;
  }

  private static boolean areThree(TensorEntry joined) {
    return !joined.shape().isEmpty() && joined.shape().get(0) % PARTS.size() == 0;
  }

  private static boolean isLearned(JsonNode config) {
    return config.path("model_type").asText().equals("xlm-roberta")
        && config.path("position_embedding_type").asText("absolute").equals("absolute");
  }

  private static String renamed(String stored) {
    String name = stored;
    for (Map.Entry<String, String> change : NAMES.entrySet()) {
      name = name.replace(change.getKey(), change.getValue());
    }
    return name;
  }

  @Override
  public Path file() {
    return folder;
  }

  @Override
  public Map<String, TensorEntry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  @Override
  public ByteBuffer bytes(String name, long offset, int length) {
    Part part = inside(name, offset, length);
    return part.file().bytes(part.stored(), part.offset() + offset, length);
  }

  @Override
  public void read(String name, long offset, ByteBuffer target) {
    Part part = inside(name, offset, target.remaining());
    part.file().read(part.stored(), part.offset() + offset, target);
  }

  private Part inside(String name, long offset, long length) {
    if (offset < 0 || length > entry(name).length() - offset) {
      throw new IndexOutOfBoundsException(
          "bytes " + offset + " to " + (offset + length) + " do not lie inside tensor " + name);
    }
    return parts.get(name);
  }

  @Override
  public String storedType(String name) {
    return parts.get(name).file().storedType(parts.get(name).stored());
  }

  @Override
  public void close() {
    // The checkpoint closes the files.
  }
}
