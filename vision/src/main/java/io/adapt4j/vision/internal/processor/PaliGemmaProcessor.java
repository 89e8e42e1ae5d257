package io.adapt4j.vision.internal.processor;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * PaliGemma: pictures as SigLIP takes them; a prompt of picture tokens, bos, text and a newline.
 * The option {@code suffix} is an answer to be trained, which eos follows.
 */
final class PaliGemmaProcessor implements PictureProcessor {

  private final ProcessorFields fields;
  private final PictureProcessor plain;
  private final int tokens;
  private final String suffix;
  private final boolean specialAdded;
  private final String image;
  private final int answerType;

  PaliGemmaProcessor(ProcessorFields fields) {
    this.fields = fields;
    this.tokens = fields.positive("image_seq_length", 256);
    this.suffix = fields.text("suffix").orElse("");
    this.specialAdded = fields.addsSpecialTokens(true);
    this.plain = PlainProcessor.siglip(fields);
    this.answerType = suffix.isEmpty() ? 1 : answerType(fields.folder().resolve("tokenizer.json"));
    this.image = Marks.read(fields.folder()).token("image_token", "<image>");
  }

  @Override
  public PictureProcessor with(Map<String, ?> options) {
    return new PaliGemmaProcessor(fields.with(options));
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
    String bos = tokenizer.token(tokenizer.bosId().orElseThrow());
    boolean marked = rendered.contains(image);
    String all = marked ? rendered : image.repeat(pictures.size()) + rendered;
    String one = image.repeat(tokens);
    String expanded = Marks.expand(all, image, pictures.size(), index -> one);
    int after = expanded.lastIndexOf(image);
    int cut = after < 0 ? 0 : after + image.length();
    String text = expanded.substring(0, cut) + bos + expanded.substring(cut) + "\n";
    // Transformers 4.57 has another bos in front, although its processor asks for none.
    int[] prompt = tokenizer.encode((specialAdded ? bos : "") + text, false);
    int[] answer = answer(tokenizer);
    int[] ids = Arrays.copyOf(prompt, prompt.length + answer.length);
    int[] types = new int[ids.length];
    System.arraycopy(answer, 0, ids, prompt.length, answer.length);
    Arrays.fill(types, prompt.length, types.length, answerType);
    return new PicturePrompt(ids, Marks.requireId(tokenizer, image), types, text);
  }

  /**
   * Reads the type that the tokenizer gives the second text of a pair, which is 1 in most files.
   */
  private static int answerType(Path file) {
    String text = BoundedFiles.readModelText(file, BoundedFiles.TOKENIZER);
    for (JsonNode part :
        ConfigReader.parse(file, text).json().path("post_processor").path("pair")) {
      JsonNode sequence = part.path("Sequence");
      if (sequence.path("id").asText().equals("B")) {
        return sequence.path("type_id").asInt(1);
      }
    }
    return 1;
  }

  private int[] answer(Tokenizer tokenizer) {
    if (suffix.isEmpty()) {
      return new int[0];
    }
    String eos = tokenizer.token(tokenizer.eosId().orElseThrow());
    return tokenizer.encode(suffix + eos, false);
  }
}
