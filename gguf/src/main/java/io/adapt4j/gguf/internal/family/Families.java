package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The model families that GGUF files can hold. */
public final class Families {

  private static final List<GgufFamily> ALL =
      List.of(
          new MistralFamily(),
          new MixtralFamily(),
          new LlamaFamily(),
          new Qwen2Family(),
          new Qwen3Family(),
          new Qwen2MoeFamily(),
          new Qwen3MoeFamily(),
          new OlmoeFamily(),
          new GptOssFamily(),
          new GraniteHybridFamily(GraniteHybridFamily.Kind.HYBRID),
          new GraniteHybridFamily(GraniteHybridFamily.Kind.ATTENTION),
          new GraniteHybridFamily(GraniteHybridFamily.Kind.ATTENTION_AND_EXPERTS),
          new GraniteMoeFamily(false),
          new GraniteMoeFamily(true),
          new Ernie45MoeFamily(),
          new Glm4MoeFamily(),
          new Dots1Family(),
          new Gemma2Family(),
          new Gemma3Family(),
          new GemmaEmbeddingFamily(),
          new Gemma3nFamily(),
          new Gemma4Family(),
          new VaultGemmaFamily(),
          new Phi3Family(),
          new SmolLm3Family(),
          new OlmoFamily(),
          new Olmo2Family(),
          new Qwen3NextFamily(),
          new Qwen35Family(false),
          new Qwen35Family(true),
          new Lfm2Family(),
          new FalconH1Family(),
          new BambaFamily(),
          new GraniteFamily(),
          new Gpt2Family(),
          new StarcoderFamily(),
          new GptNeoXFamily(),
          new BloomFamily(),
          new MptFamily(),
          new MinistralFamily(),
          new Ministral3Family(),
          new ApertusFamily(),
          new HeliumFamily(),
          new GemmaFamily(),
          new PhiFamily(),
          new Olmo3Family(),
          new GlmFamily(),
          new Glm4Family(),
          new CohereFamily(),
          new Cohere2Family(),
          new Starcoder2Family(),
          new StableLmFamily(),
          new NemotronFamily(),
          new Exaone4Family(),
          new SeedOssFamily(),
          new HunyuanFamily(),
          new ArceeFamily(),
          new Ernie45Family(),
          new FalconFamily(),
          new InternLm2Family(),
          new T5Family(),
          new BertFamily(),
          new RobertaFamily(),
          new DistilBertFamily(),
          new NomicBertFamily(false),
          new NomicBertFamily(true),
          new ModernBertFamily());

  /** Families supported by this library but not by llama.cpp. */
  private static final Set<String> UNKNOWN_THERE =
      Set.of(
          "gpt_neo",
          "gptj",
          "opt",
          "bart",
          "mbart",
          "pegasus",
          "marian",
          "mpnet",
          "electra",
          "albert",
          "deberta-v2",
          "new");

  private Families() {}

  /** Returns whether a family can be exported to GGUF. */
  public static boolean hasModelType(String modelType) {
    return ALL.stream().anyMatch(family -> family.modelTypes().contains(modelType));
  }

  /** Returns whether models of a family are encoders. */
  public static boolean readTexts(String modelType) {
    return ALL.stream()
        .anyMatch(family -> family.readsTexts() && family.modelTypes().contains(modelType));
  }

  /** Returns whether a checkpoint's model is an encoder. */
  public static boolean readTexts(ModelConfig model) {
    return ALL.stream()
        .filter(family -> family.modelTypes().contains(model.modelType()))
        .filter(family -> family.accepts(model))
        .anyMatch(GgufFamily::readsTexts);
  }

  /** Returns the family of a checkpoint. */
  public static GgufFamily of(ModelConfig model) {
    return ALL.stream()
        .filter(family -> family.modelTypes().contains(model.modelType()))
        .filter(family -> family.accepts(model))
        .findFirst()
        .orElseThrow(() -> unknown(model));
  }

  /** Rejects a family that llama.cpp does not support. */
  public static void requireKnownThere(ModelConfig model) {
    if (UNKNOWN_THERE.contains(model.modelType())) {
      throw unknown(model);
    }
  }

  private static CheckpointException unknown(ModelConfig model) {
    return model
        .fields()
        .invalid(
            "model_type",
            "one of "
                + ALL.stream()
                    .flatMap(family -> family.modelTypes().stream())
                    .distinct()
                    .sorted()
                    .collect(Collectors.joining(", ")),
            UNKNOWN_THERE.contains(model.modelType())
                ? "llama.cpp does not run models of this family, so no GGUF files of them are"
                    + " written; run this model here."
                : "GGUF files of this family are not written; llama.cpp may have a converter for"
                    + " it.");
  }

  /** Returns the family of a file. */
  public static Optional<GgufFamily> of(GgufMetadata metadata) {
    return ALL.stream().filter(family -> family.fits(metadata)).findFirst();
  }
}
