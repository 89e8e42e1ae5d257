package io.adapt4j.vision.internal.processor;

import io.adapt4j.core.exception.CheckpointException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Function;

/** Processors of all families, by the {@code model_type} of {@code config.json}. */
public final class PictureProcessors {

  private static final Map<String, Function<ProcessorFields, PictureProcessor>> ALL =
      Map.ofEntries(
          Map.entry("idefics3", Idefics3Processor::new),
          Map.entry("smolvlm", Idefics3Processor::new),
          Map.entry("siglip", PlainProcessor::siglip),
          Map.entry("siglip2", Siglip2Processor::new),
          Map.entry("clip", PlainProcessor::clip),
          Map.entry("vit", PlainProcessor::vit),
          Map.entry("dinov2", PlainProcessor::bit),
          Map.entry("dinov2_with_registers", PlainProcessor::bit),
          Map.entry("qwen2_vl", QwenVlProcessor::qwen),
          Map.entry("qwen2_5_vl", QwenVlProcessor::qwen),
          Map.entry("qwen3_vl", QwenVlProcessor::qwen),
          Map.entry("qwen3_vl_moe", QwenVlProcessor::qwen),
          Map.entry("glm4v", QwenVlProcessor::glm),
          Map.entry("glm46v", QwenVlProcessor::glm),
          Map.entry("glm_ocr", QwenVlProcessor::glm),
          Map.entry("paddleocr_vl", QwenVlProcessor::paddle),
          Map.entry("llava", LlavaProcessor::new),
          Map.entry("llava_next", LlavaNextProcessor::next),
          Map.entry("llava_onevision", LlavaNextProcessor::oneVision),
          Map.entry("internvl", InternVlProcessor::new),
          Map.entry("pixtral", PixtralProcessor::pixtral),
          Map.entry("mistral3", PixtralProcessor::pixtral),
          Map.entry("lighton_ocr", PixtralProcessor::lightOn),
          Map.entry("lfm2-vl", Lfm2VlProcessor::new),
          Map.entry("lfm2_vl", Lfm2VlProcessor::new),
          Map.entry("gemma3", Gemma3Processor::new),
          Map.entry("paligemma", PaliGemmaProcessor::new));

  private PictureProcessors() {}

  /** Returns whether a folder has the file of a processor. */
  public static boolean areIn(Path folder) {
    return ProcessorFields.FILES.stream().anyMatch(name -> Files.exists(folder.resolve(name)));
  }

  /** Reads the processor of a model folder. */
  public static PictureProcessor open(Path folder) {
    ProcessorFields fields = ProcessorFields.read(folder);
    Function<ProcessorFields, PictureProcessor> family = ALL.get(fields.modelType());
    if (family == null) {
      throw CheckpointException.inField(
          folder.resolve("config.json"),
          "model_type",
          "a family whose pictures are read ("
              + String.join(", ", new TreeSet<>(ALL.keySet()))
              + ")",
          "'" + fields.modelType() + "'",
          "Use a model of one of these families.");
    }
    return family.apply(fields);
  }
}
