package io.adapt4j.vision.internal.processor;

import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.PixelBatch;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.image.Resampling;
import java.util.List;
import java.util.Map;

/**
 * A model family's processor, read from {@code preprocessor_config.json} and {@code
 * processor_config.json}, or from the latter alone, as Transformers 5 writes it. Every field of
 * these files is read, checked to change nothing, or refused. {@link PictureProcessors} opens one.
 * Immutable and thread-safe.
 */
public interface PictureProcessor {

  /**
   * Returns a processor with other values of the file's image fields, by their names there, as
   * options of a call to Transformers' processor are. {@code backend} is {@code pillow} or {@code
   * torchvision}; {@code add_special_tokens} says whether prompts get the tokens that the tokenizer
   * adds to a text. If they do, as by default in most families, a prompt whose template writes bos
   * has two: so has a call of Transformers' processor, but not its {@code apply_chat_template}.
   */
  PictureProcessor with(Map<String, ?> options);

  /** Returns the library that resizing follows: what the file's processor class uses. */
  Resampling backend();

  /** Resizes, cuts and normalizes pictures. */
  PixelBatch pixels(List<Pixels> pictures);

  /**
   * Expands the marks of pictures in a rendered prompt and tokenizes it.
   *
   * @throws IllegalArgumentException if marks and pictures differ in number, or the family has no
   *     prompts
   */
  PicturePrompt prompt(Tokenizer tokenizer, String rendered, List<Pixels> pictures);
}
