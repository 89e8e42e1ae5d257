package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.VectorOutline;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.metadata.EmbeddingKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A Dense layer after pooling. */
public record DenseLayer(ExtraMatrix matrix) {

  private static final List<String> NAMES =
      List.of(EmbeddingKeys.FIRST_DENSE, EmbeddingKeys.SECOND_DENSE);

  private static final String REMEDY =
      "llama.cpp has two Dense layers without biases and activations, back to the model's width;"
          + " run this model here.";

  /** Reads a model's Dense layers, if its family stores them in files. */
  public static List<DenseLayer> read(Path folder, GgufFamily family, Facts facts) {
    if (!family.hasDense()) {
      return List.of();
    }
    int width = facts.decoder().hiddenSize();
    VectorOutline outline = VectorOutline.of(SentenceFolder.read(folder), width);
    List<Path> folders = outline.dense();
    if (folders.isEmpty()) {
      return List.of();
    }
    if (folders.size() != NAMES.size() || outline.normalizesEarly()) {
      throw new CheckpointException(
          folder.resolve(SentenceFolder.MODULES)
              + ": expected two Dense layers before Normalize, found others. "
              + REMEDY);
    }
    List<DenseLayer> layers = new ArrayList<>();
    for (int i = 0; i < folders.size(); i++) {
      layers.add(read(folders.get(i), NAMES.get(i)));
    }
    if (layers.get(1).matrix().out() != width) {
      throw ConfigReader.read(folders.get(1).resolve("config.json"))
          .invalid("out_features", "the model's width " + width, REMEDY);
    }
    return List.copyOf(layers);
  }

  private static DenseLayer read(Path folder, String name) {
    ConfigReader config = ConfigReader.read(folder.resolve("config.json"));
    if (config.bool("bias", true)) {
      throw config.invalid("bias", "false", REMEDY);
    }
    String activation = config.optionalText("activation_function").orElse("Tanh");
    if (!activation.endsWith("Identity")) {
      throw config.invalid("activation_function", "torch.nn.modules.linear.Identity", REMEDY);
    }
    try (Checkpoint checkpoint = Checkpoint.openFile(folder.resolve(Checkpoint.SINGLE_FILE))) {
      StoredRows rows = new StoredRows(checkpoint, "linear.weight");
      float[] weight = new float[Math.toIntExact(rows.rows() * rows.columns())];
      rows.read(0, Math.toIntExact(rows.rows()), weight, 0);
      return new DenseLayer(
          new ExtraMatrix(name, rows.columns(), Math.toIntExact(rows.rows()), weight, false));
    }
  }

  /** Writes the keys for its sizes. */
  public void describe(String prefix, GgufMetadata.Builder target) {
    String layer = prefix + matrix.name().replace(".weight", "");
    target.uint32(layer + "_feat_in", matrix.in());
    target.uint32(layer + "_feat_out", matrix.out());
  }
}
