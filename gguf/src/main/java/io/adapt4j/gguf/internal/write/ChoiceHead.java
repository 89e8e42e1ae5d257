package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.internal.encode.ChoicePrompt;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.metadata.EmbeddingKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import java.nio.file.Path;
import java.util.List;

/**
 * Yes/no reranking head for llama.cpp: the two rows of the output matrix, and the prompt around
 * query and document.
 */
public record ChoiceHead(ExtraMatrix matrix, String template) {

  /** Name of the prompt among a file's templates. */
  public static final String TEMPLATE = "rerank";

  private static final String QUERY = "{query}";
  private static final String DOCUMENT = "{document}";

  private static final List<String> LABELS = List.of(ChoicePrompt.CHOSEN, ChoicePrompt.REJECTED);

  /** The architecture for which llama.cpp reads scores at the last token, as probabilities. */
  private static final String ARCHITECTURE = "qwen3";

  /** Rejects a model that llama.cpp cannot rank with. */
  public static void requireSupported(GgufFamily family, Facts facts) {
    if (!family.architecture().equals(ARCHITECTURE)) {
      throw facts
          .model()
          .fields()
          .invalid(
              "model_type",
              ARCHITECTURE + " in a GGUF file of a reranker that answers yes or no",
              "llama.cpp ranks so with Qwen3-Reranker alone; run this model here, or export it as"
                  + " a language model.");
    }
  }

  public static void requireSupported(String instruction) {
    for (String placeholder : List.of(QUERY, DOCUMENT)) {
      if (instruction.contains(placeholder)) {
        throw new IllegalArgumentException(
            "instruction: expected a text without "
                + placeholder
                + ", for which llama.cpp puts a text, found '"
                + instruction
                + "'");
      }
    }
  }

  public static ChoiceHead read(Path folder, ModelWeights weights, String instruction) {
    boolean tied = !weights.shapes().containsKey(weights.headName());
    Rows rows = weights.rows(tied ? weights.embeddingName() : weights.headName());
    int width = rows.columns();
    float[] values = new float[LABELS.size() * width];
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      for (int i = 0; i < LABELS.size(); i++) {
        rows.read(ChoicePrompt.id(folder, tokenizer, LABELS.get(i)), 1, values, i * width);
      }
    }
    return new ChoiceHead(
        new ExtraMatrix(EmbeddingKeys.CLASSIFIER, width, LABELS.size(), values, true),
        ChoicePrompt.text(instruction, QUERY, DOCUMENT));
  }

  /** Writes the keys. */
  public void describe(GgufMetadata.Builder target) {
    target.uint32(ARCHITECTURE + EmbeddingKeys.POOLING, EmbeddingKeys.RANK);
    target.strings(ARCHITECTURE + "." + EmbeddingKeys.LABELS, LABELS);
  }
}
