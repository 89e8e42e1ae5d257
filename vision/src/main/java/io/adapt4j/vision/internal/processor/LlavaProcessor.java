package io.adapt4j.vision.internal.processor;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import java.util.List;
import java.util.Map;

/** LLaVA 1.5 and its like: pictures as CLIP or SigLIP takes them, a token for each patch. */
final class LlavaProcessor implements PictureProcessor {

  private final ProcessorFields fields;
  private final PlainProcessor plain;
  private final boolean specialAdded;
  private final int patch;
  private final int added;
  private final String image;

  LlavaProcessor(ProcessorFields fields) {
    this.fields = fields;
    this.patch = fields.ofProcessor("patch_size", 14);
    // The first token of the tower, the class token in CLIP, is dropped by "default".
    int others = fields.wholeOfProcessor("num_additional_image_tokens", 0);
    String strategy = fields.textOfProcessor("vision_feature_select_strategy", "default");
    this.added = others - (strategy.equals("default") ? 1 : 0);
    this.image =
        fields.textOfProcessor(
            "image_token", Marks.read(fields.folder()).token("image_token", "<image>"));
    this.specialAdded = fields.addsSpecialTokens(true);
    this.plain =
        fields.text("image_processor_type").orElse("").startsWith("Siglip")
            ? PlainProcessor.siglip(fields)
            : PlainProcessor.clip(fields);
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new LlavaProcessor(fields.with(options));
  }

  @Override
  public Resampling backend() {
    return plain.backend();
  }

  @Override
  public PixelBatch pixels(List<Pixels> pictures) {
    return plain.pixels(pictures);
  }

  @Override
  public PicturePrompt prompt(Tokenizer tokenizer, String rendered, List<Pixels> pictures) {
    int[] size = plain.size();
    String one = image.repeat(size[0] / patch * (size[1] / patch) + added);
    String text = Marks.expand(rendered, image, pictures.size(), index -> one);
    return Marks.encode(tokenizer, text, specialAdded, image);
  }
}
