package io.adapt4j.core.internal.nn.family.vision;

import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.common.Architecture;
import io.adapt4j.core.internal.nn.family.common.PartialRotary;
import io.adapt4j.core.internal.nn.family.common.TextModel;
import io.adapt4j.core.internal.nn.family.common.UnreadFeatures;
import io.adapt4j.core.internal.nn.family.decoder.Gemma;
import io.adapt4j.core.internal.nn.family.decoder.Gemma2;
import io.adapt4j.core.internal.nn.family.decoder.Glm;
import io.adapt4j.core.internal.nn.family.decoder.Llama;
import io.adapt4j.core.internal.nn.family.decoder.Mistral;
import io.adapt4j.core.internal.nn.family.decoder.Qwen2;
import io.adapt4j.core.internal.nn.family.decoder.Qwen3;
import io.adapt4j.core.internal.nn.family.decoder.QwenVision;
import io.adapt4j.core.internal.nn.family.hybrid.Lfm2;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The text models of vision-language models that are decoders of other families: idefics3, SmolVLM,
 * LFM2-VL, PaliGemma, LLaVA, InternVL, GLM-OCR, PaddleOCR-VL, LightOnOCR.
 */
public final class VisionText implements Architecture {

  private static final List<TextModel> TEXTS =
      List.of(
          new Llama(),
          new Mistral(),
          new Qwen2(),
          new Qwen3(),
          new Gemma(),
          new Gemma2(),
          new Glm(),
          new Lfm2());

  private static final String TYPE = "model_type";
  private static final Set<String> IDEFICS = Set.of("idefics3", "smolvlm");

  private static final Set<String> OTHERS =
      Set.of(
          "lfm2-vl",
          "lfm2_vl",
          "paligemma",
          "llava",
          "llava_next",
          "llava_onevision",
          "internvl",
          "glm_ocr",
          "paddleocr_vl",
          "lighton_ocr");

  /** Tensors of towers and projectors. */
  private static final String BESIDE =
      "(model\\.)?(vision_model|vision_tower|vision_encoder|visual|connector|multi_modal_projector"
          + "|vision_projection|projector|image_newline)(\\..*)?";

  @Override
  public Set<String> modelTypes() {
    return Stream.of(IDEFICS, OTHERS).flatMap(Set::stream).collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public DecoderConfig dimensions(ModelConfig text) {
    ModelConfig named = named(text);
    return family(named).dimensions(named);
  }

  @Override
  public Set<String> features() {
    return TEXTS.stream()
        .flatMap(text -> text.features().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public Network declare(ModelConfig model) {
    ModelConfig text = named(QwenVision.text(model));
    TextModel family = family(text);
    UnreadFeatures.refuse(text, family.features());
    String root = IDEFICS.contains(model.modelType()) ? "model.text_model" : "model.language_model";
    ModelConfig tied = hasHead(model) ? text : text.withTieWordEmbeddings(true);
    // GLM-OCR stores a layer for the token after the next one.
    String next = "model\\.language_model\\.layers\\." + family.dimensions(tied).layers() + "\\..*";
    return family
        .like(model, tied)
        .root(root)
        .unused(BESIDE, BESIDE)
        .unused(model.modelType().equals("glm_ocr") ? next : "(?!)", "")
        .declare();
  }

  /** Returns a text model under the name of the family whose layers it has. */
  private static ModelConfig named(ModelConfig text) {
    return switch (text.modelType()) {
      case "glm_ocr_text" ->
          PartialRotary.withDefault(text, 1).with(TYPE, TextNode.valueOf("glm4"));
      case "paddleocr_vl_text" -> {
        BooleanNode bias = BooleanNode.valueOf(text.fields().bool("use_bias", false));
        yield text.with("attention_bias", bias)
            .with("mlp_bias", bias)
            .with(TYPE, TextNode.valueOf("llama"));
      }
      default -> text;
    };
  }

  private static TextModel family(ModelConfig text) {
    return TEXTS.stream()
        .filter(family -> family.modelTypes().contains(text.modelType()))
        .findFirst()
        .orElseThrow(
            () ->
                text.fields()
                    .invalid(
                        TYPE,
                        TEXTS.stream()
                            .flatMap(family -> family.modelTypes().stream())
                            .sorted()
                            .collect(Collectors.joining(", ", "one of ", "")),
                        "This text model does not run within a vision-language model here."));
  }

  /** Returns whether the files have an output matrix; true if there are none. */
  private static boolean hasHead(ModelConfig model) {
    Path file = model.fields().file();
    if (!Files.isRegularFile(file)) {
      return true;
    }
    try (Checkpoint checkpoint = Checkpoint.open(file.toAbsolutePath().getParent())) {
      return checkpoint.names().stream().anyMatch(name -> name.endsWith("lm_head.weight"));
    } catch (CheckpointException e) {
      // Reported when the weights are loaded.
      return true;
    }
  }

  @Override
  public ModelConfig withOwnHead(ModelConfig config) {
    return QwenVision.untied(Architecture.super.withOwnHead(config));
  }
}
