package io.adapt4j.core.internal.nn.head;

import io.adapt4j.core.internal.config.ModelConfig;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Output layers that a task may require of a checkpoint, and the Transformers classes that have
 * them.
 */
public enum OutputLayer {
  /** Classification of texts. */
  CLASSES("ForSequenceClassification"),
  /** Classification of tokens. */
  TOKEN_CLASSES("ForTokenClassification"),
  /** Prediction of masked tokens. */
  MASKED_TOKENS("ForMaskedLM");

  /** Prefixes of class names in Transformers 4.57. */
  private static final Map<String, String> FAMILIES =
      Map.ofEntries(
          Map.entry("bert", "Bert"),
          Map.entry("roberta", "Roberta"),
          Map.entry("xlm-roberta", "XLMRoberta"),
          Map.entry("camembert", "Camembert"),
          Map.entry("distilbert", "DistilBert"),
          Map.entry("modernbert", "ModernBert"),
          Map.entry("mpnet", "MPNet"),
          Map.entry("electra", "Electra"),
          Map.entry("albert", "Albert"),
          Map.entry("deberta-v2", "DebertaV2"),
          Map.entry("nomic_bert", "NomicBert"),
          Map.entry("new", "New"),
          Map.entry("eurobert", "EuroBert"),
          Map.entry("openai_privacy_filter", "OpenAIPrivacyFilter"),
          Map.entry("jina_embeddings_v3", "JinaEmbeddingsV3"),
          Map.entry("llama", "Llama"),
          Map.entry("mistral", "Mistral"),
          Map.entry("qwen2", "Qwen2"),
          Map.entry("qwen3", "Qwen3"),
          Map.entry("gemma2", "Gemma2"),
          Map.entry("gemma3_text", "Gemma3Text"),
          Map.entry("phi3", "Phi3"),
          Map.entry("smollm3", "SmolLM3"),
          Map.entry("gpt2", "GPT2"),
          Map.entry("gpt_neox", "GPTNeoX"));

  private static final Set<String> ENCODERS =
      Set.of(
          "bert",
          "roberta",
          "xlm-roberta",
          "camembert",
          "distilbert",
          "modernbert",
          "mpnet",
          "electra",
          "albert",
          "deberta-v2",
          "nomic_bert",
          "new",
          "gte",
          "eurobert",
          "jina_embeddings_v3",
          "t5",
          "mt5",
          "umt5");

  private static final Set<String> WITHOUT_TOKEN_CLASSES = Set.of("gemma3_text");
  private static final Set<String> WITHOUT_CLASSES = Set.of("openai_privacy_filter");

  private final String suffix;

  OutputLayer(String suffix) {
    this.suffix = suffix;
  }

  public String suffix() {
    return suffix;
  }

  /** Returns whether a family has bidirectional attention. */
  public static boolean isEncoder(String modelType) {
    return ENCODERS.contains(modelType);
  }

  /** Returns the prefix of a family's class names in Transformers. */
  public static String family(ModelConfig config) {
    return FAMILIES.getOrDefault(
        config.modelType(),
        Arrays.stream(config.modelType().split("[-_]", -1))
            .filter(part -> !part.isEmpty())
            .map(part -> part.substring(0, 1).toUpperCase(Locale.ROOT) + part.substring(1))
            .collect(Collectors.joining()));
  }

  /** Returns whether a checkpoint was saved with this output layer. */
  public boolean isOf(ModelConfig config) {
    return !config.architectures().isEmpty() && config.architectures().get(0).endsWith(suffix);
  }

  /** Returns the name of the Transformers class that has this layer in a model's family. */
  public String className(ModelConfig config) {
    String family = FAMILIES.get(config.modelType());
    boolean offered =
        switch (this) {
          case CLASSES -> !WITHOUT_CLASSES.contains(config.modelType());
          case TOKEN_CLASSES -> !WITHOUT_TOKEN_CLASSES.contains(config.modelType());
          case MASKED_TOKENS -> ENCODERS.contains(config.modelType());
        };
    if (family == null || !offered) {
      throw config
          .fields()
          .invalid(
              "model_type",
              "a family with a class that ends in " + suffix,
              "Transformers has none for this one; choose a model of another family.");
    }
    return family + suffix;
  }
}
