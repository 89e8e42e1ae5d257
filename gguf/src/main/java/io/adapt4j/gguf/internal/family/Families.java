package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The model families that GGUF files can hold. */
public final class Families {

  private static final List<GgufFamily> ALL =
      Stream.of(
              MistralFamilies.mistral(),
              MistralFamilies.mixtral(),
              LlamaFamilies.llama(),
              QwenFamilies.qwen2(),
              QwenFamilies.qwen3(),
              QwenFamilies.qwen2Moe(),
              QwenFamilies.qwen3Moe(),
              OlmoFamilies.olmoe(),
              GptOss.family(),
              GraniteFamilies.hybrid(),
              GraniteFamilies.attention(),
              GraniteFamilies.attentionAndExperts(),
              GraniteFamilies.mixture(),
              GraniteFamilies.mixtureWithShared(),
              CorrectedMixtures.ernie45Moe(),
              CorrectedMixtures.glm4Moe(),
              CorrectedMixtures.dots1(),
              CorrectedMixtures.miniMaxM2(),
              CorrectedMixtures.exaoneMoe(),
              CorrectedMixtures.afmoe(),
              QwenVisionFamilies.second(),
              QwenVisionFamilies.third(),
              QwenVisionFamilies.mixture(),
              QwenVisionFamilies.paddle(),
              LatentFamilies.miniCpm3(),
              LatentFamilies.deepSeekV2(),
              LatentFamilies.deepSeekV3(),
              SparseFamilies.deepSeekV32(),
              SparseFamilies.glm5(),
              GemmaFamilies.gemma2(),
              GemmaFamilies.gemma3(),
              GemmaFamilies.embeddingGemma(),
              Gemma3n.family(),
              Gemma4.family(),
              GemmaFamilies.vaultGemma(),
              Phi3.family(),
              LlamaFamilies.smolLm3(),
              OlmoFamilies.olmo(),
              OlmoFamilies.olmo2(),
              QwenLinearFamilies.qwen3Next(),
              QwenLinearFamilies.qwen35(),
              QwenLinearFamilies.qwen35Moe(),
              HybridFamilies.lfm2(),
              HybridFamilies.lfm2Moe(),
              HybridFamilies.falconH1(),
              HybridFamilies.bamba(),
              BranchFamilies.mamba2(),
              BranchFamilies.nemotronH(),
              BranchFamilies.nemotronMixture(),
              GraniteFamilies.granite(),
              GptFamilies.gpt2(),
              GptFamilies.starcoder(),
              GptFamilies.gptNeoX(),
              GptFamilies.bloom(),
              Mpt.family(),
              MistralFamilies.ministral(),
              MistralFamilies.ministral3(),
              LlamaFamilies.apertus(),
              LlamaFamilies.helium(),
              GemmaFamilies.gemma(),
              DecoderFamilies.phi(),
              OlmoFamilies.olmo3(),
              DecoderFamilies.glm(),
              DecoderFamilies.glm4(),
              DecoderFamilies.glmOcr(),
              DecoderFamilies.cohere(),
              DecoderFamilies.cohere2(),
              DecoderFamilies.starcoder2(),
              DecoderFamilies.stableLm(),
              DecoderFamilies.nemotron(),
              DecoderFamilies.exaone4(),
              DecoderFamilies.seedOss(),
              DecoderFamilies.hunyuan(),
              DecoderFamilies.hunyuanMoe(),
              LlamaFamilies.arcee(),
              DecoderFamilies.ernie45(),
              GptFamilies.falcon(),
              DecoderFamilies.internLm2(),
              T5.family(),
              BertFamilies.bert(),
              BertFamilies.roberta(),
              BertFamilies.distilBert(),
              NomicBert.dense(),
              NomicBert.mixture(),
              ModernBert.family())
          .map(GgufFamily::new)
          .toList();

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

  /** Families that llama.cpp lacks in part or computes otherwise, with the difference. */
  private static final Map<String, String> DIFFERENT_THERE =
      Map.of(
          "paligemma",
          "llama.cpp has no projector for this family's pictures, so no GGUF files of it are"
              + " written; run this model here.",
          "phimoe",
          "llama.cpp weights the experts of this family by one softmax, where the model weights"
              + " each by a softmax of its own over the scores close to its (SparseMixer); run this"
              + " model here.");

  private Families() {}

  /** Returns whether a family can be exported to GGUF. */
  public static boolean hasModelType(String modelType) {
    return ALL.stream().anyMatch(family -> family.modelTypes().contains(modelType));
  }

  /** Returns whether a checkpoint's model is an encoder. */
  public static boolean readTexts(ModelConfig model) {
    return ALL.stream()
        .filter(family -> family.modelTypes().contains(model.modelType()))
        .filter(family -> family.accepts(model))
        .anyMatch(GgufFamily::readsTexts);
  }

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
            DIFFERENT_THERE.containsKey(model.modelType())
                ? DIFFERENT_THERE.get(model.modelType())
                : UNKNOWN_THERE.contains(model.modelType())
                    ? "llama.cpp does not run models of this family, so no GGUF files of them are"
                        + " written; run this model here."
                    : "GGUF files of this family are not written; llama.cpp may have a converter for"
                        + " it.");
  }

  public static Optional<GgufFamily> of(GgufMetadata metadata) {
    return ALL.stream().filter(family -> family.fits(metadata)).findFirst();
  }
}
