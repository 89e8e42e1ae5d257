package io.adapt4j.vision;

import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.processor.PictureProcessor;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import io.adapt4j.vision.internal.tower.ComputeType;
import io.adapt4j.vision.internal.tower.ContrastiveModel;
import io.adapt4j.vision.internal.tower.ContrastiveModels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A model that embeds pictures and texts as vectors that are near if they belong together: SigLIP
 * (Zhai et al. 2023), SigLIP 2 (Tschannen et al. 2025) and CLIP (Radford et al. 2021). Vectors have
 * length 1. Pictures are resized as the folder's {@code preprocessor_config.json} says; texts
 * longer than {@link #maxTokens} are truncated at the end.
 *
 * <p>Safe for use by several threads; calls run one after the other. The caller closes it. Closing
 * waits for a call in progress, closing twice is harmless, and any use afterwards is an {@link
 * IllegalStateException}.
 */
public final class ImageEmbedder implements AutoCloseable {

  private static final int PICTURES_AT_ONCE = 16;
  private static final int TEXTS_AT_ONCE = 64;

  private final Path folder;
  private final ContrastiveModel model;
  private final PictureProcessor processor;
  private final Tokenizer tokenizer;
  private final SingleUse use;

  private ImageEmbedder(
      Path folder, ContrastiveModel model, PictureProcessor processor, Tokenizer tokenizer) {
    this.folder = folder;
    this.model = model;
    this.processor = processor;
    this.tokenizer = tokenizer;
    this.use =
        new SingleUse(
            "ImageEmbedder",
            () -> {
              model.close();
              tokenizer.close();
            });
  }

  /**
   * Loads a model in {@link Precision#AUTO}.
   *
   * @param source location of the model
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if a file is missing or malformed, the
   *     model is of another family, or the weights do not match the configuration
   */
  public static ImageEmbedder load(ModelSource source) {
    return load(source, Precision.AUTO);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource)}.
   *
   * @param precision data type of weights and computation
   * @return the model, closed by the caller
   */
  public static ImageEmbedder load(ModelSource source, Precision precision) {
    Path folder = Texts.require("source", source).folder();
    Texts.require("precision", precision);
    ModelConfig config = ModelConfig.read(folder);
    ContrastiveModel model = ContrastiveModels.declare(config);
    try (Checkpoint checkpoint = config.openWeights(folder)) {
      PictureProcessor processor = PictureProcessors.open(folder);
      model.load(checkpoint, ComputeType.of(precision, checkpoint));
      return new ImageEmbedder(folder, model, processor, Tokenizer.load(folder));
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /**
   * Embeds a picture.
   *
   * @param picture the picture
   * @return its vector
   */
  public float[] embed(Picture picture) {
    return embed(List.of(Texts.require("picture", picture))).get(0);
  }

  /**
   * Embeds pictures, several at once.
   *
   * @param pictures the pictures; may be empty
   * @return one vector per picture, in their order
   */
  public List<float[]> embed(List<Picture> pictures) {
    Texts.requireAll("pictures", pictures);
    return use.call(() -> ofPictures(pictures));
  }

  /**
   * Embeds a text.
   *
   * @param text the text
   * @return its vector
   */
  public float[] embedText(String text) {
    return embedTexts(List.of(Texts.require("text", text))).get(0);
  }

  /**
   * Embeds texts, several at once.
   *
   * @param texts the texts; may be empty
   * @return one vector per text, in their order
   */
  public List<float[]> embedTexts(List<String> texts) {
    Texts.requireAll("texts", texts);
    return use.call(() -> ofTexts(texts));
  }

  /**
   * Compares pictures with texts, such as {@code "a photo of a receipt"}: classification without
   * examples. With CLIP, the probabilities of a picture sum to 1 over all texts; with SigLIP, each
   * is that of its text alone.
   *
   * @param pictures the pictures; may be empty
   * @param texts the texts; may be empty
   * @return for each picture the probabilities of the texts, in their order
   */
  public List<float[]> probabilities(List<Picture> pictures, List<String> texts) {
    Texts.requireAll("pictures", pictures);
    Texts.requireAll("texts", texts);
    return use.call(
        () -> {
          List<float[]> ofTexts = ofTexts(texts);
          return ofPictures(pictures).stream()
              .map(picture -> model.probabilities(model.logits(picture, ofTexts)))
              .toList();
        });
  }

  private List<float[]> ofPictures(List<Picture> pictures) {
    return inParts(
        pictures,
        PICTURES_AT_ONCE,
        part ->
            model.pictures(
                Ops.inference(), processor.pixels(part.stream().map(Picture::pixels).toList())));
  }

  private List<float[]> ofTexts(List<String> texts) {
    return inParts(
        tokenizer.encodeAllTruncated(texts, model.maxTokens()),
        TEXTS_AT_ONCE,
        ids -> model.texts(Ops.inference(), ids, tokenizer.paddingId()));
  }

  private <T> List<float[]> inParts(List<T> all, int atOnce, Function<List<T>, Tensor> vectors) {
    int width = model.dimension();
    List<float[]> rows = new ArrayList<>();
    for (int from = 0; from < all.size(); from += atOnce) {
      List<T> part = all.subList(from, Math.min(from + atOnce, all.size()));
      try (Scope scope = Scope.open()) {
        float[] values = Ops.inference().normalize(vectors.apply(part)).toFloats();
        for (int i = 0; i < part.size(); i++) {
          rows.add(Arrays.copyOfRange(values, i * width, (i + 1) * width));
        }
      }
    }
    return rows;
  }

  /** {@return the folder the model was read from; in the cache for a model of a hub} */
  public Path folder() {
    return folder;
  }

  /** {@return the width of the vectors} */
  public int dimension() {
    return model.dimension();
  }

  /** {@return the maximum number of tokens of a text, special tokens included} */
  public int maxTokens() {
    return model.maxTokens();
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }
}
