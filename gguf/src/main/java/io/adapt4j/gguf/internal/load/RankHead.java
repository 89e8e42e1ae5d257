package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.encode.ChoicePrompt;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.metadata.EmbeddingKeys;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The yes/no output rows in files of reranking language models. Official files of models with
 * untied output have only these rows, so they are not language models.
 */
final class RankHead {

  private static final String TOKENS = "tokenizer.ggml.tokens";

  /**
   * Minimum cosine of a row with its quantized counterpart; those of different tokens are far
   * below.
   */
  private static final double SAME = 0.9;

  private static final Set<String> CHOICES = Set.of(ChoicePrompt.CHOSEN, ChoicePrompt.REJECTED);

  private RankHead() {}

  /** Rejects a file with classes other than yes and no, or without an output matrix. */
  static void requireOutput(GgufFamily family, GgufFile file) {
    GgufTensor head = file.tensors().get(EmbeddingKeys.CLASSIFIER);
    GgufTensor embedding = file.tensors().get(GgufFamily.TOKEN_EMBEDDING);
    if (family.readsTexts() || head == null) {
      return;
    }
    String key = family.architecture() + "." + EmbeddingKeys.LABELS;
    List<String> labels = strings(file, key);
    if (!Set.copyOf(labels).equals(CHOICES)) {
      throw CheckpointException.inField(
          file.path(),
          key,
          "yes and no, as rerankers have them",
          String.valueOf(labels),
          "Language models with other classes are not read from GGUF files; use the model's"
              + " checkpoint.");
    }
    if (embedding == null || file.tensors().containsKey(GgufFamily.OUTPUT)) {
      return;
    }
    List<String> tokens = strings(file, TOKENS);
    for (int i = 0; i < labels.size(); i++) {
      int token = tokens.indexOf(labels.get(i));
      Optional<float[]> own = row(file, head, i);
      Optional<float[]> tied = token < 0 ? Optional.empty() : row(file, embedding, token);
      if (own.isEmpty() || tied.isEmpty() || cosine(own.get(), tied.get()) < SAME) {
        throw CheckpointException.inTensor(
            file.path(),
            GgufFamily.OUTPUT,
            "the output matrix, as the scores of '%s' are not made by the embedding"
                .formatted(labels.get(i)),
            "none",
            "Use the model's checkpoint, or a file that adapt4j exported from it.");
      }
    }
  }

  private static List<String> strings(GgufFile file, String key) {
    return file.metadata().strings(key).orElse(List.of());
  }

  private static Optional<float[]> row(GgufFile file, GgufTensor tensor, int row) {
    if (tensor.shape().size() != 2 || row >= tensor.shape().get(1)) {
      return Optional.empty();
    }
    float[] values = new float[Math.toIntExact(tensor.shape().get(0))];
    Dequantized.read(file, tensor, row, values);
    return Optional.of(values);
  }

  private static double cosine(float[] first, float[] second) {
    double product = 0;
    double firstSquares = 0;
    double secondSquares = 0;
    for (int i = 0; i < Math.min(first.length, second.length); i++) {
      product += (double) first[i] * second[i];
      firstSquares += (double) first[i] * first[i];
      secondSquares += (double) second[i] * second[i];
    }
    return product / Math.sqrt(firstSquares * secondSquares);
  }
}
